"""
Time slices: long work gives way to other tasks after a few milliseconds, however fast the machine is.

All tasks of the process share one event loop, and no request is read or refused while a task holds it. A response
of 2,000 students is a tenth of a second of work. Such work calls `give_way` often. Tasks with long work then take
turns, one in each round of the loop. Districts take turns, and within a district its clients take turns, not their
tasks. Clients within their budgets of loop time go first.

A request that has begun continues for some slices before others get theirs. Most requests are answered in that
time. If two requests took turns slice by slice, both would be as late as the second one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from student_graph.gateway.concurrency.fair_queue import FairQueue
from student_graph.gateway.concurrency.loop_time import current_budget, last_work_within

SLICE_SECONDS = 0.005
"""How long the tasks of one round of the event loop may hold it."""
SECONDS_IN_A_ROW = 0.02
"""Length of the slices of a request that has begun before it takes turns with others."""
SHORT_SLICE_SECONDS = 0.001
"""
The same for work over its budget while clients within their budgets are served: each of their rounds waits for it.
"""
SERVING_SECONDS = 1.0
"""For this time after work within a budget, slices of other work are short."""
RECENT_SECONDS = 0.02
"""
For this time after work within a budget, other work pauses after each turn, because more of the former may follow
soon.
"""
MAX_PAUSE_SECONDS = 0.05
"""Longest such pause."""
FIRST_PART_ITEMS = 64
"""Items of the first part of a long list, whose cost is not known yet."""
MAX_PART_GROWTH = 4
"""A part may be this many times larger than the part before it."""


class _Request:
    """How far a request is; its tasks share it."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0
        """Length of the slices that it has had."""

    @property
    def goes_on(self) -> bool:
        """Whether its next slice comes before slices of requests that have not begun."""
        return 0 < self.seconds < SECONDS_IN_A_ROW


_request: ContextVar[_Request | None] = ContextVar("request", default=None)
"""The request that the current task works for; None for other work, which always takes turns."""


class _Turns:
    """The tasks of one event loop that wait for their next slice."""

    __slots__ = ("began_at", "ends_at", "has_begun", "is_held", "is_scheduled", "loop", "pause", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.ends_at = 0.0
        """When the current slice ends, in seconds of `time.perf_counter`."""
        self.waiting: FairQueue[asyncio.Future[None]] = FairQueue()
        self.has_begun = False
        """Whether new work has begun a slice in this round of the loop."""
        self.is_scheduled = False
        """Whether `_next` runs in the next round of the loop."""
        self.is_held = False
        """Whether the current work gives way to no other task."""
        self.began_at = 0.0
        """When the last turn began, in seconds of `time.perf_counter`."""
        self.pause: asyncio.TimerHandle | None = None
        """The timer that ends the pause of clients over their budgets; None without a pause."""

    def begin(self) -> None:
        """
        Begin a slice for a new request, one in each round: many requests that arrive together are long work too.
        """
        request = _Request()
        _request.set(request)
        if self.has_begun or self.waiting:
            return
        self.has_begun = True
        self.loop.call_soon(self._end_round)
        now = time.perf_counter()
        request.seconds = _slice_seconds(now)
        self.ends_at = max(self.ends_at, now + request.seconds)

    def _end_round(self) -> None:
        self.has_begun = False

    def is_due(self) -> bool:
        """Whether the current task may go on: its slice is not over, and nobody with priority waits."""
        if time.perf_counter() >= self.ends_at:
            return False
        if not self.waiting:
            return True
        budget = current_budget()
        return budget is not None and not self.waiting.has_first and budget.is_within

    async def wait(self) -> None:
        """Wait for a slice."""
        turn: asyncio.Future[None] = self.loop.create_future()
        budget, request = current_budget(), _request.get()
        goes_on = request is not None and request.goes_on
        if budget is None:
            self.waiting.put(turn, None, goes_first=False, goes_on=goes_on)
        else:
            self.waiting.put(turn, budget.client, goes_first=budget.is_within, group=budget.group, goes_on=goes_on)
        if self.pause is not None and self.waiting.has_first:
            self.pause.cancel()
            self.pause, self.is_scheduled = None, False
        if not self.is_scheduled:
            self.is_scheduled = True
            self.loop.call_soon(self._next)
        await turn
        now = time.perf_counter()
        seconds = _slice_seconds(now)
        self.ends_at = now + seconds
        if request is not None:
            request.seconds += seconds

    def _next(self) -> None:
        """
        Give a slice to one task, and one slice in each later round while others wait.

        Work within budgets may take many short rounds. Meanwhile, other work pauses after each turn for as long as
        the turn took, so that work within budgets does not wait for it in every round.
        """
        now = time.perf_counter()
        if self.pause is None and not self.waiting.has_first and now - last_work_within() < RECENT_SECONDS:
            self.pause = self.loop.call_later(min(now - self.began_at, MAX_PAUSE_SECONDS), self._next)
            return
        self.pause, self.began_at = None, now
        while self.waiting:
            turn = self.waiting.take()
            if not turn.done():  # otherwise its task was cancelled
                turn.set_result(None)
                break
        self.is_scheduled = bool(self.waiting)
        if self.is_scheduled:
            self.loop.call_soon(self._next)


_turns: _Turns | None = None
"""The turns of the event loop that asked last: a serving process has one loop."""


def _turns_of_loop() -> _Turns:
    global _turns  # noqa: PLW0603 - one loop, one queue
    loop = asyncio.get_running_loop()
    if _turns is None or _turns.loop is not loop:
        _turns = _Turns(loop)
    return _turns


def _slice_seconds(now: float) -> float:
    """How long a slice of the current task is: a task that may be over its budget gets a short one."""
    budget = current_budget()
    is_short = now - last_work_within() < SERVING_SECONDS and (budget is None or not budget.is_within)
    return SHORT_SLICE_SECONDS if is_short else SLICE_SECONDS


def start_slice() -> None:
    """Start a slice for a new request if no task waits for one: short work need not give way at all."""
    _turns_of_loop().begin()


async def give_way() -> None:
    """Let other tasks run if the event loop has been held for longer than a slice."""
    turns = _turns_of_loop()
    if not turns.is_held and not turns.is_due():
        await turns.wait()


@contextmanager
def hold_event_loop() -> Iterator[None]:
    """
    Let `give_way` do nothing in the block, because its caller needs the result at once.

    The block itself must not wait.
    """
    turns = _turns_of_loop()
    was_held, turns.is_held = turns.is_held, True
    try:
        yield
    finally:
        turns.is_held = was_held


async def parts_of(count: int, first: int = FIRST_PART_ITEMS) -> AsyncIterator[slice]:
    """
    Yield consecutive slices of a list of `count` items, and let other tasks run between them.

    Each slice has as many items as the caller can process in about half a time slice, as measured on the previous
    one; `first` is the length of the first slice.
    """
    start, size = 0, first
    while start < count:
        began_at = time.perf_counter()
        yield slice(start, start + size)
        start += size
        seconds = max(time.perf_counter() - began_at, 1e-9)
        part_seconds = _slice_seconds(time.perf_counter()) / 2
        size = max(1, min(int(size * part_seconds / seconds), size * MAX_PART_GROWTH))
        await give_way()
