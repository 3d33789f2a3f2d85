"""A lane: the requests that a request may have to wait for, how long they take, and whether there are too many."""

from __future__ import annotations

import math
from collections import deque

from student_graph.gateway.web.in_flight.group_shares import GroupShares
from student_graph.gateway.web.in_flight.request import Sender

UTILIZATION_WINDOW_SECONDS = 0.2
"""Time over which the utilization is averaged."""
BUSY_UTILIZATION = 0.9
"""Share of the time that the processor works, with several requests, from which on a lane becomes busy."""
CALM_UTILIZATION = 0.7
"""Share of the time that the processor works below which a lane is busy no more."""
REFUSAL_SECONDS = 1.0
"""Time without a refusal after which a lane is busy no more."""
RECOVERY_SECONDS = 2.0
"""
Time without being busy after which a burst may be as long as after a quiet time. Under overload a lane is calm for
moments, such as when its responses wait for slow clients: each of them would let a whole burst queue again.
"""
COST_WINDOW_SAMPLES = 16
"""Samples from which the processor time of one response is estimated."""


class Lane:
    """Counts requests that wait for no vendor, and estimates the processor time that they need."""

    def __init__(self, wait: float, burst: float) -> None:
        """Let `wait` seconds of processor time be ahead of a request if the lane is busy, else up to `burst`."""
        self._wait, self._burst = wait, burst
        self.requests = GroupShares()
        """The requests that need the processor."""
        self._utilization = 0.0
        """Share of the recent time that the processor worked for the lane, from 0 to 1."""
        self._contention = 0.0
        """Share of the recent time with several requests of people that needed the processor, from 0 to 1."""
        self.is_busy = False
        """Whether the lane has more to do than the processor can."""
        self._calm_since = -math.inf
        """When the lane was last busy."""
        self._longest_wait = burst
        """Seconds of processor time that may be ahead of a person's request now."""
        self.refused_at = -math.inf
        """When a request was last refused that would also have been if a person had sent it, or it became busy."""
        self._costs: deque[tuple[float, int]] = deque(maxlen=COST_WINDOW_SAMPLES)
        """Processor time and number of responses since start, at some of the last responses of the process."""
        self.responses = 0
        """Responses since start."""

    def add(self, sender: Sender) -> None:
        """Count a request that needs the processor."""
        self.requests.add(sender)

    def remove(self, sender: Sender) -> None:
        """Count a request less."""
        self.requests.remove(sender)

    def sample(self, worked: float, elapsed: float, now: float) -> None:
        """
        Become busy when the processor has worked for the lane for a while and several requests needed it.

        It worked for `worked` of the last `elapsed` seconds. One long response alone is not more than the process
        can do, however long it takes. A busy process works at one request at a time, with pauses between them, so
        it stays busy while it refuses others.
        """
        weight = min(elapsed / UTILIZATION_WINDOW_SECONDS, 1.0)
        self._utilization += (min(worked / elapsed, 1.0) - self._utilization) * weight
        self._contention += ((self.requests.requests_of_people > 1) - self._contention) * weight
        if self.is_busy:
            is_refusing = now - self.refused_at <= REFUSAL_SECONDS
            self.is_busy = is_refusing and self._utilization >= CALM_UTILIZATION
        elif self._utilization > BUSY_UTILIZATION and self._contention > BUSY_UTILIZATION:
            self.is_busy, self.refused_at = True, now
        if self.is_busy:
            self._calm_since = now
        recovered = min((now - self._calm_since) / RECOVERY_SECONDS, 1.0)
        self._longest_wait = self._wait + (self._burst - self._wait) * recovered

    def sample_cost(self, worked: float) -> None:
        """Note how much processor time the lane has used since start."""
        self._costs.append((worked, self.responses))

    def is_too_long(self, requests: int, *, for_service: bool = False) -> bool:
        """Whether so many requests ahead need more processor time than one may wait for; services never queue."""
        if len(self._costs) < COST_WINDOW_SAMPLES:
            return False
        (first, responses_then), (last, responses_now) = self._costs[0], self._costs[-1]
        if responses_now == responses_then:
            return False
        cost = (last - first) / (responses_now - responses_then)
        return requests * cost > (self._wait if for_service else self._longest_wait)
