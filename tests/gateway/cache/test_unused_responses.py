"""Cached responses that nobody asks for again do not fill the memory until it is full."""

from __future__ import annotations

from student_graph.adapters.sources import District
from student_graph.gateway.cache.response_cache import (
    MAX_UNUSED_SECONDS,
    OLD_RESPONSES_CHECKED,
    ResponseCache,
)
from tests.gateway.cache.small_cache import CacheHarness
from tests.gateway.small_district import DISTRICT


async def test_a_response_that_nobody_asks_for_again_is_dropped() -> None:
    """Also one whose answers are fresh for long; those that are used stay, and the others go a few at a time."""
    harness = CacheHarness()
    await harness.students("s1")
    await harness.students("s1")
    responses = ResponseCache(
        harness.cache.store, {DISTRICT: District(DISTRICT, "Hill", ())}, 1 << 21, harness.clock
    )
    for number in range(40):
        responses.set(number, harness.operation, [b"{}"], [DISTRICT])
    harness.clock.now += MAX_UNUSED_SECONDS
    assert responses.get(7) is not None
    responses.set("new", harness.operation, [b"{}"], [DISTRICT])
    assert len(responses) == 41
    harness.clock.now += 1
    for number in range(39 // OLD_RESPONSES_CHECKED + 1):
        responses.set("new", harness.operation, [b"{}"], [DISTRICT])
        assert len(responses) >= 41 - (number + 1) * OLD_RESPONSES_CHECKED
    assert len(responses) == 2
    assert responses.get(7) is not None


async def test_responses_that_are_requested_once_replace_none_that_are_requested_again() -> None:
    """They take a sixteenth of the memory, however many they are."""
    harness = CacheHarness()
    await harness.students("s1")
    await harness.students("s1")
    responses = ResponseCache(
        harness.cache.store, {DISTRICT: District(DISTRICT, "Hill", ())}, 1 << 20, harness.clock
    )
    for number in range(2_000):
        assert responses.get(number) is None
        responses.set(number, harness.operation, [b"x" * 4000], [DISTRICT])
    assert 0 < responses.used_bytes <= (1 << 20) / 12
    assert responses.get(1_999) is not None
    for number in range(2_000, 4_000):
        responses.set(number, harness.operation, [b"x" * 4000], [DISTRICT])
    assert responses.get(1_999) is not None
