"""
Pages of lists: sealed cursors, and the part of a list that a client asked for.

A cursor holds where an edge stands and what the list was asked with; in another list, or in the same one asked
otherwise, it is refused.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import strawberry

from student_graph.adapters.errors import BadKeyError
from student_graph.resolvers.context import Info, Signer, ViewerRole
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input

T = TypeVar("T")

LARGEST = 100
"""Edges of one page at most."""
BULK = 1_000
"""The same for services."""


@described
@strawberry.type
class PageInfo:
    """Where a page ends and whether more follows."""

    has_next_page: bool
    """Whether more follows, or may follow: some vendors tell only when asked for it."""
    end_cursor: str | None = None
    """What to give as `after` for the next page; null when nothing was read."""


class Slice(NamedTuple, Generic[T]):
    """The part of a list that a client asked for."""

    items: list[tuple[str, T]]
    """Each with its cursor."""
    info: PageInfo


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one list, asked in one way."""

    signer: Signer
    binding: tuple[str, ...]
    """What the list is and how it was asked."""
    parts: int
    """Of how many parts a position is made."""

    def close(self, *position: str) -> str:
        """The cursor of a position."""
        return self.signer.sign(*self.binding, *position)

    def open(self, cursor: str) -> tuple[str, ...]:
        """
        The position that a cursor stands for.

        Raises:
            BadKeyError: the cursor was not made here, or for another list.
        """
        opened = self.signer.verify(cursor)
        binding, position = opened[: len(self.binding)], opened[len(self.binding) :]
        if binding != self.binding or len(position) != self.parts:
            raise BadKeyError("a cursor of another list")
        return position


def page_size(info: Info, first: int) -> int:
    """
    How many edges a client wants.

    Raises:
        GraphQLError: not a number from 1 to 100, to 1,000 for services.
    """
    most = BULK if info.context.viewer.role is ViewerRole.SERVICE else LARGEST
    if not 1 <= first <= most:
        raise bad_input(f"first: ask for 1 to {most}.")
    return first


def sliced(
    ordered: Sequence[tuple[tuple[str, ...], T]], cursors: Cursors, first: int, after: str | None
) -> Slice[T]:
    """The page of `ordered`, positions that are unique and sorted, that follows the cursor `after`."""
    start = start_after([position for position, _ in ordered], cursors, after)
    items = [(cursors.close(*position), item) for position, item in ordered[start : start + first]]
    end = items[-1][0] if items else after
    return Slice(items, PageInfo(has_next_page=start + first < len(ordered), end_cursor=end))


def numbered(ordered: Iterable[tuple[tuple[str, ...], T]]) -> list[tuple[tuple[str, ...], T]]:
    """The same, each position made unique by how often it came before: a vendor may repeat an id."""
    seen: Counter[tuple[str, ...]] = Counter()
    unique = []
    for position, item in ordered:
        unique.append(((*position, f"{seen[position]:09}"), item))
        seen[position] += 1
    return unique


def start_after(positions: Sequence[tuple[str, ...]], cursors: Cursors, after: str | None) -> int:
    """Index of the first position behind a cursor, whether or not its own is still there."""
    return 0 if after is None else bisect_right(positions, cursors.open(after))
