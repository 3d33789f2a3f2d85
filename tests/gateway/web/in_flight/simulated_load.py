"""A process under simulated load: requests come at random times, whatever becomes of those before them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from student_graph.gateway.web.load_shedding import SAMPLE_INTERVAL_SECONDS, LoadShedder, OverloadError
from tests.gateway.cache.small_cache import Clock

STEPS_PER_PAGE = 10
"""Steps of the simulation in the time that a page of average cost takes."""


@dataclass(order=True)
class Page:
    """A page in progress. They are ordered by when they end."""

    ends_at: float
    """How many seconds of the processor each page must have had by then that was in progress at all times."""
    person: object = field(compare=False)
    request: AbstractContextManager[object] = field(compare=False)
    cost: float = field(compare=False)
    """Seconds of processor time."""
    began: float = field(compare=False)


@dataclass
class Answer:
    """A page that was served."""

    began: float
    """Seconds after the start of the load."""
    seconds: float
    cost: float
    """Seconds of processor time."""


@dataclass
class Result:
    """What became of simulated requests."""

    answers: list[Answer] = field(default_factory=list)
    refused: int = 0
    refusing_seconds: float = 0.0
    """Seconds for which the processor refused requests."""
    seconds: float = 0.0
    """How long the load lasted."""
    share: float = 1.0
    """Share of the processor's time that the process had when it wanted it."""

    @property
    def goodput(self) -> float:
        """Processor time of the pages that were served, as a share of what refusing left of it."""
        return sum(answer.cost for answer in self.answers) / (self.seconds * self.share - self.refusing_seconds)

    def p99(self, after: float = 0.0) -> float:
        """99th percentile of the times of pages that began so many seconds after the start of the load."""
        return _p99([answer.seconds for answer in self.answers if answer.began >= after])

    @property
    def p99_alone(self) -> float:
        """The same of the times that they would have taken alone."""
        return _p99([answer.cost / self.share for answer in self.answers])

    @property
    def p99_slowdown(self) -> float:
        """The same of their times as multiples of those that they would have taken alone."""
        return _p99([answer.seconds / (answer.cost / self.share) for answer in self.answers])


def always(_: float) -> bool:
    """Pages are requested, or work, at all times."""
    return True


class Simulation:
    """
    A process with a load shedder. Its processor is shared equally by the pages in progress, as they take turns.

    It first learns what a response costs while there is little to do.
    """

    def __init__(
        self, pages: Sequence[float], *, people: int = 1, share: float = 1.0, refusal_seconds: float = 0.000_05
    ) -> None:
        """Let `people` ask for pages of these costs; other processes leave `share` of the processor."""
        self._rng = random.Random(15)  # noqa: S311 - a fixed seed
        self._pages, self._people, self._share = pages, people, share
        self._refusal_seconds = refusal_seconds
        self._cpu, self._clock, self._demand = Clock(), Clock(), Clock()
        self.shedder = LoadShedder(cpu=self._cpu, clock=self._clock, demand=self._demand)
        self._in_progress: list[Page] = []
        """A heap: the page that ends next is the first."""
        self._page_seconds = 0.0
        """Seconds of the processor that a page has had which was in progress at all times."""
        self._refusing = 0.0
        """Seconds of processor time that refusals need which were not sent yet."""
        self._next_sample = 0.0
        self._step = sum(pages) / len(pages) / STEPS_PER_PAGE
        for number in range(max(200, people)):
            with self.shedder.admit(number % people):
                cost = self._rng.choice(pages)
                self._cpu.now += cost
                self._demand.now += cost
                self._clock.now += 5 * cost
                self.shedder.budgets.of(number % people).charge(cost)
        self.rest(4.0)

    def rest(self, seconds: float) -> None:
        """Let time pass without requests."""
        for _ in range(round(seconds / SAMPLE_INTERVAL_SECONDS)):
            self._clock.now += SAMPLE_INTERVAL_SECONDS
            self._sample()

    def _sample(self) -> None:
        if self._clock.now >= self._next_sample:
            self._next_sample = self._clock.now + SAMPLE_INTERVAL_SECONDS
            self.shedder.stop()
            self.shedder.start()

    def run(
        self,
        rate: float,
        seconds: float,
        *,
        arrives: Callable[[float], bool] = always,
        works: Callable[[float], bool] = always,
    ) -> Result:
        """
        Send so many requests a second, at the times for which `arrives` holds.

        Pages wait for something else than the processor, such as slow clients, when `works` does not hold.
        """
        started, result = self._clock.now, Result(seconds=seconds, share=self._share)
        arrivals = self._arrivals(rate, seconds)
        next_arrival = next(arrivals)
        while (now := self._clock.now - started) < seconds:
            while next_arrival <= now:
                if arrives(next_arrival):
                    self.send(result)
                next_arrival = next(arrivals)
            self._work(result, started, is_free=works(now))
            self._clock.now += self._step
            self._sample()
        self.shedder.stop()
        return result

    def _arrivals(self, rate: float, seconds: float) -> Iterator[float]:
        now = 0.0
        while now < seconds:
            now += self._rng.expovariate(rate)
            yield now
        yield float("inf")

    def send(self, result: Result, person: object = None) -> None:
        """Send one request of a person, or of one of the crowd."""
        cost = self._rng.choice(self._pages)
        person = self._rng.randrange(self._people) if person is None else person
        try:
            request = self.shedder.admit(person)
        except OverloadError:
            self._refusing += self._refusal_seconds
            result.refusing_seconds += self._refusal_seconds
            result.refused += 1
        else:
            request.__enter__()
            page = Page(self._page_seconds + cost, person, request, cost, self._clock.now)
            heapq.heappush(self._in_progress, page)

    def _work(self, result: Result, started: float, *, is_free: bool) -> None:
        """Let one step pass, first for refusals."""
        available = self._step * self._share
        for_refusals = min(self._refusing, available)
        self._refusing -= for_refusals
        for_pages = available - for_refusals if self._in_progress and is_free else 0.0
        self._cpu.now += for_refusals + for_pages
        self._demand.now += (for_refusals + for_pages) / self._share
        self.shedder.budgets.strangers.charge(for_refusals)
        if not for_pages:
            return
        self.shedder.budgets.of(self._rng.choice(self._in_progress).person).charge(for_pages)
        self._page_seconds += for_pages / len(self._in_progress)
        ended = self._clock.now + self._step
        while self._in_progress and self._in_progress[0].ends_at <= self._page_seconds:
            page = heapq.heappop(self._in_progress)
            page.request.__exit__(None, None, None)
            result.answers.append(Answer(page.began - started, ended - page.began, page.cost))


def _p99(numbers: list[float]) -> float:
    return sorted(numbers)[int(len(numbers) * 0.99)]
