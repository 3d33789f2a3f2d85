"""
Load shedding: refuse requests early and cheaply under overload, so that the admitted ones are answered in time.

A burst after a quiet time may queue. When the process has been busy with several requests for a while, a request
is admitted only if the requests ahead of it will not delay it for long. The delay is their number, times the
processor time that one response takes. A request that waits for a vendor delays no other, and a process that other
processes slow down is not busy. Utilization and cost are therefore measured in processor time.

A request counts for others once it was received completely: one whose body does not come takes nothing from them.

One person does not take the service from others. Of each other person, at most one request more than one's own is
ahead of a request, and who has none in progress takes turns with a few others, whatever these ask for.

Services are refused before people: a service waits for all others, and a person's request is not refused because
of the requests of services, with which it takes turns.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NoReturn

from student_graph.gateway.web.in_flight import RequestInFlight, Shares, vendor_wait
from student_graph.gateway.web.token_bucket import TokenBuckets

SAMPLE_INTERVAL_SECONDS = 0.005
"""Time between two samples of the processor's utilization."""
UTILIZATION_WINDOW_SECONDS = 0.2
"""Time over which the utilization is averaged."""
BUSY_UTILIZATION = 0.9
"""Share of the time that the processor works, with several requests, from which on the process becomes busy."""
CALM_UTILIZATION = 0.7
"""Share of the time that the processor works below which the process is busy no more."""
REFUSAL_SECONDS = 1.0
"""Time without a refusal after which the process is busy no more."""
COST_WINDOW_RESPONSES = 128
"""Last responses from which the processor time of one response is estimated."""
RESPONSES_PER_COST_SAMPLE = 8
"""The processor's clock is read after so many responses: reading it after each one would cost too much."""


MAX_PEOPLE_IN_TURNS = 4
"""People whose requests take turns, however long they take: more than a pair of attackers, few of a crowd."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Limits on the requests that one process handles at once."""

    in_flight: int = 2_000
    """Requests in flight in this process."""
    wait: float = 0.02
    """Seconds of processor time that may be ahead of a request when the process is busy."""
    burst: float = 0.3
    """Seconds of processor time that may be ahead of a request otherwise."""
    viewer_in_flight: int | None = None
    """Requests in flight of one viewer; None for no limit."""
    viewer_rate: float | None = None
    """Requests per second of one viewer, on average; None for no limit."""
    viewer_burst: int = 40
    """Requests that a viewer may send at once after a quiet time."""
    bulk_share: float = 0.1
    """Share of `in_flight` that services may use: no person waits for them."""


class OverloadError(Exception):
    """The process has too much to do; `retry_after` is the number of seconds after which to try again."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("too much to do")
        self.retry_after = retry_after


class ViewerLimitError(OverloadError):
    """The viewer sends too many requests."""


class LoadShedder:
    """Counts the requests in flight in this process, and refuses new ones beyond its limits."""

    def __init__(
        self,
        limits: LoadLimits | None = None,
        cpu: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Apply `limits`; `cpu` returns the seconds of processor time used so far, `clock` monotonic seconds."""
        self._limits = limits or LoadLimits()
        self._cpu, self._clock = cpu, clock
        self._last_sample = (cpu(), clock())
        self._utilization = 0.0
        """Share of the recent time that the processor worked, from 0 to 1."""
        self._contention = 0.0
        """Share of the recent time with several requests of people that needed the processor, from 0 to 1."""
        self._is_busy = False
        """Whether the process has more to do than it can."""
        self._refused_at = -math.inf
        """When a request was last refused that would also have been if a person had sent it, or it became busy."""
        self._cost_samples: deque[float] = deque(
            [cpu()], maxlen=COST_WINDOW_RESPONSES // RESPONSES_PER_COST_SAMPLE
        )
        """Processor time at some of the last responses: concurrent requests end together, so one says little."""
        self._responses = 0
        """Responses since start."""
        self._sampling: asyncio.TimerHandle | None = None
        self._in_flight_by_viewer: dict[Hashable, int] = {}
        self._bulk_in_flight = 0
        self._bulk_waiting = 0
        """Requests of services that wait for a vendor."""
        self._shares = Shares()
        """The requests of people that wait for no vendor."""
        rate = self._limits.viewer_rate
        self._viewer_buckets = None if rate is None else TokenBuckets(rate, self._limits.viewer_burst)
        self.in_flight = 0
        """Requests in flight."""
        self.waiting_for_vendors = 0
        """Requests in flight that wait for a vendor and use no processor time."""
        self.refused = 0
        """Requests refused since start."""

    def start(self) -> None:
        """Start to sample the processor's utilization."""
        self._sample()

    def stop(self) -> None:
        """Stop sampling."""
        if self._sampling is not None:
            self._sampling.cancel()
            self._sampling = None

    def _sample(self) -> None:
        sample = (self._cpu(), self._clock())
        worked, elapsed = sample[0] - self._last_sample[0], sample[1] - self._last_sample[1]
        if elapsed > 0:
            weight = min(elapsed / UTILIZATION_WINDOW_SECONDS, 1.0)
            self._utilization += (min(worked / elapsed, 1.0) - self._utilization) * weight
            self._contention += ((self._active - self._active_bulk > 1) - self._contention) * weight
            self._update_busy(sample[1])
        self._last_sample = sample
        self._sampling = asyncio.get_running_loop().call_later(SAMPLE_INTERVAL_SECONDS, self._sample)

    def _update_busy(self, now: float) -> None:
        """
        Become busy when the processor has worked for a while and several requests needed it.

        One long response alone is not more than the process can do, however long it takes. A busy process works at
        one request at a time, with pauses between them, so it stays busy while it refuses others.
        """
        if self._is_busy:
            is_refusing = now - self._refused_at <= REFUSAL_SECONDS
            self._is_busy = is_refusing and self._utilization >= CALM_UTILIZATION
        elif self._utilization > BUSY_UTILIZATION and self._contention > BUSY_UTILIZATION:
            self._is_busy, self._refused_at = True, now

    def check(self) -> None:
        """
        Refuse a request before anything of it is read, if a person's request would be refused now.

        Raises:
            OverloadError: too many requests are in flight, or the request would wait too long.
        """
        people = self._shares.people
        is_late = people >= MAX_PEOPLE_IN_TURNS and self._is_queue_too_long(people, self._limits.burst)
        if is_late or self.in_flight >= self._limits.in_flight:
            self._refused_at = self._clock()
            self._refuse()

    def admit(self, person: Hashable = None, *, bulk: bool = False) -> RequestInFlight:
        """
        Admit a person's request that was received completely; it is in flight inside the returned context.

        Requests with `bulk` (those of services) are refused before all others.

        Raises:
            OverloadError: too many requests are in flight, or the request would wait too long.
        """
        self.check()
        max_bulk = max(1, self._limits.in_flight * self._limits.bulk_share)
        if bulk and (self._bulk_in_flight >= max_bulk or self._is_queue_too_long(self._active, self._limits.wait)):
            self._refuse()
        ahead = self._shares.ahead_of(person)
        if not bulk and self._shares.of(person) and self._is_queue_too_long(ahead, self._limits.burst):
            self._refused_at = self._clock()
            self._refuse()
        return RequestInFlight(self, person, bulk=bulk)

    def _refuse(self) -> NoReturn:
        self.refused += 1
        raise OverloadError(_retry_after())

    def begin(self, person: Hashable, *, bulk: bool) -> None:
        """Count a request that is in flight."""
        self.in_flight += 1
        self._bulk_in_flight += bulk
        if not bulk:
            self._shares.add(person)

    def finish(self, person: Hashable, *, bulk: bool) -> None:
        """Count a request that has ended."""
        self.in_flight -= 1
        self._bulk_in_flight -= bulk
        if not bulk:
            self._shares.remove(person)
        self._responses += 1
        if self._responses % RESPONSES_PER_COST_SAMPLE == 0:
            self._cost_samples.append(self._cpu())

    @staticmethod
    def vendor_wait() -> AbstractContextManager[None]:
        """Count the current request as waiting for a vendor inside the context."""
        return vendor_wait()

    def begin_wait(self, person: Hashable, *, bulk: bool) -> None:
        """Count a request that waits for a vendor."""
        self.waiting_for_vendors += 1
        self._bulk_waiting += bulk
        if not bulk:
            self._shares.remove(person)

    def end_wait(self, person: Hashable, *, bulk: bool) -> None:
        """Count a request that waits no more."""
        self.waiting_for_vendors -= 1
        self._bulk_waiting -= bulk
        if not bulk:
            self._shares.add(person)

    @property
    def _active(self) -> int:
        """Requests in flight that wait for no vendor."""
        return self.in_flight - self.waiting_for_vendors

    @property
    def _active_bulk(self) -> int:
        """Those of services among them."""
        return self._bulk_in_flight - self._bulk_waiting

    def _is_queue_too_long(self, requests: int, burst: float) -> bool:
        """Whether so many requests ahead need more seconds of processor time than allowed, `burst` if not busy."""
        samples = self._cost_samples
        if self._sampling is None or len(samples) < COST_WINDOW_RESPONSES // RESPONSES_PER_COST_SAMPLE:
            return False
        cost = (samples[-1] - samples[0]) / (COST_WINDOW_RESPONSES - RESPONSES_PER_COST_SAMPLE)
        return requests * cost > (self._limits.wait if self._is_busy else burst)

    def admit_viewer(self, viewer: Hashable) -> _ViewerRequest:
        """
        Admit a request of a viewer by its head: it counts against the viewer's limits inside the returned context.

        Its body may still have to come. That takes from nobody else, so only `admit` counts it for all.

        Raises:
            ViewerLimitError: the viewer has too many requests in flight, or sends them too fast.
        """
        max_in_flight = self._limits.viewer_in_flight
        is_full = max_in_flight is not None and self._in_flight_by_viewer.get(viewer, 0) >= max_in_flight
        buckets = self._viewer_buckets
        if is_full or (buckets is not None and not buckets.take(viewer, time.monotonic())):
            self.refused += 1
            raise ViewerLimitError(_retry_after())
        return _ViewerRequest(self, viewer)

    def _begin_viewer_request(self, viewer: Hashable) -> None:
        self._in_flight_by_viewer[viewer] = self._in_flight_by_viewer.get(viewer, 0) + 1

    def _finish_viewer_request(self, viewer: Hashable) -> None:
        remaining = self._in_flight_by_viewer[viewer] - 1
        if remaining:
            self._in_flight_by_viewer[viewer] = remaining
        else:
            del self._in_flight_by_viewer[viewer]


class _ViewerRequest:
    """Context in which a request of a viewer is in flight or being received."""

    __slots__ = ("_shedder", "_viewer")

    def __init__(self, shedder: LoadShedder, viewer: Hashable) -> None:
        self._shedder, self._viewer = shedder, viewer

    def __enter__(self) -> None:
        self._shedder._begin_viewer_request(self._viewer)  # noqa: SLF001 - a part of the shedder

    def __exit__(self, *_: object) -> None:
        self._shedder._finish_viewer_request(self._viewer)  # noqa: SLF001 - a part of the shedder


def _retry_after() -> float:
    """Return a number of seconds that differs for each client, so that they do not all come back at once."""
    return 1.0 + random.random()  # noqa: S311 - not used for security
