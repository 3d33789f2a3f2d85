"""
Load shedding against simulated requests: a morning at a school is no overload, ten times too much load is one.

The processor is shared equally by the requests in progress, as they take turns. All times are simulated.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest

from student_graph.gateway.web.load_shedding import LoadShedder, OverloadError
from tests.gateway.cache.small_cache import Clock
from tests.long_runs import size

STEP_SECONDS = 0.001
STEPS_PER_SAMPLE = 5
REFUSAL_COST_SECONDS = 0.000_2
"""Processor time of a refused request."""
MORNING_PAGES = [0.03] * 60 + [0.1] * 60 + [0.5] * 3 + [1.0] * 2
"""Seconds of processor time of pages: cached and new ones of teachers, lists of a school, lists of a district."""


@dataclass
class Page:
    """A page in progress."""

    request: AbstractContextManager[None]
    cost: float
    """Seconds of processor time of the whole page."""
    remaining: float
    """Those that it still needs."""
    began: float


@dataclass
class Result:
    """What became of simulated requests."""

    slowdowns: list[float] = field(default_factory=list)
    """Time of each served request that began after the first two seconds, as a multiple of its time alone."""
    worked_seconds: float = 0.0
    refused: int = 0

    @property
    def p99(self) -> float:
        """99th percentile of the slowdowns."""
        return sorted(self.slowdowns)[int(len(self.slowdowns) * 0.99)]


class Simulation:
    """A process whose requests come at random times, each for one of some pages."""

    def __init__(self, pages: Sequence[float]) -> None:
        """Let the process learn what a response costs, while there is little to do."""
        self._rng = random.Random(15)  # noqa: S311 - a fixed seed
        self._pages = pages
        self._cpu, self._clock = Clock(), Clock()
        self._shedder = LoadShedder(cpu=self._cpu, clock=self._clock)
        self._in_progress: list[Page] = []
        for _ in range(200):
            with self._shedder.admit():
                cost = self._rng.choice(pages)
                self._cpu.now += cost
                self._clock.now += 5 * cost
        for _ in range(400):
            self._clock.now += STEPS_PER_SAMPLE * STEP_SECONDS
            self._sample()

    def _sample(self) -> None:
        self._shedder.stop()
        self._shedder.start()

    def run(self, rate: float, seconds: float) -> Result:
        """Send so many requests a second."""
        started, next_arrival, result = self._clock.now, self._clock.now, Result()
        for step in range(round(seconds / STEP_SECONDS)):
            while next_arrival <= self._clock.now:
                next_arrival += self._rng.expovariate(rate)
                self._arrive(result)
            self._clock.now += STEP_SECONDS
            if self._in_progress:
                result.worked_seconds += STEP_SECONDS
                self._work(result, counts_from=started + 2)
            if step % STEPS_PER_SAMPLE == 0:
                self._sample()
        self._shedder.stop()
        return result

    def _arrive(self, result: Result) -> None:
        cost = self._rng.choice(self._pages)
        try:
            request = self._shedder.admit()
        except OverloadError:
            self._cpu.now += REFUSAL_COST_SECONDS
            result.refused += 1
        else:
            request.__enter__()
            self._in_progress.append(Page(request, cost, cost, self._clock.now))

    def _work(self, result: Result, counts_from: float) -> None:
        self._cpu.now += STEP_SECONDS
        share = STEP_SECONDS / len(self._in_progress)
        for page in self._in_progress:
            page.remaining -= share
            if page.remaining <= 0:
                page.request.__exit__(None, None, None)
                if page.began >= counts_from:
                    result.slowdowns.append((self._clock.now - page.began) / page.cost)
        self._in_progress = [page for page in self._in_progress if page.remaining > 0]


@pytest.mark.long_run
async def test_a_morning_at_a_school_is_no_overload() -> None:
    """The processor works a sixth of the time: hardly a page is refused, and none is much slower."""
    result = Simulation(MORNING_PAGES).run(rate=1.6, seconds=size(150, 1_000))
    assert result.refused <= len(result.slowdowns) / 100
    assert result.p99 < 3.5


@pytest.mark.row("F01")
@pytest.mark.long_run
async def test_under_ten_times_the_load_what_is_admitted_is_answered_in_time() -> None:
    """One page at a time, and hardly a pause between two."""
    result = Simulation([0.027]).run(rate=370, seconds=size(10, 60))
    assert result.p99 <= 3
    assert result.worked_seconds > 0.9 * size(10, 60)
