"""Response paths of the values in a column, computed only for errors and for resolvers that ask for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from graphql.pyutils import Path


class Paths(ABC):
    """The response paths of a list of values."""

    @abstractmethod
    def path(self, index: int) -> Path | None:
        """Return the path of the value at an index; None for the root."""

    @abstractmethod
    def as_lists(self, indexes: Sequence[int]) -> list[list[str | int]]:
        """Return the paths of the values at some indexes as lists of keys, which is faster for many values."""

    def nullable_position(self, index: int) -> tuple[int, int]:
        """
        Return a key for the position that becomes null if the value at an index is lost: its own, or one above it.
        """
        return id(self), index


class RootPath(Paths):
    """The path of the one root object."""

    def path(self, index: int) -> None:
        """Return None: the root object is the response itself."""

    def as_lists(self, indexes: Sequence[int]) -> list[list[str | int]]:
        """Return empty paths."""
        return [[] for _ in indexes]


@dataclass(slots=True, eq=False)
class FieldPaths(Paths):
    """The paths of one field of every object of a level."""

    objects: Paths
    key: str
    type_name: str
    non_null: bool = False
    """Whether the field must not be null."""

    def path(self, index: int) -> Path:
        """Return the path of the object, extended by the response key."""
        return Path(self.objects.path(index), self.key, self.type_name)

    def as_lists(self, indexes: Sequence[int]) -> list[list[str | int]]:
        """Return the paths of the objects, extended by the response key."""
        key = self.key
        return [[*path, key] for path in self.objects.as_lists(indexes)]

    def nullable_position(self, index: int) -> tuple[int, int]:
        """Return the position of the field, or that of its object."""
        return self.objects.nullable_position(index) if self.non_null else Paths.nullable_position(self, index)


@dataclass(slots=True)
class ItemPaths(Paths):
    """The paths of the items of all lists of a column, one list after the other."""

    lists: Paths
    lengths: Sequence[int | None]
    """Length of each list; None for a value that is not a list."""
    non_null: bool = False
    """Whether the items must not be null."""
    _starts: list[int] = field(default_factory=list, init=False)
    """For each list, the number of items before it; empty until a path is computed."""

    def path(self, index: int) -> Path:
        """Return the path of the list, extended by the item's index in it."""
        list_index = self._list_index(index)
        return Path(self.lists.path(list_index), index - self._starts[list_index], None)

    def as_lists(self, indexes: Sequence[int]) -> list[list[str | int]]:
        """Return the paths of the lists, extended by the items' indexes in them."""
        list_indexes = [self._list_index(index) for index in indexes]
        distinct = list(dict.fromkeys(list_indexes))
        paths = dict(zip(distinct, self.lists.as_lists(distinct), strict=True))
        starts = self._starts
        return [
            [*paths[list_index], index - starts[list_index]]
            for index, list_index in zip(indexes, list_indexes, strict=True)
        ]

    def nullable_position(self, index: int) -> tuple[int, int]:
        """Return the position of the item, or that of its list."""
        if not self.non_null:
            return Paths.nullable_position(self, index)
        return self.lists.nullable_position(self._list_index(index))

    def _list_index(self, index: int) -> int:
        """Return the index of the list that holds an item."""
        if not self._starts:
            self._starts = [0, *accumulate(length or 0 for length in self.lengths)][:-1]
        return bisect_right(self._starts, index) - 1


@dataclass(slots=True, eq=False)
class SubsetPaths(Paths):
    """The paths of some of the values of a column."""

    column: Paths
    indexes: Sequence[int]

    def path(self, index: int) -> Path | None:
        """Return the path of the value in the full column."""
        return self.column.path(self.indexes[index])

    def as_lists(self, indexes: Sequence[int]) -> list[list[str | int]]:
        """Return the paths of the values in the full column."""
        own = self.indexes
        return self.column.as_lists([own[index] for index in indexes])

    def nullable_position(self, index: int) -> tuple[int, int]:
        """Return the nullable position of the value in the full column."""
        return self.column.nullable_position(self.indexes[index])
