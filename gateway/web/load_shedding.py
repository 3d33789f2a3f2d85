"""
What is done when more is asked than can be answered: refuse early and cheaply, so that answers come in time.

A burst may wait. When the process was busy for a while, a question is let in only if those before it will not
keep it waiting long: as many as are being worked on, times what one takes of the processor. Who waits for a vendor
keeps nobody waiting, and a process that others hold up is not busy: all is told in processor time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from student_graph.gateway.web.token_bucket import TokenBuckets

BEAT = 0.005
"""Seconds between two beats of the pulse."""
WHILE = 0.2
"""Seconds over which is looked how busy the process was."""
BUSY = 0.9
"""Share of the time that the processor works from which on the process is busy."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """How much is taken on at once."""

    in_flight: int = 2_000
    """Requests under way in this process."""
    wait: float = 0.02
    """Seconds of work that may lie before a question when the process is busy."""
    burst: float = 0.3
    """Seconds of work that may lie before it otherwise."""
    viewer_in_flight: int | None = None
    """Requests under way of one viewer; None for any number."""
    viewer_rate: float | None = None
    """Requests a second of one viewer, over time; None for any number."""
    viewer_burst: int = 40
    """Requests that a viewer may send at once after a silence."""
    bulk_share: float = 0.1
    """Share of `in_flight` that services may have: nobody waits for them."""


LATELY, EVERY = 128, 8
"""Answers by which is known what one takes of the processor, and of how many one is noted: looking takes time."""


class BusyError(Exception):
    """There is too much to do; `after` is in how many seconds it may be tried again."""

    def __init__(self, after: float) -> None:
        super().__init__("too much to do")
        self.after = after


class ViewerBusyError(BusyError):
    """It is this viewer who asks too much."""


class LoadShedder:
    """What is under way in this process."""

    def __init__(
        self,
        loads: LoadLimits | None = None,
        cpu: Callable[[], float] = time.thread_time,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take on so much; `cpu` counts the processor's seconds, `wall` everybody's."""
        self._loads = loads or LoadLimits()
        self._cpu, self._wall = cpu, wall
        self._beat = (cpu(), wall())
        self._busy = 0.0
        """Share of the time for which the processor has worked of late."""
        self._done: deque[float] = deque([cpu()], maxlen=LATELY // EVERY)
        """When some of the last answers were done: several that are worked on side by side end together."""
        self._answers = 0
        """Answers that were done."""
        self._handle: asyncio.TimerHandle | None = None
        self._of_viewers: dict[Hashable, int] = {}
        self._bulk = 0
        rate = self._loads.viewer_rate
        self._rates = None if rate is None else TokenBuckets(rate, self._loads.viewer_burst)
        self.in_flight = 0
        """Requests under way."""
        self.waiting_for_vendors = 0
        """Those among them that nothing can be done for at the moment."""
        self.refused = 0
        """Requests refused since start."""

    def start(self) -> None:
        """Begin to feel the pulse."""
        self._tick()

    def stop(self) -> None:
        """Feel it no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        now = (self._cpu(), self._wall())
        worked, passed = now[0] - self._beat[0], now[1] - self._beat[1]
        if passed > 0:
            weight = min(passed / WHILE, 1.0)
            self._busy += (min(worked / passed, 1.0) - self._busy) * weight
        self._beat = now
        self._handle = asyncio.get_running_loop().call_later(BEAT, self._tick)

    def taken(self) -> _Taken:
        """
        One more question, for as long as the block lasts.

        Raises:
            BusyError: there are too many, or it would wait for too long.
        """
        if self.in_flight >= self._loads.in_flight or self._late(self._loads.burst):
            self.refused += 1
            raise BusyError(_soon())
        return _Taken(self)

    def _end(self) -> None:
        self.in_flight -= 1
        self._answers += 1
        if self._answers % EVERY == 0:
            self._done.append(self._cpu())

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A request waits for a vendor, for as long as the block lasts."""
        self.waiting_for_vendors += 1
        try:
            yield
        finally:
            self.waiting_for_vendors -= 1

    def _late(self, burst: float) -> bool:
        """Whether a question would have to wait for too long."""
        if self._handle is None or len(self._done) < LATELY // EVERY:
            return False
        cost = (self._done[-1] - self._done[0]) / (LATELY - EVERY)
        before = (self.in_flight - self.waiting_for_vendors) * cost
        return before > (self._loads.wait if self._busy > BUSY else burst)

    def of_viewer(self, viewer: Hashable, *, bulk: bool) -> _OfViewer:
        """
        The same for a viewer; those with `bulk` come after all others.

        Raises:
            BusyError: there are too many, or too many of this viewer.
        """
        most = self._loads.viewer_in_flight
        full = most is not None and self._of_viewers.get(viewer, 0) >= most
        if full or (self._rates is not None and not self._rates.take(viewer, time.monotonic())):
            self.refused += 1
            raise ViewerBusyError(_soon())
        share = max(1, self._loads.in_flight * self._loads.bulk_share)
        if bulk and (self._bulk >= share or self._late(self._loads.wait)):
            self.refused += 1
            raise BusyError(_soon())
        return _OfViewer(self, viewer, bulk)

    def _begin_of(self, viewer: Hashable, bulk: bool) -> None:
        self._of_viewers[viewer] = self._of_viewers.get(viewer, 0) + 1
        self._bulk += bulk

    def _end_of(self, viewer: Hashable, bulk: bool) -> None:
        self._bulk -= bulk
        left = self._of_viewers[viewer] - 1
        if left:
            self._of_viewers[viewer] = left
        else:
            del self._of_viewers[viewer]


class _OfViewer:
    """A viewer's place, held for as long as a block lasts."""

    __slots__ = ("_bulk", "_load", "_viewer")

    def __init__(self, load: LoadShedder, viewer: Hashable, bulk: bool) -> None:
        self._load, self._viewer, self._bulk = load, viewer, bulk

    def __enter__(self) -> None:
        self._load._begin_of(self._viewer, self._bulk)  # noqa: SLF001 - its own place

    def __exit__(self, *_: object) -> None:
        self._load._end_of(self._viewer, self._bulk)  # noqa: SLF001 - its own place


class _Taken:
    """A place among what is under way, held for as long as a block lasts."""

    __slots__ = ("_load",)

    def __init__(self, load: LoadShedder) -> None:
        self._load = load

    def __enter__(self) -> None:
        self._load.in_flight += 1

    def __exit__(self, *_: object) -> None:
        self._load._end()  # noqa: SLF001 - its own place


def _soon() -> float:
    """Seconds, a little different for each: they should not all come back at once."""
    return 1.0 + random.random()  # noqa: S311 - it spreads clients, it keeps no secret
