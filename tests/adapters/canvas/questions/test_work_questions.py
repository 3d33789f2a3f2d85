"""The work of many courses in few questions: which courses are asked for, and that REST says the same."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from student_graph.adapters.canvas.client.graphql import MAX_SUBMISSION_PAGES
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import AssignmentWork, LmsCourseId
from student_graph.adapters.reading import sharing_reads_of
from student_graph.adapters.sandbox.facts import DistrictFacts, LmsEnrollmentFact
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing.harness import open_adapter
from student_graph.adapters.testing.transports import RewritingTransport
from tests.adapters.canvas.classroom import ALGEBRA, NOW, account_of, classroom, connected, requests_with

SUBMISSIONS = "/students/submissions"
STUDENTS = 28


def school(courses: int = 4, assignments: int = 4, students: int = STUDENTS) -> DistrictFacts:
    """Copies of the course in algebra, in which the same students have submissions."""
    facts = classroom(students, assignments)
    [algebra, _] = facts.lms_courses
    assignments_of_algebra = [assignment for assignment in facts.assignments if assignment.course == ALGEBRA]
    work = [
        row
        for row in facts.submissions
        if row.assignment in {assignment.id for assignment in assignments_of_algebra}
    ]
    facts.lms_courses, facts.assignments, facts.submissions, facts.engagement = [], [], [], []
    for number in range(courses):
        first = 1_000_000 * (number + 1)
        facts.lms_courses.append(
            replace(
                algebra, id=first, lms_section=first + 1, sis_section=f"ALG-{number}", name=f"Algebra {number}"
            )
        )
        facts.assignments += [replace(row, id=first + row.id, course=first) for row in assignments_of_algebra]
        facts.submissions += [replace(row, id=first + row.id, assignment=first + row.assignment) for row in work]
    return facts


def course_ids(facts: DistrictFacts) -> list[LmsCourseId]:
    """The ids of all courses."""
    return [LmsCourseId(str(course.id)) for course in facts.lms_courses]


async def work_of(sandbox: CanvasSandbox, ids: list[LmsCourseId], **settings: Any) -> dict[str, Any]:
    """The work of courses, without when it was fetched."""
    async with connected(sandbox, **settings) as canvas:
        batch = await canvas.assignment_work_by_lms_course(ids)
    return {id: _plain(records) for id, records in batch.items()}


def _plain(records: Any) -> Any:
    if not isinstance(records, list):
        return records
    assert all(isinstance(record, AssignmentWork) for record in records)
    return [{field.name: getattr(record, field.name) for field in fields(record)} for record in records]


def remove_a_student(facts: DistrictFacts, state: str) -> None:
    """Give the enrollments of one student another state than active."""
    last = account_of(STUDENTS)
    facts.lms_courses = [
        replace(
            course,
            members=tuple(member for member in course.members if member != last),
            other_enrollments=(LmsEnrollmentFact(account=last, kind="StudentEnrollment", state=state),),
        )
        for course in facts.lms_courses
    ]


@pytest.mark.parametrize(
    ("assignments", "state"), [(4, "active"), (4, "completed"), (4, "inactive"), (1, "active")]
)
async def test_questions_and_the_rest_api_have_the_same_work(assignments: int, state: str) -> None:
    """Every attribute of every record, in the same order, also where a student has left the course."""
    facts = school(assignments=assignments)
    if state != "active":
        remove_a_student(facts, state)
    unposted = extended = facts.submissions[0]
    extended.due = NOW + timedelta(days=2)
    ids = course_ids(facts)
    by_graphql, by_rest = (CanvasSandbox(facts, unposted=frozenset({unposted.id})) for _ in range(2))

    work = await work_of(by_graphql, ids)
    assert work == await work_of(by_rest, ids, graphql=False)
    assert [row["vendor_id"] for rows in work.values() for row in rows if row["due_at"] == extended.due] == [
        str(extended.id)
    ]
    assert not requests_with(by_graphql, SUBMISSIONS)
    assert len(requests_with(by_rest, SUBMISSIONS)) == len(facts.lms_courses)


async def test_four_classes_take_a_question_for_their_contents_and_two_for_pages_of_work() -> None:
    """A class of 28 with four assignments has two pages, and those of all courses are in the same questions."""
    facts = school()
    sandbox = CanvasSandbox(facts)

    work = await work_of(sandbox, course_ids(facts))

    assert [len(rows) for rows in work.values()] == [STUDENTS * 4] * 4
    assert len(sandbox.requests) == 1 + 2


@pytest.mark.parametrize(
    "sizes",
    [{"courses": 2}, {"assignments": 8, "students": 12 * MAX_SUBMISSION_PAGES + 5}],
    ids=["no-fewer-questions", "many-pages"],
)
async def test_work_that_somebody_waits_for_is_read_by_rest_if_questions_save_no_call(
    sizes: dict[str, int],
) -> None:
    """Calls for courses run at the same time, and the pages of a question one after the other."""
    facts = school(**sizes)
    sandbox = CanvasSandbox(facts)

    await work_of(sandbox, course_ids(facts))

    assert len(requests_with(sandbox, SUBMISSIONS)) == len(facts.lms_courses)
    assert len(requests_with(sandbox, "graphql")) == 1


async def test_the_background_asks_about_single_courses_that_gather() -> None:
    """Two lookups for one course each are one question for each page."""
    facts = school(courses=2)
    sandbox = CanvasSandbox(facts)
    async with connected(sandbox, courses_per_call=2) as canvas:  # a full question does not wait for more
        with sharing_reads_of("background", is_background=True):
            await asyncio.gather(*(canvas.assignment_work_by_lms_course([id]) for id in course_ids(facts)))

    assert not requests_with(sandbox, SUBMISSIONS)
    assert len(requests_with(sandbox, "graphql")) == 1 + 2


async def test_work_of_a_course_whose_dates_are_over_is_read_by_rest() -> None:
    """GraphQL has the submissions of students who are no longer active by the dates, and the REST API has not."""
    facts = school()
    ended, *others = course_ids(facts)
    by_graphql, by_rest = (CanvasSandbox(facts, ended=frozenset({int(ended)})) for _ in range(2))

    work = await work_of(by_graphql, [ended, *others])

    assert work == await work_of(by_rest, [ended, *others], graphql=False)
    assert (work[ended], len(work[others[0]])) == ([], STUDENTS * 4)
    assert len(requests_with(by_graphql, SUBMISSIONS)) == 1


@pytest.mark.parametrize("answer", ["refused", "hidden", "changing", "anonymous"])
async def test_work_that_questions_do_not_answer_is_read_by_rest(answer: str) -> None:
    """
    The contents of courses are asked for as before.

    An older Canvas refuses the field and is not asked again, a token may not see the list, and a list may change
    while its pages are read. While work is graded anonymously, submissions do not name their student.
    """
    facts = school()
    sandbox = CanvasSandbox(facts)

    def rewrite(text: str) -> str:
        if "submissionsConnection" not in text:
            return text
        if answer == "refused":
            return json.dumps(
                {"errors": [{"message": "Field 'submissionsConnection' doesn't exist on type 'Course'"}]}
            )
        body = json.loads(text)
        for course in body["data"].values():
            if answer == "hidden":
                course["submissionsConnection"] = None
            elif answer == "anonymous":
                course["submissionsConnection"]["nodes"][0]["user"] = None
            else:
                course["submissionsConnection"]["nodes"][1:2] = course["submissionsConnection"]["nodes"][:1]
        return json.dumps(body)

    expected = await work_of(sandbox, course_ids(facts))
    with served(sandbox):
        sandbox.requests.clear()
        async with open_adapter(sandbox, RewritingTransport(sandbox, rewrite)) as canvas:
            for _ in range(2):
                work = await canvas.assignment_work_by_lms_course(course_ids(facts))
                assert {id: _plain(records) for id, records in work.items()} == expected

    assert len(requests_with(sandbox, SUBMISSIONS)) == 2 * len(facts.lms_courses)
    questions = {"refused": 1, "hidden": 2, "changing": 2 * 2, "anonymous": 2 * 2}[answer]
    assert len(requests_with(sandbox, "graphql")) == 2 + questions


async def test_a_list_that_is_far_longer_than_expected_is_read_by_rest() -> None:
    """The work of students who have left the course is on its pages, too, and is not expected."""
    facts = school()
    sandbox = CanvasSandbox(facts)
    expected = await work_of(sandbox, course_ids(facts))
    sandbox.requests.clear()
    sandbox.switches.page_limit = 4

    assert await work_of(sandbox, course_ids(facts)) == expected
    assert requests_with(sandbox, SUBMISSIONS)


@pytest.mark.parametrize(("failure", "by_rest"), [(httpx.ReadError, False), (httpx.ReadTimeout, True)])
async def test_a_failure_is_not_answered_by_rest(failure: type[httpx.TransportError], by_rest: bool) -> None:
    """
    A Canvas in trouble does not get a call for each course on top.

    One that is only slow with questions about submissions answers by the REST API, and is left alone for a while.
    """
    facts = school()
    sandbox = CanvasSandbox(facts)

    def fail(text: str) -> str:
        if "submissionsConnection" in text:
            raise failure("closed")
        return text

    with served(sandbox):
        async with open_adapter(sandbox, RewritingTransport(sandbox, fail)) as canvas:
            for _ in range(2):
                work = await canvas.assignment_work_by_lms_course(course_ids(facts))

    assert all(isinstance(records, UnavailableError) != by_rest for records in work.values())
    assert len(requests_with(sandbox, SUBMISSIONS)) == (2 * len(facts.lms_courses) if by_rest else 0)
    assert len(requests_with(sandbox, "graphql")) == (2 + 1 if by_rest else 2 + 2)
