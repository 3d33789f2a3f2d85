"""Clients that send or read too much, too slowly or without an end lose their connection, and no other request."""

from __future__ import annotations

import asyncio
import logging
import random
import socket

import pytest

from student_graph.gateway.server.clients.client_connection import (
    CLOSE_SECONDS,
    HEAD_SECONDS,
    IDLE_SECONDS,
    LINGER_SECONDS,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_PIPELINED_REQUESTS,
    MAX_REQUEST_BYTES,
    PIECE_BYTES,
    REQUEST_SECONDS,
)
from student_graph.gateway.server.responses import MIN_SEND_BYTES_PER_SECOND, SEND_GRACE_SECONDS
from student_graph.gateway.web.request import MAX_BODY_BYTES
from tests.gateway.server.one_connection import OneConnection, chunked_head, request
from tests.long_runs import size

HEAD = b"POST / HTTP/1.1\r\nHost: gateway.example\r\n"


@pytest.mark.row("H12")
@pytest.mark.parametrize("sent", [b"", b"\r\n", b"P", HEAD, HEAD + b"X-A: a"])
async def test_a_head_that_does_not_end_closes_its_connection(sent: bytes) -> None:
    """Also for a client that sends nothing, or blank lines before a head."""
    client = OneConnection()
    await client.send(sent)
    client.pass_time(HEAD_SECONDS)
    assert not client.is_closed
    client.pass_time(1)
    assert client.is_closed
    assert len(client.table) == 0


@pytest.mark.row("H12")
@pytest.mark.parametrize("part", [b"a", b"\r\n"])
async def test_a_head_of_single_bytes_closes_its_connection(part: bytes) -> None:
    """The time counts from the first byte, not from the last one."""
    client = OneConnection()
    for _ in range(int(HEAD_SECONDS) + 2):
        await client.send(part)
        client.pass_time(1)
    assert client.is_closed


@pytest.mark.row("H12")
@pytest.mark.parametrize("path", ["/", "/refused"])
async def test_a_body_that_does_not_end_closes_its_connection(path: str) -> None:
    """Also if the request was answered before its body came."""
    client = OneConnection()
    await client.send(request(path, b"abc")[:-1])
    client.pass_time(REQUEST_SECONDS)
    assert not client.is_closed
    client.pass_time(1)
    assert client.is_closed


async def test_a_body_has_all_its_time_while_the_gateway_does_not_read() -> None:
    """The second request cannot arrive while the first one is worked at, however long that takes."""
    client = OneConnection()
    client.may_answer.clear()
    second = request("/2", b"abc")
    await client.send(request("/busy"))
    await client.send(second[:-1])
    assert client.transport.is_paused
    client.pass_time(2 * REQUEST_SECONDS)
    assert not client.is_closed
    client.may_answer.set()
    await client.settle()
    await client.send(second[-1:])
    assert client.paths == ["/busy", "/2"]


@pytest.mark.parametrize("path", ["/", "/refused"])
async def test_an_idle_connection_is_closed(path: str) -> None:
    """Also after a request that was answered before its body came."""
    client = OneConnection()
    sent = request(path, b"abc")
    await client.send(sent[:-1])
    await client.send(sent[-1:])
    assert client.statuses == [200]
    client.pass_time(IDLE_SECONDS + 1)
    assert client.is_closed


async def test_a_request_that_arrives_when_its_connection_is_idle_for_too_long_is_answered() -> None:
    """Also if the event loop was busy and has not read it yet; without a request, the connection is closed."""
    client = OneConnection()
    loop = asyncio.get_running_loop()
    client_end, server_end = socket.socketpair()
    with client_end:
        client_end.setblocking(False)
        await loop.connect_accepted_socket(lambda: client.server, server_end)
        for number in (1, 2):
            client_end.sendall(request(f"/{number}"))
            client.clock.now += IDLE_SECONDS + 1
            client.server.check(client.clock.now)
            assert b"200 OK" in await loop.sock_recv(client_end, 65_536)
        client.clock.now += IDLE_SECONDS + 1
        client.server.check(client.clock.now)
        assert await loop.sock_recv(client_end, 65_536) == b""


async def test_an_idle_connection_keeps_nothing_of_its_last_request() -> None:
    """There may be thousands of them, and a head may have 32 KiB; the next request is answered like the first."""
    client = OneConnection()
    for number in (1, 2):
        await client.send(request(f"/{number}", headers=b"X-A: " + b"a" * 10_000 + b"\r\n"))
        client.requests.clear()
        assert (client.server.cycle, client.server.scope, client.server.headers) == (None, None, [])
    assert client.paths == ["/1", "/2"]


@pytest.mark.row("H14")
@pytest.mark.parametrize(("first", "more", "max_bytes", "statuses"), [
    (b"POST /", b"a", MAX_HEAD_BYTES, [431]),
    (HEAD + b"X-A: ", b"a", MAX_HEAD_BYTES, [431]),
    (HEAD, b"X-A: a\r\n", MAX_HEAD_BYTES, [431]),
    (HEAD, b"a:\r\n", MAX_HEAD_BYTES, [431]),
    (b"", b"\r\n", MAX_HEAD_BYTES, [431]),
    (chunked_head() + b"1;", b"a", MAX_REQUEST_BYTES, [413]),
    (chunked_head() + b"0\r\n", b"X-A: a\r\n", MAX_REQUEST_BYTES, [431]),
    (chunked_head("/refused"), b"1\r\na\r\n", MAX_REQUEST_BYTES, [200]),
    (request("/refused", b"a" * 2_000_000)[:-2_000_000], b"a", MAX_REQUEST_BYTES, [200]),
], ids=[
    "address", "line", "headers", "short headers", "blank lines", "extension", "trailers", "chunks", "body"
])  # fmt: skip
async def test_a_request_without_an_end_is_cut(
    first: bytes, more: bytes, max_bytes: int, statuses: list[int]
) -> None:
    """No more than the limit and two pieces of it are parsed, and no request gets two responses."""
    client = OneConnection()
    await client.send(first)
    parsed = len(first)
    chunk = more * (PIECE_BYTES // len(more))
    while not client.is_closed and client.server._lingers_since is None:
        await client.send(chunk)
        parsed += len(chunk)
        assert parsed <= max_bytes + 3 * PIECE_BYTES
    assert client.statuses == statuses
    client.pass_time(LINGER_SECONDS + 1)
    assert client.is_closed


async def test_a_complete_head_of_too_many_headers_is_refused() -> None:
    """They are short enough to arrive at once; as many as allowed are accepted."""
    client = OneConnection()
    await client.send(request(headers=b"a:b\r\n" * (MAX_HEADERS - 2)))
    await client.send(request(headers=b"a:b\r\n" * (MAX_HEADERS - 1)))
    assert client.statuses == [200, 431]


async def test_trailers_are_not_among_the_headers_of_a_request() -> None:
    """They come behind the body, when the headers were checked."""
    client = OneConnection()
    await client.send(chunked_head() + b"3\r\nabc\r\n0\r\nAuthorization: Bearer other\r\n\r\n")
    [(_, headers, body)] = client.requests
    assert body == b"abc"
    assert [name for name, _ in headers] == [b"host", b"transfer-encoding"]


@pytest.mark.long_run
async def test_requests_on_one_connection_are_answered_in_order_however_they_are_cut() -> None:
    """The bytes of up to six requests, with bodies, in chunks or not, are sent in parts of random length."""
    rng = random.Random(15)  # noqa: S311 - a fixed seed
    for _ in range(size(100, 3_000)):
        client = OneConnection()
        expected, sent = [], b""
        for number in range(rng.randint(1, 6)):
            body = rng.randbytes(rng.choice([0, 1, 30, 9_000]))
            expected.append((f"/{number}", body))
            if rng.random() < 0.5:
                sent += request(f"/{number}", body)
            else:
                chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b""
                sent += chunked_head(f"/{number}") + chunk + b"0\r\n\r\n"
        while sent:
            length = rng.choice([1, 7, 100, 10_000, 70_000])
            await client.send(sent[:length])
            sent = sent[length:]
        await client.settle()
        assert [(path, body) for path, _, body in client.requests] == expected
        assert client.paths == [path for path, _ in expected]
        assert not client.is_closed


async def test_only_so_many_requests_wait_on_one_connection() -> None:
    """Those that wait are answered, and then the connection is closed; the others are not parsed."""
    client = OneConnection()
    client.may_answer.clear()
    await client.send(request("/x") * 1_000)
    await client.send(request("/x") * 1_000)
    assert len(client.server.pipeline) == MAX_PIPELINED_REQUESTS
    client.may_answer.set()
    while not client.is_closed:
        await client.settle()
    assert client.statuses == [200] * (MAX_PIPELINED_REQUESTS + 1)


@pytest.mark.parametrize(
    "head",
    [request("/1", bytes(4 * MAX_BODY_BYTES))[: -4 * MAX_BODY_BYTES], chunked_head("/1") + b"100000\r\n"],
    ids=["length", "chunks"],
)
@pytest.mark.parametrize("path", ["/1", "/refused"])
async def test_a_connection_is_closed_after_the_response_to_a_long_request(head: bytes, path: str) -> None:
    """The response says so, and the client may finish sending for a while; what it sends starts no request."""
    client = OneConnection()
    await client.send(head.replace(b"/1", path.encode(), 1))
    for _ in range(1 + MAX_BODY_BYTES // 8_192):
        await client.send(b"a" * 8_192)
    says_so = path == "/1" or b"Content-Length" in head  # chunks may still be few when `/refused` is answered
    assert (b"connection: close\r\n" in client.transport.written) == says_so
    assert client.statuses == [200]
    assert not client.is_closed
    if says_so:
        await client.send(request("/2"))
    client.pass_time(LINGER_SECONDS + 1 if says_so else REQUEST_SECONDS + 1)
    assert client.is_closed
    assert client.paths == [path]


async def test_an_early_refusal_leaves_the_connection_open() -> None:
    """A body that is no longer than allowed is received and dropped, and the next request is answered."""
    client = OneConnection()
    first = request("/refused", b"a" * MAX_BODY_BYTES)
    await client.send(first[:-10])
    await client.send(first[-10:])
    await client.send(request("/2"))
    assert client.paths == ["/refused", "/2"]
    assert b"connection: close" not in client.transport.written


async def test_another_protocol_is_not_spoken(caplog: pytest.LogCaptureFixture) -> None:
    """A request to upgrade is answered as any other, and what follows it is not parsed or logged."""
    with caplog.at_level(logging.WARNING):
        client = OneConnection()
        upgrade = b"GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        await client.send(upgrade + request("/2"))
        assert client.paths == ["/chat"]
        assert client.is_closed
    assert caplog.records == []


async def test_a_running_request_learns_that_its_client_is_gone_although_another_one_waits() -> None:
    """So its vendor calls are cancelled."""
    client = OneConnection()
    client.may_answer.clear()
    await client.send(request("/1") + request("/2"))
    client.transport.abort()
    await client.settle()
    assert client.disconnected == ["/1"]
    assert client.paths == []


async def test_a_client_that_reads_too_slowly_loses_its_connection() -> None:
    """It has a while for the first bytes, and must then have read at a rate; a faster one keeps its connection."""
    rate = MIN_SEND_BYTES_PER_SECOND
    for read_bytes_per_second, is_closed in ((0, True), (rate // 2, True), (rate, False)):
        client = OneConnection()
        client.may_answer.clear()
        await client.send(request())
        client.transport.unsent_bytes = 100 * rate
        client.server.pause_writing()
        client.pass_time(SEND_GRACE_SECONDS)
        assert not client.is_closed
        for _ in range(60):
            client.transport.unsent_bytes -= read_bytes_per_second
            client.pass_time(1)
        assert client.transport.is_aborted == is_closed
        client.server.resume_writing()
        client.transport.close()


async def test_the_end_of_a_response_does_not_wait_for_ever() -> None:
    """A client that never reads it keeps a closed connection open for a while only."""
    client = OneConnection()
    client.transport.unsent_bytes = 100
    client.transport.close()
    client.pass_time(CLOSE_SECONDS)
    assert not client.transport.is_aborted
    client.pass_time(2)
    assert client.transport.is_aborted
