"""A resource that a vendor does not have must not stop the requests for all others."""

from __future__ import annotations

import httpx
import pytest

from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.retries import RetryTransport


class ScriptedTransport(httpx.AsyncBaseTransport):
    """Answers each path with a status and a body."""

    def __init__(self, responses: dict[str, tuple[int, bytes]]) -> None:
        self._responses = responses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response of the path."""
        status, body = self._responses[request.url.path]
        return httpx.Response(status, content=body, request=request)


@pytest.mark.parametrize(
    ("first", "responses", "is_open"),
    [
        ("/students", {"/students": (200, b"[]"), "/grades": (500, b"")}, False),
        ("/students", {"/students": (200, b"[]"), "/grades": (500, b"error")}, True),
        ("/students", {"/students": (500, b""), "/grades": (500, b"")}, True),
        ("/grades", {"/grades": (500, b"")}, True),
    ],
)
async def test_empty_500s_of_one_path_leave_a_working_source_open(
    first: str, responses: dict[str, tuple[int, bytes]], is_open: bool
) -> None:
    """They count as failures if they say more, or if no other path was answered."""
    gate = Gate(8)
    transport = RetryTransport(ScriptedTransport(responses), gate)
    await transport.handle_async_request(httpx.Request("GET", f"https://sis.example{first}"))
    for _ in range(6):
        if gate.breaker.closed:
            await transport.handle_async_request(httpx.Request("GET", "https://sis.example/grades"))

    assert gate.breaker.closed is not is_open


async def test_a_path_that_was_answered_before_fails_with_an_empty_500() -> None:
    """It exists, so that the source is failing."""
    responses = {"/grades": (200, b"[]")}
    gate = Gate(8)
    transport = RetryTransport(ScriptedTransport(responses), gate)
    request = httpx.Request("GET", "https://sis.example/grades")
    await transport.handle_async_request(request)
    responses["/grades"] = (500, b"")
    for _ in range(5):
        await transport.handle_async_request(request)

    assert not gate.breaker.closed
