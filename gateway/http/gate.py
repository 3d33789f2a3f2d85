"""
The gate before one source: how many questions are under way, how many wait, and when all have to.

Whatever a vendor says of its limits is learned here and holds for everybody who asks with the same credentials.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Callable

from student_graph.adapters.errors import MAX_RETRY_AFTER_SECONDS, AdapterError, RefusedError, UnavailableError
from student_graph.gateway.deadlines import remaining
from student_graph.gateway.http.breaker import IN_A_ROW, OPEN, Breaker, Ticket

QUEUE = 256
"""Questions that may wait; each lookup has at most as many under way as its source allows."""
PROBING = 1.0
"""Seconds for which questions wait to hear whether a source is well again."""
LOCKED = 60.0
"""Seconds for which a source that refuses our credentials is not asked: more would lock them out."""


class Gate:
    """Lets questions to one source through."""

    def __init__(self, at_once: int, opened: float = OPEN, clock: Callable[[], float] = time.monotonic) -> None:
        """Let so many through at once; leave the source alone for `opened` seconds at first when it fails."""
        self.breaker = Breaker(opened, clock)
        self.on_pause: Callable[[float], None] = lambda _: None
        """Is told for how many seconds the vendor wants to be left alone."""
        self._at_once, self._most = at_once, at_once
        self._clock = clock
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._curious: list[asyncio.Future[None]] = []
        """Those who wait for the end of a probe."""
        self._paused_until = 0.0
        self._locked_until = 0.0
        self._unreadable = 0

    @property
    def resting(self) -> bool:
        """Whether a question asked now would be refused or wait for more than a moment."""
        breaker = self.breaker
        return bool(breaker.waits) or breaker.probing or self._pause() > 1.0 or self._clock() < self._locked_until

    def pause(self, seconds: float) -> None:
        """Ask nothing for so many seconds, 300 at most."""
        self._paused_until = max(
            self._paused_until, self._clock() + min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
        )

    def told_to_pause(self, seconds: float) -> None:
        """The vendor wants to be left alone: let nobody ask, here or elsewhere."""
        self.pause(seconds)
        self.on_pause(seconds)

    def ease(self, share: float) -> None:
        """Let only a share of the usual number through at once, never less than one: the limit nears."""
        self._most = max(1, math.ceil(self._at_once * min(max(share, 0.0), 1.0)))
        self._wake()

    def lock(self) -> None:
        """The vendor refuses our credentials: ask nothing for a while."""
        self._locked_until = self._clock() + LOCKED

    def read(self, *, good: bool) -> None:
        """Note whether answers could be read: a login page for records is a failure that no status shows."""
        self._unreadable = 0 if good else self._unreadable + 1
        if self._unreadable >= IN_A_ROW:
            self._unreadable = 0
            self.breaker.open()

    async def enter(self) -> Ticket:
        """
        Be one of those who ask, until `leave`.

        Raises:
            UnavailableError: the source is left alone, or too many wait.
            RefusedError: it refused our credentials just now.
        """
        while True:
            self._check()
            await self._wait_for_pause()
            await self._take_place()
            if not self._pause():
                break
            self._give_place()  # the vendor asked for a pause while we waited for our turn
        try:
            return self.breaker.enter() or await self._ticket()
        except BaseException:
            self._give_place()
            raise

    def leave(self, ticket: Ticket, *, good: bool | None) -> None:
        """How the question ended; None when its asker went away."""
        self.breaker.leave(ticket, good=good)
        self._give_place()

    def _give_place(self) -> None:
        self._under_way -= 1
        self._wake()
        for waiter in self._curious:
            if not waiter.done():
                waiter.set_result(None)
        self._curious.clear()

    async def _ticket(self) -> Ticket:
        """How a question may be asked; while somebody finds out whether the source is well, wait a moment."""
        until = self._clock() + PROBING
        while (ticket := self.breaker.enter()) is None:
            self._check()
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._curious.append(waiter)
            await asyncio.wait({waiter}, timeout=until - self._clock())
            if self._clock() >= until:
                raise self._left_alone()
        return ticket

    def _check(self) -> None:
        if self._clock() < self._locked_until:
            raise RefusedError("credentials refused a moment ago; not asked again yet")
        if self.breaker.waits:
            raise self._left_alone()

    def _left_alone(self) -> AdapterError:
        return UnavailableError("left alone after failures", retry_after=max(math.ceil(self.breaker.waits), 1))

    def _pause(self) -> float:
        return max(self._paused_until - self._clock(), 0.0)

    async def _wait_for_pause(self) -> None:
        """Wait while the vendor wants to be left alone, if there is the time."""
        while (left := self._pause()) > 0:
            if left >= remaining():
                raise UnavailableError("rate limited", code="RATE_LIMITED", retry_after=math.ceil(left))
            await asyncio.sleep(left)

    async def _take_place(self) -> None:
        """Wait for one's turn, first come, first served."""
        if self._under_way < self._most and not self._waiting:
            self._under_way += 1
            return
        if len(self._waiting) >= QUEUE:
            raise UnavailableError("too many questions wait for the source", retry_after=1)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._under_way -= 1  # the turn came just as its owner left
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)
            self._wake()
            raise

    def _wake(self) -> None:
        """Let the next ones in."""
        while self._waiting and self._under_way < self._most:
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)
