"""Token buckets: a rate limit of so many uses a second, and a burst after a quiet time."""

from __future__ import annotations

from collections.abc import Hashable

from cachetools import LRUCache

MAX_BUCKETS = 4_000
"""Token buckets that `TokenBuckets` remembers; the least recently used one is evicted."""


class TokenBucket:
    """Holds tokens: each use takes one, and they come back at a fixed rate."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated_at")

    def __init__(self, rate: float, burst: int) -> None:
        """Hold at most `burst` tokens, of which `rate` come back each second; the bucket starts full."""
        self._rate, self._burst = rate, burst
        self._tokens, self._updated_at = float(burst), 0.0

    def take(self, now: float) -> bool:
        """Take one token and return True, or return False if there is none; `now` is monotonic time in seconds."""
        self._tokens = min(self._burst, self._tokens + (now - self._updated_at) * self._rate)
        self._updated_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class TokenBuckets:
    """A token bucket for each key, such as a viewer; a key whose bucket was evicted starts with a full one."""

    def __init__(self, rate: float, burst: int) -> None:
        """Hold at most `burst` tokens for each key, of which `rate` come back each second."""
        self._rate, self._burst = rate, burst
        self._buckets: LRUCache[Hashable, TokenBucket] = LRUCache(MAX_BUCKETS)

    def take(self, key: Hashable, now: float) -> bool:
        """Take one token of a key, as `TokenBucket.take` does."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst)
        return bucket.take(now)
