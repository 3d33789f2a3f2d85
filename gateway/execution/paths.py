"""Response paths of the values in a column, computed only for errors and for resolvers that ask for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from graphql.pyutils import Path


class Paths(ABC):
    """The response paths of a list of values."""

    @abstractmethod
    def path(self, index: int) -> Path | None:
        """Return the path of the value at an index; None for the root."""


class RootPath(Paths):
    """The path of the one root object."""

    def path(self, index: int) -> None:
        """Return None: the root object is the response itself."""


@dataclass(frozen=True, slots=True)
class FieldPaths(Paths):
    """The paths of one field of every object of a level."""

    objects: Paths
    key: str
    type_name: str

    def path(self, index: int) -> Path:
        """Return the path of the object, extended by the response key."""
        return Path(self.objects.path(index), self.key, self.type_name)


@dataclass(frozen=True, slots=True)
class ItemPaths(Paths):
    """The paths of the items of all lists of a column, one list after the other."""

    lists: Paths
    lengths: Sequence[int | None]
    """Length of each list; None for a value that is not a list."""

    def path(self, index: int) -> Path:
        """Return the path of the list, extended by the item's index in it."""
        remaining = index
        for list_index, length in enumerate(self.lengths):
            if length is not None and remaining < length:
                return Path(self.lists.path(list_index), remaining, None)
            remaining -= length or 0
        raise IndexError(index)


@dataclass(frozen=True, slots=True)
class SubsetPaths(Paths):
    """The paths of some of the values of a column."""

    column: Paths
    indexes: Sequence[int]

    def path(self, index: int) -> Path | None:
        """Return the path of the value in the full column."""
        return self.column.path(self.indexes[index])
