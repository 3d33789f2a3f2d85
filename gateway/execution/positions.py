"""Where the values of a column stand in the response; walked only for errors and for resolvers that ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from graphql.pyutils import Path


class Positions(ABC):
    """The places of a list of values."""

    @abstractmethod
    def path(self, index: int) -> Path | None:
        """Path of the value with that index; None for the root."""


class Root(Positions):
    """The place of the one root object."""

    def path(self, index: int) -> None:
        """No path: it is the response itself."""


@dataclass(frozen=True, slots=True)
class Field(Positions):
    """A field of every object of a scope."""

    objects: Positions
    key: str
    type_name: str

    def path(self, index: int) -> Path:
        """The object's path, and the response key."""
        return Path(self.objects.path(index), self.key, self.type_name)


@dataclass(frozen=True, slots=True)
class Items(Positions):
    """The items of every list of a column, one list after the other."""

    lists: Positions
    lengths: Sequence[int | None]
    """Length of each list; None where there is none."""

    def path(self, index: int) -> Path:
        """The list's path, and the place in it."""
        left = index
        for which, length in enumerate(self.lengths):
            if length is not None and left < length:
                return Path(self.lists.path(which), left, None)
            left -= length or 0
        raise IndexError(index)


@dataclass(frozen=True, slots=True)
class Some(Positions):
    """Some of the values of a column."""

    whole: Positions
    indexes: Sequence[int]

    def path(self, index: int) -> Path | None:
        """The path that the value has in the whole column."""
        return self.whole.path(self.indexes[index])
