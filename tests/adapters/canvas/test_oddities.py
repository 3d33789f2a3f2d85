"""What real Canvas servers send for one row, which must not hide the others; and rows of another request."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
import pytest

from student_graph.adapters.canvas.adapter import Canvas, CanvasSettings
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError
from student_graph.adapters.model import DistrictId, GradeType, LmsCourse, LmsCourseId, SubmissionStatus
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.testing.transports import InProcessTransport
from tests.adapters.canvas.classroom import ALGEBRA, BIOLOGY, account_of, classroom, records_of, section, student

Change = Callable[[Any], Any]


class ChangedTransport(InProcessTransport):
    """Changes the JSON of responses by the end of their path; a change to None is a 404."""

    def __init__(self, sandbox: CanvasSandbox, changes: Mapping[str, Change]) -> None:
        super().__init__(sandbox)
        self._changes = changes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        for end, change in self._changes.items():
            if request.url.path.endswith(end):
                body = change(json.loads(await response.aread()))
                return httpx.Response(404) if body is None else httpx.Response(200, json=body)
        return response


@contextlib.asynccontextmanager
async def changed(
    changes: Mapping[str, Change], *, sandbox: CanvasSandbox | None = None, **settings: Any
) -> AsyncIterator[Canvas]:
    """An adapter without GraphQL, unless `settings` turn it on, that reads changed responses of a sandbox."""
    sandbox = sandbox or CanvasSandbox(classroom())
    async with httpx.AsyncClient(transport=ChangedTransport(sandbox, changes)) as http:
        values = {"graphql": False} | sandbox.settings() | settings
        canvas = Canvas("canvas", CanvasSettings.model_validate(values), http)
        http.auth = canvas.auth()
        yield canvas


def first_row(**values: Any) -> Change:
    """A list whose first row has other values."""
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


def replaced(**values: Any) -> Change:
    """An object with these values alone."""
    return lambda _: values


RESTRICTED = {f"/courses/{BIOLOGY}": replaced(id=BIOLOGY, access_restricted_by_date=True)}
NAMELESS = {f"/courses/{BIOLOGY}": replaced(id=BIOLOGY, name=None, course_code=None)}


@pytest.mark.parametrize("changes", [RESTRICTED, NAMELESS], ids=["restricted", "nameless"])
async def test_a_course_without_a_name_hides_neither_work_nor_grades(changes: Mapping[str, Change]) -> None:
    """Outside of its dates Canvas sends nothing of a course but its id; the work in it has no course name."""
    async with changed(changes) as canvas:
        work = records_of(await canvas.assignment_work_by_student([student(1)]), student(1))
        grades = records_of(await canvas.course_grades_by_student([student(1)], school_year=2026), student(1))
        courses = await canvas.lms_courses_by_section([section("ALG-1"), section("BIO-1")])

    assert {(row.title, row.course_name) for row in work} == {
        (title, name) for title in ("Homework 1", "Homework 2") for name in ("Algebra", None)
    }
    assert {row.course_name for row in grades} == {"Algebra", None}
    [algebra] = records_of(courses, section("ALG-1"))
    assert isinstance(algebra, LmsCourse)
    assert algebra.name == "Algebra"
    assert isinstance(courses[section("BIO-1")], RefusedError if changes is RESTRICTED else PayloadError)


@pytest.mark.parametrize("value", [None, {}, {"html_url": ""}])
async def test_an_enrollment_without_grades_hides_no_work(value: Any) -> None:
    """Its course grades are absent; work and the grades of other courses are there."""
    async with changed({"/enrollments": first_row(grades=value)}) as canvas:
        work = records_of(await canvas.assignment_work_by_student([student(1)]), student(1))
        grades = records_of(await canvas.course_grades_by_student([student(1)], school_year=2026), student(1))

    assert len(work) == 4
    assert [row.course_name for row in grades] == ["Biology", "Biology"]


@pytest.mark.parametrize("end", [f"/courses/{ALGEBRA}/enrollments", f"/courses/{ALGEBRA}/assignments"])
async def test_a_list_that_a_course_does_not_have_is_not_an_empty_list(end: str) -> None:
    """Canvas knows the course and answers 404 for its list: an error, and no course without students or work."""
    key = LmsCourseId(str(ALGEBRA))
    async with changed({end: lambda _: None}) as canvas:
        batch = await canvas.assignment_work_by_lms_course([key])

    assert isinstance(batch[key], AdapterError)


@pytest.mark.parametrize("odd_id", [-1, 0, 98_765, 2**63, "2026-02-30"])
async def test_a_course_with_an_odd_id_takes_no_account_away(odd_id: Any) -> None:
    """Canvas does not know the id that its own list has: the course is reported, and accounts have the others."""
    district = DistrictId("here")
    async with changed({}, graphql=True) as canvas:
        plain = (await canvas.lms_accounts_by_district([district]))[district]
    async with changed({"/accounts/self/courses": first_row(id=odd_id)}, graphql=True) as canvas:
        with collecting_unreadable_rows() as unreadable:
            odd = (await canvas.lms_accounts_by_district([district]))[district]
    assert not isinstance(plain, AdapterError)
    assert not isinstance(odd, AdapterError)
    [lost] = {id for account in plain for id in account.course_ids} - {id for a in odd for id in a.course_ids}

    assert {account.vendor_id: account.course_ids for account in odd} == {
        account.vendor_id: tuple(id for id in account.course_ids if id != lost) for account in plain
    }
    assert len(unreadable) == 1


async def test_a_submission_without_a_state_is_read() -> None:
    """Its status is UNMAPPED, which is counted."""

    def without_state(rows: Any) -> Any:
        return [
            {**row, "submissions": [{**s, "workflow_state": None} for s in row["submissions"]]} for row in rows
        ]

    async with changed({f"/courses/{ALGEBRA}/students/submissions": without_state}) as canvas:
        work = records_of(await canvas.assignment_work_by_student([student(3)]), student(3))

    assert [(row.title, row.status) for row in work] == [
        ("Homework 1", SubmissionStatus.UNMAPPED),
        ("Homework 2", SubmissionStatus.MISSING),
    ]


async def test_values_that_real_servers_send_are_read_exactly() -> None:
    """A large id, an offset, a score of zero, and `complete` as the grade of work without points."""
    large = 115370000000000073

    def odd_assignments(rows: Any) -> Any:
        return [{**rows[0], "id": large, "points_possible": 0.0}, *rows[1:]]

    def odd_submissions(rows: Any) -> Any:
        due = "2026-10-06T23:59:59-05:00"
        odd = {"assignment_id": large, "score": 0, "grade": "complete", "cached_due_date": due}
        return [{**row, "submissions": [{**s, **odd} for s in row["submissions"][:1]]} for row in rows]

    path = f"/courses/{ALGEBRA}"
    changes = {f"{path}/assignments": odd_assignments, f"{path}/students/submissions": odd_submissions}
    async with changed(changes) as canvas:
        [work] = records_of(await canvas.assignment_work_by_student([student(3)]), student(3))

    assert (work.assignment_id, work.score, work.grade) == (str(large), 0.0, "complete")
    assert work.due_at is not None
    assert work.due_at.isoformat() == "2026-10-07T04:59:59+00:00"


@pytest.mark.parametrize("graphql", [False, True])
async def test_a_grade_that_a_teacher_entered_replaces_the_computed_grades(graphql: bool) -> None:
    """Students see the override in Canvas, in place of the current and of the final grade."""
    sandbox = CanvasSandbox(classroom(), overrides={account_of(1): 91.0})
    key = LmsCourseId(str(ALGEBRA))
    async with changed({}, sandbox=sandbox, graphql=graphql) as canvas:
        rows = records_of(await canvas.course_grades_by_lms_course([key]), key)

    grades = {(row.student_id, row.grade_type): (row.numeric, row.letter) for row in rows}
    assert grades[student(1), GradeType.COMPUTED_CURRENT] == (91.0, "A-")
    assert grades[student(1), GradeType.COMPUTED_FINAL] == (91.0, "A-")
    assert grades[student(2), GradeType.COMPUTED_CURRENT] == (20.0, "F")


async def test_check_says_which_permissions_the_role_lacks() -> None:
    """Without them fields are null, which looks as if students did nothing."""
    sandbox = CanvasSandbox(classroom(), usage_reports=False, analytics=False)
    async with changed({}, sandbox=sandbox) as canvas:
        result = await canvas.check()

    assert "Courses - view usage reports" in result
    assert "Analytics - view pages" in result
    assert "SIS Data" not in result


@pytest.mark.parametrize(
    ("end", "change"),
    [
        (f"/courses/{ALGEBRA}", lambda course: {**course, "id": BIOLOGY}),
        (f"/courses/{ALGEBRA}/enrollments", first_row(course_id=BIOLOGY)),
        (f"/courses/{ALGEBRA}/assignments", first_row(course_id=BIOLOGY)),
    ],
)
async def test_rows_of_another_course_are_an_error(end: str, change: Change) -> None:
    """A connection that is out of step answers with another course; none of its rows is returned."""
    key = LmsCourseId(str(ALGEBRA))
    async with changed({end: change}) as canvas:
        batch = await canvas.assignment_work_by_lms_course([key])

    error = batch[key]
    assert isinstance(error, PayloadError)
    assert error.reason == "an answer about another key"


async def test_work_of_another_student_is_an_error() -> None:
    """The list names a student who was not requested."""
    path = f"/courses/{ALGEBRA}/students/submissions"
    async with changed({path: first_row(user_id=account_of(2))}) as canvas:
        batch = await canvas.assignment_work_by_student([student(1)])

    assert isinstance(batch[student(1)], PayloadError)
