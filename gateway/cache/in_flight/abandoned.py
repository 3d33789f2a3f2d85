"""Requests that nobody waits for any more: they go on for a while, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from student_graph.gateway.cache.in_flight.request import InFlightRequest
from student_graph.gateway.cache.limits import BackgroundLimits
from student_graph.gateway.http import gate_of


class AbandonedRequests:
    """
    The requests without waiters. Each one ends after a while, and if there are too many, the first one ends.

    While the quota of its source is used up, a request does not end: its time starts when the quota allows calls
    again.
    """

    def __init__(self, limits: BackgroundLimits, end: Callable[[InFlightRequest], None]) -> None:
        """End requests by `end`."""
        self._limits = limits
        self._end = end
        self._timers: dict[InFlightRequest, asyncio.TimerHandle] = {}
        self._by_owner: dict[Hashable, dict[InFlightRequest, None]] = {}
        """By source and by viewer, the longest abandoned request first."""

    def __len__(self) -> int:
        return len(self._timers)

    def add(self, request: InFlightRequest, *, has_disconnected: bool = False) -> None:
        """Let a request end after a while. A request that is abandoned already gets the full time again."""
        limits = self._limits
        self.remove(request)
        call_later = asyncio.get_running_loop().call_later
        if has_disconnected:
            self._timers[request] = call_later(limits.disconnected_seconds, self._end, request)
        else:
            self._timers[request] = call_later(limits.abandoned_seconds, self._end_unless_it_waits, request)
        if not request.was_awaited:  # refreshes of cached answers are bounded by what is cached
            return
        owners = _owners(request, limits)
        for owner, _ in owners:
            self._by_owner.setdefault(owner, {})[request] = None
        for owner, limit in owners:
            requests = self._by_owner.get(owner, {})
            if len(requests) > limit:
                self._end(next(iter(requests)))

    def _end_unless_it_waits(self, request: InFlightRequest) -> None:
        """
        End a request; or, while its source's quota is used up, start its time when the quota allows calls again.
        """
        gate = gate_of(request.source.adapter.http)
        if gate is None or not (seconds := gate.seconds_until_background_call):
            self._end(request)
            return
        seconds += self._limits.abandoned_seconds
        self._timers[request] = asyncio.get_running_loop().call_later(seconds, self._end_unless_it_waits, request)

    def remove(self, request: InFlightRequest) -> None:
        """Remove a request, because somebody waits for it again or it has ended."""
        timer = self._timers.pop(request, None)
        if timer is None:
            return
        timer.cancel()
        for owner, _ in _owners(request, self._limits):
            requests = self._by_owner.get(owner, {})
            requests.pop(request, None)
            if not requests:
                self._by_owner.pop(owner, None)


def _owners(request: InFlightRequest, limits: BackgroundLimits) -> list[tuple[Hashable, int]]:
    """The source and the viewer of a request, each with its limit."""
    by_source: tuple[Hashable, int] = (request.source, limits.requests_per_source)
    if request.viewer is None:
        return [by_source]
    return [by_source, (("viewer", request.viewer), limits.requests_per_viewer)]
