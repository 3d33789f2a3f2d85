"""Responses that no request asked for: never taken for an answer, whenever they arrive."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import httpx
import pytest

from student_graph.adapters.errors import PayloadError
from student_graph.gateway.http import NetworkOptions
from student_graph.gateway.http.connections import (
    DISTRUST_SECONDS,
    MAX_FRAMING_BYTES,
    MAX_INTERIM_RESPONSES,
    StrayBytes,
    VendorConnection,
)
from student_graph.gateway.http.transport import AiohttpTransport
from tests.faults.vendor import LOOPBACK, FaultyVendor, Request, Script, vendor
from tests.gateway.cache.slow_vendor import on_movable_loop, pass_seconds

OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
OTHER = b'[{"student": "other", "title": "Essay"}]'
NO_SETTLING = NetworkOptions(settle_seconds=0.0)


def response_with(content: bytes) -> bytes:
    """The bytes of a response with a body."""
    return f"{OK}Content-Length: {len(content)}\r\n\r\n".encode() + content


def own_body(path: str) -> bytes:
    """The body of the answer to a request."""
    return json.dumps([{"student": path.rpartition("/")[2], "title": "Essay"}]).encode()


@dataclass
class Wire:
    """A transport to a vendor, and its record of stray bytes."""

    transport: AiohttpTransport
    server: FaultyVendor
    stray: StrayBytes
    calls: list[None] = field(default_factory=list)

    async def get(self, path: str) -> bytes:
        """The body of the answer to a request."""
        request = httpx.Request("GET", f"http://127.0.0.1:{self.server.port}{path}")
        return (await self.transport.handle_async_request(request)).content

    async def until_stray(self, count: int) -> None:
        """Wait until so many connections were dropped."""
        while self.stray.count < count:  # noqa: ASYNC110 - the count has no event
            await asyncio.sleep(0.001)


@asynccontextmanager
async def wire(script: Script, network: NetworkOptions = NO_SETTLING) -> AsyncIterator[Wire]:
    """A transport to a vendor with this script."""
    stray = StrayBytes("lms")
    async with vendor(script) as server:
        calls: list[None] = []
        transport = AiohttpTransport(
            64, LOOPBACK, lambda: calls.append(None), network, timeouts=network.timeouts, stray=stray
        )
        try:
            yield Wire(transport, server, stray, calls)
        finally:
            await transport.aclose()


async def answer(request: Request) -> None:
    """Respond as a healthy vendor does."""
    await request.send(response_with(own_body(request.path)))


async def test_a_settled_connection_is_used_again() -> None:
    """Without stray bytes, three requests need one connection."""
    async with wire(answer) as lms:
        for number in range(3):
            assert await lms.get(f"/work/s{number}") == own_body(f"/work/s{number}")
        assert (lms.server.connections, lms.stray.count) == (1, 0)


@on_movable_loop
async def test_an_idle_connection_has_no_timeout() -> None:
    """A body that arrives faster than it is read, and later requests after more time than a response may take."""

    async def answer_at_length(request: Request) -> None:
        await request.send(response_with(b" " * 200_000 + own_body(request.path)))

    async with wire(answer_at_length) as lms:
        for number in range(5):
            assert (await lms.get(f"/work/s{number}")).strip() == own_body(f"/work/s{number}")
            await pass_seconds(60)
        assert lms.server.connections == 1


async def test_a_connection_is_not_used_again_before_it_was_silent_for_a_while() -> None:
    """A late extra response would be taken for the answer to the next request."""
    async with wire(answer, NetworkOptions(settle_seconds=1000.0)) as lms:
        for number in range(3):
            await lms.get(f"/work/s{number}")
        assert lms.server.connections == 3


@pytest.mark.parametrize("extra", [response_with(OTHER), OTHER], ids=["a response", "a longer body"])
async def test_bytes_behind_the_response_drop_the_connection(
    extra: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The next request has a new connection and its own answer; the log names the source once for each."""
    async with wire(answer) as lms:
        for number in range(1, 4):
            assert await lms.get(f"/work/s{number}") == own_body(f"/work/s{number}")
            await lms.server.requests[-1].send(extra)
            await lms.until_stray(number)
        assert lms.server.connections == 3
    alerts = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
    assert [("source lms" in alert, "no request asked for" in alert) for alert in alerts] == [(True, True)] * 3


async def test_a_second_response_in_the_same_packet_drops_a_new_connection() -> None:
    """The first response is the answer, because no other request was sent on the connection."""

    async def twice(request: Request) -> None:
        await request.send(response_with(own_body(request.path)) + response_with(OTHER))

    async with wire(twice) as lms:
        for number in range(1, 4):
            assert await lms.get(f"/work/s{number}") == own_body(f"/work/s{number}")
            assert (lms.server.connections, lms.stray.count) == (number, number)


async def test_a_longer_body_in_the_same_packet_is_an_error_and_counted() -> None:
    """The parser returns nothing of it."""

    async def too_long(request: Request) -> None:
        await request.send(response_with(own_body(request.path)) + OTHER)

    async with wire(too_long) as lms:
        with pytest.raises(PayloadError):
            await lms.get("/work/s1")
        assert lms.stray.count == 1


async def test_two_responses_on_a_connection_that_was_used_before_are_both_doubted() -> None:
    """The first of them may be the late answer to the earlier request, so the request is sent again."""

    async def script(request: Request) -> None:
        if request.number == 1:
            await request.send(response_with(OTHER) + response_with(own_body(request.path)))
        else:
            await answer(request)

    async with wire(script) as lms:
        for number in range(2):
            assert await lms.get(f"/work/s{number}") == own_body(f"/work/s{number}")
        assert (lms.server.connections, lms.stray.count, len(lms.calls)) == (2, 1, 3)


async def test_a_response_before_the_first_request_is_not_an_answer() -> None:
    """A server that speaks first is never believed: its connection is dropped before a request is sent on it."""
    dropped = asyncio.Event()

    class Alarm(StrayBytes):
        """Sets an event at the first stray bytes."""

        def record(self) -> None:
            super().record()
            dropped.set()

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response_with(OTHER))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    loop, address = asyncio.get_running_loop(), server.sockets[0].getsockname()
    _, connection = await loop.create_connection(lambda: VendorConnection(loop, Alarm()), *address)
    await dropped.wait()
    assert not connection.is_connected()
    server.close()


async def test_after_stray_bytes_no_connection_is_used_twice() -> None:
    """The vendor sends one extra response; from then on no connection is used twice, until trust returns."""
    now = [0.0]
    async with wire(answer) as lms:
        lms.stray._clock = lambda: now[0]
        await lms.get("/work/s0")
        await lms.server.requests[-1].send(response_with(OTHER))
        await lms.until_stray(1)
        for number in range(1, 4):
            assert await lms.get(f"/work/s{number}") == own_body(f"/work/s{number}")
        assert lms.server.connections == 4
        now[0] = DISTRUST_SECONDS + 1
        await lms.get("/work/s4")
        assert lms.server.connections == 4


@pytest.mark.parametrize("count", [MAX_INTERIM_RESPONSES, MAX_INTERIM_RESPONSES + 1])
async def test_ten_interim_responses_are_read_and_not_more(count: int) -> None:
    """An eleventh ends the request; a hundred thousand would cost seconds of CPU."""

    async def early_hints(request: Request) -> None:
        await request.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * count)
        await answer(request)

    async with wire(early_hints) as lms:
        if count > MAX_INTERIM_RESPONSES:
            with pytest.raises(PayloadError, match="interim"):
                await lms.get("/work/s1")
        else:
            assert await lms.get("/work/s1") == own_body("/work/s1")


async def test_chunk_extensions_are_cut_off() -> None:
    """Endless framing around a small body ends the request at once."""
    sent = 0

    async def with_extensions(request: Request) -> None:
        nonlocal sent
        await request.send(OK.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        while sent < 20 * 1024 * 1024:
            await request.send(b"1;x=" + b"y" * 8000 + b"\r\n \r\n")
            sent += 8000

    async with wire(with_extensions) as lms:
        with pytest.raises(PayloadError, match="framing"):
            await lms.get("/work/s1")
    assert sent < 64 * MAX_FRAMING_BYTES  # buffers of the two sockets included


async def test_a_body_in_small_chunks_is_read() -> None:
    """Sixteen bytes to a chunk: framing grows with the body and is not counted against it."""
    content = b"[" + b" " * (384 * 1024) + b"]"
    chunks = b"".join(b"10\r\n" + content[at : at + 16] + b"\r\n" for at in range(0, len(content) - 2, 16))

    async def in_chunks(request: Request) -> None:
        await request.send(OK.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"2\r\n ]\r\n0\r\n\r\n")

    async with wire(in_chunks) as lms:
        assert await lms.get("/work/s1") == content[:-2] + b" ]"


async def test_chunks_of_one_byte_are_parsed_a_few_hundred_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many arrive together: a round of the event loop is no longer than a millisecond for them."""
    content = b"[" + b" " * 9_998 + b"]"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in content)
    at_once: list[int] = []
    read_some = aiohttp.StreamReader.readany

    async def readany(reader: aiohttp.StreamReader) -> bytes:
        at_once.append(len(reader._buffer))
        part: bytes = await read_some(reader)
        at_once.append(len(part))
        return part

    async def in_chunks(request: Request) -> None:
        await request.send(OK.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    monkeypatch.setattr(aiohttp.StreamReader, "readany", readany)
    async with wire(in_chunks) as lms:
        assert await lms.get("/work/s1") == content
    assert max(at_once) <= 1_024
