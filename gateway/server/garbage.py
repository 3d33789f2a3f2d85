"""
Garbage collection that holds the event loop for a few milliseconds, however much the caches hold.

A full collection of Python walks through all objects that refer to others: with 200 MiB of cached records, for 150
milliseconds, in which nobody is answered. Nearly all garbage is freed without it, because nothing refers to it any
more. So whatever has survived a full collection is set aside and not visited again, until a moment in which there
is nothing else to do.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any, Protocol

COLLECTION_THRESHOLDS = (700, 10, 3)
"""
Objects and collections after which the next generation is collected: a full collection follows about 30,000 new
objects, and visits only those. It is later by default, and ten times as long.
"""
FULL_INTERVAL_SECONDS = 600.0
"""Time between two collections of everything, during which garbage that was set aside stays in memory."""
MAX_FULL_INTERVAL_SECONDS = 3600.0
"""After this time everything is collected, also while requests are answered."""
COUNT_INTERVAL_SECONDS = 60.0
"""Time between two counts of what is set aside, which take a few milliseconds."""
MIN_GROWTH, MAX_GROWTH = 1.25, 2.0
"""
How much more may be set aside than after the last collection of everything, as a factor: beyond it, everything is
collected although requests are answered. Python's own rule is the smaller one. Where most of a growth was caches
that filled and no garbage, the next growth may be twice as large, up to the larger factor.
"""
BYTES_PER_CACHED_OBJECT = 200
"""
The objects that the caches took in are no garbage. Measured in the benchmark `day`: 170 to 190 bytes for an object
of cached records, and more for responses, which are bytes.
"""
MAX_WAIT_SECONDS = 60.0
"""How long a collection that is due waits for a moment in which no request is being answered."""
IDLE_SECONDS = 1.0
"""How long no request must have been answered before everything is collected earlier than it must be."""


class Collector(Protocol):
    """The module `gc`, or what a test has in its place."""

    callbacks: list[Any]

    def collect(self) -> int:
        """Collect all generations."""

    def freeze(self) -> None:
        """Set all objects aside."""

    def unfreeze(self) -> None:
        """Take back what was set aside."""

    def get_freeze_count(self) -> int:
        """How many objects are set aside."""

    def get_threshold(self) -> tuple[int, int, int]:
        """The thresholds of the generations."""

    def set_threshold(self, *thresholds: int) -> None:
        """Change the thresholds of the generations."""


class GarbageCollection:
    """Sets survivors of collections aside, and collects everything when there is time."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        collector: Collector | None = None,
        *,
        cached_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        """`clock` returns monotonic seconds; `cached_bytes` how much the caches hold, by their own estimate."""
        self._cached_bytes, self._clock = cached_bytes, clock
        self._gc: Any = collector or gc
        self._thresholds_before = self._gc.get_threshold()
        self._collected_at = self._busy_at = self._counted_at = clock()
        self._objects = 0
        """Objects that were set aside after the last collection of everything."""
        self._cached = 0
        """Bytes that the caches held then."""
        self._max_growth = MIN_GROWTH
        self._due_since: float | None = None
        """Since when a collection of everything waits for a moment without requests; None if none is due."""

    def start(self) -> None:
        """Set aside what exists now: code, schema and settings live as long as the process."""
        self._collect_everything()
        self._gc.set_threshold(*COLLECTION_THRESHOLDS)
        self._gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Collect as Python does by default."""
        self._gc.callbacks.remove(self._on_collection)
        self._gc.set_threshold(*self._thresholds_before)
        self._gc.unfreeze()

    def check(self, *, is_idle: bool) -> None:
        """Collect everything if it is time to. Call it often; `is_idle` says that no request is answered now."""
        now = self._clock()
        if not is_idle:
            self._busy_at = now
        seconds = now - self._collected_at
        if self._due_since is None and (seconds >= MAX_FULL_INTERVAL_SECONDS or self._has_grown(now)):
            self._due_since = now
        is_quiet = now - self._busy_at >= IDLE_SECONDS and seconds >= FULL_INTERVAL_SECONDS
        if is_quiet or (self._due_since is not None and (is_idle or now - self._due_since >= MAX_WAIT_SECONDS)):
            self._collect_everything()

    def _has_grown(self, now: float) -> bool:
        """Whether so much more is set aside than the caches took in that some of it may be garbage."""
        if now - self._counted_at < COUNT_INTERVAL_SECONDS:
            return False
        self._counted_at = now
        cached = max(self._cached_bytes() - self._cached, 0) // BYTES_PER_CACHED_OBJECT
        return bool(self._gc.get_freeze_count() - cached > self._max_growth * self._objects)

    def _adapt(self, before: int) -> None:
        """Allow a larger growth if most new objects are alive; `before` is their number before the collection."""
        growth, living = before - self._objects, self._gc.get_freeze_count() - self._objects
        if growth > (MIN_GROWTH - 1) * self._objects > 0:
            self._max_growth = min(MAX_GROWTH, 2 * self._max_growth - 1) if growth < 2 * living else MIN_GROWTH

    def _collect_everything(self) -> None:
        before = self._gc.get_freeze_count()
        self._gc.unfreeze()
        self._gc.collect()
        self._gc.freeze()
        self._gc.collect()  # of nothing: the next one comes when there is a quarter more than after the last
        self._adapt(before)
        self._objects, self._cached = self._gc.get_freeze_count(), self._cached_bytes()
        self._collected_at = self._counted_at = self._clock()
        self._due_since = None

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == len(COLLECTION_THRESHOLDS) - 1:
            self._gc.freeze()
