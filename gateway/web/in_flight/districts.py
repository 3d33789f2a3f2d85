"""The requests in flight of each district, and how many each may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping

from student_graph.gateway.concurrency.fair_lru import owner_of
from student_graph.gateway.web.in_flight.group_shares import NEWCOMER
from student_graph.gateway.web.in_flight.request import Sender
from student_graph.gateway.web.in_flight.shared_limit import SharedLimit


class RequestsByDistrict:
    """Counts the requests in flight of districts, which share a limit."""

    def __init__(self, limit: int, services_share: float) -> None:
        """Let all have `limit` requests at once, and their services this share of them, at least one."""
        self.all = SharedLimit(limit)
        self._services = SharedLimit(max(1, int(limit * services_share)))
        self.refused: Counter[Hashable] = Counter()
        """Requests refused since start whose viewer was known."""
        self._has_several = False

    def share_among(self, weights: Mapping[Hashable, float]) -> None:
        """Let these districts share the limit by their weights."""
        self._has_several = len(weights) > 1
        self.all.divide(weights)
        self._services.divide(weights)

    def group(self, districts: frozenset[Hashable]) -> Hashable:
        """Return the group that a viewer's requests count for; None if the process has one district."""
        return owner_of(districts) if self._has_several else None

    @property
    def of_stranger(self) -> Hashable:
        """The group of a sender whose districts are not known yet; it has no other request in flight."""
        return NEWCOMER if self._has_several else None

    def begin(self, sender: Sender) -> None:
        """Count a request that is in flight."""
        self.all.add(sender.group)
        if sender.is_service:
            self._services.add(sender.group)

    def finish(self, sender: Sender) -> None:
        """Count a request that has ended."""
        self.all.remove(sender.group)
        if sender.is_service:
            self._services.remove(sender.group)

    def is_full(self, sender: Sender) -> bool:
        """Whether the sender's district may have no further request of this kind."""
        return (self._services if sender.is_service else self.all).is_full(sender.group)
