"""The requests that the adapter sends to Canvas, and how it reads refusals."""

from __future__ import annotations

import json
from datetime import date

import httpx
import pytest
from graphql import OperationType, get_operation_ast, parse

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sandbox.serving import served
from tests.adapters.canvas.classroom import (
    ALGEBRA,
    account_of,
    classroom,
    connected,
    requests_with,
    section,
    student,
)


async def test_250_students_of_a_course_take_three_submissions_calls() -> None:
    """Canvas accepts 100 students a call, and sends them on one page when grouped by student."""
    sandbox = CanvasSandbox(classroom(students=250))
    async with connected(sandbox) as canvas:
        batch = await canvas.assignment_work_by_student([student(n) for n in range(1, 251)])

    assert len(requests_with(sandbox, f"/courses/{ALGEBRA}/students/submissions")) == 3
    assert all(isinstance(work, list) and work for work in batch.values())


async def test_students_per_call_limits_the_students_of_a_call() -> None:
    """The setting is for courses whose work would not fit into one response."""
    sandbox = CanvasSandbox(classroom(students=10))
    async with connected(sandbox, students_per_call=4) as canvas:
        await canvas.assignment_work_by_student([student(n) for n in range(1, 11)])

    assert len(requests_with(sandbox, f"/courses/{ALGEBRA}/students/submissions")) == 3


@pytest.mark.parametrize("status", [401, 403])
async def test_one_student_that_the_token_may_not_see_fails_alone(status: int) -> None:
    """Canvas refuses the whole call; the adapter splits it in halves until only the hidden student fails."""
    sandbox = CanvasSandbox(classroom(students=28), hidden=frozenset({account_of(7)}), refusal_status=status)
    async with connected(sandbox) as canvas:
        batch = await canvas.assignment_work_by_student([student(n) for n in range(1, 29)])

    refused = [key for key, answer in batch.items() if isinstance(answer, AdapterError)]
    assert refused == [student(7)]
    error = batch[student(7)]
    assert isinstance(error, RefusedError)
    assert error.code == "SOURCE_FORBIDDEN"
    assert len(requests_with(sandbox, f"/courses/{ALGEBRA}/students/submissions")) <= 1 + 2 * 5


@pytest.mark.parametrize("status", [403, 429])
async def test_throttling_is_not_a_refusal(status: int) -> None:
    """Many servers throttle with a 403: this error can be retried and is not a missing permission."""
    sandbox = CanvasSandbox(classroom(), throttle_status=status)
    sandbox.switches.throttled = True
    async with connected(sandbox) as canvas:
        batch = await canvas.course_engagement_by_student([student(1)])

    error = batch[student(1)]
    assert isinstance(error, UnavailableError)
    assert error.code == "RATE_LIMITED"
    assert error.retryable


async def test_a_refused_token_is_an_authentication_error() -> None:
    """A 401 with `WWW-Authenticate` is about the token and not about a permission."""
    async with connected(CanvasSandbox(classroom()), token="wrong") as canvas:
        batch = await canvas.assignment_work_by_student([student(1)])

    error = batch[student(1)]
    assert isinstance(error, RefusedError)
    assert error.code == "SOURCE_AUTH"


async def test_a_next_link_to_another_origin_is_not_followed() -> None:
    """The lookup fails, and the other server receives no request."""
    other_server = CanvasSandbox(classroom())
    with served(other_server):
        sandbox = CanvasSandbox(classroom(students=150), next_origin=other_server.url)
        async with connected(sandbox) as canvas:
            batch = await canvas.course_grades_by_section([section()])

    assert isinstance(batch[section()], PayloadError)
    assert other_server.requests == []


async def test_a_vendor_that_goes_down_between_pages_fails_the_key() -> None:
    """A key never has an incomplete list."""
    sandbox = CanvasSandbox(classroom(students=150))
    sandbox.switches.down_after = 1
    async with connected(sandbox) as canvas:
        batch = await canvas.course_grades_by_section([section()])

    assert isinstance(batch[section()], UnavailableError)


async def test_requests_only_read_and_impersonate_no_user() -> None:
    """`read_status` would mark submissions as read, and `as_user_id` would act as another user."""
    sandbox = CanvasSandbox(classroom())
    questions: list[str] = []

    async def record(request: httpx.Request) -> None:
        if request.method == "POST":
            questions.append(json.loads(request.content)["query"])

    async with connected(sandbox) as canvas:
        canvas.http.event_hooks = {"request": [record]}
        await canvas.assignment_work_by_student([student(1)])
        await canvas.assignment_work_by_section([section()])
        await canvas.course_engagement_by_student([student(1)], since=date(2026, 1, 1))
        await canvas.lms_accounts_by_district([DistrictId("cedar-hollow")])

    assert all(request.startswith(("GET ", "POST /api/graphql")) for request in sandbox.requests)
    operations = [get_operation_ast(parse(question)) for question in questions]
    assert {operation and operation.operation for operation in operations} == {OperationType.QUERY}
    assert requests_with(sandbox, "read_status") == requests_with(sandbox, "as_user_id") == []


async def test_a_token_that_is_revoked_before_analytics_fails_the_student() -> None:
    """Page views are null for a missing permission only, and not for a refused token."""

    async def revoke(request: httpx.Request) -> None:
        if "analytics" in request.url.path:
            request.headers["authorization"] = "Bearer revoked"

    async with connected(CanvasSandbox(classroom())) as canvas:
        canvas.http.event_hooks = {"request": [revoke]}
        batch = await canvas.course_engagement_by_student([student(3)])

    error = batch[student(3)]
    assert isinstance(error, RefusedError)
    assert error.code == "SOURCE_AUTH"
