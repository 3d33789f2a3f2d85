"""How often something may be done: so many times a second, and some more at once after a silence."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class TokenBucket:
    """Fills with time, and is emptied by use."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: int) -> None:
        """Room for `burst` uses, of which `rate` come back each second; full at first."""
        self._rate, self._burst = rate, burst
        self._left, self._at = float(burst), 0.0

    def take(self, now: float) -> bool:
        """Whether it may be done once more; `now` is in seconds, by a clock that only goes forward."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class TokenBuckets:
    """A bucket for each of many, such as viewers; who was not heard of for long has a full one again."""

    MOST = 10_000
    """Buckets that are remembered."""

    def __init__(self, rate: float, burst: int) -> None:
        """Each has room for `burst` uses, of which `rate` come back each second."""
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def take(self, whose: Hashable, now: float) -> bool:
        """Whether one of them may do it once more; `now` is in seconds, by a clock that only goes forward."""
        bucket = self._buckets.get(whose)
        if bucket is None:
            bucket = self._buckets[whose] = TokenBucket(self._rate, self._burst)
            if len(self._buckets) > self.MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(whose)
        return bucket.take(now)
