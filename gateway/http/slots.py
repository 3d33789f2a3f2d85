"""The slots of one source: how many requests run at once, and which of the waiting ones is sent next."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import dataclass

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.concurrency.deadlines import remaining_seconds
from student_graph.gateway.http.budget import CallBudget
from student_graph.gateway.http.priority import IsBackground, current_classifier

MAX_QUEUED_REQUESTS = 1_024
"""For one source: of interactive requests, and as many of background requests."""


@dataclass(slots=True, eq=False)
class _Waiter:
    """A request that waits for a slot."""

    is_background: IsBackground
    turn: asyncio.Future[None]
    """Done when the request has its slot."""


class Slots:
    """
    Limits the requests that run at once and the calls of a budget, and queues the others.

    Interactive requests get a slot before background requests, and each kind in the order of arrival. Background
    requests leave one slot free, so that an interactive request need not wait for them. They use a single slot
    too.
    """

    def __init__(self, limit: int, budget: CallBudget) -> None:
        """Let `limit` requests run at once, at least one, and no more than the budget allows."""
        self._limit = limit
        self._budget = budget
        self._queue: list[_Waiter] = []
        self._refill: asyncio.TimerHandle | None = None
        """Wakes the queue when the budget allows the next call."""
        self.running = 0
        """Requests that have a slot."""

    @property
    def limit(self) -> int:
        """How many requests may run at once. A lower limit ends no running request."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        """Let at most `limit` requests run at once from now on, and start those that have a slot now."""
        self._limit = limit
        self.fill()

    @property
    def queued(self) -> int:
        """Requests that wait for a slot."""
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Whether a request would have to wait now."""
        return self.running >= self._limit or bool(self._queue)

    async def acquire(self) -> None:
        """
        Wait for a slot; `release` must follow.

        Raises:
            UnavailableError: `MAX_QUEUED_REQUESTS` of the same kind wait already, or the budget allows the call
                only after the deadline of the caller.
        """
        waiter = _Waiter(current_classifier(), asyncio.get_running_loop().create_future())
        self._check_queue(in_background=waiter.is_background())
        self._queue.append(waiter)
        self.fill()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.cancelled():
                with contextlib.suppress(ValueError):
                    self._queue.remove(waiter)
                self.fill()
            else:
                self.release(sent=False)  # it got its slot at the moment in which its caller was cancelled
            raise

    def release(self, *, sent: bool = True) -> None:
        """Give a slot back to the next request that waits; `sent` says whether it was used for a call."""
        self.running -= 1
        if sent:
            self._budget.finish()
        else:
            self._budget.cancel()
        self.fill()

    def fill(self) -> None:
        """Give free slots to requests that wait."""
        while self._queue and self.running < self._limit:
            waiter = self._next_waiter()
            if waiter is None:
                return
            self._queue.remove(waiter)
            if not waiter.turn.done():  # else its caller was cancelled a moment ago
                self.running += 1
                self._budget.start()
                waiter.turn.set_result(None)

    def _check_queue(self, *, in_background: bool) -> None:
        """
        Accept one more request of this kind in the queue.

        Raises:
            UnavailableError: the queue is full, or the budget will be used up for too long.
        """
        if len(self._queue) >= MAX_QUEUED_REQUESTS:
            same_kind = sum(waiter.is_background() == in_background for waiter in self._queue)
            if same_kind >= MAX_QUEUED_REQUESTS:
                raise UnavailableError("too many requests wait for the source", retry_after=1)
        if self._budget.left(in_background=in_background) > len(self._queue):
            return
        ahead = sum(in_background or not waiter.is_background() for waiter in self._queue)
        seconds = self._budget.seconds_until(ahead + 1, in_background=in_background)
        if seconds > remaining_seconds():
            raise UnavailableError("rate limited", code="RATE_LIMITED", retry_after=math.ceil(seconds))

    def _next_waiter(self) -> _Waiter | None:
        """The request that gets the next free slot; None if none of those that wait may be sent yet."""
        interactive = next((waiter for waiter in self._queue if not waiter.is_background()), None)
        waiter = interactive or self._queue[0]
        if self._budget.left(in_background=interactive is None) < 1:
            self._fill_later(self._budget.seconds_until(1, in_background=interactive is None))
            return None
        is_last_slot = self._limit > 1 and self.running >= self._limit - 1
        return None if interactive is None and is_last_slot else waiter

    def _fill_later(self, seconds: float) -> None:
        """Fill free slots again after `seconds`."""
        if self._refill is not None:
            self._refill.cancel()
        self._refill = asyncio.get_running_loop().call_later(seconds, self.fill)
