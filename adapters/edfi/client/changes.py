"""
Reads what changed in a list since a change version.

Ed-Fi's change queries are `minChangeVersion` on a resource, and its lists `/deletes` and `/keyChanges`. Some
servers answer 400, 404 or 500 to them; lists are then read in full for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
from cachetools import TTLCache
from pydantic import ValidationError

from student_graph.adapters.edfi.api.changes import DELETIONS, KEY_CHANGES
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.requests import EdFiClient
from student_graph.adapters.errors import PayloadError

P = TypeVar("P", bound=Item)

OVERLAP_VERSIONS = 100
"""
Change versions before the known one that are read again.

A transaction may get its version before another one and be committed after it.
"""
RESOURCES_WITH_KEY_CHANGES = frozenset(
    {"grades", "sections", "studentSchoolAssociations", "studentSectionAssociations"}
)
"""Resources that are listed by a part of their key, which a district may change: a row may leave a list."""
SECTION_FILTER = "sectionIdentifier"
"""A filter of the lists of a section. If the key of a section changes, the keys of all its rows change too."""
CHANGEABLE_FILTERS = frozenset({"reportedSchoolId"})
"""
Filters by a property that is not part of a key. If the value changes, the row moves to another list without a
recorded change.
"""
TOTAL_CHECK_SECONDS = 900.0
"""
How often the length of a list is compared: rows that the client may no longer see are not reported as deleted.
"""
MAX_CHECKED_LISTS = 10_000
REFUSALS = frozenset({400, 404, 405, 500, 501})
"""Statuses with which servers refuse change queries."""
REFUSAL_SECONDS = 3600.0
"""How long a server that refused a change query is not asked for another one."""


@dataclass(frozen=True, slots=True)
class Changes(Generic[P]):
    """The changes of one list since a version."""

    rows: list[P]
    """New and changed rows that are in the list now."""
    removed: frozenset[str]
    """Ids of rows that are no longer in the list."""


class ChangeReader:
    """Reads the changes of the lists of one server."""

    def __init__(self, client: EdFiClient, clock: Callable[[], float] = time.monotonic) -> None:
        """Read with a client; nothing is known of the server yet. `clock` counts seconds."""
        self._client = client
        self._clock = clock
        self._refused_until: float | None = None
        self.is_offered: bool | None = None
        """Whether the server answered the last change query; None until it was asked."""
        self._checked_totals: TTLCache[tuple[str, tuple[tuple[str, str | int], ...]], bool] = TTLCache(
            MAX_CHECKED_LISTS, TOTAL_CHECK_SECONDS
        )

    async def changes(self, resource: Resource[P], filters: Filters, since: str) -> Changes[P] | None:
        """
        Return the changes of a list since a version, or None if the list must be read in full.

        That is necessary if the server does not answer change queries, or if a change cannot be read.

        Raises:
            httpx.HTTPError: the server failed otherwise. An `AdapterError` may also be raised.
        """
        if self._refused_until is not None and self._clock() < self._refused_until:
            return None
        first = max(int(since) + 1 - OVERLAP_VERSIONS, 0)
        try:
            since_first = {"minChangeVersion": first}
            rows = await self._client.read_rows(resource, filters, since_first)
            removed = {row.id for row in await self._client.read_changes(resource, "deletes", DELETIONS, first)}
            if resource.name in RESOURCES_WITH_KEY_CHANGES or SECTION_FILTER in filters:
                changed = await self._client.read_changes(resource, "keyChanges", KEY_CHANGES, first)
                removed |= {row.id for row in changed}
            if CHANGEABLE_FILTERS & filters.keys():
                fixed = {name: value for name, value in filters.items() if name not in CHANGEABLE_FILTERS}
                removed |= {row.id for row in await self._client.read_rows(resource, fixed, since_first)}
        except httpx.HTTPStatusError as exc:
            if exc.response.status_code not in REFUSALS:
                raise
            self.is_offered, self._refused_until = False, self._clock() + REFUSAL_SECONDS
            return None
        except (PayloadError, ValidationError):
            return None  # A change cannot be read: the list is read in full, without the row that is odd.
        self.is_offered = True
        return Changes(rows, frozenset(removed - {row.id for row in rows}))

    def note_full_read(self, resource: Resource[Any], filters: Filters) -> None:
        """Remember that a list was read in full, which shows its length as well as a comparison would."""
        self._checked_totals[resource.name, tuple(sorted(filters.items()))] = True

    async def has_length(self, resource: Resource[P], filters: Filters, length: int) -> bool:
        """
        Return whether a list still has so many rows.

        The server is asked from time to time; otherwise it is assumed.
        """
        address = (resource.name, tuple(sorted(filters.items())))
        if address in self._checked_totals:
            return True
        total = await self._client.count_rows(resource, filters)
        self._checked_totals[address] = True
        return total is None or total == length
