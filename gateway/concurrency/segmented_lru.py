"""
A bounded map that keeps what is requested again: a segmented LRU.

A new value is on probation, in a small part of the memory, until somebody asks for it again. Values that are
requested only once therefore never replace values in use, however many they are (segmented LRU: Karedla et al.,
"Caching strategies to improve disk system performance", 1994). A value that is evicted on probation and then
requested and computed again is not put on probation a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from student_graph.gateway.concurrency.fair_lru import FairLRU

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

PROBATION_SHARE = 1 / 16
"""Share of the memory for values that were requested once."""
MISSED_SHARE = 1 / 64
"""Share of the memory for keys that were requested when they were not there."""
MISSED_KEY_BYTES = 136
"""Bytes of such a key: its hash as an integer, and its slot in a map that is half full."""


class SegmentedLRU(Generic[K, V]):
    """Values by key, each of an owner such as a district; owners share the memory as in `FairLRU`."""

    def __init__(self, max_size: int, size_of: Callable[[V], int]) -> None:
        """Hold values of at most `max_size` in all, as `size_of` returns it."""
        self._size_of = size_of
        for_probation, for_missed = int(max_size * PROBATION_SHARE), int(max_size * MISSED_SHARE)
        self._once: FairLRU[K, V] = FairLRU(for_probation, size_of)
        self._again: FairLRU[K, V] = FairLRU(max_size - for_probation - for_missed, size_of)
        self._max_missed = for_missed // MISSED_KEY_BYTES // 2
        """Keys of one generation: two are remembered."""
        self._missed: dict[int, bool] = {}
        """By hash of a key that was not found, whether it had been requested before. The current generation."""
        self._missed_before: dict[int, bool] = {}
        """The generation before."""

    def __len__(self) -> int:
        return len(self._once) + len(self._again)

    def __contains__(self, key: K) -> bool:
        return key in self._again or key in self._once

    @property
    def used_size(self) -> int:
        """Size of all values, and of the keys that are remembered."""
        keys = len(self._missed) + len(self._missed_before)
        return self._once.used_size + self._again.used_size + keys * MISSED_KEY_BYTES

    def share_among(self, weights: Mapping[Hashable, float]) -> None:
        """Let owners share the memory by their weights; an owner that is missing has 1."""
        self._once.weights = self._again.weights = weights

    def get(self, key: K) -> V | None:
        """The value of a key, which is on probation no more; None if there is none."""
        value = self._again.get(key)
        if value is not None:
            return value
        entry = self._once.take(key)
        if entry is None:
            self._note_miss(hash(key))
            return None
        self._again.set(key, *entry)
        return entry[0]

    def set(self, key: K, value: V, owner: Hashable) -> None:
        """Hold a value of an owner in place of an earlier one, unless it is new and too large for probation."""
        self.pop(key)
        if self._was_missed_again(hash(key)):
            self._again.set(key, value, owner)
        elif self._size_of(value) <= self._once.max_size:
            self._once.set(key, value, owner)

    def pop(self, key: K) -> None:
        """Remove the value of a key, if there is one."""
        self._once.pop(key)
        self._again.pop(key)

    def clear(self) -> None:
        """Remove all values."""
        self._once.clear()
        self._again.clear()

    def _note_miss(self, key: int) -> None:
        if len(self._missed) >= self._max_missed:
            self._missed_before, self._missed = self._missed, {}
        self._missed[key] = key in self._missed or key in self._missed_before

    def _was_missed_again(self, key: int) -> bool:
        return self._missed.get(key) or self._missed_before.get(key) or False
