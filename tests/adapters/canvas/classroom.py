"""Small LMS facts made by hand, and a Canvas adapter that speaks to a sandbox over real HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx

from student_graph.adapters.canvas.adapter import Canvas, CanvasSettings
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)
from student_graph.adapters.sandbox.serving import served

K = TypeVar("K")
V = TypeVar("V")

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ALGEBRA, BIOLOGY = 23, 24
UNPUBLISHED = 9
"""Number of the assignment in each course that its teacher has not published."""


def classroom(students: int = 3, assignments: int = 2) -> DistrictFacts:
    """Everybody takes algebra, the first two biology; student n earns n of 10 points, and misses the last work."""
    facts = DistrictFacts(lea=255901, name="Cedar Hollow", year=2026, now=NOW)
    facts.accounts = [_account(number) for number in range(1, students + 1)]
    everybody = tuple(account.id for account in facts.accounts)
    facts.lms_courses = [
        _course(ALGEBRA, "Algebra", "ALG-1", everybody),
        _course(BIOLOGY, "Biology", "BIO-1", everybody[:2]),
    ]
    for course in facts.lms_courses:
        numbers = (*range(1, assignments + 1), UNPUBLISHED)
        facts.assignments += [_assignment(course.id, number) for number in numbers]
        for member in course.members:
            facts.submissions += [_submission(course.id, number, member, last=assignments) for number in numbers]
            facts.engagement.append(_engagement(course.id, member))
    return facts


def account_of(number: int) -> int:
    """Canvas's id of student `number`."""
    return 100 + number


def student(number: int) -> StudentId:
    """The key of student `number`."""
    return StudentId(f"sis_user_id:{604800 + number}")


def section(sis_section: str = "ALG-1") -> SectionId:
    """The key of a section."""
    return SectionId(f"sis_section_id:{sis_section}")


@contextlib.asynccontextmanager
async def connected(sandbox: CanvasSandbox, **settings: Any) -> AsyncIterator[Canvas]:
    """An adapter with the sandbox on the other side of a socket."""
    with served(sandbox):
        configured = CanvasSettings.model_validate({**sandbox.settings(), **settings})
        async with httpx.AsyncClient() as http:
            adapter = Canvas("canvas", configured, http)
            http.auth = adapter.auth()
            yield adapter


def listed(batch: Mapping[K, list[V] | AdapterError], key: K) -> list[V]:
    """The records of a key, which has not failed."""
    answer = batch[key]
    assert isinstance(answer, list)
    return answer


def asked(sandbox: CanvasSandbox, part: str) -> list[str]:
    """Addresses asked of the sandbox that contain `part`."""
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
    unique = assignment * 1000 + member
    work = SubmissionFact(id=unique, assignment=assignment, account=member, state="unsubmitted")
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
