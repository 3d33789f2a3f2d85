"""A small LMS for tests and a Canvas adapter that reads its sandbox."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx

from student_graph.adapters.canvas.adapter import Canvas, CanvasSettings
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import AccessPath
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import Record, SectionId, StudentId
from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    LmsEnrollmentFact,
    SubmissionFact,
)
from student_graph.adapters.testing.transports import InProcessTransport

K = TypeVar("K")
V = TypeVar("V")

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ALGEBRA, BIOLOGY = 23, 24
SECOND_SECTION = 600
"""Number of a second section of algebra, in `mixed_classroom`."""
UNPUBLISHED = 9
"""Number of the assignment in each course that the teacher has not published."""


def classroom(students: int = 3, assignments: int = 2) -> DistrictFacts:
    """
    The facts of an LMS with two courses.

    All students take algebra and the first two also biology. Student n earns n of 10 points for each assignment
    but the last, which is missing.
    """
    facts = DistrictFacts(lea=255901, name="Cedar Hollow", year=2026, now=NOW)
    facts.accounts = [_account(number) for number in range(1, students + 1)]
    account_ids = tuple(account.id for account in facts.accounts)
    facts.lms_courses = [
        _course(ALGEBRA, "Algebra", "ALG-1", account_ids),
        _course(BIOLOGY, "Biology", "BIO-1", account_ids[:2]),
    ]
    for course in facts.lms_courses:
        numbers = (*range(1, assignments + 1), UNPUBLISHED)
        facts.assignments += [_assignment(course.id, number) for number in numbers]
        for member in course.members:
            facts.submissions += [_submission(course.id, number, member, last=assignments) for number in numbers]
            facts.engagement.append(_engagement(course.id, member))
    return facts


def account_of(number: int) -> int:
    """The Canvas id of student `number`."""
    return 100 + number


def student(number: int) -> StudentId:
    """The key of student `number`."""
    return StudentId(f"sis_user_id:{604800 + number}")


def section(sis_section: str = "ALG-1") -> SectionId:
    """The key of the section with this SIS id."""
    return SectionId(f"sis_section_id:{sis_section}")


@contextlib.asynccontextmanager
async def connected(sandbox: CanvasSandbox, **settings: Any) -> AsyncIterator[Canvas]:
    """An adapter that calls the sandbox in this process."""
    async with httpx.AsyncClient(transport=InProcessTransport(sandbox)) as http:
        configured = CanvasSettings.model_validate(sandbox.settings() | settings)
        adapter = Canvas("canvas", configured, http)
        http.auth = adapter.auth()
        yield adapter


def records_of(batch: Mapping[K, list[V] | AdapterError], key: K) -> list[V]:
    """The records of a key that did not fail."""
    answer = batch[key]
    assert isinstance(answer, list)
    return answer


def requests_with(sandbox: CanvasSandbox, part: str) -> list[str]:
    """The requests to the sandbox whose address contains `part`."""
    return [request for request in sandbox.requests if part in request]


def _account(number: int) -> LmsAccountFact:
    name = f"Ada{number}"
    return LmsAccountFact(
        id=account_of(number),
        owner=str(604800 + number),
        sis_id=str(604800 + number),
        login=f"{name.lower()}@cedarhollow.example",
        name=f"{name} Woods",
        sortable_name=f"Woods, {name}",
        email=f"{name.lower()}@cedarhollow.example",
        birth=None,
    )


def _course(number: int, name: str, sis_section: str, members: tuple[int, ...]) -> LmsCourseFact:
    return LmsCourseFact(
        id=number,
        name=name,
        code=sis_section,
        section=None,
        lms_section=number + 500,
        sis_section=sis_section,
        members=members,
    )


def _assignment(course: int, number: int) -> AssignmentFact:
    return AssignmentFact(
        id=course * 10 + number,
        course=course,
        title=f"Homework {number}",
        due=NOW - timedelta(days=20 - number),
        points=10.0,
        published=number != UNPUBLISHED,
    )


def _submission(course: int, number: int, member: int, *, last: int) -> SubmissionFact:
    assignment = course * 10 + number
    work = SubmissionFact(
        id=assignment * 1000 + member, assignment=assignment, account=member, state="unsubmitted"
    )
    if number == last:
        work.missing = True
    else:
        work.state, work.score = "graded", float(min(member - 100, 10))
        work.grade = f"{work.score:g}"
        work.submitted, work.graded = NOW - timedelta(days=19), NOW - timedelta(days=18)
    return work


def _engagement(course: int, member: int) -> EngagementFact:
    return EngagementFact(
        account=member,
        course=course,
        views=((datetime(2026, 1, 5, 15, tzinfo=UTC), 4), (datetime(2026, 1, 12, 16, tzinfo=UTC), 3)),
        participations=(datetime(2026, 1, 5, 15, 20, tzinfo=UTC),),
        seconds=1800,
    )


def mixed_classroom() -> DistrictFacts:
    """
    A classroom with everything that makes a list of a course differ from its students.

    Student 1 is in two sections of algebra. Student 5 has left algebra, student 6 observes biology, student 7 has
    no course, student 8 is only in a course without a SIS section, and account 9 has no SIS id.
    """
    facts = classroom(students=9)
    algebra, biology = facts.lms_courses
    first, eighth = account_of(1), account_of(8)
    algebra.members = tuple(account_of(number) for number in (1, 2, 3, 4, 9))
    algebra.other_enrollments = (
        LmsEnrollmentFact(account=first, lms_section=SECOND_SECTION, sis_section="ALG-2"),
        LmsEnrollmentFact(account=account_of(5), state="inactive"),
        LmsEnrollmentFact(account=account_of(4), kind="TeacherEnrollment"),
    )
    biology.other_enrollments = (LmsEnrollmentFact(account=account_of(6), kind="ObserverEnrollment"),)
    club = replace(algebra, id=25, name="Chess", sis_section=None, lms_section=525, members=(eighth,))
    club.other_enrollments = ()
    facts.lms_courses.append(club)
    work, assignment = facts.submissions[0], facts.assignments[0]
    facts.assignments.append(replace(assignment, id=251, course=25, title="Opening"))
    facts.submissions.append(replace(work, id=251_108, assignment=251, account=eighth))
    facts.accounts[8].sis_id = None
    facts.accounts[1].sortable_name = "O'Neil & Woods, Ada2"
    return facts


def records_of_key(path: AccessPath[Any], key: str, records: Iterable[Record]) -> list[Record]:
    """The records of coarse answers that belong to a key, in the order of its lookup."""
    of_key: list[Any] = [record for record in records if path.key_of(record) == key]
    return sorted((r for r in of_key if path.selects is None or path.selects(r, {})), key=path.sort_key)
