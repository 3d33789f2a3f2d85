"""Time as live documents see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Timer:
    """Waits by a clock that counts seconds as the event loop does."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Read the time from `clock`."""
        self._clock = clock

    def now(self) -> float:
        """The time in seconds."""
        return self._clock()

    async def wait(self, event: asyncio.Event, until: float) -> None:
        """Wait until an event is set, or until a time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - self.now(), 0.0)):
                await event.wait()
