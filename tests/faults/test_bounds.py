"""Section A: limits on the requests to a vendor: pauses, circuit breaker, retries and concurrency."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest

from student_graph.adapters.errors import PayloadError, UnavailableError
from student_graph.gateway.cache import BackgroundLimits, Limits
from student_graph.gateway.concurrency.deadlines import within
from student_graph.gateway.http import NetworkOptions, gate, probing_reads
from student_graph.gateway.http.breaker import (
    MAX_CONSECUTIVE_FAILURES,
    OPEN_SECONDS,
    PROBES_TO_CLOSE,
    CircuitBreaker,
    Permit,
)
from student_graph.gateway.http.transport import READ_TIMEOUT_SECONDS, Timeouts
from tests.faults.vendor import Request, body, district, error_codes, http_response, vendor
from tests.gateway.cache.small_cache import Clock

row = pytest.mark.row
UNAVAILABLE = "SOURCE_UNAVAILABLE"


@row("A12")
async def test_a_pause_that_a_vendor_asks_for_applies_to_all_requests() -> None:
    """After a 429 response no request is sent until Retry-After has passed; then all are answered."""
    clock = asyncio.get_running_loop().time
    times: list[float] = []

    async def limit_once(request: Request) -> None:
        times.append(clock())
        if request.number == 0:
            return await request.send(http_response("429 Too Many", b"", "Retry-After: 2"))
        return await request.answer()

    async with vendor(limit_once) as server, district(server) as hill:
        paused = asyncio.Event()
        hill.http.gate.add_pause_listener(lambda _: paused.set())
        pages = [asyncio.create_task(hill.ask("s0"))]
        await paused.wait()
        pages += [asyncio.create_task(hill.ask(f"s{n}")) for n in range(1, 20)]
        answers = await asyncio.gather(*pages)
    limited_at, *later = times
    assert len(later) == 20  # 19 requests and the retry
    assert min(later) - limited_at >= 2
    assert set().union(*map(error_codes, answers)) == set()


@row("A12")
async def test_a_pause_applies_to_requests_that_were_queued_when_it_began() -> None:
    """With a concurrency of one, nine requests are queued when the first one gets a 429 response."""
    clock = asyncio.get_running_loop().time
    times: list[float] = []

    async def limit_once(request: Request) -> None:
        if request.number == 0:
            await asyncio.sleep(0.2)  # the other requests are queued
            times.append(clock())
            return await request.send(http_response("429 Too Many", b"", "Retry-After: 1"))
        times.append(clock())
        return await request.answer()

    async with vendor(limit_once) as server, district(server, concurrency=1) as hill:
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(10)))
    limited_at, *later = times
    assert len(later) == 10
    assert min(later) - limited_at >= 1
    assert set().union(*map(error_codes, answers)) == set()


@row("A30")
async def test_a_request_without_enough_time_does_not_count_as_a_failure_of_the_source() -> None:
    """The caller's deadline was too short, so the circuit breaker stays closed."""

    async def wait(_: Request) -> None:
        await asyncio.Event().wait()

    async with vendor(wait) as server, district(server) as hill:
        while len(server.requests) <= MAX_CONSECUTIVE_FAILURES:  # on a busy machine, some are not sent in time
            with contextlib.suppress(TimeoutError, httpx.TimeoutException):
                async with within(0.1):
                    await hill.http.get("/work/s1")
        assert hill.http.gate.breaker.closed


@row("C03")
@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_a_header_value_with_a_line_break_is_not_sent(text: str) -> None:
    """It would inject a second header. No request is sent, and there is no retry."""
    async with vendor(Request.answer) as server, district(server) as hill:
        with pytest.raises((PayloadError, httpx.HTTPError, ValueError)):
            await hill.http.get("/work/s1", headers={"X-Request-Id": text})
        assert server.requests == []


@row("A12")
async def test_a_pause_longer_than_the_deadline_is_an_error_with_retry_after() -> None:
    """The error has the number of seconds left, and no further request is sent."""
    async with (
        vendor(lambda request: request.send(http_response("429 Too Many", b"", "Retry-After: 60"))) as server,
        district(server) as hill,
    ):
        for _ in range(5):
            answer = await hill.ask("s1")
            extensions = answer["errors"][0]["extensions"]
            assert (extensions["code"], 40 <= extensions["retryAfter"] <= 60) == ("RATE_LIMITED", True)
        assert len(server.requests) == 1


@row("A15")
async def test_no_request_is_sent_for_a_minute_after_a_vendor_refused_our_credentials() -> None:
    """One request is sent for ten queries: more attempts could lock the account."""
    async with (
        vendor(lambda request: request.send(http_response("401 Unauthorized", b""))) as server,
        district(server) as hill,
    ):
        for number in range(10):
            assert error_codes(await hill.ask(f"s{number}")) == {"SOURCE_AUTH"}
        assert len(server.requests) == 1


@row("A29", "A01")
async def test_no_request_is_sent_to_a_source_after_five_consecutive_failures() -> None:
    """The circuit breaker opens for `OPEN_SECONDS`, and each request fails at once."""
    async with (
        vendor(lambda request: request.send(http_response("500 Oops", b""))) as server,
        district(server) as hill,
    ):
        for number in range(20):
            assert error_codes(await hill.ask(f"s{number}")) == {UNAVAILABLE}
        assert len(server.requests) == MAX_CONSECUTIVE_FAILURES == 5
        assert OPEN_SECONDS == 30


@row("A29", "A01")
async def test_an_open_circuit_breaker_sends_one_probe_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred requests at once one is sent, and it fails; later three that succeed close the breaker."""
    monkeypatch.setattr(
        gate, "PROBE_WAIT_SECONDS", 60.0
    )  # three probes take longer than a second on a busy machine
    healthy, probe_sent, probe_may_fail = False, asyncio.Event(), asyncio.Event()

    async def fail(request: Request) -> None:
        if healthy:
            return await request.answer()
        if request.number == MAX_CONSECUTIVE_FAILURES:
            probe_sent.set()
            await probe_may_fail.wait()
        return await request.send(http_response("500 Oops", b""))

    async with vendor(fail) as server, district(server, rest=0.5) as hill:
        breaker = hill.http.gate.breaker
        for _ in range(MAX_CONSECUTIVE_FAILURES):
            await hill.http.get("/work/s1")
        await _until_probe(breaker)
        pages = [asyncio.create_task(hill.http.get("/work/s1")) for _ in range(100)]
        await probe_sent.wait()
        probe_may_fail.set()
        results = await asyncio.gather(*pages, return_exceptions=True)
        assert sum(isinstance(result, UnavailableError) for result in results) == 99
        assert len(server.requests) == MAX_CONSECUTIVE_FAILURES + 1
        healthy = True
        await _until_probe(breaker)
        responses = await asyncio.gather(*(hill.http.get("/work/s1") for _ in range(100)))
        assert {response.status_code for response in responses} == {200}
        assert breaker.closed


@row("A29")
async def test_a_read_sends_nothing_while_another_read_tests_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """That read may be waiting for a token, so that no request of it is in progress."""
    monkeypatch.setattr(probing_reads, "PROBE_WAIT_SECONDS", 0.0)
    async with vendor(Request.answer) as server, district(server, rest=0.05) as hill:
        source = hill.http.gate
        source.breaker.open()
        await _until_probe(source.breaker)
        async with source.reading():
            assert error_codes(await hill.ask("s1")) == {UNAVAILABLE}
            assert server.requests == []
        assert error_codes(await hill.ask("s2")) == set()


async def _until_probe(breaker: CircuitBreaker) -> None:
    """Wait until an open breaker allows a probe."""
    assert not breaker.closed
    await asyncio.sleep(breaker.seconds_until_probe)
    assert breaker.seconds_until_probe == 0


@row("A29")
def test_a_source_that_fails_half_the_time_opens_the_breaker_within_ten_seconds() -> None:
    """Ten failures of twenty requests open it without five in a row; each failed probe doubles the time."""
    clock = Clock()
    breaker = CircuitBreaker(30.0, clock)
    for number in range(20):
        assert breaker.enter() is Permit.NORMAL
        breaker.leave(Permit.NORMAL, succeeded=number % 2 == 0)
        clock.now += 0.4
    waits = []
    for _ in range(6):
        assert breaker.enter() is None
        waits.append(round(breaker.seconds_until_probe))
        clock.now += breaker.seconds_until_probe
        assert [breaker.enter() for _ in range(3)] == [Permit.PROBE, None, None]
        breaker.leave(Permit.PROBE, succeeded=False)
    assert waits == [30, 60, 120, 240, 300, 300]
    clock.now += 300
    for _ in range(PROBES_TO_CLOSE):
        assert breaker.enter() is Permit.PROBE
        breaker.leave(Permit.NORMAL, succeeded=False)  # sent before the breaker opened, so it does not count
        breaker.leave(Permit.PROBE, succeeded=True)
    assert breaker.closed


@row("A11")
async def test_a_vendor_that_always_fails_gets_at_most_ten_requests() -> None:
    """Fifty queries to a vendor that responds with 503: the circuit breaker opens."""
    async with (
        vendor(lambda request: request.send(http_response("503 Down", b""))) as server,
        district(server) as hill,
    ):
        for number in range(50):
            await hill.ask(f"s{number}")
        assert len(server.requests) <= 10


async def test_near_the_rate_limit_of_a_vendor_fewer_requests_run_at_once() -> None:
    """With a tenth of Canvas's cost bucket left, one request runs at a time instead of eight or more."""
    in_flight, max_in_flight, near_limit, full = 0, 0, False, asyncio.Event()

    async def report_limit(request: Request) -> None:
        nonlocal in_flight, max_in_flight
        in_flight += 1
        max_in_flight = max(max_in_flight, in_flight)
        if in_flight == 8:
            full.set()
        await full.wait()
        await asyncio.sleep(0.02)  # time in which another request would arrive
        in_flight -= 1
        left = "10" if near_limit else "700"
        student = request.path.rpartition("/")[2]
        await request.send(http_response("200 OK", body(student), f"X-Rate-Limit-Remaining: {left}"))

    async with vendor(report_limit) as server, district(server) as hill:
        await asyncio.gather(*(hill.ask(f"s{n}") for n in range(16)))
        usual, max_in_flight, near_limit = max_in_flight, 0, True
        await hill.ask("s50")
        await asyncio.gather(*(hill.ask(f"s{n}") for n in range(60, 76)))
    assert usual >= 8  # the limit grows while responses are fast
    assert max_in_flight == 1


async def test_a_canvas_whose_bucket_is_empty_gets_the_request_again_after_a_second() -> None:
    """It throttles with 403 and says that nothing is left; the requests at that moment are halved."""
    clock = asyncio.get_running_loop().time
    times: list[float] = []

    async def throttle_once(request: Request) -> None:
        times.append(clock())
        if request.number == 0:
            refusal = http_response("403 Forbidden (Rate Limit Exceeded)", b"", "X-Rate-Limit-Remaining: 0.0")
            return await request.send(refusal)
        return await request.answer()

    async with vendor(throttle_once) as server, district(server) as hill:
        assert error_codes(await hill.ask("s1")) == set()
        assert hill.http.gate.concurrency < 8
    assert times[1] - times[0] >= 1


@row("A30")
async def test_requests_of_a_client_that_disconnects_are_cancelled() -> None:
    """The connection to the vendor closes a moment later, without a timeout, and the source has not failed."""
    received, closed = asyncio.Event(), asyncio.Event()
    limits = Limits(background=BackgroundLimits(disconnected_seconds=0.05))

    async def wait_for_close(request: Request) -> None:
        received.set()
        await request.reader.read()
        closed.set()

    patient = NetworkOptions(timeouts=Timeouts(60.0, 60.0, 60.0))
    async with vendor(wait_for_close) as server, district(server, patient, limits) as hill:
        for _ in range(MAX_CONSECUTIVE_FAILURES + 1):
            received.clear()
            closed.clear()
            page = asyncio.create_task(hill.ask("s1"))
            await received.wait()
            page.cancel()
            await asyncio.wait_for(closed.wait(), 60.0)
        assert hill.http.gate.breaker.closed
    assert BackgroundLimits().disconnected_seconds < READ_TIMEOUT_SECONDS
