"""Which filters a server of Ed-Fi applies, and whether rows satisfy them."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import httpx

from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.discovery import Discovery
from student_graph.adapters.edfi.client.loose_keys import NO_KEY, loose_value
from student_graph.adapters.errors import WRONG_KEY_REASON, PayloadError
from student_graph.adapters.keys import loose_form, report_other_form

P = TypeVar("P", bound=Item)

_REFUSALS_OF_VALUES = frozenset({400, 404})
"""Statuses with which servers refuse a value of a filter that none of their rows has, such as a descriptor."""


class AppliedFilters:
    """Compares rows with the filters of their request; a server is asked once whether it applies a filter."""

    def __init__(self, http: httpx.AsyncClient, discovery: Discovery) -> None:
        self._http, self._discovery = http, discovery
        self._applied: dict[tuple[str, str], bool] = {}
        """Whether the server applies a filter, by resource and name."""
        self._trial = asyncio.Lock()

    async def are_satisfied(self, resource: Resource[P], row: P, filters: Filters) -> bool:
        """
        Whether a row satisfies the filters, as the server compares values that differ only in spelling.

        A row whose values are other spellings of the requested ones does not satisfy them, and is reported.
        """
        mismatches = row.mismatches(filters)
        is_same = all(loose_value(value) == loose_value(filters[name]) for name, value in mismatches.items())
        if is_same and all([await self._is_applied(resource, filters, name) for name in mismatches]):
            return True
        if all(loose_form(str(value)) == loose_form(str(filters[name])) for name, value in mismatches.items()):
            report_other_form(row.id)
        return False

    async def check_ignored(self, resource: Resource[P], row: P, filters: Filters) -> None:
        """
        Check that a row that does not satisfy the filters is there because the server ignores them.

        Raises:
            PayloadError: the server applies them, so the response is that of another request.
        """
        for name, value in row.mismatches(filters).items():
            is_other = loose_value(value) != loose_value(filters[name])
            if is_other and await self._is_applied(resource, filters, name):
                raise PayloadError(WRONG_KEY_REASON, code="SOURCE_SCHEMA")

    async def _is_applied(self, resource: Resource[Any], filters: Filters, name: str) -> bool:
        """Whether the server applies a filter of a resource: it then sends no row for a value that none has."""
        async with self._trial:
            applied = self._applied.get((resource.name, name))
            if applied is None:
                url = await self._discovery.resource_url(resource.name)
                params = {**filters, name: NO_KEY, "limit": 1, "offset": 0}
                response = await self._http.get(url, params=params)
                is_refused = response.status_code in _REFUSALS_OF_VALUES
                # A row that cannot be read also counts: it was sent although the filter excludes it.
                applied = is_refused or not (resource.read(response) or response.json())
                self._applied[resource.name, name] = applied
        return applied
