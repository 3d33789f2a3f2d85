"""Adapters whose vendor tells how long a list is without sending it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from student_graph.adapters.lookup import Batch, Lookup, Page, Window

COUNT_ONLY = Window(0)
"""The window of no rows: the answer to a list lookup with it is an empty page with the length of the list."""


@runtime_checkable
class CountsLists(Protocol):
    """An adapter that can count the rows of long lists, in one small request for each."""

    async def count_rows(
        self, lookup: Lookup, keys: Sequence[Any], arguments: Mapping[str, Hashable]
    ) -> Batch[Any, Page[Any]]:
        """
        Return an empty page for each key, with the length of the lookup's list as the vendor tells it.

        A key whose list cannot be counted is absent. It may raise what a lookup may raise.
        """

    def calls_of_list(self, lookup: Lookup, rows: int) -> float:
        """Return the vendor calls for a lookup's list of so many rows; infinite if it is too long to be read."""
