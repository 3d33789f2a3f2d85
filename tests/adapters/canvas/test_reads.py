"""What is asked of Canvas, and what becomes of its refusals."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError
from student_graph.adapters.sandbox.serving import served
from tests.adapters.canvas.classroom import ALGEBRA, account_of, asked, classroom, connected, section, student


async def test_250_students_of_a_course_are_three_submissions_calls() -> None:
    """Canvas takes 100 students a call, and grouped by student answers them on one page."""
    sandbox = CanvasSandbox(classroom(students=250))
    async with connected(sandbox) as canvas:
        batch = await canvas.assignment_work_by_student([student(n) for n in range(1, 251)])

    assert len(asked(sandbox, f"/courses/{ALGEBRA}/students/submissions")) == 3
    assert all(isinstance(work, list) and work for work in batch.values())


async def test_fewer_students_a_call_where_the_operator_says_so() -> None:
    """`students_per_call` is for courses whose work would not fit into one answer."""
    sandbox = CanvasSandbox(classroom(students=10))
    async with connected(sandbox, students_per_call=4) as canvas:
        await canvas.assignment_work_by_student([student(n) for n in range(1, 11)])

    assert len(asked(sandbox, f"/courses/{ALGEBRA}/students/submissions")) == 3


@pytest.mark.parametrize("status", [401, 403])
async def test_one_student_whom_the_token_may_not_see_fails_alone(status: int) -> None:
    """Canvas refuses the whole call because of one; it is found by halving, and the others are answered."""
    sandbox = CanvasSandbox(classroom(students=28), hidden=frozenset({account_of(7)}), refusal_status=status)
    async with connected(sandbox) as canvas:
        batch = await canvas.assignment_work_by_student([student(n) for n in range(1, 29)])

    refused = [key for key, answer in batch.items() if isinstance(answer, AdapterError)]
    assert refused == [student(7)]
    error = batch[student(7)]
    assert isinstance(error, RefusedError)
    assert error.code == "SOURCE_FORBIDDEN"
    assert len(asked(sandbox, f"/courses/{ALGEBRA}/students/submissions")) <= 1 + 2 * 5


@pytest.mark.parametrize("status", [403, 429])
async def test_throttling_is_not_a_refusal(status: int) -> None:
    """Canvas throttles with a 403 on many servers: worth asking again, never taken for a missing permission."""
    sandbox = CanvasSandbox(classroom(), throttle_status=status)
    sandbox.switches.throttled = True
    async with connected(sandbox) as canvas:
        batch = await canvas.course_engagement_by_student([student(1)])

    error = batch[student(1)]
    assert isinstance(error, UnavailableError)
    assert error.code == "RATE_LIMITED"
    assert error.retryable


async def test_a_token_that_is_refused_says_so() -> None:
    """A 401 that asks for credentials is about the token, not about a permission."""
    async with connected(CanvasSandbox(classroom()), token="wrong") as canvas:
        batch = await canvas.assignment_work_by_student([student(1)])

    error = batch[student(1)]
    assert isinstance(error, RefusedError)
    assert error.code == "SOURCE_AUTH"


async def test_a_next_link_to_another_origin_is_not_followed() -> None:
    """The page fails, and the other server never hears of the token."""
    elsewhere = CanvasSandbox(classroom())
    with served(elsewhere):
        sandbox = CanvasSandbox(classroom(students=150), next_origin=elsewhere.url)
        async with connected(sandbox) as canvas:
            batch = await canvas.course_grades_by_section([section()])

    assert isinstance(batch[section()], PayloadError)
    assert elsewhere.requests == []


async def test_a_vendor_that_goes_down_in_mid_paging_fails_the_key() -> None:
    """Half a list is never an answer."""
    sandbox = CanvasSandbox(classroom(students=150))
    sandbox.switches.down_after = 1
    async with connected(sandbox) as canvas:
        batch = await canvas.course_grades_by_section([section()])

    assert isinstance(batch[section()], UnavailableError)


async def test_nothing_is_written_and_nobody_impersonated() -> None:
    """Reads only; `read_status` would mark submissions as read, `as_user_id` would act as somebody else."""
    sandbox = CanvasSandbox(classroom())
    async with connected(sandbox) as canvas:
        await canvas.assignment_work_by_student([student(1)])
        await canvas.assignment_work_by_section([section()])
        await canvas.course_engagement_by_student([student(1)], since=date(2026, 1, 1))

    assert sandbox.requests
    assert all(request.startswith("GET ") for request in sandbox.requests)
    assert asked(sandbox, "read_status") == asked(sandbox, "as_user_id") == []


async def test_a_token_that_ends_before_analytics_is_a_failure() -> None:
    """Only a missing permission leaves page views null; a refused token fails the student."""

    async def revoke(request: httpx.Request) -> None:
        if "analytics" in request.url.path:
            request.headers["authorization"] = "Bearer revoked"

    async with connected(CanvasSandbox(classroom())) as canvas:
        canvas.http.event_hooks = {"request": [revoke]}
        batch = await canvas.course_engagement_by_student([student(3)])

    error = batch[student(3)]
    assert isinstance(error, RefusedError)
    assert error.code == "SOURCE_AUTH"
