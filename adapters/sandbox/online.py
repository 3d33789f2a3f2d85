"""Adds the LMS data of a synthetic district: accounts, courses, assigned work and engagement."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    SectionEnrollmentFact,
    SectionFact,
    SubmissionFact,
)
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.years import FALL, NOW

_TITLES = ("Reading log", "Unit quiz", "Group project", "Essay draft", "Final presentation")
_DUE = (date(2026, 9, 11), date(2026, 10, 2), date(2026, 10, 23), date(2026, 11, 13), date(2026, 12, 11))
_FIRST_ONLINE_GRADE = GRADES.index("Third grade")


def add_accounts(facts: DistrictFacts) -> None:
    """
    Add LMS accounts for staff and students.

    Some students have none, two students have each other's number, and some accounts belong to no student.
    """
    crossed = facts.special_cases["crossed_lms_ids"]
    swapped = dict(zip(crossed, reversed(crossed), strict=True))
    for student in facts.students:
        if student.id not in facts.special_cases["no_lms_link"]:
            facts.accounts.append(
                LmsAccountFact(
                    id=_next_account_id(facts),
                    owner=student.id,
                    sis_id=swapped.get(student.id, student.id),
                    login=student.email.split("@")[0] or f"s{student.id}",
                    name=f"{student.first} {student.last}",
                    sortable_name=f"{student.last}, {student.first}",
                    email=student.email,
                    birth=student.birth,
                )
            )
    for staff in facts.staff:
        facts.accounts.append(
            LmsAccountFact(
                id=_next_account_id(facts),
                owner=staff.id,
                sis_id=staff.id,
                login=staff.email.split("@")[0],
                name=f"{staff.first} {staff.last}",
                sortable_name=f"{staff.last}, {staff.first}",
                email=staff.email,
                birth=None,
            )
        )
    for name in ("Test Student", "Guest Observer", "Summer Camp"):
        login = name.lower().replace(" ", ".")
        facts.accounts.append(
            LmsAccountFact(
                id=_next_account_id(facts),
                owner="",
                sis_id=None,
                login=login,
                name=name,
                sortable_name=", ".join(reversed(name.split())),
                email=f"{login}@cedarhollow.example",
                birth=None,
            )
        )
    facts.special_cases["unmatched_lms_accounts"] = [
        str(account.id) for account in facts.accounts if account.sis_id is None
    ]


def _next_account_id(facts: DistrictFacts) -> int:
    return 7001 + len(facts.accounts)


def add_lms_courses(facts: DistrictFacts, rng: Random) -> None:
    """Add a course for each section of this term from the third grade up, and one that has no section."""
    accounts = {account.owner: account.id for account in facts.accounts if account.owner}
    members: dict[str, list[SectionEnrollmentFact]] = defaultdict(list)
    for section_enrollment in facts.section_enrollments:
        if section_enrollment.section.session == FALL and section_enrollment.end is None:
            members[section_enrollment.section.identifier].append(section_enrollment)
    for section in facts.sections:
        if section.session == FALL and _has_lms_course(section):
            student_accounts = tuple(
                accounts[p.student] for p in members[section.identifier] if p.student in accounts
            )
            teachers = tuple(accounts[person] for person, _, _, _ in section.staff)
            _add_work(facts, _course(facts, section, student_accounts, teachers), rng)
    unmatched = tuple(account.id for account in facts.accounts if account.sis_id is None)
    students = tuple(accounts[s.id] for s in facts.students[:3] if s.id in accounts)
    _add_work(facts, _course(facts, None, (*students, *unmatched), ()), rng)


def _has_lms_course(section: SectionFact) -> bool:
    return not section.course.startswith("HR") and int(section.course[-2:]) >= _FIRST_ONLINE_GRADE


def _course(
    facts: DistrictFacts, section: SectionFact | None, members: tuple[int, ...], teachers: tuple[int, ...]
) -> LmsCourseFact:
    """Build the course of a section, or the chess club if there is none."""
    number = 3001 + len(facts.lms_courses)
    return LmsCourseFact(
        id=number,
        name=section.name if section else "Chess club",
        code=section.course if section else "CHESS",
        section=section,
        lms_section=number + 500_000,
        sis_section=section.identifier if section else None,
        members=members,
        teachers=teachers,
    )


def _add_work(facts: DistrictFacts, course: LmsCourseFact, rng: Random) -> None:
    """Add a course to the facts, with its assignments, and the work and engagement of its members."""
    facts.lms_courses.append(course)
    for title, due in zip(_TITLES, _DUE, strict=True):
        assignment = AssignmentFact(
            id=50_001 + len(facts.assignments),
            course=course.id,
            title=f"{title}: {course.name}",
            due=datetime.combine(due, time(23, 59), UTC) if rng.random() < 0.9 else None,
            points=rng.choice((10.0, 20.0, 100.0)) if rng.random() < 0.95 else None,
            published=rng.random() < 0.93,
        )
        facts.assignments.append(assignment)
        if assignment.published:
            facts.submissions.extend(_submission(assignment, due, account, rng) for account in course.members)
    facts.engagement.extend(_engagement(course.id, account, rng) for account in course.members)


def _submission(assignment: AssignmentFact, due: date, account: int, rng: Random) -> SubmissionFact:
    """Build a submission: most work past its due date is graded, most other work is not submitted yet."""
    work = SubmissionFact(
        id=_submission_id(assignment.id, account),
        assignment=assignment.id,
        account=account,
        state="unsubmitted",
    )
    chance, past_due = rng.random(), due < NOW.date()
    if not past_due and chance < 0.8:
        return work
    if past_due and chance < 0.1:
        work.missing, work.excused = assignment.due is not None and chance >= 0.02, chance < 0.02
        return work
    moment = datetime.combine(due if past_due else NOW.date() - timedelta(days=1), time(16, 30), UTC)
    work.late = past_due and assignment.due is not None and chance < 0.2
    work.submitted = moment + timedelta(days=2 if work.late else 0)
    work.state = "pending_review" if chance > 0.97 else "graded" if past_due and chance < 0.9 else "submitted"
    if work.state == "graded" and assignment.points is not None:
        work.score = round(assignment.points * rng.betavariate(6, 2), 1)
        work.grade = f"{work.score:g}"
        work.graded = work.submitted + timedelta(days=3)
    elif work.state == "graded":
        work.grade, work.graded = "complete", work.submitted + timedelta(days=3)
    return work


def _submission_id(assignment: int, account: int) -> int:
    """A number that no other submission has; those of accounts from 10,000 on are in a range of their own."""
    return assignment * (10_000 if account < 10_000 else 10_000_000) + account


def _engagement(course: int, account: int, rng: Random) -> EngagementFact:
    start = datetime(2026, 11, rng.randrange(2, 20), rng.randrange(13, 22), tzinfo=UTC)
    views = tuple((start + timedelta(hours=7 * n), rng.randrange(1, 12)) for n in range(rng.randrange(4)))
    participations = tuple(hour for hour, pages in views if pages > 6)
    return EngagementFact(
        account=account,
        course=course,
        views=views,
        participations=participations,
        seconds=sum(240 * pages for _, pages in views),
    )
