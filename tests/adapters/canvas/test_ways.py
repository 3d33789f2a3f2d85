"""The ways by course and district have the answers of single reads, and take few calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from student_graph.adapters.canvas.adapter import Canvas
from student_graph.adapters.canvas.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.canvas.adapter.accounts import MAX_USER_PAGES
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import (
    BadKeyError,
    BodyTooLargeError,
    NotOfferedError,
    PayloadError,
    UnavailableError,
)
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, LmsAccount, LmsCourseId, StudentId
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing.harness import open_adapter
from student_graph.adapters.testing.transports import RecordingTransport, RewritingTransport
from tests.adapters.canvas.classroom import (
    ALGEBRA,
    BIOLOGY,
    classroom,
    connected,
    mixed_classroom,
    records_of,
    records_of_key,
    requests_with,
    student,
)

DISTRICT = DistrictId("cedar-hollow")
STUDENTS = [student(number) for number in range(1, 9)]
UNKNOWN = StudentId("sis_user_id:999999")


async def by_course(canvas: Canvas, method: LookupMethod, keys: Sequence[StudentId]) -> dict[StudentId, Any]:
    """The answers to a lookup by its access path, as the gateway makes them; unknown keys are absent."""
    [path] = ACCESS_PATHS[method]
    listed = records_of(await canvas.lms_accounts_by_district([DISTRICT]), DISTRICT)
    accounts: Mapping[StudentId, LmsAccount] = {account.student_id: account for account in listed}
    coarse_keys = {key: path.named_coarse_keys(accounts.get(key)) for key in keys}
    ids = sorted({id for named in coarse_keys.values() for id in named or ()})
    batch = await getattr(canvas, lookup_of(path.coarse_lookup).name)(ids)
    return {
        key: records_of_key(path, key, [record for id in named for record in records_of(batch, id)])
        for key, named in coarse_keys.items()
        if named is not None
    }


@pytest.mark.parametrize("graphql", [True, False], ids=["graphql", "rest"])
async def test_grades_and_work_by_course_equal_single_reads(graphql: bool) -> None:
    """
    Each student has the same records, in the same order.

    There are two sections of a course, an observer, a former student, a course without a SIS section, a student
    without a course, and one without an account.
    """
    sandbox = CanvasSandbox(mixed_classroom(), grading_periods=True)
    keys = [*STUDENTS, UNKNOWN]
    async with connected(sandbox) as canvas:
        grades = await by_course(canvas, Adapter.course_grades_by_student, keys)
        work = await by_course(canvas, Adapter.assignment_work_by_student, keys)
    async with connected(sandbox, graphql=graphql) as canvas:
        point_grades = await canvas.course_grades_by_student(keys, school_year=2026)
        point_work = await canvas.assignment_work_by_student(keys)

    assert grades == point_grades
    assert work == point_work
    assert set(work) == set(STUDENTS)
    assert {len(work[student(number)]) for number in (5, 6, 7)} == {0}
    assert [grade.section_id for grade in grades[student(1)]].count("sis_section_id:ALG-2") == 2
    assert {row.section_id for row in work[student(1)]} == {"sis_section_id:ALG-1", "sis_section_id:BIO-1"}
    assert [(row.title, row.section_id) for row in work[student(8)]] == [("Opening", None)]
    assert work[student(2)][0].subject.family_name == "O'Neil & Woods"


async def test_accounts_by_district_equal_single_reads() -> None:
    """Each account has the same courses; one without a course has none, and one without a SIS id another key."""
    sandbox = CanvasSandbox(mixed_classroom())
    async with connected(sandbox) as canvas:
        accounts = records_of(await canvas.lms_accounts_by_district([DISTRICT]), DISTRICT)
        single = await canvas.lms_accounts_by_student([*STUDENTS, UNKNOWN])

    by_key = {account.student_id: account for account in accounts}
    assert {key: by_key[key] for key in STUDENTS} == single
    assert by_key[student(1)].course_ids == (str(ALGEBRA), str(BIOLOGY))
    assert by_key[student(7)].course_ids == ()
    assert by_key.keys() - set(STUDENTS) == {"sis_login_id:ada9@cedarhollow.example"}


async def test_a_class_takes_six_calls_for_grades_and_work() -> None:
    """Users, courses and their members take a call each; grades of all courses take one, and work two."""
    sandbox = CanvasSandbox(classroom(students=28))
    calls = []
    async with connected(sandbox) as canvas:
        accounts = records_of(await canvas.lms_accounts_by_district([DISTRICT]), DISTRICT)
        ids = sorted({id for account in accounts for id in account.course_ids})
        calls.append(len(sandbox.requests))
        await canvas.course_grades_by_lms_course(ids)
        calls.append(len(sandbox.requests))
        await canvas.assignment_work_by_lms_course(ids)
        calls.append(len(sandbox.requests))

    assert calls == [3, 3 + 1, 3 + 1 + 2]


async def test_a_course_of_130_students_is_read_completely() -> None:
    """Further pages of a list of a question take a call each."""
    sandbox = CanvasSandbox(classroom(students=130))
    course = LmsCourseId(str(ALGEBRA))
    async with connected(sandbox) as canvas:
        grades = records_of(await canvas.course_grades_by_lms_course([course]), course)
        calls = len(sandbox.requests)
        work = records_of(await canvas.assignment_work_by_lms_course([course]), course)

    assert len({grade.student_id for grade in grades}) == len({row.student_id for row in work}) == 130
    assert calls == 2


@pytest.mark.parametrize(
    "options", [{"questions": False}, {"questions": False, "refusal_status": 401}], ids=["403", "401"]
)
async def test_a_token_without_graphql_reads_the_same_by_rest(options: dict[str, Any]) -> None:
    """Canvas is asked once; then the REST API answers, and the district's accounts are not offered."""
    course = LmsCourseId(str(ALGEBRA))
    async with connected(CanvasSandbox(mixed_classroom())) as canvas:
        expected = await canvas.assignment_work_by_lms_course([course])
    sandbox = CanvasSandbox(mixed_classroom(), **options)
    async with connected(sandbox) as canvas:
        assert await canvas.assignment_work_by_lms_course([course]) == expected
        assert await canvas.assignment_work_by_lms_course([course]) == expected
        with pytest.raises(NotOfferedError):
            await canvas.lms_accounts_by_district([DISTRICT])

    assert len(requests_with(sandbox, "graphql")) == 1


@pytest.mark.parametrize("hidden", ["loginId", "enrollmentsConnection"])
async def test_a_course_that_graphql_shows_in_part_is_read_by_rest(hidden: str) -> None:
    """Without the permission for a list, or for the logins of users, Canvas answers null."""
    sandbox = CanvasSandbox(mixed_classroom())
    course = LmsCourseId(str(ALGEBRA))

    def hide(text: str) -> str:
        if not text.startswith('{"data"'):
            return text
        answer = json.loads(text)
        for contents in answer["data"].values():
            if hidden in contents:
                contents[hidden] = None
            else:
                for row in contents["enrollmentsConnection"]["nodes"]:
                    row["user"][hidden] = None
        return json.dumps(answer)

    with served(sandbox):
        async with open_adapter(sandbox) as adapter:
            expected = await adapter.course_grades_by_lms_course([course])
        sandbox.requests.clear()
        async with open_adapter(sandbox, RewritingTransport(sandbox, hide)) as adapter:
            assert await adapter.course_grades_by_lms_course([course]) == expected

    assert requests_with(sandbox, f"/courses/{ALGEBRA}/enrollments")


@pytest.mark.parametrize(
    ("part", "students", "assignments", "limit"),
    [("/api/graphql", 28, 2, 11_000), ("/students/submissions", 80, 8, 40_000)],
)
async def test_a_response_that_is_too_large_is_requested_in_halves(
    part: str, students: int, assignments: int, limit: int
) -> None:
    """Fewer courses in a question, fewer students on a page of submissions: the records are the same."""
    sandbox = CanvasSandbox(classroom(students, assignments))
    courses = [LmsCourseId(str(ALGEBRA)), LmsCourseId(str(BIOLOGY))]
    sizes = []

    async def refuse(response: httpx.Response) -> None:
        if response.url.path.endswith(part):
            sizes.append(len(await response.aread()))
            if sizes[-1] > limit:
                raise BodyTooLargeError("too large")

    async with connected(sandbox) as canvas:
        expected = await canvas.assignment_work_by_lms_course(courses)
        canvas.http.event_hooks = {"response": [refuse]}
        assert await canvas.assignment_work_by_lms_course(courses) == expected

    assert max(sizes) > limit


async def test_a_failure_of_graphql_is_not_answered_by_rest() -> None:
    """A Canvas in trouble does not get three calls for each course on top."""
    sandbox = CanvasSandbox(classroom())
    course = LmsCourseId(str(ALGEBRA))
    sandbox.switches.down = True
    async with connected(sandbox) as canvas:
        batch = await canvas.course_grades_by_lms_course([course])

    assert isinstance(batch[course], UnavailableError)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("key", ["", "abc", "-1", "1/2", "٣", "9" * 20])
async def test_only_numbers_are_courses(key: str) -> None:
    """Nothing else is sent to Canvas, and the other courses are answered."""
    sandbox = CanvasSandbox(classroom())
    algebra = LmsCourseId(str(ALGEBRA))
    async with connected(sandbox) as canvas:
        batch = await canvas.course_grades_by_lms_course([LmsCourseId(key), algebra])

    assert isinstance(batch[LmsCourseId(key)], BadKeyError)
    assert records_of(batch, algebra)
    assert len(sandbox.requests) == 1


async def test_an_unknown_course_is_absent() -> None:
    """Canvas answers null for it, and the REST API 404."""
    unknown = LmsCourseId("99")
    async with connected(CanvasSandbox(classroom())) as canvas:
        assert await canvas.course_grades_by_lms_course([unknown]) == {}
        assert await canvas.assignment_work_by_lms_course([unknown]) == {}


async def test_a_district_that_is_too_large_is_read_once_in_an_hour() -> None:
    """The first pages say how many there are; accounts are read one by one for the next hour."""
    facts = classroom(students=MAX_USER_PAGES * 2 + 1)
    sandbox = CanvasSandbox(facts)
    sandbox.switches.page_limit = 2
    async with connected(sandbox) as canvas:
        for _ in range(2):
            with pytest.raises(NotOfferedError):
                await canvas.lms_accounts_by_district([DISTRICT])

    assert 1 <= len(sandbox.requests) <= 2


@pytest.mark.parametrize("numbered", [True, False])
async def test_all_users_are_read_with_and_without_a_last_link(numbered: bool) -> None:
    """With a last link the pages follow from the first; without one each page names the next. All are checked."""
    sandbox = CanvasSandbox(classroom(students=11))
    sandbox.switches.page_limit = 2

    def forget_last(text: str) -> str:
        return text if numbered else text.replace('rel="last"', 'rel="other"')

    with served(sandbox):
        async with open_adapter(sandbox, RewritingTransport(sandbox, forget_last)) as adapter:
            accounts = (await adapter.lms_accounts_by_district([DISTRICT]))[DISTRICT]

    assert isinstance(accounts, list)
    assert len(accounts) == 11
    assert len(requests_with(sandbox, "/users")) == (6 + 2 if numbered else 6 + 6)


class MixingTransport(RecordingTransport):
    """Answers requests about student 1 as if they were about another one."""

    def __init__(self, sandbox: CanvasSandbox, other: StudentId) -> None:
        super().__init__(sandbox)
        self._numbers = tuple(key.removeprefix("sis_user_id:") for key in (student(1), other))

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the response about the other student."""
        url = str(request.url).replace(*self._numbers)
        mixed = httpx.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        return await super().respond(mixed)


@pytest.mark.parametrize("number", [3, 7], ids=["enrollments", "user"])
async def test_the_account_of_another_student_is_an_error(number: int) -> None:
    """With the courses of that student, or without any, lists of courses would lack grades of this one."""
    sandbox, own, other = CanvasSandbox(mixed_classroom()), student(1), student(number)
    with served(sandbox):
        async with open_adapter(sandbox, MixingTransport(sandbox, other)) as adapter:
            batch = await adapter.lms_accounts_by_student([own, other])

    assert isinstance(batch[own], PayloadError)
    assert isinstance(batch[other], LmsAccount)


def test_only_sis_ids_are_looked_for_in_lists() -> None:
    """A student who is linked by a login or Canvas's own number is read alone."""
    [path] = ACCESS_PATHS[Adapter.course_grades_by_student]

    assert path.accepts is not None
    assert [path.accepts(key) for key in ("sis_user_id:1", "sis_login_id:ada", "id:7")] == [True, False, False]
