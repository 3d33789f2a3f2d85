"""Reads the collections of a OneRoster server: all pages, without deleted rows, in the cheapest way that works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.keys import path_id
from student_graph.adapters.oneroster.api.payload import Item, Resource
from student_graph.adapters.oneroster.client.filters import Field, Filter, Predicate, literal
from student_graph.adapters.oneroster.client.probe import Probe
from student_graph.adapters.paging import collect_pages, offset_pages

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Item)


@dataclass(frozen=True, slots=True)
class Relation(Generic[R]):
    """How to find the rows of a collection that refer to an object: by a filter or at a nested route."""

    resource: Resource[R]
    field: Field
    """The field of a row that has the id of the object."""
    nested_path: str = ""
    """Route of the rows below the object, such as `classes/{}/results`; empty if the standard has none."""


class OneRosterClient:
    """Reads one server, `page_size` rows at a time and with at most `concurrency` calls at the same time."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: object, *, version: str, page_size: int, concurrency: int
    ) -> None:
        self.probe = Probe(http, self.url, page_size)
        self._http = http
        self._base_url = str(base_url).rstrip("/")
        self._version = version
        self._page_size = page_size
        self._concurrency = concurrency

    def url(self, resource: Resource[Any]) -> str:
        """The address of a collection. Version 1.1 has one root, version 1.2 has one for each service."""
        service = "v1p1" if self._version == "1.1" else f"{resource.service}/v1p2"
        return f"{self._base_url}/ims/oneroster/{service}/{resource.path}"

    async def read_sample(self, resource: Resource[R]) -> list[R]:
        """The first row of a collection, or an empty list."""
        return resource.read(await self._http.get(self.url(resource), params={"limit": 1, "offset": 0}))

    async def read_rows(self, resource: Resource[R], filter: Filter | None = None) -> list[R]:
        """
        All rows of a collection that are not deleted, without duplicates.

        The list ends at an empty page, because servers shorten pages and may not send a total.
        """
        params = {} if filter is None else {"filter": str(filter)}
        pages = offset_pages(self._http, self.url(resource), params, resource.read, limit=self._page_size)
        return [row for row in await collect_pages(pages, key=lambda row: row.sourcedId) if not row.deleted]

    async def read_object(self, resource: Resource[R], sourced_id: str) -> R | None:
        """The object with an id; None if there is none, or if it is deleted."""
        response = await self._http.get(f"{self.url(resource)}/{path_id(sourced_id)}")
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        row = resource.read_one(response)
        return row if row.sourcedId == sourced_id and not row.deleted else None

    async def read_by_ids(
        self, resource: Resource[R], ids: Iterable[str], *, estimated_rows: float
    ) -> dict[str, R]:
        """
        The objects by id: read one by one, or the complete collection if that takes fewer calls.

        `estimated_rows` is the estimated size of the collection.

        Raises:
            AdapterError: One of the objects could not be read.
        """
        distinct_ids = set(ids)
        if len(distinct_ids) > page_count(estimated_rows, self._page_size):
            return {row.sourcedId: row for row in await self.read_rows(resource) if row.sourcedId in distinct_ids}
        ordered_ids = sorted(distinct_ids)

        async def read_id(sourced_id: str) -> R | None:
            return await self.read_object(resource, sourced_id)

        # The first is read alone: if the server refuses it, the others are not requested.
        first = require_all(await self.read_by_key(ordered_ids[:1], read_id))
        return first | require_all(await self.read_by_key(ordered_ids[1:], read_id))

    async def read_related(self, relation: Relation[R], ids: Iterable[str]) -> dict[str, list[R] | AdapterError]:
        """
        The rows that refer to each object.

        They are read with a filter if the server supports it, else at the nested route if the server has it, and
        else from the complete collection, which is read once.
        """
        resource, field, nested_path = relation.resource, relation.field, relation.nested_path
        ordered_ids = sorted(set(ids))
        if not ordered_ids:
            return {}
        if await self.probe.supports_filter(resource, field):
            return await self.read_by_key(ordered_ids, lambda key: self.read_equal(resource, field, key))
        if nested_path and await self.probe.has_nested_route(resource, nested_path, resource, field):
            return await self.read_by_key(
                ordered_ids, lambda key: self.read_nested(resource, nested_path, key, field=field)
            )
        rows_by_id: dict[str, list[R] | AdapterError] = {key: [] for key in ordered_ids}
        for row in await self.read_rows(resource):
            for value in row.values(field):
                if isinstance(rows := rows_by_id.get(value), list):
                    rows.append(row)
        return rows_by_id

    async def read_equal(self, resource: Resource[R], field: Field, value: str) -> list[R]:
        """The rows whose field has exactly this value, also if the server ignores case or the filter."""
        rows = await self.read_rows(resource, Predicate(field, "=", literal(value)))
        return [row for row in rows if value in row.values(field)]

    async def read_nested(self, resource: Resource[R], path: str, *ids: str, field: str = "") -> list[R]:
        """
        The rows at a route below the objects `ids`; an empty list if there is no such object.

        Rows whose `field` has another id than the last of `ids` are left out.
        """
        try:
            rows = await self.read_rows(resource.at(path.format(*map(path_id, ids))))
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return []
            raise
        return [row for row in rows if ids[-1] in (values := list(row.values(field))) or not values]

    async def read_by_key(
        self, keys: Sequence[K], read_key: Callable[[K], Awaitable[V | None]]
    ) -> dict[K, V | AdapterError]:
        """The result of `read_key` for each key, or its error; keys with the result None are absent."""
        return await gather_by_key(keys, read_key, self._concurrency)

    async def may_read(self, resource: Resource[Any]) -> bool:
        """Whether the server has a collection, and the credentials may read it."""
        try:
            return await self.probe.has_collection(resource)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.FORBIDDEN:
                return False
            raise


def page_count(rows: float, page_size: int) -> float:
    """The number of calls that read `rows` rows, at least 1."""
    return float(max(1, -(-rows // page_size)))


def require_all(batch: dict[K, V | AdapterError]) -> dict[K, V]:
    """
    The answers of a batch in which every key must have succeeded.

    Raises:
        AdapterError: The error of the first key that failed.
    """
    answers: dict[K, V] = {}
    for key, answer in batch.items():
        if isinstance(answer, AdapterError):
            raise answer
        answers[key] = answer
    return answers
