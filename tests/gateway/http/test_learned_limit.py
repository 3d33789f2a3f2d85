"""The learned limit of concurrent requests, against simulated vendors: it settles near what they handle well."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from student_graph.gateway.http.learned_limit import CEILING_SECONDS, START_CONCURRENCY, LearnedLimit
from tests.gateway.cache.small_cache import Clock

SERVICE_SECONDS = 0.15
"""How long a simulated vendor takes for one request."""
JITTER_SECONDS = 0.03
PAUSE_SECONDS = 1.0
"""How long the gate pauses after a refusal."""

Vendor: TypeAlias = Callable[[float, int, random.Random], tuple[bool, float]]
"""Whether a request at a time, with so many running, is accepted, and after how many seconds it is answered."""


def service_seconds(rng: random.Random) -> float:
    """The time that one request takes."""
    return SERVICE_SECONDS + rng.uniform(-JITTER_SECONDS, JITTER_SECONDS)


def vendor_with_workers(workers: int) -> Vendor:
    """A vendor whose workers take one request after the other, so that more requests only wait longer."""
    free_at = [0.0] * workers

    def handle(now: float, _: int, rng: random.Random) -> tuple[bool, float]:
        worker = min(range(workers), key=free_at.__getitem__)
        free_at[worker] = max(now, free_at[worker]) + service_seconds(rng)
        return True, free_at[worker] - now

    return handle


def vendor_that_throttles_above(concurrency: int) -> Vendor:
    """A vendor that refuses a request if too many run."""

    def handle(_: float, running: int, rng: random.Random) -> tuple[bool, float]:
        return (True, service_seconds(rng)) if running <= concurrency else (False, 0.02)

    return handle


def vendor_without_limit(_: float, __: int, rng: random.Random) -> tuple[bool, float]:
    """A vendor that answers any number of requests with the same jitter."""
    return True, service_seconds(rng)


@dataclass
class Load:
    """Requests to a simulated vendor: always as many as the limit allows."""

    vendor: Vendor
    cap: int = 32
    clock: Clock = field(default_factory=Clock)
    limits: list[int] = field(default_factory=list)
    """The limit after each response."""
    answered_at: list[float] = field(default_factory=list)
    refusals: int = 0
    began_at: float = 0.0

    def run(self, requests: int, demand: int = 1_000) -> Load:
        """Send requests, at most `demand` at once, until so many are answered."""
        learned, rng = LearnedLimit(self.cap, self.clock), random.Random(1)  # noqa: S311 - no secret
        running, paused_until = list[tuple[float, int, float, int, bool]](), 0.0
        self.began_at = self.clock.now
        number = 0
        while len(self.answered_at) < requests:
            while len(running) < min(learned.limit, demand) and self.clock.now >= paused_until:
                number += 1
                accepted, seconds = self.vendor(self.clock.now, len(running) + 1, rng)
                ended = self.clock.now + seconds
                heapq.heappush(running, (ended, number, self.clock.now, len(running) + 1, accepted))
            if not running:
                self.clock.now = paused_until
                continue
            self.clock.now, _, sent_at, running_then, accepted = heapq.heappop(running)
            if accepted:
                learned.record("kind", self.clock.now - sent_at, running_then)
                self.answered_at.append(self.clock.now)
            else:
                learned.record_refusal(sent_at, len(running) + 1, throttled=True)
                paused_until = self.clock.now + PAUSE_SECONDS
                self.refusals += 1
            self.limits.append(learned.limit)
        return self

    @property
    def seconds(self) -> float:
        """Seconds until the last answer."""
        return self.answered_at[-1] - self.began_at

    @property
    def settled(self) -> list[int]:
        """The limits in the second half of the run."""
        return self.limits[len(self.limits) // 2 :]


@pytest.mark.parametrize("workers", [4, 8, 12])
def test_the_limit_settles_near_the_number_of_requests_that_a_vendor_handles_at_once(workers: int) -> None:
    """Its workers are always busy, and the queue before them is about as long again at most."""
    load = Load(vendor_with_workers(workers)).run(3_000)
    mean = sum(load.settled) / len(load.settled)
    assert workers <= mean <= 2.25 * workers
    busy = 3_000 * SERVICE_SECONDS / workers
    assert load.seconds <= 1.05 * busy


def test_the_limit_settles_there_also_after_many_minutes() -> None:
    """The baseline is measured again under low load, so a queue that lasts never counts as the usual latency."""
    load = Load(vendor_with_workers(8)).run(30_000)
    assert load.seconds > 9 * 60
    assert max(load.settled) <= 2.25 * 8


@pytest.mark.parametrize("allowed", [4, 12, 20])
def test_the_limit_settles_below_what_a_vendor_throttles_with_few_refusals(allowed: int) -> None:
    """A burst of refusals at first, and one try of more each minute."""
    load = Load(vendor_that_throttles_above(allowed)).run(2_000)
    minutes = load.seconds / CEILING_SECONDS
    assert load.refusals <= 3 + 4 * minutes
    assert sum(load.settled) / len(load.settled) <= allowed


def test_jitter_does_not_shrink_the_limit() -> None:
    """With 30 milliseconds of jitter the limit reaches the cap and stays there."""
    assert set(Load(vendor_without_limit).run(2_000).settled) == {32}
    assert set(Load(vendor_without_limit, cap=64).run(2_000).settled) == {64}


def test_responses_of_very_different_times_do_not_shrink_the_limit() -> None:
    """Times of which one in twenty is four times the median, as a real vendor's are."""

    def spread(_: float, __: int, rng: random.Random) -> tuple[bool, float]:
        return True, rng.lognormvariate(math.log(SERVICE_SECONDS), 0.8)

    load = Load(spread).run(4_000)
    assert sum(load.settled) / len(load.settled) >= 28


def test_a_cold_page_of_110_calls_takes_at_most_six_round_trips() -> None:
    """The limit doubles with each round trip; at eight at a time it would take fourteen."""
    load = Load(vendor_without_limit).run(110)
    assert load.seconds <= 6 * (SERVICE_SECONDS + JITTER_SECONDS)


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    """Three requests at a time say nothing about what the vendor does with thirty."""
    assert set(Load(vendor_without_limit).run(500, demand=3).limits) == {START_CONCURRENCY}


def test_a_refusal_halves_the_limit_once_for_the_requests_of_a_round_trip() -> None:
    """The other requests that ran at that moment were sent at the old limit."""
    clock = Clock()
    learned = LearnedLimit(32, clock)
    clock.now += 1
    for _ in range(8):
        learned.record_refusal(clock.now - 0.5, 8, throttled=False)
    assert learned.limit == 4
    clock.now += 1
    learned.record_refusal(clock.now - 0.5, 4, throttled=False)
    assert learned.limit == 2


def test_a_source_that_was_down_is_used_again_soon() -> None:
    """After many failures one by one, the limit doubles again up to four."""
    clock = Clock()
    learned = LearnedLimit(32, clock)
    for _ in range(10):
        clock.now += 1
        learned.record_refusal(clock.now - 0.5, 1, throttled=False)
    assert learned.limit == 1
    for _ in range(3):
        learned.record("kind", SERVICE_SECONDS, learned.limit)
    assert learned.limit == 4


def test_a_slow_kind_of_request_is_not_a_queue() -> None:
    """Lists that take eight times as long as point reads have a baseline of their own."""
    learned = LearnedLimit(32, Clock())
    for number in range(200):
        kind, seconds = ("list", 8 * SERVICE_SECONDS) if number % 2 else ("point", SERVICE_SECONDS)
        learned.record(kind, seconds, 1 if number < 8 else learned.limit)
    assert learned.limit == 32


def test_the_limit_doubles_again_after_a_delay_that_passed() -> None:
    """Responses are also late when this process was busy. The next such delay must be over for longer."""
    learned, responses = LearnedLimit(32, Clock()), []
    for _ in range(8):
        learned.record("kind", SERVICE_SECONDS, 1)
    for _ in range(2):
        for _ in range(learned.limit):
            learned.record("kind", 1.5 * SERVICE_SECONDS, learned.limit)
        slow, count = learned.limit, 0
        while learned.limit < 2 * slow and learned.limit < 32:
            learned.record("kind", SERVICE_SECONDS, learned.limit)
            count += 1
        responses.append(count / slow)
    assert responses[0] <= 3
    assert responses[0] < responses[1] <= 4


def test_the_limit_does_not_double_again_after_a_refusal() -> None:
    """The vendor has said how much it handles: above it, the limit grows by less than one in a round trip."""
    learned = LearnedLimit(32, Clock(1.0))
    learned.record_refusal(0.5, 8, throttled=False)
    for _ in range(8):
        learned.record("kind", 1.5 * SERVICE_SECONDS, learned.limit)
    for _ in range(40):
        learned.record("kind", SERVICE_SECONDS, learned.limit)
    assert learned.limit < 12
