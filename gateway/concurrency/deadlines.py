"""Deadlines: how much time the current task has left, and how long somebody waits for its result."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar

MAX_WORK_SECONDS = 300.0
"""
For one ask of one source, waiting for its turn included. Those who wait for it have deadlines of their own.

It is enough for a list of 500 calls at a vendor that allows a hundred a minute, and no longer than a stale answer
is served without waiting.
"""

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
"""In the time of the event loop."""


def _without_end() -> float:
    return math.inf


_awaited_until: ContextVar[Callable[[], float]] = ContextVar("awaited_until", default=_without_end)
"""Returns a time of the event loop."""


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


@contextlib.contextmanager
def awaited_until(last_deadline: Callable[[], float]) -> Iterator[None]:
    """
    Say how long somebody waits for the work in the block, which itself may take longer.

    `last_deadline` returns when the last of those who wait now will give up, in the event loop's time; infinity
    if nobody waits, because the work then is in no hurry.
    """
    token = _awaited_until.set(last_deadline)
    try:
        yield
    finally:
        _awaited_until.reset(token)


def patience_seconds() -> float:
    """
    The longest pause that the current task may make: seconds until its deadline, or until nobody waits any more.

    Work that nobody waits for has all its time for it.
    """
    awaited = _awaited_until.get()() - asyncio.get_running_loop().time()
    return max(min(remaining_seconds(), awaited), 0.0)
