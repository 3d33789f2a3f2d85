"""Rate limits by token buckets: so many uses a second, and a burst after a quiet time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from hashlib import blake2b

from cachetools import LRUCache

MAX_BUCKETS = 4_000
"""Token buckets that `TokenBuckets` remembers; the least recently used one is evicted."""

NAME_BYTES = 16
MAX_REPORTED_VIEWERS = 10_000
"""Viewers that are reported to other processes at once; further ones are counted in this process only."""


class TokenBucket:
    """Holds tokens: each use takes one, and they come back at a fixed rate."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated_at")

    def __init__(self, rate: float, burst: int) -> None:
        """Hold at most `burst` tokens; `rate` tokens come back each second. The bucket starts full."""
        self._rate, self._burst = rate, burst
        self._tokens, self._updated_at = float(burst), 0.0

    def take(self, now: float) -> bool:
        """Take one token and return True, or return False if there is none; `now` is monotonic time in seconds."""
        self._refill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def charge(self, tokens: int, now: float) -> None:
        """Take tokens that were already used elsewhere; the bucket may then owe up to `burst` tokens."""
        self._refill(now)
        self._tokens = max(self._tokens - tokens, -float(self._burst))

    def _refill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._updated_at) * self._rate)
        self._updated_at = now


class TokenBuckets:
    """A token bucket for each key, such as a viewer; a key whose bucket was evicted starts with a full one."""

    def __init__(self, rate: float, burst: int) -> None:
        """Hold at most `burst` tokens for each key; `rate` tokens come back each second."""
        self._rate, self._burst = rate, burst
        self._buckets: LRUCache[Hashable, TokenBucket] = LRUCache(MAX_BUCKETS)

    def take(self, key: Hashable, now: float) -> bool:
        """Take one token of a key, as `TokenBucket.take` does."""
        return self._bucket(key).take(now)

    def charge(self, key: Hashable, tokens: int, now: float) -> None:
        """Take tokens that were used elsewhere, as `TokenBucket.charge` does."""
        self._bucket(key).charge(tokens, now)

    def _bucket(self, key: Hashable) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst)
        return bucket


class ViewerRates:
    """A token bucket for each viewer, and its uses since the last report to other processes."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Let each viewer send `burst` requests at once, and `rate` each second; `clock` returns seconds."""
        self._buckets = TokenBuckets(rate, burst)
        self._clock = clock
        self._uses: Counter[str] = Counter()
        self.is_shared = False
        """Whether other processes get reports."""

    def take(self, viewer: Hashable) -> bool:
        """Count a request of a viewer; return False if there were too many."""
        name = viewer if not self.is_shared else _name(viewer)
        if not self._buckets.take(name, self._clock()):
            return False
        if (
            isinstance(name, str)
            and self.is_shared
            and (len(self._uses) < MAX_REPORTED_VIEWERS or name in self._uses)
        ):
            self._uses[name] += 1
        return True

    def take_uses(self) -> Mapping[str, int]:
        """Return the number of requests since the last call, by the hashed name of each viewer."""
        uses, self._uses = self._uses, Counter()
        return uses

    def charge(self, uses: Mapping[str, int]) -> None:
        """Count requests that other processes have answered."""
        now = self._clock()
        for name, requests in uses.items():
            self._buckets.charge(name, requests, now)


def _name(viewer: Hashable) -> str:
    """A name for a viewer that is the same in all processes."""
    return blake2b(repr(viewer).encode(), digest_size=NAME_BYTES).hexdigest()
