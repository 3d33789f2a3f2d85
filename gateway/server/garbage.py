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
"""Time between two collections of everything: garbage that was set aside stays so long."""
MAX_FULL_INTERVAL_SECONDS = 3600.0
"""After this time everything is collected, also while requests are answered."""
IDLE_SECONDS = 1.0
"""How long no request must have been answered before everything is collected."""


class Collector(Protocol):
    """The module `gc`, or what a test has in its place."""

    callbacks: list[Any]

    def collect(self) -> int:
        """Collect all generations."""

    def freeze(self) -> None:
        """Set all objects aside."""

    def unfreeze(self) -> None:
        """Take back what was set aside."""

    def get_threshold(self) -> tuple[int, int, int]:
        """The thresholds of the generations."""

    def set_threshold(self, *thresholds: int) -> None:
        """Change the thresholds of the generations."""


class GarbageCollection:
    """Sets survivors of collections aside, and collects everything when there is time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, collector: Collector | None = None) -> None:
        """`clock` returns monotonic seconds."""
        self._clock = clock
        self._gc: Collector = collector or gc
        self._thresholds_before = self._gc.get_threshold()
        self._collected_at = self._busy_at = clock()

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
        is_quiet = now - self._busy_at >= IDLE_SECONDS
        if seconds >= MAX_FULL_INTERVAL_SECONDS or (is_quiet and seconds >= FULL_INTERVAL_SECONDS):
            self._collect_everything()

    def _collect_everything(self) -> None:
        self._gc.unfreeze()
        self._gc.collect()
        self._gc.freeze()
        self._collected_at = self._clock()

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == len(COLLECTION_THRESHOLDS) - 1:
            self._gc.freeze()
