"""
Reads of a source that failed: one at a time tests whether the source works again, and few others wait for it.

The circuit breaker lets one request at a time through. That is not enough if many reads come: most of them would
wait for a token that the first one requests, and would learn only then that the source still fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from student_graph.gateway.http.breaker import CircuitBreaker

PROBE_WAIT_SECONDS = 1.0
"""How long others wait for the result of a probe."""
MAX_WAITING_READS = 32
"""Reads that wait for it at the same time; all others fail at once."""


class ProbingReads:
    """The reads of one source. While its circuit breaker is not closed, they are let through one by one."""

    def __init__(self, breaker: CircuitBreaker, clock: Callable[[], float] = time.monotonic) -> None:
        self._breaker, self._clock = breaker, clock
        self._has_probe = False
        self._waiters: set[asyncio.Future[None]] = set()
        self.under_way = 0
        """Reads that were let through and have not ended."""

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        """
        Context of one read.

        Raises:
            UnavailableError: the source is left alone now, or another read did not show in time that it works.
        """
        is_probe = not self._breaker.closed and await self._wait()
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            if is_probe:
                self._has_probe = False
                self.wake()

    def wake(self) -> None:
        """Let the reads that wait look at the breaker again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _wait(self) -> bool:
        """Wait until the breaker is closed, or until it is the turn of this read; return whether it is a probe."""
        until = self._clock() + PROBE_WAIT_SECONDS
        while not self._breaker.closed:
            if self._breaker.seconds_until_probe:
                raise self._breaker.error()
            if not self._has_probe:
                self._has_probe = True
                return True
            if self._clock() >= until or len(self._waiters) >= MAX_WAITING_READS:
                raise self._breaker.error()
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await asyncio.wait([waiter], timeout=until - self._clock())
            finally:
                self._waiters.discard(waiter)
        return False
