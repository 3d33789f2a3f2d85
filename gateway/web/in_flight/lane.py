"""A lane: the requests that a request may have to wait for, how long they take, and whether there are too many."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable
from typing import NamedTuple

from student_graph.gateway.web.in_flight.group_shares import GroupShares
from student_graph.gateway.web.in_flight.request import Sender
from student_graph.gateway.web.in_flight.usage import ProcessorShare

UTILIZATION_WINDOW_SECONDS = 0.05
"""Time over which the utilization is averaged while a lane is not busy."""
BUSY_WINDOW_SECONDS = 1.0
"""Time over which the utilization of a busy lane is averaged. Even an overloaded processor rests at times."""
CALM_UTILIZATION = 0.85
"""Utilization below which a lane is not busy: its requests wait for something else than the processor."""
FULL_UTILIZATION = 0.92
"""Utilization from which on the processor hardly pauses: a longer queue would not let it do more."""
REFUSAL_SECONDS = 1.0
"""Time without a refusal after which a lane is no longer busy."""
MAX_QUEUE_SECONDS = 1.0
"""
Time after which a queue longer than a busy lane admits is no burst. The length of a queue is known only as well as
the cost of a response, which may have been learned from others that cost much less.
"""
MIN_MEASURED_RESPONSES = 120
"""Responses from which the processor time of one is estimated, at least."""
MEASURED_CROWDS = 8
"""
The same as a multiple of the requests that were in progress together. Requests that take turns end together: the
last hundred of a crowd seem to cost nothing, because the work for them was done before the first one ended.
"""
UNKNOWN_COST_SECONDS = 0.003
"""What a response counts with after a start, until enough were sent to know it: then a hundred may queue."""


class _CostSample(NamedTuple):
    """What a lane has done until some moment."""

    worked: float
    """Seconds of processor time since start."""
    responses: int
    """Responses since start."""
    requests: int
    """Requests of people that were in progress."""


class Lane:
    """
    Counts requests that wait for no vendor, and decides by the processor time that they need which may join them.

    A burst may queue. A lane becomes busy when a queue is longer than the longest burst, so that somebody is
    refused, or does not end. It is busy until it has refused nobody for a while, or the processor has time left.
    A busy lane admits no burst: its queue is as short as keeps the processor at work, whether a response takes one
    millisecond of it or fifty. So of an overload only the first responses are late, however long it lasts.
    """

    max_people_in_turns = 3
    """People whose requests take turns, however long they take: more than a pair of attackers, few of a crowd."""

    def __init__(self, wait: float, burst: float, share: ProcessorShare) -> None:
        """
        Let `burst` seconds of work be ahead of a person's request, or about `wait` in a busy lane.

        `share` is the part of the processor that the process gets.
        """
        self._wait, self._burst, self._share = wait, burst, share
        self.requests = GroupShares()
        """The requests that need the processor."""
        self.utilization = 0.0
        """Share of the recent time that the processor worked for the lane, from 0 to 1."""
        self.is_busy = False
        """Whether the lane has more to do than the processor can."""
        self.refused_at = -math.inf
        """When a person's request was last refused, or a queue had lasted too long."""
        self._crowded_at: dict[Hashable, float] = {}
        """
        When `refused_at` last concerned a group because of its own crowd, by group; for all groups under None.
        """
        self._sampled_at = -math.inf
        self._queued_seconds = 0.0
        """For how long there has been a queue without a break."""
        self._costs: deque[_CostSample] = deque()
        """Samples at some of the last responses, the oldest first."""
        self._cost: float | None = None
        """Seconds of processor time of one response, as last measured; None as long as there were too few."""
        self.responses = 0
        """Responses since start."""

    def add(self, sender: Sender) -> None:
        """Count a request that needs the processor."""
        self.requests.add(sender)

    def remove(self, sender: Sender) -> None:
        """Count a request less."""
        self.requests.remove(sender)

    def sample(self, worked: float, elapsed: float, now: float) -> None:
        """Note that the processor worked for the lane for `worked` of the last `elapsed` seconds."""
        self._sampled_at = now
        weight = min(elapsed / (BUSY_WINDOW_SECONDS if self.is_busy else UTILIZATION_WINDOW_SECONDS), 1.0)
        working = min(worked / elapsed, 1.0) if elapsed > 0 else 0.0
        self.utilization += (working - self.utilization) * weight
        is_working = self.utilization >= CALM_UTILIZATION
        is_queue = is_working and self._is_queue()
        self._queued_seconds = self._queued_seconds + elapsed if is_queue else 0.0
        if self._queued_seconds > MAX_QUEUE_SECONDS and not self.is_busy:
            self.refused_at = self._crowded_at[None] = now
        was_busy, self.is_busy = self.is_busy, is_working and now - self.refused_at <= REFUSAL_SECONDS
        if self.is_busy and not was_busy:
            self.utilization = 1.0

    def _is_queue(self) -> bool:
        """Whether more people's requests need the processor than a busy lane admits."""
        requests, cost = self.requests.requests_of_people, self.cost
        return cost is not None and requests > 1 and requests * cost > max(self._wait, cost)

    def sample_cost(self, worked: float) -> None:
        """Note how much processor time the lane has used since start."""
        samples = self._costs
        if not self.responses:
            samples.clear()  # it was used before the first response, such as for the start
        samples.append(_CostSample(worked, self.responses, self.requests.requests_of_people))
        crowd = max(sample.requests for sample in samples)
        required = max(MIN_MEASURED_RESPONSES, MEASURED_CROWDS * crowd)
        while len(samples) > 2 and self.responses - samples[1].responses >= required:
            samples.popleft()
        responses = self.responses - samples[0].responses
        if responses >= MIN_MEASURED_RESPONSES:
            self._cost = (worked - samples[0].worked) / responses

    @property
    def cost(self) -> float | None:
        """Seconds of processor time that one response takes; None as long as too few were sent."""
        return self._cost

    def note_refusal(self, group: Hashable, now: float) -> None:
        """
        Note that a person's request was refused.

        If a crowd of its own group was the reason, the lane is not busy for other groups: they wait for few of it.
        """
        self.refused_at = now
        is_own_crowd = group is not None and self.requests.own_people(group) >= self.max_people_in_turns
        self._crowded_at[group if is_own_crowd else None] = now

    def _is_busy_for(self, group: Hashable) -> bool:
        """Whether the lane is busy, and the last refusals were not all because of crowds of other groups."""
        crowded_at = max(self._crowded_at.get(group, -math.inf), self._crowded_at.get(None, -math.inf))
        return self.is_busy and self._sampled_at - crowded_at <= REFUSAL_SECONDS

    def is_too_long(self, requests: int, group: Hashable = None, *, for_service: bool = False) -> bool:
        """
        Whether a request of a group would wait too long behind this number of requests; services never queue.

        As long as the cost of a response is not known, it is taken for small, and only people are counted.
        """
        cost, burst = self.cost, self._burst * self._share.value
        if cost is None:
            return not for_service and requests * UNKNOWN_COST_SECONDS > burst
        if not for_service and not self._is_busy_for(group):
            return requests * cost > burst
        if self.is_busy and self.utilization >= FULL_UTILIZATION:
            return requests * cost > min(self._wait, cost)
        return requests * cost > (self._wait if for_service else max(self._wait, cost))
