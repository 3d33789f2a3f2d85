"""
A circuit breaker: stops requests to a source that fails, and later tests it with one request at a time.

Modeled on Envoy's outlier detection and on Hystrix. A request whose caller was cancelled does not count.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from enum import Enum

from student_graph.adapters.errors import UnavailableError

MAX_CONSECUTIVE_FAILURES = 5
"""Consecutive failures that open the breaker."""
FAILURE_WINDOW_SECONDS = 10.0
MIN_RESULTS_IN_WINDOW = 20
MAX_FAILURE_SHARE = 0.5
"""This share of failures among the results of the window opens the breaker too, if they are enough results."""
OPEN_SECONDS = 30.0
"""How long it stays open the first time; twice as long after each failed probe."""
MAX_OPEN_SECONDS = 300.0
PROBES_TO_CLOSE = 3
"""Consecutive successful probes that close it."""


class Permit(Enum):
    """How a request may be sent."""

    NORMAL = "normal"
    PROBE = "probe"
    """The only request at a time that tests whether the source works again."""


class CircuitBreaker:
    """Decides from the results of earlier requests whether a source may be called."""

    def __init__(self, open_seconds: float = OPEN_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        """Start closed; stay open for `open_seconds` the first time."""
        self._open_seconds, self._clock = open_seconds, clock
        self._consecutive_failures = 0
        self._results: deque[tuple[float, bool]] = deque()
        """Time and success of each request in the window."""
        self._failures_in_window = 0
        self._times_opened = 0
        """How often it opened since it was last closed; caps at 16."""
        self._open_until: float | None = None
        """When the first probe may be sent; None while closed."""
        self._probing = False
        self._successful_probes = 0

    @property
    def closed(self) -> bool:
        """Whether requests are sent normally."""
        return self._open_until is None

    @property
    def probing(self) -> bool:
        """Whether a probe is in flight."""
        return self._probing

    @property
    def seconds_until_probe(self) -> float:
        """Seconds until a probe is allowed; 0 when closed, and when a probe is allowed now or is in flight."""
        return 0.0 if self._open_until is None else max(self._open_until - self._clock(), 0.0)

    def enter(self) -> Permit | None:
        """A permit for a request; None if it must not be sent now. During a probe no other request is sent."""
        if self._open_until is None:
            return Permit.NORMAL
        if self.seconds_until_probe or self._probing:
            return None
        self._probing = True
        return Permit.PROBE

    def leave(self, permit: Permit, *, succeeded: bool | None) -> None:
        """Record the result of a request; None if its caller was cancelled."""
        if permit is Permit.PROBE:
            self._probing = False
        if succeeded is None:
            return
        if self._open_until is not None:
            if permit is Permit.PROBE:
                self._record_probe(succeeded=succeeded)
            return
        self._consecutive_failures = 0 if succeeded else self._consecutive_failures + 1
        self._record(succeeded=succeeded)
        results = len(self._results)
        if self._consecutive_failures >= MAX_CONSECUTIVE_FAILURES or (
            results >= MIN_RESULTS_IN_WINDOW and self._failures_in_window >= MAX_FAILURE_SHARE * results
        ):
            self._open()

    def record_failures(self, count: int) -> None:
        """Count so many more failures in a row, of reads that waited for a request that failed."""
        self._consecutive_failures += count
        if count and self._consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
            self.open()

    def open(self) -> None:
        """Stop requests for a reason that status codes do not show."""
        if self._open_until is None:
            self._open()

    def error(self) -> UnavailableError:
        """The error of a request that is not sent, because the source is left alone."""
        return UnavailableError(
            "left alone after failures", retry_after=max(math.ceil(self.seconds_until_probe), 1)
        )

    def _record(self, *, succeeded: bool) -> None:
        """Add a result to the window and remove those that are too old."""
        now = self._clock()
        self._results.append((now, succeeded))
        self._failures_in_window += not succeeded
        while self._results[0][0] < now - FAILURE_WINDOW_SECONDS:
            _, had_succeeded = self._results.popleft()
            self._failures_in_window -= not had_succeeded

    def _record_probe(self, *, succeeded: bool) -> None:
        self._successful_probes = self._successful_probes + 1 if succeeded else 0
        if not succeeded:
            self._open()
        elif self._successful_probes >= PROBES_TO_CLOSE:
            self._close()

    def _open(self) -> None:
        seconds = min(
            self._open_seconds * math.exp2(self._times_opened), max(MAX_OPEN_SECONDS, self._open_seconds)
        )
        self._open_until = self._clock() + seconds
        self._times_opened = min(self._times_opened + 1, 16)
        self._successful_probes = 0

    def _close(self) -> None:
        self._open_until = None
        self._times_opened = self._consecutive_failures = self._successful_probes = 0
        self._results.clear()
        self._failures_in_window = 0
