"""The limit on break-glass openings of each person within an hour, over all processes of a fleet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from cachetools import TTLCache

MAX_OPENINGS_PER_HOUR = 6
"""Openings of one person within an hour, of at most five students each."""
WINDOW_SECONDS = 3600
MAX_REMEMBERED_OPENINGS = 20_000
"""Openings of the last hour that a process remembers, of all people together."""


class Claims(Protocol):
    """The slots that the processes of a fleet share."""

    async def claim(self, name: str, seconds: int) -> bool:
        """Take a slot for `seconds`; return whether no other process has it."""

    async def release(self, name: str) -> None:
        """Free a slot that this process has taken."""


class OpeningLimit:
    """
    Counts openings by numbered slots: each opening takes one of its person's slots for an hour.

    A slot is taken in this process and in the fleet. While Redis is away, each process counts for itself: an
    emergency does not wait for Redis.
    """

    def __init__(self, fleet: Claims | None = None, wall_clock: Callable[[], float] = time.time) -> None:
        """Take slots in a fleet, or in this process alone; `wall_clock` is in Unix seconds."""
        self._fleet = fleet
        self._slots: TTLCache[str, None] = TTLCache(MAX_REMEMBERED_OPENINGS, ttl=WINDOW_SECONDS, timer=wall_clock)
        """Names of the slots that openings of this process hold."""

    async def take(self, person: str) -> str | None:
        """Take a free slot of a person and return its name; None if the person has opened too often."""
        for number in range(MAX_OPENINGS_PER_HOUR):
            slot = f"break-glass:{person}:{number}"
            if slot in self._slots:
                continue
            self._slots[slot] = None  # before the wait: requests of the same person may come at once
            if self._fleet is None or await self._fleet.claim(slot, WINDOW_SECONDS):
                return slot
            self._slots.pop(slot, None)  # another process has it, and knows until when
        return None

    async def give_back(self, slot: str) -> None:
        """Free a slot, for an opening that could not be recorded."""
        if self._fleet is not None:
            await self._fleet.release(slot)
        self._slots.pop(slot, None)
