"""Odd pages and rows: nothing is lost silently, and no row of another object is shown."""

from __future__ import annotations

import httpx
import pytest

from student_graph.adapters.errors import (
    PayloadError,
)
from student_graph.adapters.google_classroom.adapter import GoogleClassroom
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.google_classroom.sandbox.index import user_id
from student_graph.adapters.google_classroom.sandbox.responses import Json
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import AssignmentWork, CourseEngagement
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from student_graph.adapters.testing.transports import RecordingTransport
from tests.adapters.google_classroom.odd_domains import (
    ACCOUNT,
    ACCOUNTS,
    COURSE_KEY,
    COURSES,
    COURSES_OF_STUDENT,
    ENGAGEMENT,
    KEY,
    OTHER_KEYS,
    SECTION_KEY,
    STUDENT,
    WORK,
    WORK_IN_COURSE,
    WORK_IN_SECTION,
    answer,
    sandbox_with,
)


async def test_pages_without_rows_do_not_end_a_list() -> None:
    """The published document allows a token next to no rows."""
    plain, odd = sandbox_with(), sandbox_with(empty_pages=True)
    odd.switches.page_limit = 5
    for lookup, key in ((WORK, KEY), (WORK_IN_COURSE, COURSE_KEY), (ACCOUNT, KEY)):
        assert await answer(odd, lookup, key) == await answer(plain, lookup, key)
    async with open_adapter(odd, kind=GoogleClassroom) as adapter:
        assert "without an active course" not in await adapter.check()


def with_ids_alone(name: str, row: Json) -> Json:
    """A row that has its ids and, where Google requires one, its name or title."""
    names = {"id", "courseId", "courseWorkId", "userId", "alias", "title"} | (
        {"name"} if name == "courses" else set()
    )
    return {key: value for key, value in row.items() if key in names}


async def test_rows_may_have_ids_alone() -> None:
    """Every property is optional in the document: the rows are there, and what is not sent is null."""
    sandbox = sandbox_with(change=with_ids_alone)
    work = await answer(sandbox, WORK_IN_COURSE, COURSE_KEY)
    plain = await answer(sandbox_with(), WORK_IN_COURSE, COURSE_KEY)

    assert len(work) == len(plain)
    assert {row.student_id.partition(":")[0] for row in work} == {"id"}
    assert {(row.status.name, row.score, row.due_at, row.missing) for row in work} == {
        ("UNMAPPED", None, None, None)
    }


async def test_a_course_without_a_name_is_reported_and_its_work_is_there() -> None:
    """The name is required, and is not needed for the work."""

    def nameless(name: str, row: Json) -> Json:
        return {**row, "name": ""} if name == "courses" else row

    sandbox = sandbox_with(change=nameless)

    with collecting_unreadable_rows() as unreadable:
        assert await answer(sandbox, COURSES, SECTION_KEY) == []

    assert unreadable.keys == {SECTION_KEY}
    assert {row.course_name for row in await answer(sandbox, WORK_IN_SECTION, SECTION_KEY)} == {""}


async def test_an_unreadable_row_is_left_out_and_reported() -> None:
    """The other rows of the page are read."""
    spoiled = user_id(STUDENT)

    def spoil(name: str, row: Json) -> Json:
        return {**row, "userId": 7} if name == "students" and row["userId"] == spoiled else row

    sandbox = sandbox_with(change=spoil)
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        with collecting_unreadable_rows() as unreadable:
            rows = (await run_lookup(adapter, WORK_IN_COURSE, [COURSE_KEY], {}))[COURSE_KEY]
    plain = await answer(sandbox_with(), WORK_IN_COURSE, COURSE_KEY)

    assert rows == [row for row in plain if dict(row.subject.ids)["id"] != spoiled]
    assert unreadable


@pytest.mark.parametrize("odd_id", ["0000-00-00", "2026-02-30", "1e999", "x" * 128])
@pytest.mark.parametrize("lookup", [WORK, ENGAGEMENT], ids=lambda lookup: lookup.name)
async def test_a_course_with_an_odd_id_takes_no_other_course_away(lookup: Lookup, odd_id: str) -> None:
    """Classroom does not know the id that its own list has: the course is reported, and the others stay."""

    def rename(name: str, row: Json) -> Json:
        return {**row, "id": odd_id} if name == "courses" and row["id"] == COURSE_KEY else row

    others = [KEY, *OTHER_KEYS]
    async with open_adapter(sandbox_with(), kind=GoogleClassroom) as adapter:
        plain = await run_lookup(adapter, lookup, others, {})
    async with open_adapter(sandbox_with(change=rename), kind=GoogleClassroom) as adapter:
        with collecting_unreadable_rows() as unreadable:
            odd = await run_lookup(adapter, lookup, others, {})
    members = {key for key in others if any(is_of_course(row) for row in plain[key])}

    assert len(COURSES_OF_STUDENT) > 1
    assert odd == {key: [row for row in rows if not is_of_course(row)] for key, rows in plain.items()}
    assert all(odd.values())
    assert unreadable.keys == members


def is_of_course(row: AssignmentWork | CourseEngagement) -> bool:
    """Whether a record is about the course of these tests."""
    return row.vendor_id.startswith(f"{COURSE_KEY}.")


async def test_a_listed_course_without_a_roster_costs_the_accounts_of_no_other_course() -> None:
    """The accounts of a district are those of all courses that can be read."""

    def rename(name: str, row: Json) -> Json:
        return {**row, "id": "2026-02-30"} if name == "courses" and row["id"] == COURSE_KEY else row

    plain = {account.student_id: account for account in await answer(sandbox_with(), ACCOUNTS, "here")}
    with collecting_unreadable_rows() as unreadable:
        odd = await answer(sandbox_with(change=rename), ACCOUNTS, "here")

    assert {account.student_id: account.course_ids for account in odd} == {
        key: ids
        for key, account in plain.items()
        if (ids := tuple(id for id in account.course_ids if id != COURSE_KEY))
    }
    assert len(unreadable) == 1


@pytest.mark.parametrize("name", ["students", "courseWork", "studentSubmissions"])
async def test_rows_of_another_course_are_refused(name: str) -> None:
    """Such a response answers another request."""

    def foreign(list_name: str, row: Json) -> Json:
        return {**row, "courseId": "1"} if list_name == name else row

    error = await answer(sandbox_with(change=foreign), WORK_IN_COURSE, COURSE_KEY)

    assert isinstance(error, PayloadError)
    assert error.reason == "an answer about another key"


async def test_submissions_of_another_student_are_refused() -> None:
    """A server that ignores the filter shows nobody's work."""

    def foreign(name: str, row: Json) -> Json:
        return {**row, "userId": "1"} if name == "studentSubmissions" else row

    assert isinstance(await answer(sandbox_with(change=foreign), WORK, KEY), PayloadError)


class LargePages(RecordingTransport):
    """Answers a request for more than a number of submissions with a body that is too large."""

    def __init__(self, sandbox: GoogleClassroomSandbox, max_rows: int) -> None:
        super().__init__(sandbox)
        self._max_rows = max_rows

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's response, or a body of three mebibytes."""
        size = int(request.url.params.get("pageSize", "0"))
        if "studentSubmissions" in request.url.path and size > self._max_rows:
            return httpx.Response(200, json={"studentSubmissions": [{"id": "x" * 3_000_000}]})
        return await super().respond(request)


async def test_a_page_that_is_too_large_is_read_in_halves() -> None:
    """Until it fits; one row that is too large alone is an error."""
    sandbox = sandbox_with()
    expected = await answer(sandbox, WORK_IN_COURSE, COURSE_KEY)
    async with open_adapter(sandbox, LargePages(sandbox, 40), kind=GoogleClassroom) as adapter:
        batch = await run_lookup(adapter, WORK_IN_COURSE, [COURSE_KEY], {})
    sizes = [
        line.partition("pageSize=")[2].partition("&")[0] for line in sandbox.requests if "Submissions?" in line
    ]
    async with open_adapter(sandbox, LargePages(sandbox, 0), kind=GoogleClassroom) as adapter:
        error = (await run_lookup(adapter, WORK_IN_COURSE, [COURSE_KEY], {}))[COURSE_KEY]

    assert batch[COURSE_KEY] == expected
    assert set(sizes) == {"500", "32"}
    assert isinstance(error, PayloadError)


async def test_work_by_student_and_by_course_is_the_same_record() -> None:
    """So that it does not matter which way the gateway takes."""
    sandbox = sandbox_with()
    by_student = await answer(sandbox, WORK, KEY)
    by_course = await answer(sandbox, WORK_IN_COURSE, COURSE_KEY)
    rows: list[AssignmentWork] = [row for row in by_course if row.student_id == KEY]

    assert rows
    assert rows == [row for row in by_student if row.lms_course_id == COURSE_KEY]
