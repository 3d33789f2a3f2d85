"""
The budget of calls of one source: how many more calls its vendor allows now.

Two limits apply at once: the operator's `requests_per_minute`, and what the vendor's own headers say is left.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0
"""The window of `requests_per_minute`."""
BACKGROUND_RESERVE_SHARE = 0.25
"""Share of a quota that background work leaves to interactive requests."""


class CallBudget:
    """
    Counts the calls to one source against its quotas.

    A call belongs to the operator's quota from the moment in which it is sent until a minute after its response.
    The vendor has counted it between sending and response, so none of its minutes holds more calls than the quota.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `per_minute` calls in any minute; None for no limit."""
        self._per_minute = per_minute
        self._clock = clock
        self._running = 0
        self._ended_at: deque[float] = deque()
        """When the calls of the last minute ended, oldest first."""
        self._reported_left = math.inf
        """Calls that the vendor still allows until `_reset_at`, by its last report."""
        self._reported_quota = 0.0
        """Calls that the vendor allows in one of its windows; 0 if unknown."""
        self._reset_at = 0.0
        self.started = 0
        """Calls since start."""

    def start(self) -> None:
        """Count a call that is sent now; `finish` must follow."""
        self.started += 1
        self._running += 1
        self._reported_left -= 1

    def finish(self) -> None:
        """Note that a call ended, with or without a response."""
        self._running -= 1
        if self._per_minute is not None:
            self._ended_at.append(self._clock())

    def cancel(self) -> None:
        """Take back a call that was counted and not sent."""
        self.started -= 1
        self._running -= 1
        self._reported_left += 1

    def report(self, left: float, reset_seconds: float, number: int, quota: float = 0.0) -> None:
        """
        Apply what a response says is left of the vendor's quota, until a reset in so many seconds.

        `number` is the value of `started` when the request was sent. The report may miss the calls that were sent
        later or still run, so they are deducted.
        """
        self._reported_left = left - (self.started - number) - max(self._running - 1, 0)
        self._reset_at = self._clock() + reset_seconds
        self._reported_quota = quota

    def left(self, *, in_background: bool) -> float:
        """Calls that may be sent now, 0 or more; infinite if no quota is known."""
        by_setting = math.inf if self._per_minute is None else self._per_minute - self._used()
        by_report = self._reported_left if self._clock() < self._reset_at else math.inf
        if in_background:
            by_setting -= self._reserve(self._per_minute or 0)
            by_report -= self._reserve(self._reported_quota)
        return max(min(by_setting, by_report), 0.0)

    def seconds_until(self, calls: int, *, in_background: bool) -> float:
        """Seconds until `calls` calls may be sent, if no other is sent before; 0 if they may be sent now."""
        if self.left(in_background=in_background) >= calls:
            return 0.0
        now = self._clock()
        reserve = self._reserve(self._reported_quota) if in_background else 0
        is_reported_away = now < self._reset_at and self._reported_left - reserve < calls
        return max(
            self._reset_at - now if is_reported_away else 0.0, self._seconds_by_setting(calls, in_background)
        )

    def _seconds_by_setting(self, calls: int, in_background: bool) -> float:
        if self._per_minute is None:
            return 0.0
        reserve = self._reserve(self._per_minute) if in_background else 0
        missing = calls - (self._per_minute - reserve - self._used())
        if missing <= 0:
            return 0.0
        if missing > len(self._ended_at):
            return WINDOW_SECONDS
        return max(self._ended_at[missing - 1] + WINDOW_SECONDS - self._clock(), 0.0)

    def _used(self) -> int:
        """Calls that count against the operator's quota now."""
        oldest = self._clock() - WINDOW_SECONDS
        while self._ended_at and self._ended_at[0] <= oldest:
            self._ended_at.popleft()
        return self._running + len(self._ended_at)

    @staticmethod
    def _reserve(quota: float) -> int:
        return int(quota * BACKGROUND_RESERVE_SHARE)
