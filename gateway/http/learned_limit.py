"""
The number of concurrent requests that a vendor handles well, learned from latency and refusals.

The limit follows the gradient of the latency, as in Netflix's concurrency-limits (`Gradient2Limit`,
https://github.com/Netflix/concurrency-limits) and Envoy's adaptive concurrency filter
(https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter):

    gradient = clamp(LATENCY_TOLERANCE * (baseline + SLACK_SECONDS) / latency, 0.5, 1.0)
    limit    = (1 - NEWEST_WEIGHT) * limit + NEWEST_WEIGHT * (gradient * limit + sqrt(limit))

Gradients are medians over about one round trip. As in Envoy, the baseline is the median latency while few requests
run. It is kept for each kind of request: a page of 500 rows is slow without being queued.

A new source starts like TCP (RFC 5681 §3.1): the limit doubles with each round trip until requests are slow or
refused. They may also be slow because this process was busy. So the limit doubles again after a round trip that is
not slow, as in HyStart++ (RFC 9406 §4.2), but after each such delay it waits for twice as many of them. After a
refusal it does not.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Hashable

from cachetools import LRUCache

START_CONCURRENCY = 8
"""The limit before anything is learned."""
LOW_CONCURRENCY = 4
"""Maximum number of running requests while a baseline is measured."""
MAX_BASELINE_SAMPLES = 12
"""Last responses from which a baseline is computed."""
BASELINE_SECONDS = 60.0
"""If no baseline was measured for this time, the limit falls to `LOW_CONCURRENCY` for a moment."""
LATENCY_TOLERANCE = 1.25
"""How many times the baseline a response may take without being slow (Envoy's buffer of 25 %)."""
SLACK_SECONDS = 0.02
"""Added to each baseline: a shorter delay is noise of the network or of this process."""
MIN_GRADIENT = 0.5
NEWEST_WEIGHT = 0.2
"""Weight of the newest round trip."""
REFUSAL_FACTOR = 0.5
"""The limit is multiplied by this after a refusal."""
CEILING_SHARE = 0.9
"""After throttling, the limit stays below this share of the requests that then ran."""
CEILING_SECONDS = 60.0
"""How long it stays below it."""
MAX_KINDS = 256
"""Kinds of requests whose baselines are remembered."""
MIN_ROUND_TRIP_SAMPLES = 4
"""Requests that say something about a round trip together."""
MIN_DOUBLING_LIMIT = 4.0
"""Up to this limit it doubles also after refusals, so that a source that was down is used again soon."""


class _Baseline:
    """The latency of one kind of request while the vendor has little to do."""

    __slots__ = ("_fastest", "_samples", "seconds")

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=MAX_BASELINE_SAMPLES)
        self._fastest = math.inf
        self.seconds = math.inf
        """The median of the last responses under low load; without any, the fastest response."""

    def add(self, seconds: float, *, low_load: bool) -> None:
        """Measure a response."""
        if low_load:
            self._samples.append(seconds)
            self.seconds = statistics.median(self._samples)
        elif not self._samples:
            self._fastest = self.seconds = min(self._fastest, seconds)


class LearnedLimit:
    """A limit of concurrent requests between 1 and a cap."""

    def __init__(self, cap: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Learn a limit of at most `cap` concurrent requests."""
        self._cap = cap
        self._clock = clock
        self._limit = float(min(START_CONCURRENCY, cap))
        self._doubles_below = math.inf
        """Below this the limit doubles with each round trip; above it, it follows the gradient."""
        self._rounds_before_doubling = 1.0
        """Round trips in a row that must not be slow before the limit doubles again; infinite after a refusal."""
        self._rounds_in_a_row = 0
        """Those so far."""
        self._gradients: list[float] = []
        """Gradients of the responses of the current round trip."""
        self._baselines: LRUCache[Hashable, _Baseline] = LRUCache(MAX_KINDS)
        self._low_load_at = clock()
        """When a request was last sent under low load, or the limit fell in order to have one."""
        self._ceiling = math.inf
        self._ceiling_until = 0.0
        self._reduced_at = -math.inf

    @property
    def limit(self) -> int:
        """How many requests may run at once."""
        return int(self._limit)

    def record(self, kind: Hashable, seconds: float, running: int) -> None:
        """
        Learn from a response that came after so many seconds; `running` requests ran when it was sent.

        Requests of one `kind` are about equally expensive for the vendor.
        """
        low_load = running <= LOW_CONCURRENCY
        baseline = self._baselines.get(kind)
        if baseline is None:
            baseline = self._baselines[kind] = _Baseline()
        baseline.add(seconds, low_load=low_load)
        self._ensure_low_load(low_load=low_load)
        gradient = LATENCY_TOLERANCE * (baseline.seconds + SLACK_SECONDS) / max(seconds, 1e-9)
        self._gradients.append(gradient)
        is_used = running >= self._limit / 2  # else the latency says nothing about a higher limit
        if self._limit < self._doubles_below and gradient >= 1.0 and is_used:
            self._set(self._limit + 1)
        if len(self._gradients) >= max(self._limit, MIN_ROUND_TRIP_SAMPLES):
            self._end_round_trip(is_used=is_used)

    def record_refusal(self, sent_at: float, running: int, *, throttled: bool) -> None:
        """
        Halve the limit, because a request that was sent at `sent_at` was refused or not answered in time.

        `running` is the number of requests that ran. `throttled` says that the vendor asks for fewer requests. Of
        the requests that ran at the same time only the first refusal counts.
        """
        if sent_at <= self._reduced_at:
            return
        self._reduced_at = now = self._clock()
        self._gradients.clear()
        used = min(self._limit, float(max(running, 1)))
        if throttled:
            self._ceiling = max(math.floor(used * CEILING_SHARE), 1)
            self._ceiling_until = now + CEILING_SECONDS
        self._set(used * REFUSAL_FACTOR)
        self._doubles_below = max(self._limit, MIN_DOUBLING_LIMIT)
        self._rounds_before_doubling = math.inf

    def _end_round_trip(self, *, is_used: bool) -> None:
        gradient = min(max(statistics.median(self._gradients), MIN_GRADIENT), 1.0)
        self._gradients.clear()
        if gradient < 1.0:
            self._doubles_below, self._rounds_in_a_row = 0.0, 0
        elif not is_used or self._limit < self._doubles_below:
            return
        else:
            self._rounds_in_a_row += 1
            if self._rounds_in_a_row >= self._rounds_before_doubling:
                self._doubles_below, self._rounds_in_a_row = math.inf, 0
                self._rounds_before_doubling *= 2
        following = gradient * self._limit + math.sqrt(self._limit)
        self._set((1 - NEWEST_WEIGHT) * self._limit + NEWEST_WEIGHT * following)

    def _ensure_low_load(self, *, low_load: bool) -> None:
        """Let the limit fall for a moment if the baselines are old because many requests run all the time."""
        now = self._clock()
        if not low_load and now < self._low_load_at + BASELINE_SECONDS:
            return
        self._low_load_at = now
        if not low_load:
            self._doubles_below = max(self._limit, MIN_DOUBLING_LIMIT)
            self._set(LOW_CONCURRENCY)

    def _set(self, limit: float) -> None:
        ceiling = self._ceiling if self._clock() < self._ceiling_until else math.inf
        self._limit = min(max(limit, 1.0), float(self._cap), ceiling)
