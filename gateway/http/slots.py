"""The slots of one source: how many requests run at once, and which of the waiting ones is sent next."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from student_graph.adapters.errors import UnavailableError
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
    Limits the requests that run at once, and queues the others.

    Interactive requests get a slot before background requests, and each kind in the order of arrival. Background
    requests leave one slot free, so that an interactive request need not wait for them. They use a single slot
    too.
    """

    def __init__(self, limit: int) -> None:
        """Let `limit` requests run at once, at least one."""
        self._limit = limit
        self._queue: list[_Waiter] = []
        self.running = 0
        """Requests that have a slot."""

    @property
    def limit(self) -> int:
        """How many requests may run at once. A lower limit ends no running request."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._limit = limit
        self.fill()

    async def acquire(self) -> None:
        """
        Wait for a slot; `release` must follow.

        Raises:
            UnavailableError: `MAX_QUEUED_REQUESTS` of the same kind wait already.
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
            else:
                self.running -= 1  # it got its slot at the moment in which its caller was cancelled
            self.fill()
            raise

    def release(self) -> None:
        """Give a slot back, to the next request that waits."""
        self.running -= 1
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
                waiter.turn.set_result(None)

    def _check_queue(self, *, in_background: bool) -> None:
        if len(self._queue) < MAX_QUEUED_REQUESTS:
            return
        if sum(waiter.is_background() == in_background for waiter in self._queue) >= MAX_QUEUED_REQUESTS:
            raise UnavailableError("too many requests wait for the source", retry_after=1)

    def _next_waiter(self) -> _Waiter | None:
        """The request that gets the next free slot; None if background requests wait for the last slot."""
        for waiter in self._queue:
            if not waiter.is_background():
                return waiter
        is_last_of_many = self._limit > 1 and self.running >= self._limit - 1
        return None if is_last_of_many else self._queue[0]
