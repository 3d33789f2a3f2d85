"""Section A: the circuit breaker, retry budget, gate and rate limits of one source, without a vendor."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import RefusedError, UnavailableError
from student_graph.gateway.http.breaker import (
    MAX_CONSECUTIVE_FAILURES,
    CircuitBreaker,
    Permit,
)
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.rate_limits import parse_rate_limit
from student_graph.gateway.http.retries import MAX_RETRY_SHARE, MIN_RETRIES_PER_WINDOW, RetryBudget
from student_graph.gateway.http.slots import MAX_QUEUED_REQUESTS
from tests.gateway.cache.small_cache import Clock
from tests.subcases import subcases

row = pytest.mark.row


@row("A30")
def test_a_cancelled_request_does_not_count_for_the_breaker() -> None:
    """If the probe is cancelled, the next request is the probe."""
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
def test_at_most_a_tenth_of_the_requests_is_retried(pauses: list[float]) -> None:
    """For any pauses (in seconds) between requests that all fail; three retries are always allowed."""
    clock, retries = Clock(), 0
    budget = RetryBudget(clock)
    for pause in pauses:
        clock.now += pause
        budget.record_request()
        retries += budget.try_spend()
    assert retries <= max(
        MIN_RETRIES_PER_WINDOW * (1 + sum(pauses) // 100), MAX_RETRY_SHARE * len(pauses) + MIN_RETRIES_PER_WINDOW
    )


async def test_a_request_beyond_the_queue_of_a_source_is_refused_at_once() -> None:
    """A cancelled request leaves the queue, and the next one is admitted."""
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


async def test_a_gate_admits_requests_again_a_minute_after_credentials_were_refused() -> None:
    """Until then each request is refused."""
    clock = Clock()
    gate = Gate(2, clock=clock)
    gate.block_credentials()
    with pytest.raises(RefusedError):
        await gate.enter()
    clock.now += 61
    assert await gate.enter() is Permit.NORMAL


RATE_LIMIT_HEADERS: list[tuple[dict[str, str], dict[str, float] | None]] = [
    ({"X-Rate-Limit-Remaining": "599.5"}, {"pause_seconds": 0.0, "calls": 1199.0, "more_at_once": 11.0}),
    (
        {"X-Rate-Limit-Remaining": "512.3284937250001278", "X-Request-Cost": "2.0"},
        {"calls": 256.16424686, "more_at_once": 10.0},
    ),
    (
        {"X-Rate-Limit-Remaining": "25", "X-Request-Cost": "9.400000000000001e-05"},
        {"calls": 50.0, "more_at_once": 0.0},
    ),
    ({"X-Rate-Limit-Remaining": "-3.2"}, {"pause_seconds": 1.0, "calls": -6.4, "more_at_once": 0.0}),
    (
        {"RateLimit-Limit": "100", "RateLimit-Remaining": "5", "RateLimit-Reset": "30"},
        {"share": 0.25, "pause_seconds": 0.0, "calls": 5.0, "reset_seconds": 30.0, "quota": 100.0},
    ),
    (
        {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"},
        {"share": 0.0, "pause_seconds": 30.0, "calls": 0.0},
    ),
    (
        {"RateLimit": '"default";r=0;t=12', "RateLimit-Policy": '"default";q=100;w=60'},
        {"share": 0.0, "pause_seconds": 12.0, "quota": 100.0},
    ),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000010"}, {"share": 0.0, "pause_seconds": 10.0}),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999"}, {"share": 0.0, "pause_seconds": 300.0}),
    ({"X-RateLimit-Remaining": "nonsense"}, None),
    ({"Content-Type": "application/json"}, None),
]


@subcases(("headers", "expected"), RATE_LIMIT_HEADERS)
def test_rate_limit_headers_are_parsed(headers: dict[str, str], expected: dict[str, float] | None) -> None:
    """Canvas's cost bucket with Ruby's decimals, both forms of the IETF draft, and X-RateLimit headers."""
    limit = parse_rate_limit(httpx.Headers(headers), lambda: 1_700_000_000.0)
    if expected is None:
        assert limit is None
    else:
        assert limit is not None
        assert {name: getattr(limit, name) for name in expected} == pytest.approx(expected)


@given(
    st.dictionaries(
        st.sampled_from([name for headers, _ in RATE_LIMIT_HEADERS for name in headers]), st.text(max_size=20)
    )
)
def test_any_rate_limit_header_is_a_short_pause_or_ignored(headers: dict[str, str]) -> None:
    """Parsing raises no exception, and a pause is at most five minutes."""
    limit = parse_rate_limit(httpx.Headers([(n.encode(), t.encode()) for n, t in headers.items()]))
    assert limit is None or 0 <= limit.pause_seconds <= 300
