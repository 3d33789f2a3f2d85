"""
Pages of lists: signed cursors, and the part of a list that a client asked for.

A cursor holds the position of an edge and identifies its list and the list's arguments. In another list, or in the
same list with other arguments, it is refused.
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

MAX_PAGE_SIZE = 100
"""Maximum number of edges in a page."""
MAX_SERVICE_PAGE_SIZE = 1_000
"""Maximum number of edges in a page for a viewer with the role `SERVICE`."""


@described
@strawberry.type
class PageInfo:
    """Where a page begins and ends, and whether there are more edges on either side."""

    has_next_page: bool
    """Whether there are more edges, or may be: some vendors tell only when the next page is requested."""
    has_previous_page: bool
    """Whether there are edges before this page, or may be."""
    start_cursor: str | None = None
    """Cursor of the first edge; null if the page has no edges."""
    end_cursor: str | None = None
    """Value of `after` for the next page; null if nothing was read."""


class PageSlice(NamedTuple, Generic[T]):
    """One page of a list."""

    items: Sequence[tuple[tuple[str, ...], T]]
    """Each item with its position, which a cursor is made of."""
    info: PageInfo


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes and reads the cursors of one list with given arguments."""

    signer: Signer
    binding: tuple[str, ...]
    """Identifies the list and its arguments."""
    parts: int
    """Number of parts in a position."""
    sealed: bool = False
    """Whether nobody but this gateway can read a cursor: its position holds a value of a student."""

    def encode(self, *position: str) -> str:
        """Return the cursor of a position."""
        write = self.signer.seal if self.sealed else self.signer.sign
        return write(*self.binding, *position)

    def decode(self, cursor: str) -> tuple[str, ...]:
        """
        Return the position in a cursor.

        Raises:
            BadKeyError: this gateway did not make the cursor, or it belongs to another list.
        """
        parts = (self.signer.unseal if self.sealed else self.signer.verify)(cursor)
        binding, position = parts[: len(self.binding)], parts[len(self.binding) :]
        if binding != self.binding or len(position) != self.parts:
            raise BadKeyError("a cursor of another list")
        return position


def page_size(info: Info, first: int) -> int:
    """
    Check the argument `first` and return it.

    Raises:
        GraphQLError: it is not from 1 to 100, or to 1,000 for services.
    """
    limit = MAX_SERVICE_PAGE_SIZE if info.context.viewer.role is ViewerRole.SERVICE else MAX_PAGE_SIZE
    if not 1 <= first <= limit:
        raise bad_input(f"first: ask for 1 to {limit}.")
    return first


def slice_page(
    rows: Sequence[tuple[tuple[str, ...], T]], cursors: Cursors, first: int, after: str | None
) -> PageSlice[T]:
    """Return the page of `rows` after the cursor `after`. Rows have unique positions and are sorted by them."""
    start = index_after([position for position, _ in rows], cursors, after)
    items = rows[start : start + first]
    info = PageInfo(
        has_next_page=start + first < len(rows),
        has_previous_page=start > 0,
        start_cursor=cursors.encode(*items[0][0]) if items else None,
        end_cursor=cursors.encode(*items[-1][0]) if items else after,
    )
    return PageSlice(items, info)


def with_unique_positions(rows: Iterable[tuple[tuple[str, ...], T]]) -> list[tuple[tuple[str, ...], T]]:
    """Add to each position how often it occurred before, so that it is unique: a vendor may repeat an id."""
    counts: Counter[tuple[str, ...]] = Counter()
    unique = []
    for position, item in rows:
        unique.append(((*position, f"{counts[position]:09}"), item))
        counts[position] += 1
    return unique


def index_after(positions: Sequence[tuple[str, ...]], cursors: Cursors, after: str | None) -> int:
    """Return the index of the first position after a cursor, also if the cursor's own position is gone."""
    return 0 if after is None else bisect_right(positions, cursors.decode(after))
