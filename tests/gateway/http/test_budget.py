"""The budget of calls of one source: no minute of the vendor holds more calls than it allows."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.concurrency.deadlines import within
from student_graph.gateway.http.breaker import Permit
from student_graph.gateway.http.budget import WINDOW_SECONDS, CallBudget
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.priority import background
from student_graph.gateway.http.rate_limits import RateLimit
from tests.gateway.cache.small_cache import Clock
from tests.subcases import subcases


@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=60),
)
def test_no_minute_of_the_vendor_holds_more_calls_than_the_quota(
    quota: int, calls: list[tuple[float, float, float]]
) -> None:
    """
    For any pauses between calls and any durations of them, wherever between the vendor counts a call.

    A call is a pause before it, its duration, and the share of the duration after which the vendor counts it.
    """
    clock, counted_at, running = Clock(), list[float](), list[float]()
    budget = CallBudget(quota, clock)
    for pause, seconds, share in calls:
        arrives = clock.now + pause
        for ends in sorted(end for end in running if end <= arrives):
            clock.now = ends
            budget.finish()
            running.remove(ends)
        clock.now = arrives
        if budget.left(in_background=False) >= 1:
            budget.start()
            counted_at.append(clock.now + seconds * share)
            running.append(clock.now + seconds)
    counted_at.sort()
    for first in counted_at:
        assert sum(first <= at < first + WINDOW_SECONDS for at in counted_at) <= quota


def test_the_seconds_until_a_call_end_when_the_budget_allows_it() -> None:
    """Three calls end ten seconds apart; each is free again a minute after its end."""
    clock = Clock()
    budget = CallBudget(3, clock)
    for _ in range(3):
        budget.start()
        clock.now += 10
        budget.finish()
    for calls, seconds in ((1, 40), (2, 50), (3, 60), (4, 60)):
        assert budget.seconds_until(calls, in_background=False) == pytest.approx(seconds)
    clock.now += 40
    assert (budget.left(in_background=False), budget.seconds_until(1, in_background=False)) == (1, 0)


def test_background_work_leaves_a_quarter_of_a_quota_to_interactive_requests() -> None:
    """Of a hundred calls it may use seventy-five."""
    budget = CallBudget(100, Clock())
    for _ in range(75):
        budget.start()
    assert (budget.left(in_background=True), budget.left(in_background=False)) == (0, 25)


def test_a_source_without_a_quota_has_any_number_of_calls_left() -> None:
    """The number is infinite, also for background work."""
    gate = Gate(4)
    assert gate.calls_left == math.inf
    with background(lambda: True):
        assert gate.calls_left == math.inf


def test_the_reported_remaining_quota_holds_until_its_reset() -> None:
    """Calls that were sent after the reported one, or still run, are deducted."""
    clock = Clock()
    budget = CallBudget(None, clock)
    for _ in range(4):
        budget.start()
    budget.report(10, 30.0, number=2)
    assert budget.left(in_background=False) == 10 - 2 - 3
    clock.now += 31
    assert budget.left(in_background=False) == math.inf


async def test_a_page_that_needs_more_calls_than_the_quota_gets_what_fits_and_the_rest_a_minute_later() -> None:
    """The others fail at once with the time after which to try again, and the vendor sees no call of them."""
    clock = Clock()
    gate = Gate(8, clock=clock, requests_per_minute=10)

    async def call() -> None:
        permit = await gate.enter()
        await asyncio.sleep(0)
        gate.leave(permit, succeeded=True)

    async def page(calls: int) -> list[object]:
        async with within(5.0):
            return await asyncio.gather(*(call() for _ in range(calls)), return_exceptions=True)

    results = await page(15)
    errors = [result for result in results if isinstance(result, UnavailableError)]
    assert [(error.code, error.retry_after) for error in errors] == [("RATE_LIMITED", 60)] * 5
    assert gate.calls_left == 0
    clock.now += WINDOW_SECONDS
    assert await page(5) == [None] * 5
    assert gate.calls_left == 5


async def test_a_request_that_has_the_time_waits_for_the_budget() -> None:
    """It is sent when the vendor's quota resets, though no other request ends then."""
    gate = Gate(8)
    await gate.enter()
    gate.apply_rate_limit(gate.sent_call(), RateLimit(1.0, 0.0, 0.0, 0.05, 10))
    assert gate.calls_left == 0
    async with asyncio.timeout(60):
        assert await gate.enter() is Permit.NORMAL
    gate.apply_rate_limit(gate.sent_call(), RateLimit(1.0, 0.0, 0.0, 60.0, 10))
    async with within(1.0):
        with pytest.raises(UnavailableError, match="rate limited"):
            await gate.enter()


async def test_a_request_that_is_not_sent_costs_no_call() -> None:
    """Its caller was cancelled while it waited."""
    gate = Gate(1, requests_per_minute=5)
    await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gate.leave(Permit.NORMAL, succeeded=True)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert gate.calls_left == 4


@subcases(
    ("waited_seconds", "now", "retry_after"),
    [(1, 0, 7), (1, 3.5, 4), (1, 7.5, 1), (1, 8.5, None), (5, 8.5, 1), (5, 13, None)],
)
def test_a_pause_explains_a_wait_that_overlapped_it(
    waited_seconds: float, now: float, retry_after: float | None
) -> None:
    """A request that waited during the vendor's pause of seven seconds is rate limited, whatever its timeout."""
    clock = Clock()
    gate = Gate(8, clock=clock)
    assert gate.retry_after_of_pause(waited_seconds) is None
    gate.announce_pause(7)
    clock.now += now
    assert gate.retry_after_of_pause(waited_seconds) == retry_after
