"""How much time is left of what is being done: set where it begins, read where somebody might wait."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("deadline", default=math.inf)
"""In the event loop's time."""


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """
    Give the block so many seconds, and never more than the one around it has left.

    Raises:
        TimeoutError: they are over.
    """
    until = min(asyncio.get_running_loop().time() + seconds, _until.get())
    token = _until.set(until)
    try:
        async with asyncio.timeout_at(until):
            yield
    finally:
        _until.reset(token)


def remaining_seconds() -> float:
    """Seconds that are left, 0 when they are over; infinite where nobody set an end."""
    return max(_until.get() - asyncio.get_running_loop().time(), 0.0)
