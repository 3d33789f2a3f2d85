"""
Shares of loop time: which districts use more of the event loop than a fair share, while the loop is busy.

While the loop has time left, nobody uses too much. When it is busy, the fair share is the largest share that all
districts together can have (max-min fairness). A district that needs less gets all that it needs. A district that
needs more comes after the others and gets the time that they leave.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping

BUSY_SHARE = 0.3
"""The loop counts as busy if it worked for at least this share of the recent time."""
WINDOW_SECONDS = 0.2
"""Time over which the use of the loop is averaged."""
UPDATE_SECONDS = 0.01
"""Time after which the shares are computed again."""
MIN_SHARE = 0.001
"""Share of the loop below which a district counts as idle."""


class LoopShares:
    """What each group of clients, such as those of one district, uses of the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Average over the time of `clock`, in seconds."""
        self._clock = clock
        self._updated_at = clock()
        self._charged: dict[Hashable, float] = {}
        """Seconds since the last update."""
        self._shares: dict[Hashable, float] = {}
        self._exceeding: frozenset[Hashable] = frozenset()
        self.weights: Mapping[Hashable, float] = {}
        """By group, the size of its fair share compared with those of others. A missing group has the weight 1."""

    @property
    def exceeding(self) -> frozenset[Hashable]:
        """The groups that use more than a fair share now."""
        if self._clock() - self._updated_at >= UPDATE_SECONDS:
            self._update()
        return self._exceeding

    def charge(self, group: Hashable, seconds: float) -> None:
        """Count time in which work of a group held the event loop."""
        self._charged[group] = self._charged.get(group, 0.0) + seconds
        if self._clock() - self._updated_at >= UPDATE_SECONDS:
            self._update()

    def shares(self) -> Mapping[Hashable, float]:
        """The share of the recent time, from 0 to 1, that each group has used; idle groups are missing."""
        if self._clock() - self._updated_at >= UPDATE_SECONDS:
            self._update()
        return self._shares

    def _update(self) -> None:
        now = self._clock()
        elapsed = now - self._updated_at
        remaining = math.exp(-elapsed / WINDOW_SECONDS)
        shares = {group: share * remaining for group, share in self._shares.items()}
        for group, seconds in self._charged.items():
            shares[group] = shares.get(group, 0.0) + seconds / elapsed * (1 - remaining)
        self._shares = {group: share for group, share in shares.items() if share >= MIN_SHARE}
        self._charged, self._updated_at = {}, now
        self._exceeding = self._over_fair_share()

    def _over_fair_share(self) -> frozenset[Hashable]:
        if len(self._shares) < 2 or sum(self._shares.values()) <= BUSY_SHARE:
            return frozenset()
        need = {group: share / self.weights.get(group, 1.0) for group, share in self._shares.items()}
        left, weight = BUSY_SHARE, sum(self.weights.get(group, 1.0) for group in need)
        for group in sorted(need, key=need.__getitem__):
            if need[group] > left / weight:
                return frozenset(other for other in need if need[other] >= need[group])
            left -= self._shares[group]
            weight -= self.weights.get(group, 1.0)
        return frozenset()
