"""Section A: how often a vendor is asked, and when it is left alone."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import PayloadError, RefusedError, UnavailableError
from student_graph.gateway.deadlines import within
from student_graph.gateway.http.breaker import MAX_CONSECUTIVE_FAILURES, PROBES_TO_CLOSE, CircuitBreaker, Permit
from student_graph.gateway.http.gate import MAX_QUEUED_REQUESTS, Gate
from student_graph.gateway.http.rate_limits import parse_rate_limit
from student_graph.gateway.http.retries import MAX_RETRY_SHARE, MIN_RETRIES_PER_WINDOW, RetryBudget
from tests.faults.vendor import Call, body, codes, district, http, vendor
from tests.gateway.cache.small_cache import Clock

row = pytest.mark.row
DOWN = "SOURCE_UNAVAILABLE"


@row("A12")
async def test_while_a_vendor_wants_to_be_left_alone_nobody_asks_it() -> None:
    """One caller is told to wait for two seconds: all others wait as well, and are answered then."""

    async def limit(call: Call) -> None:
        if call.number == 0:
            return await call.send(http("429 Too Many", b"", "Retry-After: 1"))
        return await call.well()

    async with vendor(limit) as made, district(made) as hill:
        pages = [asyncio.create_task(hill.ask(f"s{n}")) for n in range(1)]
        await asyncio.sleep(0.2)
        pages += [asyncio.create_task(hill.ask(f"s{n}")) for n in range(1, 20)]
        await asyncio.sleep(0.5)
        assert len(made.calls) == 1
        answers = await asyncio.gather(*pages)
    assert set().union(*map(codes, answers)) == set()


@row("A12")
async def test_who_waited_for_a_turn_when_the_pause_began_waits_for_its_end_too() -> None:
    """One call at a time, ten who want to: the first is told to wait, and the others ask nothing meanwhile."""
    clock = asyncio.get_running_loop().time
    times: list[float] = []

    async def limit(call: Call) -> None:
        if call.number == 0:
            await asyncio.sleep(0.2)
            times.append(clock())
            return await call.send(http("429 Too Many", b"", "Retry-After: 1"))
        times.append(clock())
        return await call.well()

    async with vendor(limit) as made, district(made, concurrency=1) as hill:
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(10)))
    told, *asked = times
    assert len(asked) >= 1
    assert min(asked) - told >= 1  # a slow machine only makes it longer
    assert set().union(*map(codes, answers)) == set()


@row("A30")
async def test_an_attempt_that_was_given_no_time_says_nothing_of_the_source() -> None:
    """A thousandth of a second left of a lookup's time is our hurry, not the vendor's failure."""

    async def slowly(call: Call) -> None:
        await asyncio.sleep(0.1)
        await call.well()

    async with vendor(slowly) as made, district(made) as hill:
        for _ in range(20):
            with contextlib.suppress(TimeoutError, httpx.TimeoutException):
                async with within(0.01):
                    await hill.http.get("/work/s1")
        assert hill.http.gate.breaker.closed
        assert len(made.calls) == 20


@row("C03")
@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_a_header_that_would_be_two_is_not_sent(text: str) -> None:
    """Whoever made it up: nothing leaves, and nothing is tried again."""
    async with vendor(Call.well) as made, district(made) as hill:
        with pytest.raises((PayloadError, httpx.HTTPError, ValueError)):
            await hill.http.get("/work/s1", headers={"X-Request-Id": text})
        assert made.calls == []


@row("A12")
async def test_who_has_not_the_time_to_wait_is_told_when_to_come_back() -> None:
    """The error carries the seconds, and the vendor is not asked."""
    async with (
        vendor(lambda call: call.send(http("429 Too Many", b"", "Retry-After: 60"))) as made,
        district(made) as hill,
    ):
        for _ in range(5):
            answer = await hill.ask("s1")
            extensions = answer["errors"][0]["extensions"]
            assert (extensions["code"], 58 <= extensions["retryAfter"] <= 60) == ("RATE_LIMITED", True)
        assert len(made.calls) == 1


@row("A15")
async def test_a_vendor_that_refuses_our_credentials_is_left_alone_for_a_minute() -> None:
    """One call, however many ask: more would lock the account."""
    async with vendor(lambda call: call.send(http("401 Unauthorized", b""))) as made, district(made) as hill:
        for number in range(10):
            assert codes(await hill.ask(f"s{number}")) == {"SOURCE_AUTH"}
        assert len(made.calls) == 1


@row("A29", "A01")
async def test_a_vendor_that_fails_is_left_alone_and_asked_by_one_at_a_time() -> None:
    """Five failures in a row; then a hundred questions at once make one call, and three good ones end it."""
    well = False

    async def flapping(call: Call) -> None:
        await asyncio.sleep(0.02)
        await (call.well() if well else call.send(http("500 Oops", b"")))

    async with vendor(flapping) as made, district(made, rest=0.3) as hill:
        for number in range(20):
            await hill.ask(f"s{number}")
        assert len(made.calls) == MAX_CONSECUTIVE_FAILURES
        async with asyncio.timeout(1):
            assert codes(await hill.ask("s30")) == {DOWN}
        await asyncio.sleep(0.35)
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(100)))
        assert set().union(*map(codes, answers)) == {DOWN}
        assert len(made.calls) == MAX_CONSECUTIVE_FAILURES + 1
        well = True
        await asyncio.sleep(0.7)
        answers = await asyncio.gather(*(hill.ask(f"s{n}") for n in range(100)))
        assert set().union(*map(codes, answers)) == set()
        assert hill.http.gate.breaker.closed


@row("A29")
def test_a_vendor_that_fails_half_the_time_is_left_alone_within_ten_seconds() -> None:
    """Twenty questions suffice, although never five in a row fail; each failed probe doubles the time."""
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
        breaker.leave(Permit.NORMAL, succeeded=False)  # asked before it opened: says nothing of now
        breaker.leave(Permit.PROBE, succeeded=True)
    assert breaker.closed


@row("A30")
def test_an_asker_that_goes_away_says_nothing_of_the_source() -> None:
    """Not even when it was the probe: the next one is."""
    clock = Clock()
    breaker = CircuitBreaker(30.0, clock)
    for _ in range(100):
        breaker.leave(Permit.NORMAL, succeeded=None)
    assert breaker.closed
    for _ in range(MAX_CONSECUTIVE_FAILURES):
        breaker.leave(Permit.NORMAL, succeeded=False)
    clock.now += 31
    for _ in range(3):
        assert breaker.enter() is Permit.PROBE
        breaker.leave(Permit.PROBE, succeeded=None)


@row("A11")
@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=300))
def test_no_more_than_a_tenth_is_asked_again(pauses: list[float]) -> None:
    """However the questions come, and all of them fail; three may be in any case."""
    clock, again = Clock(), 0
    budget = RetryBudget(clock)
    for pause in pauses:
        clock.now += pause
        budget.record_request()
        again += budget.try_spend()
    assert again <= max(
        MIN_RETRIES_PER_WINDOW * (1 + sum(pauses) // 100), MAX_RETRY_SHARE * len(pauses) + MIN_RETRIES_PER_WINDOW
    )


@row("A11")
async def test_under_total_failure_the_load_is_hardly_more_than_what_is_asked() -> None:
    """A thousand questions to a vendor that answers 503: the breaker lets a handful through."""
    async with vendor(lambda call: call.send(http("503 Down", b""))) as made, district(made) as hill:
        for number in range(200):
            await hill.ask(f"s{number}")
        assert len(made.calls) <= 10


async def test_a_queue_that_is_full_says_so() -> None:
    """Whoever comes then is refused at once, and told to come back."""
    gate = Gate(1)
    await gate.enter()
    waiting = [asyncio.create_task(gate.enter()) for _ in range(MAX_QUEUED_REQUESTS)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="too many"):
        await gate.enter()
    waiting[0].cancel()
    await asyncio.sleep(0)
    gate.leave(Permit.NORMAL, succeeded=True)
    assert await waiting[1] is Permit.NORMAL
    for task in waiting[2:]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_locked_gate_lets_nobody_in_until_its_time_is_over() -> None:
    """A minute after our credentials were refused somebody may try."""
    clock = Clock()
    gate = Gate(2, clock=clock)
    gate.block_credentials()
    with pytest.raises(RefusedError):
        await gate.enter()
    clock.now += 61
    assert await gate.enter() is Permit.NORMAL


LIMITS = [
    ({"X-Rate-Limit-Remaining": "699.5"}, (1.0, 0.0)),
    ({"X-Rate-Limit-Remaining": "25"}, (0.25, 0.0)),
    ({"X-Rate-Limit-Remaining": "-3.2"}, (-0.032, 1.0)),
    ({"RateLimit-Limit": "100", "RateLimit-Remaining": "5", "RateLimit-Reset": "30"}, (0.25, 0.0)),
    ({"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, (0.0, 30.0)),
    ({"RateLimit": '"default";r=0;t=12', "RateLimit-Policy": '"default";q=100;w=60'}, (0.0, 12.0)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000010"}, (0.0, 10.0)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999"}, (0.0, 300.0)),
    ({"X-RateLimit-Remaining": "nonsense"}, None),
    ({"Content-Type": "application/json"}, None),
]


@pytest.mark.parametrize(("headers", "left"), LIMITS)
def test_what_vendors_say_of_their_limits_is_understood(headers: dict[str, str], left: Any) -> None:
    """Canvas' cost bucket, the draft standard in both of its forms, and what was there before it."""
    told = parse_rate_limit(httpx.Headers(headers), lambda: 1_700_000_000.0)
    assert told is None if left is None else told == pytest.approx(left)


@given(st.dictionaries(st.sampled_from([name for headers, _ in LIMITS for name in headers]), st.text(max_size=20)))
def test_whatever_a_limit_says_is_a_short_pause_or_none(headers: dict[str, str]) -> None:
    """Never an exception, never more than five minutes."""
    told = parse_rate_limit(httpx.Headers([(n.encode(), t.encode()) for n, t in headers.items()]))
    assert told is None or 0 <= told.pause_seconds <= 300


async def test_near_its_limit_a_vendor_is_asked_by_fewer_at_once() -> None:
    """With a tenth of the bucket left, one call at a time instead of eight."""
    under_way, most, low = 0, 0, False

    async def measured(call: Call) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        left = "10" if low else "700"
        await call.send(http("200 OK", body(call.path.rpartition("/")[2]), f"X-Rate-Limit-Remaining: {left}"))

    async with vendor(measured) as made, district(made) as hill:
        await asyncio.gather(*(hill.ask(f"s{n}") for n in range(16)))
        plenty, most, low = most, 0, True
        await hill.ask("s50")
        await asyncio.gather(*(hill.ask(f"s{n}") for n in range(60, 76)))
    assert (plenty, most) == (8, 1)


@row("A30")
async def test_a_client_that_goes_away_takes_its_calls_along() -> None:
    """The vendor's connection is closed at once, and the source is not held to have failed."""
    gone = asyncio.Event()

    async def wait(call: Call) -> None:
        await call.reader.read()
        gone.set()

    async with vendor(wait) as made, district(made) as hill:
        for _ in range(10):
            gone.clear()
            page = asyncio.create_task(hill.ask("s1"))
            await asyncio.sleep(0.05)
            page.cancel()
            await asyncio.wait_for(gone.wait(), 1.0)
        assert hill.http.gate.breaker.closed
