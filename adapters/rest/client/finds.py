"""
Finds the vendor's own ids of requested keys.

A `[find]` whose request names the key is sent for each key. Any other is the list of all ids: it is read once for
all keys of a call, and leads from the district's ids to the vendor's and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic_core import to_json

from student_graph.adapters.errors import IdentityError, PayloadError
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE
from student_graph.adapters.rest.client.lists import Lists, RowSource, value_at
from student_graph.adapters.rest.client.requests import RowRequest
from student_graph.adapters.rest.mapping.paths import UnreadableValueError
from student_graph.adapters.rest.mapping.values import text
from student_graph.adapters.rest.plan import KEY, FindPlan


@dataclass(slots=True)
class IdTable:
    """The vendor's ids of all keys of a kind, as one list of the vendor says them."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    """The vendor's ids by key; more than one if the vendor has the key twice."""
    keys: dict[str, set[str]] = field(default_factory=dict)
    """The keys by the vendor's id."""

    def add(self, own_id: str, key: str | None) -> None:
        """
        Add an id of the vendor, and the key that it belongs to.

        Raises:
            UnreadableValueError: the id is blank.
        """
        if not own_id:
            raise UnreadableValueError("no id")
        keys = self.keys.setdefault(own_id, set())
        if key is not None:
            keys.add(key)
            self.ids.setdefault(key, set()).add(own_id)

    def id_of(self, key: str) -> str | None:
        """
        Return the vendor's id of a key; None if it has none.

        Raises:
            IdentityError: it has two.
        """
        ids = self.ids.get(key, set())
        if len(ids) > 1:
            raise IdentityError("two ids of one key", code="IDENTITY_CONFLICT")
        return next(iter(ids), None)

    def key_of(self, own_id: str) -> str | None:
        """Return the key of an id of the vendor; None if it has none, or belongs to a key with two ids."""
        keys = self.keys.get(own_id, set())
        key = next(iter(keys)) if len(keys) == 1 else None
        return None if key is None or len(self.ids[key]) > 1 else key


class Finder:
    """Finds ids by the lists of one vendor."""

    def __init__(self, lists: Lists, source: RowSource) -> None:
        self._lists, self._source = lists, source

    async def id_of(self, find: FindPlan, key: str, values: Mapping[str, Any]) -> str | None:
        """
        Return the vendor's own id of a key, with a request for it; None if it has none.

        Raises:
            IdentityError: it has two.
        """
        values = {**values, KEY: key}
        request = RowRequest(find.request.url(values), find.request.params(values))
        try:
            rows = await self._lists.read_all(request, self._source.with_rows(find.rows))
        except httpx.HTTPStatusError as exc:
            if exc.response.status_code == httpx.codes.NOT_FOUND and KEY in find.request.path.names:
                return None
            raise
        ids = set()
        for row in rows:
            if find.matches is not None and str(value_at(find.matches, row)) != key:
                continue
            own_id = value_at(find.value, row)
            if type(own_id) not in (str, int) or own_id == "":
                raise PayloadError("unexpected shape (no id)", code=SCHEMA_CODE)
            ids.add(str(own_id))
        if len(ids) > 1:
            raise IdentityError("two ids of one key", code="IDENTITY_CONFLICT")
        return next(iter(ids), None)

    async def table(self, find: FindPlan, values: Mapping[str, Any]) -> IdTable:
        """Return the ids of all keys. A row without a readable id or key is left out and reported."""
        request = RowRequest(find.request.url(values), find.request.params(values))
        assert find.matches is not None, "a list of all ids says which key each belongs to"
        table = IdTable()
        for row in await self._lists.read_all(request, self._source.with_rows(find.rows)):
            try:
                key = find.matches(row)
                table.add(text(find.value(row)) or "", None if key is None else text(key))
            except UnreadableValueError as exc:
                error = PayloadError(f"unexpected shape ({exc})", code=SCHEMA_CODE)
                report_unreadable_row(to_json(row), error)
        return table
