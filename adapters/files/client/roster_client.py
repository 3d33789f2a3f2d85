"""Reads the tables of a OneRoster CSV export in the way in which the OneRoster adapter reads a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import httpx
import pyarrow as pa
from pydantic_core import to_json

from student_graph.adapters.errors import AdapterError, NotOfferedError, PayloadError
from student_graph.adapters.files.client.refreshing import SharedRefresh
from student_graph.adapters.files.client.rosters import Roster, RosterIndex, RosterTable
from student_graph.adapters.files.mapping.rosters import payload
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.oneroster.client.addresses import Addresses
from student_graph.adapters.oneroster.client.filters import AnyOf, Field, Filter
from student_graph.adapters.oneroster.client.requests import OneRosterClient, Relation
from student_graph.adapters.oneroster.client.rows import rows_by_value
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE

R = TypeVar("R", bound=Item)

ROWS_PER_READ = 2_000
"""Rows that become one list of objects at a time, so that a list stays within the size of a response."""
_TABLES = {
    "students": ("users", "student"),
    "teachers": ("users", "teacher"),
    "schools": ("orgs", None),
    "terms": ("academicSessions", None),
    "gradingPeriods": ("academicSessions", None),
}
"""The table and the role of lists that servers have and files have not."""
_JSON = {"content-type": "application/json"}
_REQUEST = httpx.Request("GET", "https://files.invalid")
_TYPES = {"schools": "school", "terms": "term", "gradingPeriods": "gradingPeriod"}


class LocalTables:
    """What a probe of a server finds out, for tables: each column finds rows, and there are no nested routes."""

    async def has_collection(self, resource: Resource[Any]) -> bool:
        """Return true; a missing table is an error of the read."""
        return True

    async def supports_filter(self, resource: Resource[Any], by: Field) -> bool:
        """Return true."""
        return True

    async def max_filter_values(self, resource: Resource[Any], by: Field) -> int:
        """Return 1: rows are found value by value."""
        return 1

    async def has_nested_route(self, *_: Any) -> bool:
        """Return false."""
        return False


class RosterClient(OneRosterClient):
    """Reads the newest complete export of a location."""

    def __init__(self, index: RosterIndex, http: httpx.AsyncClient, *, concurrency: int) -> None:
        addresses = Addresses("", version="1.2", unused_parts={})
        super().__init__(http, addresses, page_size=ROWS_PER_READ, concurrency=concurrency)
        self._refresh = SharedRefresh(index.refresh, index.current)
        self.probe = LocalTables()  # type: ignore[assignment]  # it has the same methods

    async def roster(self) -> Roster:
        """Return the present tables. A cancelled lookup does not interrupt the thread that reads files."""
        return await self._refresh()

    async def read_sample(self, resource: Resource[R]) -> list[R]:
        """The first row of a table, or an empty list."""
        roster = await self.roster()
        table = _table(roster, resource)
        return await asyncio.to_thread(_objects, roster, resource, table.rows()[:1])

    async def read_rows(
        self, resource: Resource[R], filter: Filter | None = None, *, with_inactive: bool = False
    ) -> list[R]:
        """All rows of a table, or those that a filter selects; see `OneRosterClient.read_rows`."""
        roster = await self.roster()
        table = _table(roster, resource)
        if filter is None:
            _report_faults(table)
            rows = table.rows()
        else:
            predicates = filter.predicates if isinstance(filter, AnyOf) else (filter,)
            rows = sorted(
                {row for p in predicates for row in table.rows_with(_column(resource, p.field), p.value)}
            )
        objects = await asyncio.to_thread(_objects, roster, resource, rows)
        return objects if with_inactive else [row for row in objects if row.is_active]

    async def read_object(
        self, resource: Resource[R], sourced_id: str, *, with_inactive: bool = False
    ) -> R | None:
        """The object with an id; None if there is none."""
        objects = await self.read_objects(resource, [sourced_id], estimated_rows=1, with_inactive=with_inactive)
        answer = objects.get(sourced_id)
        if isinstance(answer, AdapterError):
            raise answer
        return answer

    async def read_objects(
        self, resource: Resource[R], ids: Iterable[str], *, estimated_rows: float, with_inactive: bool = False
    ) -> dict[str, R | AdapterError]:
        """The objects by id; see `OneRosterClient.read_objects`."""
        rows_by_id = await self._with_values(resource, "sourcedId", sorted(set(ids)), with_inactive=with_inactive)
        return {
            row.sourcedId: row
            for rows in rows_by_id.values()
            if not isinstance(rows, AdapterError)
            for row in rows
        }

    async def read_related(
        self, relation: Relation[R], ids: Iterable[str], *, are_listed: bool = False
    ) -> dict[str, list[R] | AdapterError]:
        """The rows that refer to each object; a table has no routes below objects."""
        return await self._with_values(relation.resource, relation.field, sorted(set(ids)))

    async def read_filtered(
        self,
        resource: Resource[R],
        field: Field,
        values: Sequence[str],
        size: int,
        *,
        with_inactive: bool = False,
    ) -> dict[str, list[R] | AdapterError]:
        """The rows whose field has each value."""
        return await self._with_values(resource, field, values, with_inactive=with_inactive)

    async def may_read(self, resource: Resource[Any]) -> bool:
        """Whether the export has a table."""
        return _names(resource)[0] in (await self.roster()).tables

    async def _with_values(
        self, resource: Resource[R], field: str, values: Sequence[str], *, with_inactive: bool = False
    ) -> dict[str, list[R] | AdapterError]:
        if not values:
            return {}
        roster = await self.roster()
        table, column = _table(roster, resource), _column(resource, field)
        rows = sorted({row for value in values for row in table.rows_with(column, value)})
        objects = await asyncio.to_thread(_objects, roster, resource, rows)
        active = [row for row in objects if with_inactive or row.is_active]
        return rows_by_value(active, field, values)


def _names(resource: Resource[Any]) -> tuple[str, str | None]:
    name = resource.path.rpartition("/")[2]
    return _TABLES.get(name, (name, None))


def _table(roster: Roster, resource: Resource[Any]) -> RosterTable:
    """
    The table of a collection.

    Raises:
        NotOfferedError: the export does not have it.
    """
    table = roster.tables.get(_names(resource)[0])
    if table is None:
        raise NotOfferedError("the export has no such file")
    return table


def _column(resource: Resource[Any], field: str) -> str:
    """The column for a field of the API: `class.sourcedId` is `classSourcedId`."""
    name, dot, _ = field.partition(".")
    if dot:
        return f"{name}SourcedId"
    return "userSourcedId" if _names(resource)[0] == "demographics" and field == "sourcedId" else field


def _objects(roster: Roster, resource: Resource[R], rows: Sequence[int]) -> list[R]:
    """The rows of a table as objects, in order; a row that makes no object is left out and reported."""
    (name, role), kind = _names(resource), _TYPES.get(resource.path.rpartition("/")[2])
    payloads = [payload(name, texts) for texts in _texts(roster.tables[name], rows)]
    if name == "users":
        _add_roles(payloads, roster)
    objects: list[R] = []
    for start in range(0, len(payloads), ROWS_PER_READ):
        body = to_json({resource.name: payloads[start : start + ROWS_PER_READ]})
        # As a response of a server, so that odd values are read or left out and reported in the same way.
        response = httpx.Response(httpx.codes.OK, content=body, headers=_JSON, request=_REQUEST)
        objects += resource.read(response)
    if role is not None:
        objects = [row for row in objects if row.has_role(role)]  # type: ignore[attr-defined]  # of this payload
    if kind is not None:
        objects = [row for row in objects if row.type == kind]  # type: ignore[attr-defined]  # of this payload
    return sorted(objects, key=lambda row: row.sourcedId)


def _texts(table: RosterTable, rows: Sequence[int]) -> list[dict[str, str]]:
    positions = pa.array(rows, pa.uint32())
    columns = {name: column.take(positions) for name, column in table.columns.items()}
    return [{name: column[index] for name, column in columns.items()} for index in range(len(rows))]


def _add_roles(users: Sequence[dict[str, Any]], roster: Roster) -> None:
    """Add to users of version 1.2 the roles that are in a file of their own."""
    table = roster.tables.get("roles")
    if table is None:
        return
    owners = [(user, row) for user in users for row in table.rows_with("userSourcedId", user.get("sourcedId", ""))]
    texts = _texts(table, [row for _, row in owners])
    for (user, _), values in zip(owners, texts, strict=True):
        user.setdefault("roles", []).append(payload("roles", values))


def _report_faults(table: RosterTable) -> None:
    """Report the rows of a table that could not be read: any of them may be missing from a list of all rows."""
    for reason, lines in table.content.faults.lines.items():
        for line in lines:
            report_unreadable_row(f"{table.name}:{line}".encode(), PayloadError(reason, code=SCHEMA_CODE))
