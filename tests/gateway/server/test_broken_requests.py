"""A client whose request is not HTTP gets one refusal, in its turn, and time to read it."""

from __future__ import annotations

import logging

import pytest

from student_graph.gateway.server.clients.client_connection import LINGER_SECONDS, MAX_LINGER_BYTES
from tests.gateway.server.one_connection import OneConnection, chunked_head, request

HEAD = b"POST / HTTP/1.1\r\nHost: gateway.example\r\n"


@pytest.mark.parametrize(
    "bad", [b"\x16\x03\x01\r\n\r\n", HEAD + b"Content-Length: x\r\n\r\n", chunked_head() + b"x\r\n"]
)
async def test_a_broken_request_is_not_answered_before_the_requests_ahead_of_it(bad: bytes) -> None:
    """Its refusal would be taken for the response to the first request."""
    client = OneConnection()
    client.may_answer.clear()
    await client.send(request("/1") + request("/2") + bad)
    assert client.statuses == []
    client.may_answer.set()
    while not client.is_closed:
        await client.settle()
    assert client.paths == ["/1", "/2"]
    assert client.statuses == [200, 200]


@pytest.mark.parametrize(
    "bad", [b"\x16\x03\x01\r\n\r\n", HEAD + b"Content-Length: x\r\n\r\n", chunked_head() + b"x\r\n"]
)
async def test_a_broken_request_is_answered_once(bad: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """With status 400, a code, and nothing in the log, which a stranger could fill."""
    with caplog.at_level(logging.WARNING):
        client = OneConnection()
        await client.send(bad)
        assert client.statuses == [400]
        assert b'"code":"BAD_REQUEST"' in client.transport.written
        assert client.requests == []
        client.pass_time(LINGER_SECONDS + 1)
        assert client.is_closed
    assert caplog.records == []


async def test_the_rest_of_a_refused_request_is_read_for_a_while() -> None:
    """So that the client gets the response; an endless request is cut."""
    client = OneConnection()
    await client.send(b"\0")
    assert client.statuses == [400]
    for _ in range(MAX_LINGER_BYTES // 65_536):
        await client.send(bytes(65_536))
        assert not client.is_closed
    await client.send(b"\0")
    assert client.is_closed
    assert client.statuses == [400]
