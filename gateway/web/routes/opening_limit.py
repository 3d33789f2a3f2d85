"""The limit on break-glass openings: so many for each person within an hour, over all processes of a fleet."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from cachetools import TTLCache

MAX_OPENINGS_PER_HOUR = 6
"""Openings of one person within an hour, of at most five students each."""
WINDOW_SECONDS = 3600
MAX_REMEMBERED_OPENINGS = 20_000
"""Openings of the last hour that a process remembers, of all people together."""

Claim: TypeAlias = Callable[[str, int], Awaitable[bool]]
"""Whether this process, and no other of its fleet, gets the work of a name for so many seconds."""


async def _claim_alone(_: str, __: int) -> bool:
    return True


class OpeningLimit:
    """
    Counts openings by numbered slots: each opening takes one of its person's slots for an hour.

    A slot is taken in this process and in the fleet. While Redis is away, each process counts for itself: an
    emergency does not wait for Redis.
    """

    def __init__(self, claim: Claim = _claim_alone, wall_clock: Callable[[], float] = time.time) -> None:
        """Take slots in the fleet by `claim`; `wall_clock` is in Unix seconds."""
        self._claim = claim
        self._slots: TTLCache[str, None] = TTLCache(MAX_REMEMBERED_OPENINGS, ttl=WINDOW_SECONDS, timer=wall_clock)
        """Names of the slots that openings of this process hold."""

    async def take(self, person: str) -> str | None:
        """Take a free slot of a person and return its name; None if the person has opened too often."""
        for number in range(MAX_OPENINGS_PER_HOUR):
            slot = f"break-glass:{person}:{number}"
            if slot in self._slots:
                continue
            self._slots[slot] = None  # before the wait: requests of the same person may come at once
            if await self._claim(slot, WINDOW_SECONDS):
                return slot
            self._slots.pop(slot, None)  # another process has it, and knows until when
        return None

    def give_back(self, slot: str) -> None:
        """Free a slot in this process, for an opening that could not be recorded."""
        self._slots.pop(slot, None)
