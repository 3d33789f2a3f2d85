"""Deadlines: how much time the current task has left."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
"""In the time of the event loop."""


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """
    Limit the block to so many seconds, and to the time that an enclosing block has left.

    Raises:
        TimeoutError: the time is over.
    """
    deadline = min(asyncio.get_running_loop().time() + seconds, _deadline.get())
    token = _deadline.set(deadline)
    try:
        async with asyncio.timeout_at(deadline):
            yield
    finally:
        _deadline.reset(token)


def remaining_seconds() -> float:
    """Seconds until the deadline: 0 when it has passed, infinite when there is none."""
    return max(_deadline.get() - asyncio.get_running_loop().time(), 0.0)
