"""Refused courses, removed users, courses in other states, and quotas."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from student_graph.adapters.errors import (
    NotOfferedError,
    RefusedError,
    UnavailableError,
)
from student_graph.adapters.google_classroom.adapter import GoogleClassroom
from student_graph.adapters.google_classroom.adapter import accounts as account_lookups
from student_graph.adapters.google_classroom.client.responses import QUOTA_REASONS, check_status, is_over_quota
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.google_classroom.sandbox.index import course_id, user_id
from student_graph.adapters.model import LmsAccount, LmsCourse
from student_graph.adapters.sandbox.facts import LmsCourseFact
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error
from student_graph.adapters.testing.transports import UNSERVED_URL, FaultyTransport, RecordingTransport
from tests.adapters.google_classroom.odd_domains import (
    ACCOUNT,
    ACCOUNTS,
    COURSE,
    COURSE_KEY,
    COURSES,
    COURSES_OF_STUDENT,
    FACTS,
    KEY,
    SECTION_KEY,
    STUDENT,
    WORK,
    WORK_IN_COURSE,
    WORK_IN_SECTION,
    answer,
    sandbox_with,
)
from tests.subcases import subcases


async def test_a_refused_course_costs_its_own_answers_only() -> None:
    """The administrator may not see it: that course and its students have an error, another course has none."""
    sandbox = sandbox_with(forbidden=frozenset({COURSE.id}))
    other = next(fact for fact in FACTS.lms_courses if fact.members and fact.id != COURSE.id)
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        result = await run_lookup(adapter, WORK_IN_COURSE, [COURSE_KEY, course_id(other)], {})
    by_student = await answer(sandbox, WORK, KEY)

    for error in (result[COURSE_KEY], by_student):
        assert isinstance(error, RefusedError)
        assert error.code == "SOURCE_FORBIDDEN"
    assert result[course_id(other)]


async def test_a_removed_user_is_unknown() -> None:
    """A deleted account is absent, and its submissions are in no list of the course."""
    sandbox = sandbox_with(removed=frozenset({STUDENT.id}))
    work = await answer(sandbox, WORK_IN_COURSE, COURSE_KEY)

    assert await answer(sandbox, ACCOUNT, KEY) is None
    assert await answer(sandbox, WORK, KEY) is None
    assert work
    assert all(dict(row.subject.ids)["id"] != user_id(STUDENT) for row in work)


@pytest.mark.parametrize("state", ["ARCHIVED", "PROVISIONED", "DECLINED"])
async def test_an_inactive_course_is_not_among_the_courses_of_students(state: str) -> None:
    """
    It is still found by its section, with its state. The accounts and the work of students do not contain it.
    """
    sandbox = sandbox_with(states={COURSE.id: state})
    account, work = await answer(sandbox, ACCOUNT, KEY), await answer(sandbox, WORK, KEY)
    accounts = await answer(sandbox, ACCOUNTS, "district")
    [course] = await answer(sandbox, COURSES, SECTION_KEY)

    assert isinstance(account, LmsAccount)
    assert isinstance(course, LmsCourse)
    assert COURSE_KEY not in account.course_ids
    assert all(COURSE_KEY not in row.course_ids for row in accounts)
    assert {row.lms_course_id for row in work} <= set(account.course_ids)
    assert course.state == state


async def test_a_suspended_course_is_refused_by_its_section_alone() -> None:
    """Google shows it to its owner only; the student's other courses are read."""
    sandbox = sandbox_with(states={COURSE.id: "SUSPENDED"})
    error, work = await answer(sandbox, WORK_IN_SECTION, SECTION_KEY), await answer(sandbox, WORK, KEY)

    assert isinstance(error, RefusedError)
    assert isinstance(work, list)
    assert len(COURSES_OF_STUDENT) > 1
    assert {row.lms_course_id for row in work} == {
        course_id(fact) for fact in COURSES_OF_STUDENT if fact.id != COURSE.id and has_published_work(fact)
    }


def has_published_work(course: LmsCourseFact) -> bool:
    return any(work.course == course.id and work.published for work in FACTS.assignments)


@pytest.mark.parametrize("status", [403, 429])
async def test_a_quota_is_a_quota_with_either_status(status: int) -> None:
    """The older error model has a 403 with a reason, which is not a refusal."""
    sandbox = sandbox_with(throttle_status=status)
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        await run_lookup(adapter, ACCOUNT, [KEY], {})  # which gets a token
        sandbox.switches.throttled = True
        error = (await run_lookup(adapter, WORK, [KEY], {}))[KEY]

    assert isinstance(error, UnavailableError)
    assert (error.code, error.retry_after) == ("RATE_LIMITED", 5.0)


@pytest.mark.parametrize("reason", sorted(QUOTA_REASONS))
@pytest.mark.parametrize("list_name", ["errors", "details"])
def test_the_reason_of_a_403_decides(reason: str, list_name: str) -> None:
    """It is in either list of an error; a permission is not a quota."""
    over = httpx.Response(403, json={"error": {"code": 403, list_name: [{"reason": reason}]}})
    refused = httpx.Response(
        403, json={"error": {"code": 403, list_name: [{"reason": "insufficientPermissions"}]}}
    )

    assert is_over_quota(over)
    with pytest.raises(UnavailableError):
        check_status(over)
    with pytest.raises(RefusedError):
        check_status(refused)


@subcases("body", [b"", b"{", b'{"error": "x"}', b'{"error": {}}', b"[]", b" " * 20_000])
def test_a_403_without_a_reason_is_a_refusal(body: bytes) -> None:
    """Whatever its body is."""
    with pytest.raises(RefusedError):
        check_status(httpx.Response(403, content=body))


async def test_addresses_that_are_not_shown_leave_numbers() -> None:
    """Without the scope for addresses the account has Google's number alone, and `check` says what to grant."""
    sandbox = sandbox_with(emails=False)
    account = await answer(sandbox, ACCOUNT, f"id:{user_id(STUDENT)}")
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        name = await adapter.check()

    assert account.subject.ids == (("id", user_id(STUDENT)),)
    assert name.endswith("no e-mail addresses (grant classroom.profile.emails)")


async def test_check_says_which_list_is_refused() -> None:
    """A role of the administrator may see courses and not their students or work."""
    sandbox = sandbox_with()
    sandbox.url = UNSERVED_URL
    async with open_adapter(
        sandbox, FaultyTransport(sandbox, 2, partial(httpx.Response, 403)), kind=GoogleClassroom
    ) as adapter:
        name = await adapter.check()

    assert "no students of courses (grant classroom.rosters.readonly)" in name
    assert "no work (grant classroom.coursework.students.readonly)" in name


async def test_the_accounts_of_a_refused_district_are_read_one_by_one() -> None:
    """The lists are not requested again for an hour."""
    sandbox = sandbox_with(forbidden=frozenset({COURSE.id}))
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        first = await run_lookup_or_error(adapter, ACCOUNTS, ["district"], {})
        sandbox.requests.clear()
        second = await run_lookup_or_error(adapter, ACCOUNTS, ["district"], {})

    assert isinstance(first, RefusedError)
    assert isinstance(second, NotOfferedError)
    assert sandbox.requests == []
    assert account_lookups.MAX_COURSES == 1500


class WithoutCourseList(RecordingTransport):
    """Answers a request for the list of courses with a status, and all others as the sandbox does."""

    def __init__(self, sandbox: GoogleClassroomSandbox, status: int) -> None:
        super().__init__(sandbox)
        self._status = status

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's response, or the status."""
        if request.url.path == "/v1/courses":
            return httpx.Response(self._status, json={})
        return await super().respond(request)


async def test_the_list_of_courses_only_saves_calls() -> None:
    """Without it the same work is read with a call for each course; an outage is an error for all of them."""
    sandbox = sandbox_with()
    sandbox.url = UNSERVED_URL
    keys = [course_id(fact) for fact in FACTS.lms_courses if fact.members][:5]
    batches, calls = [], []
    for status in (None, 403, 404):
        sandbox.requests.clear()
        transport = None if status is None else WithoutCourseList(sandbox, status)
        async with open_adapter(sandbox, transport, kind=GoogleClassroom) as adapter:
            batches.append(await run_lookup(adapter, WORK_IN_COURSE, keys, {}))
            calls.append(len([line for line in sandbox.requests if line != "POST /token"]))
    async with open_adapter(sandbox, WithoutCourseList(sandbox, 503), kind=GoogleClassroom) as adapter:
        outage = await run_lookup_or_error(adapter, WORK_IN_COURSE, keys, {})

    assert batches[0] == batches[1] == batches[2]
    assert batches[0].keys() == set(keys)
    assert calls[1] - calls[0] == len(keys) - 1
    assert isinstance(outage, UnavailableError)
