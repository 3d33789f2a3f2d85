"""A limit that districts share: half of it is divided among them, and the rest goes to the first requests."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

GUARANTEED_SHARE = 0.5
"""Share of a limit that is divided among the districts. No other district can use up the part of a district."""


class SharedLimit:
    """Counts requests by group, such as a district, and says which group may have no further request."""

    def __init__(self, limit: int) -> None:
        """Let all groups together have at most `limit` requests; no group has a guaranteed part yet."""
        self._limit = limit
        self._guaranteed: Mapping[Hashable, int] = {}
        self.by_group: dict[Hashable, int] = {}
        """Requests by group; a group without one is missing."""

    def divide(self, weights: Mapping[Hashable, float]) -> None:
        """Guarantee these groups their parts by weight. A single group needs no guarantee."""
        total = sum(weights.values())
        divided = {
            group: int(self._limit * GUARANTEED_SHARE * weight / total) for group, weight in weights.items()
        }
        self._guaranteed = divided if len(divided) > 1 else {}

    def add(self, group: Hashable) -> None:
        """Count one more request of a group."""
        self.by_group[group] = self.by_group.get(group, 0) + 1

    def remove(self, group: Hashable) -> None:
        """Count one request of a group less."""
        requests = self.by_group.pop(group) - 1
        if requests:
            self.by_group[group] = requests

    def is_full(self, group: Hashable) -> bool:
        """Whether a group may have no further request."""
        requests, guaranteed = self.by_group.get(group, 0), self._guaranteed.get(group, 0)
        if requests < guaranteed:
            return False
        beyond = sum(max(count - self._guaranteed.get(name, 0), 0) for name, count in self.by_group.items())
        return beyond >= self._limit - sum(self._guaranteed.values())
