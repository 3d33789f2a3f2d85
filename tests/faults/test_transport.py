"""Section A: what a vendor's network and server can do wrong costs that vendor's fields, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import zlib
from typing import Any, NamedTuple

import pytest

from tests.faults.vendor import CANARY, Call, Script, body, codes, district, http, vendor

row = pytest.mark.row
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SECRETS = (CANARY, "127.0.0.1", "/work/")


class Fault(NamedTuple):
    """What a vendor does, and what comes of it."""

    script: Script
    code: str | None
    """Of the one error; None when the answer is whole all the same."""
    calls: int
    """Requests that the vendor got."""
    seconds: float = 2.0
    """Until it is cut, at most."""


def parts(*sent: bytes, pause: float = 0.0, close: bool = True) -> Script:
    """Send these bytes, whoever asks what."""

    async def script(call: Call) -> None:
        await call.send(*sent, pause=pause)
        if close:
            call.writer.close()

    return script


def status(text: str, *headers: str) -> Script:
    """Answer with a status, and something that must not be shown."""
    return parts(http(text, f'"{CANARY}"'.encode(), *headers), close=False)


def first(count: int, script: Script) -> Script:
    """Do so to the first requests, and answer the others as one should."""

    async def both(call: Call) -> None:
        await (script(call) if call.number < count else call.well())

    return both


async def reset_in_the_middle(call: Call) -> None:
    """Half an answer, then a broken connection."""
    await call.send(http("200 OK", body("s1"))[:-10])
    await asyncio.sleep(0.05)
    call.reset()


async def silence(_: Call) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def close(call: Call) -> None:
    """Close instead of an answer."""
    call.writer.close()


async def endless(call: Call) -> None:
    """187 MB in chunks."""
    await call.send(HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(187 * 16):
        await call.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


def packed(encoding: str, content: bytes) -> Script:
    """A packed answer."""
    return parts(http("200 OK", content, f"Content-Encoding: {encoding}"), close=False)


def lengths(*headers: str) -> Script:
    """A good answer with these lengths."""
    return parts(HEAD.encode() + "\r\n".join(headers).encode() + b"\r\n\r\n" + body("s1"))


LARGE = b"[" + b" " * (64 * 1024 * 1024) + b"]"
DRIP = [bytes([byte]) for byte in (HEAD + "X-Long: " + "x" * 200).encode()]
SLOW_BODY = [HEAD.encode() + b"Content-Length: 1000\r\n\r\n", *[b" "] * 100]
BAD, DOWN = "SOURCE_BAD_RESPONSE", "SOURCE_UNAVAILABLE"
SHORT = HEAD.encode() + b"Content-Length: 900\r\n\r\n" + body("s1")
SHORT_CHUNK = HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\nff\r\n" + body("s1")
OPEN_ENDED = HEAD.encode() + b"\r\n" + body("s1")[:10]

FAULTS = {
    "A05-reset-in-the-middle-once": Fault(first(1, reset_in_the_middle), None, 2),
    "A05-reset-in-the-middle-always": Fault(reset_in_the_middle, DOWN, 2),
    "A06-closes-before-the-answer-once": Fault(first(1, close), None, 2),
    "A06-closes-before-the-answer-always": Fault(close, DOWN, 2),
    "A07-accepts-and-never-answers": Fault(silence, DOWN, 1, 4.0),
    "A08-drips-its-header": Fault(parts(*DRIP, pause=0.2), DOWN, 1, 6.0),
    "A09-drips-its-body": Fault(parts(*SLOW_BODY, pause=0.5), DOWN, 1, 6.0),
    "A10-500": Fault(status("500 Oops"), DOWN, 1),
    "A11-502-once": Fault(first(1, status("502 Bad Gateway")), None, 2),
    "A11-503-always": Fault(status("503 Service Unavailable"), DOWN, 3, 4.0),
    "A11-504-twice": Fault(first(2, status("504 Gateway Timeout")), None, 3, 4.0),
    "A12-429-once": Fault(first(1, status("429 Too Many", "Retry-After: 1")), None, 2, 3.0),
    "A12-429-for-long": Fault(status("429 Too Many", "Retry-After: 100"), "RATE_LIMITED", 1),
    "A16-403": Fault(status("403 Forbidden"), "SOURCE_FORBIDDEN", 1),
    "A16-404": Fault(status("404 Not Found"), None, 1),
    "A15-401-with-fixed-credentials": Fault(status("401 Unauthorized"), "SOURCE_AUTH", 1),
    "A17-length-longer-than-the-body": Fault(parts(SHORT), DOWN, 2),
    "A17-chunk-that-ends-early": Fault(parts(SHORT_CHUNK), DOWN, 2),
    "A18-no-length-and-cut": Fault(parts(OPEN_ENDED), BAD, 1),
    "A20-endless-body": Fault(endless, BAD, 1),
    "A21-gzip-bomb": Fault(packed("gzip", gzip.compress(LARGE)), BAD, 1),
    "A21-deflate-bomb": Fault(packed("deflate", zlib.compress(LARGE)), BAD, 1),
    "A21-brotli": Fault(packed("br", b"\x0b\x02\x80[]\x03"), BAD, 1),
    "A21-zstd": Fault(packed("zstd", b"\x28\xb5\x2f\xfd"), BAD, 1),
    "A22-length-and-chunks": Fault(lengths("Content-Length: 40", "Transfer-Encoding: chunked"), BAD, 1),
    "A22-two-lengths": Fault(lengths("Content-Length: 40", "Content-Length: 3"), BAD, 1),
    "A25-redirect-elsewhere": Fault(status("302 Found", "Location: http://127.0.0.1:1/x"), BAD, 1),
    "A25-redirect-to-itself": Fault(status("307 Temporary", "Location: /work/s1"), BAD, 1),
    "A26-status-999": Fault(status("999 What"), BAD, 1),
    "A26-status-101": Fault(parts(b"HTTP/1.1 101 Switching\r\n\r\n", close=False), BAD, 1),
    "A26-only-100-continue": Fault(parts(b"HTTP/1.1 100 Continue\r\n\r\n", close=False), DOWN, 1, 6.0),
    "A26-204-with-a-body": Fault(status("204 No Content"), BAD, 1),
    "A26-no-http-at-all": Fault(parts(f"{CANARY} says hello\r\n\r\n".encode()), BAD, 1),
}
PARAMETERS = [pytest.param(fault, id=name, marks=row(name[:3])) for name, fault in FAULTS.items()]


@pytest.mark.parametrize("fault", PARAMETERS)
async def test_a_fault_of_transport_costs_its_own_fields(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    """The name comes from the SIS; the LMS's field is null with its code, or whole where asking again helps."""
    before = len(asyncio.all_tasks())
    async with vendor(fault.script) as made, district(made) as hill:
        async with asyncio.timeout(fault.seconds):
            answer = await hill.ask("s1")
        student = answer["data"]["s0"]
        assert student["name"] == {"firstName": "Ada"}
        assert codes(answer) == ({fault.code} if fault.code else set())
        assert (student["assignments"] is None) == (fault.code is not None)
        assert (len(made.calls), len(hill.calls)) == (fault.calls, fault.calls)
        told = f"{answer} {caplog.text}"
        assert not [secret for secret in SECRETS if secret in told]
        if fault.code in (BAD, DOWN) and fault.seconds <= 2:  # nothing of it was kept
            await hill.ask("s1")
            assert len(made.calls) > fault.calls
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= before


@row("A01")
async def test_a_vendor_that_refuses_connections_is_tried_a_few_times() -> None:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    async with district(f"http://127.0.0.1:{port}") as hill, asyncio.timeout(2.2):
        answer = await hill.ask("s1")
        assert codes(answer) == {DOWN}
        assert len(hill.calls) == 3


@row("A02")
async def test_a_name_that_nobody_knows_is_an_unavailable_source() -> None:
    """It does not resolve."""
    async with district("http://no-such-host.invalid") as hill, asyncio.timeout(9):
        answer = await hill.ask("s1")
    assert codes(answer) == {DOWN}


@row("A06")
async def test_a_thousand_calls_with_random_closes_lose_nothing() -> None:
    """A vendor that closes one connection in five just as it is used again: no visible error."""
    chance = random.Random(5)  # noqa: S311 - a test's numbers

    async def closing(call: Call) -> None:
        if call.number and chance.random() < 0.2 and call.writer not in met:
            met.add(call.writer)
            return call.writer.close()
        met.add(call.writer)
        return await call.well()

    met: set[Any] = set()
    async with vendor(closing) as made, district(made) as hill:
        for _ in range(1000):
            answer = await hill.http.get("/work/s1")
            assert answer.status_code == 200
        assert len(made.calls) >= 1000


@row("A20")
async def test_of_an_endless_body_no_more_is_taken_than_may_be() -> None:
    """The vendor could send a few megabytes at most, buffers included."""
    sent = 0

    async def count(call: Call) -> None:
        nonlocal sent
        await call.send(HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await call.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
            sent += 65536

    async with vendor(count) as made, district(made) as hill:
        assert codes(await hill.ask("s1")) == {BAD}
    assert sent < 16 * 1024 * 1024


@row("A23")
async def test_an_answer_that_was_made_for_another_request_is_never_shown() -> None:
    """A vendor answers each request with the one before: of a hundred students none sees another's work."""
    last = ["s0"]

    async def out_of_step(call: Call) -> None:
        answered, last[0] = last[0], call.path.rpartition("/")[2]
        await call.send(http("200 OK", body(answered)))

    async with vendor(out_of_step) as made, district(made, concurrency=1) as hill:
        seen = 0
        for number in range(1, 101):
            answer = await hill.ask(f"s{number}")
            assert codes(answer) == {"SOURCE_SCHEMA"}
            assert answer["data"]["s0"]["assignments"] is None
            seen += 1
        assert (seen, made.connections) == (100, 100)  # each time the connection is dropped


@row("A24")
async def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    """One client serves all viewers."""
    async with (
        vendor(lambda call: call.send(http("200 OK", body("s1"), "Set-Cookie: session=first"))) as made,
        district(made) as hill,
    ):
        await hill.ask("s1")
        await hill.ask("s2")
        assert [b"cookie" in call.head.lower() for call in made.calls] == [False, False]


@row("A25")
async def test_a_redirect_elsewhere_takes_no_credentials_along() -> None:
    """Not even where the adapter asks for redirects to be followed."""
    async with vendor(Call.well) as elsewhere:
        place = f"http://127.0.0.1:{elsewhere.port}/work/s1"
        async with (
            vendor(lambda call: call.send(http("302 Found", b"", f"Location: {place}"))) as made,
            district(made) as hill,
        ):
            with pytest.raises(Exception, match="another origin"):
                await hill.http.get("/work/s1", follow_redirects=True, headers={"X-Api-Key": "secret"})
            assert (len(made.calls), len(elsewhere.calls)) == (1, 0)


@row("A28")
async def test_one_vendor_that_hangs_holds_up_nobody_else() -> None:
    """Fifty pages of which one field hangs: the SIS answers all of them, and its own connections stay free."""
    async with vendor(silence) as made, district(made, timeout=1.0) as hill, asyncio.timeout(5):
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(50)))
    assert all(answer["data"]["s0"]["name"] == {"firstName": "Ada"} for answer in answers)
    assert set().union(*map(codes, answers)) <= {DOWN, "DEADLINE"}


@row("A28")
async def test_no_more_calls_are_under_way_than_the_source_allows() -> None:
    """Forty students, four at a time."""
    under_way, most = 0, 0

    async def slowly(call: Call) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        await call.well()

    async with vendor(slowly) as made, district(made, concurrency=4) as hill:
        answers = await asyncio.gather(*(hill.ask(f"s{n}", f"s{n + 20}") for n in range(20)))
    assert (codes(answers[0]), most, len(made.calls)) == (set(), 4, 40)
