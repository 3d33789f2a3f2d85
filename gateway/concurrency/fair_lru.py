"""
A bounded map whose owners share its memory. It evicts the least recently used value of the owner with most memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def owner_of(districts: Collection[Hashable]) -> Hashable:
    """
    The owner of a value about these districts: the district if there is only one, or else all of them together.
    """
    return next(iter(districts)) if len(districts) == 1 else frozenset(districts)


class FairLRU(Generic[K, V]):
    """
    Values by key, each of an owner such as a district.

    An owner may fill all of the map as long as the others need none of it. When the map is full, values of the
    owner with most memory are evicted, so that nobody loses values within a fair share (max-min fairness).
    """

    def __init__(
        self, max_size: int, size_of: Callable[[V], int] = lambda _: 1, max_values: int | None = None
    ) -> None:
        """
        Hold values of at most `max_size` in all, as `size_of` returns it: their number by default.

        `max_values` also bounds their number.
        """
        self.max_size, self._max_values = max_size, max_values
        self._size_of = size_of
        self._values: dict[K, tuple[V, Hashable]] = {}
        """By key, the value and its owner."""
        self._by_owner: dict[Hashable, OrderedDict[K, None]] = {}
        """The keys of each owner, least recently used first."""
        self._sizes: dict[Hashable, int] = {}
        self.used_size = 0
        """Size of all values."""
        self.weights: Mapping[Hashable, float] = {}
        """By owner, the size of its fair share compared with those of others. A missing owner has the weight 1."""

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[K]:
        """The keys; least recently used first among those of one owner."""
        for keys in self._by_owner.values():
            yield from keys

    def get(self, key: K) -> V | None:
        """The value of a key, which is marked as used; None if there is none."""
        entry = self._values.get(key)
        if entry is None:
            return None
        value, owner = entry
        self._by_owner[owner].move_to_end(key)
        return value

    def peek(self, key: K) -> V | None:
        """The value of a key, which is not marked as used; None if there is none."""
        entry = self._values.get(key)
        return None if entry is None else entry[0]

    def set(self, key: K, value: V, owner: Hashable) -> None:
        """Hold a value of an owner in place of an earlier one, and remove others until all fit."""
        self.pop(key)
        self._values[key] = (value, owner)
        self._by_owner.setdefault(owner, OrderedDict())[key] = None
        size = self._size_of(value)
        self._sizes[owner] = self._sizes.get(owner, 0) + size
        self.used_size += size
        while self.used_size > self.max_size:
            self._evict_from(self._sizes)
        while self._max_values is not None and len(self._values) > self._max_values:
            self._evict_from({name: len(keys) for name, keys in self._by_owner.items()})

    def pop(self, key: K) -> V | None:
        """Remove the value of a key, and return it; None if there was none."""
        entry = self.take(key)
        return None if entry is None else entry[0]

    def take(self, key: K) -> tuple[V, Hashable] | None:
        """Remove the value of a key, and return it with its owner; None if there was none."""
        entry = self._values.pop(key, None)
        if entry is None:
            return None
        value, owner = entry
        size = self._size_of(value)
        self.used_size -= size
        self._sizes[owner] -= size
        keys = self._by_owner[owner]
        del keys[key]
        if not keys:
            del self._by_owner[owner], self._sizes[owner]
        return entry

    def clear(self) -> None:
        """Remove all values."""
        self._values.clear()
        self._by_owner.clear()
        self._sizes.clear()
        self.used_size = 0

    def sizes(self) -> Mapping[Hashable, int]:
        """Size of the values of each owner that has one."""
        return self._sizes

    def least_used(self, count: int) -> list[K]:
        """The least recently used keys of each owner, `count` of each at most."""
        return [key for keys in self._by_owner.values() for key in islice(keys, count)]

    def _evict_from(self, uses: Mapping[Hashable, int]) -> None:
        """Remove the least recently used value of the owner who has most, compared with its weight."""
        largest = max(uses, key=lambda owner: uses[owner] / self.weights.get(owner, 1.0))
        self.pop(next(iter(self._by_owner[largest])))
