"""An index of a district's LMS facts by the ids that Canvas accepts in addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)


@dataclass(frozen=True, slots=True)
class CourseSection:
    """A section of a course."""

    course: LmsCourseFact
    id: int
    sis_id: str | None


@dataclass(frozen=True, slots=True)
class CourseEnrollment:
    """The enrollment of an account in a section of a course."""

    id: int
    account: LmsAccountFact
    section: CourseSection
    kind: str
    """Such as `StudentEnrollment` or `TeacherEnrollment`."""
    state: str = "active"

    @property
    def course(self) -> LmsCourseFact:
        """Its course."""
        return self.section.course

    @property
    def active_student(self) -> bool:
        """Whether it is an active student's."""
        return self.kind == "StudentEnrollment" and self.state == "active"


class Index:
    """Accounts, courses and enrollments by every id that Canvas has for them."""

    def __init__(self, facts: DistrictFacts) -> None:
        self.accounts = {account.id: account for account in facts.accounts}
        self.accounts_by_name = sorted(facts.accounts, key=lambda account: account.sortable_name)
        """All accounts in the order of their lists: to sort 100,000 of them for each page would take minutes."""
        self.courses = {course.id: course for course in facts.lms_courses}
        self._users = self._accounts_by_name()
        self._courses = {f"sis_course_id:{c.sis_section}": c for c in facts.lms_courses if c.sis_section}
        self.sections = {course.id: _sections(course) for course in facts.lms_courses}
        """By course id; the first section comes first."""
        all_sections = [section for sections in self.sections.values() for section in sections]
        self._sections = {str(section.id): section for section in all_sections}
        self._sections |= {f"sis_section_id:{s.sis_id}": s for s in all_sections if s.sis_id}
        self.user_enrollments: dict[int, list[CourseEnrollment]] = defaultdict(list)
        """By account id."""
        self.course_enrollments: dict[int, list[CourseEnrollment]] = defaultdict(list)
        """By course id."""
        for enrollment in self._enrollments():
            self.user_enrollments[enrollment.account.id].append(enrollment)
            self.course_enrollments[enrollment.course.id].append(enrollment)
        self.assignments: dict[int, list[AssignmentFact]] = defaultdict(list)
        for assignment in facts.assignments:
            self.assignments[assignment.course].append(assignment)
        self.submissions: dict[tuple[int, int], list[SubmissionFact]] = defaultdict(list)
        """By course id and account id."""
        self._course_of_assignment = {assignment.id: assignment.course for assignment in facts.assignments}
        for submission in facts.submissions:
            self._submissions_beside(submission).append(submission)
        self.engagement: dict[tuple[int, int], EngagementFact] = {
            (fact.course, fact.account): fact for fact in facts.engagement
        }

    def replace_submission(self, submission: SubmissionFact) -> None:
        """Replace the submission that has the same id."""
        submissions = self._submissions_beside(submission)
        position = next(position for position, other in enumerate(submissions) if other.id == submission.id)
        submissions[position] = submission

    def _submissions_beside(self, submission: SubmissionFact) -> list[SubmissionFact]:
        """The submissions of the same account in the same course."""
        return self.submissions[self._course_of_assignment[submission.assignment], submission.account]

    def user(self, name: str) -> LmsAccountFact | None:
        """The account named `7`, `sis_user_id:604822` or `sis_login_id:ada`."""
        return self._users.get(name)

    def course(self, name: str) -> LmsCourseFact | None:
        """The course named `23` or `sis_course_id:ALG-1`."""
        return self.courses.get(int(name)) if name.isascii() and name.isdigit() else self._courses.get(name)

    def section(self, name: str) -> CourseSection | None:
        """The section named `31` or `sis_section_id:ALG-1`."""
        return self._sections.get(name)

    def students(self, course: LmsCourseFact, section: CourseSection | None = None) -> list[LmsAccountFact]:
        """The accounts of the active students of a course, or of one of its sections, ordered by id."""
        ids = {
            enrollment.account.id
            for enrollment in self.course_enrollments[course.id]
            if enrollment.active_student and (section is None or section.id == enrollment.section.id)
        }
        return [self.accounts[id] for id in sorted(ids)]

    def _accounts_by_name(self) -> dict[str, LmsAccountFact]:
        names = {}
        for account in self.accounts.values():
            names[str(account.id)] = names[f"sis_login_id:{account.login}"] = account
            if account.sis_id:
                names[f"sis_user_id:{account.sis_id}"] = account
        return names

    def _enrollments(self) -> Iterable[CourseEnrollment]:
        number = 0
        for course in self.courses.values():
            sections = {section.id: section for section in self.sections[course.id]}
            first = self.sections[course.id][0]
            for kind, members in (("StudentEnrollment", course.members), ("TeacherEnrollment", course.teachers)):
                for member in members:
                    number += 1
                    yield CourseEnrollment(number, self.accounts[member], first, kind)
            for other in course.other_enrollments:
                number += 1
                section = first if other.lms_section is None else sections[other.lms_section]
                yield CourseEnrollment(number, self.accounts[other.account], section, other.kind, other.state)


def _sections(course: LmsCourseFact) -> list[CourseSection]:
    """The sections of a course."""
    sections = {course.lms_section: CourseSection(course, course.lms_section, course.sis_section)}
    for other in course.other_enrollments:
        if other.lms_section is not None:
            sections.setdefault(other.lms_section, CourseSection(course, other.lms_section, other.sis_section))
    return list(sections.values())
