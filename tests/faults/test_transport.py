"""Section A: a fault of a vendor's network or server affects that vendor's fields only."""

from __future__ import annotations

import asyncio
import random
import socket
import zlib
from typing import Any, NamedTuple

import pytest

from student_graph.gateway.http import NetworkOptions
from student_graph.gateway.http.transport import Timeouts
from tests.faults.vendor import (
    CANARY,
    GZIP_BITS,
    Request,
    Script,
    body,
    district,
    error_codes,
    http_response,
    vendor,
    zip_bomb,
)

row = pytest.mark.row
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
UNDISCLOSED = (CANARY, "127.0.0.1", "/work/")


class Fault(NamedTuple):
    """A fault of a vendor, and its result."""

    script: Script
    code: str | None
    """Code of the one error; None if a retry succeeds and the response is complete."""
    requests: int
    """Number of requests that the vendor receives."""
    is_slow: bool = False
    """Whether it lasts until a timeout of the client."""


def parts(*sent: bytes, pause: float = 0.0, close: bool = True) -> Script:
    """Send these bytes for every request; wait `pause` seconds after each part."""

    async def script(request: Request) -> None:
        await request.send(*sent, pause=pause)
        if close:
            request.writer.close()

    return script


def status(text: str, *headers: str) -> Script:
    """Respond with a status and a body that must not be shown."""
    return parts(http_response(text, f'"{CANARY}"'.encode(), *headers), close=False)


def first(count: int, script: Script) -> Script:
    """Run a script for the first requests, and answer the others like a healthy vendor."""

    async def both(request: Request) -> None:
        await (script(request) if request.number < count else request.answer())

    return both


async def reset_in_the_middle(request: Request) -> None:
    """Send half a response and reset the connection."""
    await request.send(http_response("200 OK", body("s1"))[:-10])
    await asyncio.sleep(0.05)
    request.reset()


async def silence(_: Request) -> None:
    """Never respond."""
    await asyncio.Event().wait()


async def close(request: Request) -> None:
    """Close the connection instead of responding."""
    request.writer.close()


async def endless(request: Request) -> None:
    """Send 187 MB in chunks."""
    await request.send(HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(187 * 16):
        await request.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


def compressed(encoding: str, content: bytes) -> Script:
    """Respond with a compressed body."""
    return parts(http_response("200 OK", content, f"Content-Encoding: {encoding}"), close=False)


def with_headers(*headers: str) -> Script:
    """Respond with a valid body and these length headers."""
    return parts(HEAD.encode() + "\r\n".join(headers).encode() + b"\r\n\r\n" + body("s1"))


DRIPPED_HEADER = [bytes([byte]) for byte in (HEAD + "X-Long: " + "x" * 200).encode()]
DRIPPED_BODY = [HEAD.encode() + b"Content-Length: 1000\r\n\r\n", *[b" "] * 100]
BAD_RESPONSE, UNAVAILABLE = "SOURCE_BAD_RESPONSE", "SOURCE_UNAVAILABLE"
SHORT_BODY = HEAD.encode() + b"Content-Length: 900\r\n\r\n" + body("s1")
SHORT_CHUNK = HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\nff\r\n" + body("s1")
OPEN_ENDED = HEAD.encode() + b"\r\n" + body("s1")[:10]

SOON = NetworkOptions(timeouts=Timeouts(connect=2.0, read=1.0, attempt=2.0))
"""Limits for faults that last until one of them."""
HANG_SECONDS = 60.0
FAULTS = {
    "A05-reset-in-the-middle-once": Fault(first(1, reset_in_the_middle), None, 2),
    "A05-reset-in-the-middle-always": Fault(reset_in_the_middle, UNAVAILABLE, 2),
    "A06-closes-before-the-answer-once": Fault(first(1, close), None, 2),
    "A06-closes-before-the-answer-always": Fault(close, UNAVAILABLE, 2),
    "A07-accepts-and-never-answers": Fault(silence, UNAVAILABLE, 1, is_slow=True),
    "A08-drips-its-header": Fault(parts(*DRIPPED_HEADER, pause=0.2), UNAVAILABLE, 1, is_slow=True),
    "A09-drips-its-body": Fault(parts(*DRIPPED_BODY, pause=0.5), UNAVAILABLE, 1, is_slow=True),
    "A10-500": Fault(status("500 Oops"), UNAVAILABLE, 1),
    "A11-502-once": Fault(first(1, status("502 Bad Gateway")), None, 2),
    "A11-503-always": Fault(status("503 Service Unavailable"), UNAVAILABLE, 3),
    "A11-504-twice": Fault(first(2, status("504 Gateway Timeout")), None, 3),
    "A12-429-once": Fault(first(1, status("429 Too Many", "Retry-After: 1")), None, 2),
    "A12-429-for-long": Fault(status("429 Too Many", "Retry-After: 100"), "RATE_LIMITED", 1),
    "A16-403": Fault(status("403 Forbidden"), "SOURCE_FORBIDDEN", 1),
    "A16-404": Fault(status("404 Not Found"), None, 1),
    "A15-401-with-fixed-credentials": Fault(status("401 Unauthorized"), "SOURCE_AUTH", 1),
    "A17-length-longer-than-the-body": Fault(parts(SHORT_BODY), UNAVAILABLE, 2),
    "A17-chunk-that-ends-early": Fault(parts(SHORT_CHUNK), UNAVAILABLE, 2),
    "A18-no-length-and-cut": Fault(parts(OPEN_ENDED), BAD_RESPONSE, 1),
    "A20-endless-body": Fault(endless, BAD_RESPONSE, 1),
    "A21-gzip-bomb": Fault(compressed("gzip", zip_bomb(GZIP_BITS)), BAD_RESPONSE, 1),
    "A21-deflate-bomb": Fault(compressed("deflate", zip_bomb(zlib.MAX_WBITS)), BAD_RESPONSE, 1),
    "A21-brotli": Fault(compressed("br", b"\x0b\x02\x80[]\x03"), BAD_RESPONSE, 1),
    "A21-zstd": Fault(compressed("zstd", b"\x28\xb5\x2f\xfd"), BAD_RESPONSE, 1),
    "A22-length-and-chunks": Fault(
        with_headers("Content-Length: 40", "Transfer-Encoding: chunked"), BAD_RESPONSE, 1
    ),
    "A22-two-lengths": Fault(with_headers("Content-Length: 40", "Content-Length: 3"), BAD_RESPONSE, 1),
    "A25-redirect-elsewhere": Fault(status("302 Found", "Location: http://127.0.0.1:1/x"), BAD_RESPONSE, 1),
    "A25-redirect-to-itself": Fault(status("307 Temporary", "Location: /work/s1"), BAD_RESPONSE, 1),
    "A26-status-999": Fault(status("999 What"), BAD_RESPONSE, 1),
    "A26-status-101": Fault(parts(b"HTTP/1.1 101 Switching\r\n\r\n", close=False), BAD_RESPONSE, 1),
    "A26-only-100-continue": Fault(
        parts(b"HTTP/1.1 100 Continue\r\n\r\n", close=False), UNAVAILABLE, 1, is_slow=True
    ),
    "A26-204-with-a-body": Fault(status("204 No Content"), BAD_RESPONSE, 1),
    "A26-no-http-at-all": Fault(parts(f"{CANARY} says hello\r\n\r\n".encode()), BAD_RESPONSE, 1),
}
PARAMETERS = [pytest.param(fault, id=name, marks=row(name[:3])) for name, fault in FAULTS.items()]


@pytest.mark.parametrize("fault", PARAMETERS)
async def test_a_transport_fault_fails_only_the_fields_of_its_source(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """The SIS's field is returned; the LMS's field is null with an error code, or complete after a retry."""
    tasks_before = len(asyncio.all_tasks())
    async with vendor(fault.script) as server, district(server, SOON if fault.is_slow else None) as hill:
        async with asyncio.timeout(HANG_SECONDS):
            answer = await hill.ask("s1")
        student = answer["data"]["s0"]
        assert student["name"] == {"firstName": "Ada"}
        assert error_codes(answer) == ({fault.code} if fault.code else set())
        assert (student["assignments"] is None) == (fault.code is not None)
        assert (len(server.requests), len(hill.sent_requests)) == (fault.requests, fault.requests)
        shown = f"{answer} {caplog.text}"
        assert not [secret for secret in UNDISCLOSED if secret in shown]
        if fault.code in (BAD_RESPONSE, UNAVAILABLE) and not fault.is_slow:  # nothing was cached
            await hill.ask("s1")
            assert len(server.requests) > fault.requests
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= tasks_before


@row("A01")
async def test_a_vendor_that_refuses_connections_is_tried_a_few_times() -> None:
    """Nobody listens at the port, which the test keeps: three attempts, then the source is unavailable."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with district(f"http://127.0.0.1:{bound.getsockname()[1]}") as hill:
            answer = await hill.ask("s1")
            assert error_codes(answer) == {UNAVAILABLE}
            assert len(hill.sent_requests) == 3


@row("A02")
async def test_a_name_that_does_not_resolve_is_an_unavailable_source() -> None:
    """Top-level domain `.invalid` never resolves (RFC 2606)."""
    async with district("http://no-such-host.invalid") as hill:
        answer = await hill.ask("s1")
    assert error_codes(answer) == {UNAVAILABLE}


@row("A06")
async def test_reused_connections_that_the_vendor_closes_cause_no_error() -> None:
    """The vendor closes one connection in five when it is used again: all of a thousand requests succeed."""
    chance = random.Random(5)  # noqa: S311 - a fixed seed
    used: set[Any] = set()
    closed = 0

    async def closing(request: Request) -> None:
        nonlocal closed
        if request.writer in used and chance.random() < 0.2:
            closed += 1
            return request.writer.close()
        used.add(request.writer)
        return await request.answer()

    async with vendor(closing) as server, district(server, NetworkOptions(settle_seconds=0.0)) as hill:
        for _ in range(1000):
            response = await hill.http.get("/work/s1")
            assert response.status_code == 200
        assert closed > 100
        assert len(server.requests) == 1000 + closed


@row("A20")
async def test_an_endless_body_is_cut_off() -> None:
    """The vendor can send less than 16 MiB, buffers included."""
    sent = 0

    async def send_endlessly(request: Request) -> None:
        nonlocal sent
        await request.send(HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await request.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
            sent += 65536

    async with vendor(send_endlessly) as server, district(server) as hill:
        assert error_codes(await hill.ask("s1")) == {BAD_RESPONSE}
    assert sent < 16 * 1024 * 1024


@row("A23")
async def test_a_response_to_another_request_is_never_shown() -> None:
    """The vendor sends each response one request late: none of a hundred students sees another's work."""
    last = ["s0"]

    async def out_of_step(request: Request) -> None:
        late, last[0] = last[0], request.path.rpartition("/")[2]
        await request.send(http_response("200 OK", body(late)))

    async with vendor(out_of_step) as server, district(server, concurrency=1) as hill:
        for number in range(1, 101):
            answer = await hill.ask(f"s{number}")
            assert error_codes(answer) == {"SOURCE_SCHEMA"}
            assert answer["data"]["s0"]["assignments"] is None
        assert server.connections == 100  # the connection is dropped after each wrong response


@row("A24")
async def test_a_cookie_is_not_sent_with_the_next_request() -> None:
    """One client serves all viewers, so it stores no cookies."""
    async with (
        vendor(
            lambda request: request.send(http_response("200 OK", body("s1"), "Set-Cookie: session=first"))
        ) as server,
        district(server) as hill,
    ):
        await hill.ask("s1")
        await hill.ask("s2")
        assert [b"cookie" in request.head.lower() for request in server.requests] == [False, False]


@row("A25")
async def test_a_redirect_to_another_origin_gets_no_credentials() -> None:
    """It is refused even if the adapter tells the client to follow redirects."""
    async with vendor(Request.answer) as elsewhere:
        redirect = http_response("302 Found", b"", f"Location: http://127.0.0.1:{elsewhere.port}/work/s1")
        async with vendor(lambda request: request.send(redirect)) as server, district(server) as hill:
            with pytest.raises(Exception, match="another origin"):
                await hill.http.get("/work/s1", follow_redirects=True, headers={"X-Api-Key": "secret"})
            assert (len(server.requests), len(elsewhere.requests)) == (1, 0)
