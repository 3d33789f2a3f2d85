"""
What is done when more is asked than can be answered: refuse early and cheaply, so that answers come in time.

How long work waits for its turn is told by a pulse of the event loop, in the processor's time: a process that
others hold up is not overloaded. A burst may wait; when there was no calm moment for a while, nobody waits long.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.rates import Buckets

BEAT = 0.005
"""Seconds between two beats of the pulse."""
CALM = 0.005
"""Seconds by which a beat may be late in a calm moment."""


@dataclass(frozen=True, slots=True)
class Loads:
    """How much is taken on at once."""

    in_flight: int = 2_000
    """Requests under way in this process."""
    wait: float = 0.025
    """Seconds that work may wait for its turn when there was no calm moment for `burst` seconds."""
    burst: float = 0.5
    """Seconds that it may wait otherwise."""
    viewer_in_flight: int | None = None
    """Requests under way of one viewer; None for any number."""
    viewer_rate: float | None = None
    """Requests a second of one viewer, over time; None for any number."""
    viewer_burst: int = 40
    """Requests that a viewer may send at once after a silence."""
    bulk_share: float = 0.1
    """Share of `in_flight` that services may have: nobody waits for them."""


class BusyError(Exception):
    """There is too much to do; `after` is in how many seconds it may be tried again."""

    def __init__(self, after: float) -> None:
        super().__init__("too much to do")
        self.after = after


class ViewerBusyError(BusyError):
    """It is this viewer who asks too much."""


class Load:
    """What is under way in this process."""

    def __init__(self, loads: Loads | None = None, cpu: Callable[[], float] = time.thread_time) -> None:
        """Take on so much; `cpu` counts the processor's seconds."""
        self._loads = loads or Loads()
        self._cpu = cpu
        self._beat = self._calm = cpu()
        self._started = False
        self._handle: asyncio.TimerHandle | None = None
        self._of_viewers: dict[Hashable, int] = {}
        self._bulk = 0
        rate = self._loads.viewer_rate
        self._rates = None if rate is None else Buckets(rate, self._loads.viewer_burst)
        self.in_flight = 0
        """Requests under way."""
        self.refused = 0
        """Requests refused since start."""

    def start(self) -> None:
        """Begin to feel the pulse."""
        self._started = True
        self._tick()

    def stop(self) -> None:
        """Feel it no more."""
        self._started = False
        if self._handle is not None:
            self._handle.cancel()

    def _tick(self) -> None:
        now = self._cpu()
        if now - self._beat < BEAT + CALM:
            self._calm = now
        self._beat = now
        self._handle = asyncio.get_running_loop().call_later(BEAT, self._tick)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """
        One more request, for as long as the block lasts.

        Raises:
            BusyError: there are too many, or they wait for too long.
        """
        if self.in_flight >= self._loads.in_flight or self._late(self._loads.burst):
            self.refused += 1
            raise BusyError(_soon())
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def _late(self, burst: float) -> bool:
        """Whether work waits for longer than it may."""
        if not self._started:
            return False
        now = self._cpu()
        waited = now - self._beat
        return waited > (self._loads.wait if now - self._calm > burst else burst)

    @contextmanager
    def of_viewer(self, viewer: Hashable, *, bulk: bool) -> Iterator[None]:
        """
        The same for a viewer; those with `bulk` come after all others.

        Raises:
            BusyError: there are too many, or too many of this viewer.
        """
        own = self._of_viewers.get(viewer, 0)
        if self._loads.viewer_in_flight is not None and own >= self._loads.viewer_in_flight:
            self.refused += 1
            raise ViewerBusyError(_soon())
        if self._rates is not None and not self._rates.take(viewer, time.monotonic()):
            self.refused += 1
            raise ViewerBusyError(_soon())
        if bulk and (self._bulk >= max(1, self._loads.in_flight * self._loads.bulk_share) or self._late(0.0)):
            self.refused += 1
            raise BusyError(_soon())
        self._of_viewers[viewer] = own + 1
        self._bulk += bulk
        try:
            yield
        finally:
            self._bulk -= bulk
            if self._of_viewers[viewer] == 1:
                del self._of_viewers[viewer]
            else:
                self._of_viewers[viewer] -= 1


def _soon() -> float:
    """Seconds, a little different for each: they should not all come back at once."""
    return 1.0 + random.random()  # noqa: S311 - it spreads clients, it keeps no secret
