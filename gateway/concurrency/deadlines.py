"""Deadlines: how much time the current task has left, and how long somebody waits for its result."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar

MAX_WORK_SECONDS = 300.0
"""
Longest time for one ask to one source, including the wait for its turn. It is longer while somebody waits for the
work longer.

Operations that wait for the work have their own deadlines.

The time is enough for a list of 500 calls at a vendor that allows a hundred calls a minute. It is not longer than
the time for which a stale answer is served without waiting.
"""


def _without_end() -> float:
    return math.inf


_deadline: ContextVar[Callable[[], float]] = ContextVar("deadline", default=_without_end)
"""Returns a time of the event loop."""
_awaited_until: ContextVar[Callable[[], float]] = ContextVar("awaited_until", default=_without_end)
"""Returns a time of the event loop."""


def work_deadline(seconds: float) -> Callable[[], float]:
    """
    When work that begins now must end, as a function that returns a time of the event loop.

    The work ends after `seconds`, or later if a waiter has a later deadline. An operation that joins old
    work therefore has its full time.
    """
    own = asyncio.get_running_loop().time() + seconds
    awaited = _awaited_until.get()

    def deadline() -> float:
        until = awaited()
        return max(own, until) if math.isfinite(until) else own

    return deadline


@contextlib.asynccontextmanager
async def within(seconds: float, *, or_while_awaited: bool = False) -> AsyncIterator[asyncio.Timeout]:
    """
    Limit the block to `seconds`, and to the time that an enclosing block has left.

    With `or_while_awaited`, the limit is extended while somebody waits longer, as `work_deadline` says.

    Raises:
        TimeoutError: the time is over; the timeout that the block gets then says that it has expired.
    """
    loop = asyncio.get_running_loop()
    own = work_deadline(seconds) if or_while_awaited else _at(loop.time() + seconds)
    enclosing = _deadline.get()

    def deadline() -> float:
        return min(own(), enclosing())

    token = _deadline.set(deadline)
    try:
        async with asyncio.timeout(None) as timeout:
            timer = _Timer(timeout, deadline)
            timer.check()
            try:
                yield timeout
            finally:
                timer.stop()
    finally:
        _deadline.reset(token)


class _Timer:
    """Ends a timeout at its deadline, which may be moved."""

    def __init__(self, timeout: asyncio.Timeout, deadline: Callable[[], float]) -> None:
        self._timeout, self._deadline = timeout, deadline
        self._handle: asyncio.TimerHandle | None = None
        """
        The handle of the next check. It refers to this object, so it is dropped after use. Otherwise a reference
        cycle would keep the timeout's task and result until the next full garbage collection.
        """

    def check(self) -> None:
        """End the timeout now, or check again at its deadline."""
        loop = asyncio.get_running_loop()
        self._handle = None
        if (end := self._deadline()) > loop.time():
            self._handle = loop.call_at(end, self.check)
        else:
            self._timeout.reschedule(loop.time())

    def stop(self) -> None:
        """Stop checking."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def _at(end: float) -> Callable[[], float]:
    return lambda: end


def remaining_seconds() -> float:
    """Seconds until the deadline: 0 when it has passed, infinite when there is none."""
    return max(_deadline.get()() - asyncio.get_running_loop().time(), 0.0)


@contextlib.contextmanager
def awaited_until(last_deadline: Callable[[], float]) -> Iterator[None]:
    """
    State how long somebody waits for the work in the block. The work itself may take longer.

    `last_deadline` returns when the last current waiter will give up, in the event loop's time. It returns
    infinity if nobody waits, because the work is then not urgent.
    """
    token = _awaited_until.set(last_deadline)
    try:
        yield
    finally:
        _awaited_until.reset(token)


def patience_seconds() -> float:
    """
    The longest pause that the current task may make: seconds until its deadline or its last waiter's.

    Work without waiters may pause until its deadline.
    """
    awaited = _awaited_until.get()() - asyncio.get_running_loop().time()
    return max(min(remaining_seconds(), awaited), 0.0)
