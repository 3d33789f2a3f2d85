"""
The gate of one source: every request passes it, and it limits concurrency, queues requests and applies pauses.

What a vendor says about its limits is recorded here and applies to all callers, because they share the
credentials.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from student_graph.adapters.errors import MAX_RETRY_AFTER_SECONDS, AdapterError, RefusedError, UnavailableError
from student_graph.gateway.deadlines import remaining_seconds
from student_graph.gateway.http.breaker import MAX_CONSECUTIVE_FAILURES, OPEN_SECONDS, CircuitBreaker, Permit
from student_graph.gateway.http.slots import Slots

PROBE_WAIT_SECONDS = 1.0
"""How long a request waits for the result of a probe."""
CREDENTIALS_BLOCK_SECONDS = 60.0
"""How long no request is sent after the vendor refused our credentials: more attempts could lock the account."""


class Gate:
    """Admits requests to one source."""

    def __init__(
        self, concurrency: int, open_seconds: float = OPEN_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Admit `concurrency` requests at once; a failing source is first left alone for `open_seconds`."""
        self.breaker = CircuitBreaker(open_seconds, clock)
        self._pause_listeners: list[Callable[[float], None]] = []
        self._concurrency = concurrency
        self._slots = Slots(concurrency)
        """`concurrency`, or less while the vendor's rate limit is nearly used up."""
        self._clock = clock
        self._probe_waiters: list[asyncio.Future[None]] = []
        """Requests that wait for the end of a probe."""
        self._paused_until = 0.0
        self._credentials_blocked_until = 0.0
        self._unreadable_responses = 0

    @property
    def is_blocked(self) -> bool:
        """Whether a request sent now would fail at once or wait for more than a second."""
        breaker = self.breaker
        return (
            bool(breaker.seconds_until_probe)
            or breaker.probing
            or self._pause_seconds() > 1.0
            or self._clock() < self._credentials_blocked_until
        )

    def add_pause_listener(self, listener: Callable[[float], None]) -> None:
        """Call `listener` with the number of seconds whenever the vendor asks for a pause."""
        self._pause_listeners.append(listener)

    def pause(self, seconds: float) -> None:
        """Send nothing for so many seconds, at most `MAX_RETRY_AFTER_SECONDS`."""
        bounded = min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
        self._paused_until = max(self._paused_until, self._clock() + bounded)

    def announce_pause(self, seconds: float) -> None:
        """Pause because the vendor asked for it, and tell the listeners."""
        self.pause(seconds)
        for listener in self._pause_listeners:
            listener(seconds)

    def limit_concurrency(self, share: float) -> None:
        """Admit only this share (0 to 1) of the usual number of requests at once, at least one."""
        self._slots.limit = max(1, math.ceil(self._concurrency * min(max(share, 0.0), 1.0)))

    def block_credentials(self) -> None:
        """Send nothing for `CREDENTIALS_BLOCK_SECONDS`: the vendor refuses our credentials."""
        self._credentials_blocked_until = self._clock() + CREDENTIALS_BLOCK_SECONDS

    def record_parsing(self, *, succeeded: bool) -> None:
        """Record whether responses could be parsed: a login page with status 200 is a failure as well."""
        self._unreadable_responses = 0 if succeeded else self._unreadable_responses + 1
        if self._unreadable_responses >= MAX_CONSECUTIVE_FAILURES:
            self._unreadable_responses = 0
            self.breaker.open()

    async def enter(self) -> Permit:
        """
        Wait until a request may be sent; `leave` must follow.

        Raises:
            UnavailableError: the circuit breaker is open, the pause is too long, or the queue is full.
            RefusedError: the vendor refused our credentials less than `CREDENTIALS_BLOCK_SECONDS` ago.
        """
        while True:
            self._raise_if_blocked()
            await self._wait_for_pause()
            await self._slots.acquire()
            if not self._pause_seconds():
                break
            self._release_slot()  # the vendor asked for a pause while this request was queued
        try:
            return self.breaker.enter() or await self._wait_for_permit()
        except BaseException:
            self._release_slot()
            raise

    def leave(self, permit: Permit, *, succeeded: bool | None) -> None:
        """Record the result of an admitted request; None if its caller was cancelled."""
        self.breaker.leave(permit, succeeded=succeeded)
        self._release_slot()

    def _release_slot(self) -> None:
        self._slots.release()
        for waiter in self._probe_waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._probe_waiters.clear()

    async def _wait_for_permit(self) -> Permit:
        """A permit of the breaker; waits up to `PROBE_WAIT_SECONDS` for the result of a probe."""
        until = self._clock() + PROBE_WAIT_SECONDS
        while (permit := self.breaker.enter()) is None:
            self._raise_if_blocked()
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._probe_waiters.append(waiter)
            await asyncio.wait({waiter}, timeout=until - self._clock())
            if self._clock() >= until:
                raise self._breaker_error()
        return permit

    def _raise_if_blocked(self) -> None:
        if self._clock() < self._credentials_blocked_until:
            raise RefusedError("credentials refused a moment ago; not tried again yet")
        if self.breaker.seconds_until_probe:
            raise self._breaker_error()

    def _breaker_error(self) -> AdapterError:
        seconds = max(math.ceil(self.breaker.seconds_until_probe), 1)
        return UnavailableError("left alone after failures", retry_after=seconds)

    def _pause_seconds(self) -> float:
        return max(self._paused_until - self._clock(), 0.0)

    async def _wait_for_pause(self) -> None:
        """Wait for the end of a pause, if the caller has enough time left."""
        while (left := self._pause_seconds()) > 0:
            if left >= remaining_seconds():
                raise UnavailableError("rate limited", code="RATE_LIMITED", retry_after=math.ceil(left))
            await asyncio.sleep(left)
