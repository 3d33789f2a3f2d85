"""
The gate of one source: every request passes it. It limits concurrency and calls, queues requests, applies pauses.

What a vendor says about its limits, and how fast it answers, is recorded here and applies to all callers, because
they share the credentials.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

from student_graph.adapters.errors import MAX_RETRY_AFTER_SECONDS, RefusedError, UnavailableError
from student_graph.gateway.concurrency.deadlines import patience_seconds
from student_graph.gateway.concurrency.observation import span
from student_graph.gateway.http.breaker import MAX_CONSECUTIVE_FAILURES, OPEN_SECONDS, CircuitBreaker, Permit
from student_graph.gateway.http.budget import CallBudget
from student_graph.gateway.http.learned_limit import LearnedLimit
from student_graph.gateway.http.priority import is_background_work
from student_graph.gateway.http.probing_reads import PROBE_WAIT_SECONDS, ProbingReads
from student_graph.gateway.http.rate_limits import RateLimit
from student_graph.gateway.http.slots import Slots

RECENT_SHARE = 0.2
"""Weight of the last response in the mean of response times."""
CREDENTIALS_BLOCK_SECONDS = 60.0
"""How long no request is sent after the vendor refused our credentials: more attempts could lock the account."""


class SentCall(NamedTuple):
    """A call at the moment in which it was sent."""

    number: int
    """Calls to the source so far, this one included."""
    at: float
    """Monotonic seconds."""
    running: int
    """Calls that ran, this one included."""


class Gate:
    """Admits requests to one source."""

    def __init__(
        self,
        concurrency: int,
        open_seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        requests_per_minute: int | None = None,
    ) -> None:
        """
        Admit as many requests at once as the vendor handles well, at most `concurrency`.

        A failing source is first left alone for `open_seconds`. `requests_per_minute` is a quota of the vendor;
        None if it has none.
        """
        self.breaker = CircuitBreaker(open_seconds, clock)
        self._reads = ProbingReads(self.breaker, clock)
        self._pause_listeners: list[Callable[[float], None]] = []
        self._concurrency = concurrency
        self._learned = LearnedLimit(concurrency, clock)
        self._allowed_at_once = float(concurrency)
        """`concurrency`, or less while the vendor's rate limit is nearly used up."""
        self._budget = CallBudget(requests_per_minute, clock)
        self._slots = Slots(self._learned.limit, self._budget)
        self._clock = clock
        self._probe_waiters: list[asyncio.Future[None]] = []
        """Requests that wait for the end of a probe."""
        self._paused_until = 0.0
        self._credentials_blocked_until = 0.0
        self._unreadable_responses = 0
        self._response_seconds: float | None = None
        """Mean of the latest response times, the last ones most; None before the first response."""
        self.throttled_responses = 0
        """Responses by which the vendor asked for fewer requests."""

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

    def report(self) -> dict[str, Any]:
        """
        What operators see of the gate now, as JSON.

        `breaker` is `closed`, `open` or `probing`; `quotaLeft` is None if the vendor states no quota, and
        `responseMs` before the first response.
        """
        left = self.calls_left
        breaker = "closed" if self.breaker.closed else "probing" if self.breaker.probing else "open"
        return {
            "breaker": breaker,
            "nextAttemptSeconds": math.ceil(max(self.breaker.seconds_until_probe, self._pause_seconds())),
            "credentialsRefused": self._clock() < self._credentials_blocked_until,
            "quotaLeft": None if math.isinf(left) else int(left),
            "responseMs": None if self._response_seconds is None else round(self._response_seconds * 1000),
            "atOnce": self.concurrency,
            "atOnceMax": self._concurrency,
            "running": self._slots.running,
            "waiting": self._slots.queued,
        }

    def add_pause_listener(self, listener: Callable[[float], None]) -> None:
        """Call `listener` with the number of seconds whenever the vendor asks for a pause."""
        self._pause_listeners.append(listener)

    def pause(self, seconds: float) -> None:
        """Send nothing for `seconds`, at most `MAX_RETRY_AFTER_SECONDS`."""
        bounded = min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
        self._paused_until = max(self._paused_until, self._clock() + bounded)

    def retry_after_of_pause(self, seconds: float) -> float | None:
        """Seconds to wait if the vendor asked for a pause that was in the last `seconds`; None if it did not."""
        now = self._clock()
        if self._paused_until <= now - seconds:
            return None
        return float(max(math.ceil(self._paused_until - now), 1))

    def announce_pause(self, seconds: float) -> None:
        """Pause because the vendor asked for it, and tell the listeners."""
        self.pause(seconds)
        for listener in self._pause_listeners:
            listener(seconds)

    @property
    def concurrency(self) -> int:
        """How many requests may run at once now."""
        return self._slots.limit

    @property
    def calls_left(self) -> float:
        """
        Calls that the current task could send now within the vendor's quotas; infinite if no quota is known.

        Requests that wait already are deducted. Background work has less than interactive work.
        """
        left = self._budget.left(in_background=is_background_work())
        return max(left - self._slots.queued, 0.0)

    @property
    def seconds_until_background_call(self) -> float:
        """Seconds until the vendor's quotas let background work send a call; 0 if they do now."""
        return self._budget.seconds_until(1, in_background=True)

    def sent_call(self) -> SentCall:
        """The call that `enter` has just admitted; what comes of it is recorded with it."""
        return SentCall(self._budget.started, self._clock(), self._slots.running)

    def record_response(self, call: SentCall, kind: Hashable) -> None:
        """Learn from the time that a response took; requests of one kind are about equally expensive."""
        seconds = self._clock() - call.at
        mean = seconds if self._response_seconds is None else self._response_seconds
        self._response_seconds = mean + RECENT_SHARE * (seconds - mean)
        self._learned.record(kind, seconds, call.running)
        self._apply_limits()

    def record_refusal(self, call: SentCall, *, throttled: bool) -> None:
        """Send fewer requests at once: the vendor throttles requests, or did not manage to answer this one."""
        self.throttled_responses += throttled
        self._learned.record_refusal(call.at, self._slots.running, throttled=throttled)
        self._apply_limits()

    def apply_rate_limit(self, call: SentCall, limit: RateLimit) -> None:
        """Apply what the response to a call says about the vendor's rate limit."""
        by_share = math.ceil(self._concurrency * min(max(limit.share, 0.0), 1.0))
        self._allowed_at_once = min(by_share, self._slots.running - 1 + limit.more_at_once)
        self._budget.report(limit.calls, limit.reset_seconds, call.number, limit.quota)
        self._apply_limits()
        if limit.pause_seconds:
            self.announce_pause(limit.pause_seconds)

    def _apply_limits(self) -> None:
        self._slots.limit = max(1, int(min(self._learned.limit, self._allowed_at_once)))

    def try_repeat_call(self) -> bool:
        """Whether a call may be sent once more in its slot, because the quota allows it; if so, it is counted."""
        if self._budget.left(in_background=is_background_work()) < 1:
            return False
        self._budget.start()
        self._budget.finish()
        return True

    def block_credentials(self) -> None:
        """Send nothing for `CREDENTIALS_BLOCK_SECONDS`: the vendor refuses our credentials."""
        self._credentials_blocked_until = self._clock() + CREDENTIALS_BLOCK_SECONDS

    def record_parsing(self, *, succeeded: bool) -> None:
        """Record whether responses could be parsed: a login page with status 200 is a failure as well."""
        self._unreadable_responses = 0 if succeeded else self._unreadable_responses + 1
        if self._unreadable_responses >= MAX_CONSECUTIVE_FAILURES:
            self._unreadable_responses = 0
            self.breaker.open()

    def reading(self) -> AbstractAsyncContextManager[None]:
        """
        Context of one read, which may need several requests.

        Raises:
            UnavailableError: the source failed, and is left alone or tested by another read.
        """
        return self._reads.read()

    def fail_reads(self) -> None:
        """Count a failure for each read under way, because all of them needed a request that failed."""
        self.breaker.record_failures(self._reads.under_way - 1)  # the request itself was counted

    async def enter(self) -> Permit:
        """
        Wait until a request may be sent; `leave` must follow.

        Raises:
            UnavailableError: the circuit breaker is open, the pause is too long, or the queue is full.
            RefusedError: the vendor refused our credentials less than `CREDENTIALS_BLOCK_SECONDS` ago.
        """
        while True:
            self._raise_if_blocked()
            if self._pause_seconds() or self._slots.is_full:
                with span("wait for a turn"):
                    await self._wait_for_pause()
                    await self._slots.acquire()
            else:
                await self._slots.acquire()
            if not self._pause_seconds():
                break
            self._release_slot(sent=False)  # the vendor asked for a pause while this request was queued
        try:
            return self.breaker.enter() or await self._wait_for_permit()
        except BaseException:
            self._release_slot(sent=False)
            raise

    def leave(self, permit: Permit, *, succeeded: bool | None) -> None:
        """Record the result of an admitted request; None if its caller was cancelled."""
        self.breaker.leave(permit, succeeded=succeeded)
        self._release_slot()

    def _release_slot(self, *, sent: bool = True) -> None:
        self._slots.release(sent=sent)
        for waiter in self._probe_waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._probe_waiters.clear()
        self._reads.wake()

    async def _wait_for_permit(self) -> Permit:
        """A permit of the breaker; waits up to `PROBE_WAIT_SECONDS` for the result of a probe."""
        until = self._clock() + PROBE_WAIT_SECONDS
        while (permit := self.breaker.enter()) is None:
            self._raise_if_blocked()
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._probe_waiters.append(waiter)
            await asyncio.wait({waiter}, timeout=until - self._clock())
            if self._clock() >= until:
                raise self.breaker.error()
        return permit

    def _raise_if_blocked(self) -> None:
        if self._clock() < self._credentials_blocked_until:
            raise RefusedError("credentials refused a moment ago; not tried again yet")
        if self.breaker.seconds_until_probe:
            raise self.breaker.error()

    def _pause_seconds(self) -> float:
        return max(self._paused_until - self._clock(), 0.0)

    async def _wait_for_pause(self) -> None:
        """Wait for the end of a pause, if those who wait for the caller have enough time, or if nobody waits."""
        while (left := self._pause_seconds()) > 0:
            if left >= patience_seconds():
                raise UnavailableError("rate limited", code="RATE_LIMITED", retry_after=math.ceil(left))
            await asyncio.sleep(left)
