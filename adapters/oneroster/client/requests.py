"""Reads the collections of a OneRoster server: all pages, only active rows, in the cheapest way that works."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import httpx

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError, listed_and_unknown
from student_graph.adapters.keys import is_path_segment, path_segment
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.oneroster.api.resources import Resource, total_rows
from student_graph.adapters.oneroster.client.addresses import Addresses
from student_graph.adapters.oneroster.client.filters import (
    STANDARD_PREDICATES,
    Field,
    Filter,
    is_literal,
    one_of,
)
from student_graph.adapters.oneroster.client.probe import Probe
from student_graph.adapters.oneroster.client.rows import (
    answers_by_value,
    check_own,
    known_objects,
    page_count,
    rows_by_value,
    rows_of,
)
from student_graph.adapters.paging import OffsetLists
from student_graph.adapters.reading import SharedReads, leave_out_unreadable

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Item)

ORDER = {"sort": "sourcedId", "orderBy": "asc"}
"""The order of lists: without one, servers may miss rows or repeat them between pages."""
MAX_PROBED_ROWS = 100
"""Maximum number of rows from which values for probes are taken."""
UNSUPPORTED_PARAMETER_STATUSES = frozenset({400, 422, 501})
"""HTTP statuses of a request with a parameter that the server does not support."""
PROBE_CALLS = 4
"""Number of calls that finding out the largest filter takes at most."""
log = logging.getLogger(__name__)


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

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses, *, page_size: int, concurrency: int) -> None:
        self.probe = Probe(http, addresses.url, min(page_size, MAX_PROBED_ROWS))
        self._http = http
        self._lists = OffsetLists(http, page_size=page_size, concurrency=concurrency, total=total_rows)
        self._shared_reads = SharedReads()
        self._unordered: set[str] = set()
        self._url = addresses.url
        self._page_size = page_size
        self._concurrency = concurrency

    @property
    def page_rows(self) -> int:
        """Maximum number of rows on a page: fewer than the setting if the server has refused that many."""
        return self._lists.page_rows

    async def read_sample(self, resource: Resource[R]) -> list[R]:
        """The first row of a collection, or an empty list."""
        return resource.read(await self._http.get(self._url(resource), params={"limit": 1, "offset": 0}))

    async def read_rows(
        self, resource: Resource[R], filter: Filter | None = None, *, with_inactive: bool = False
    ) -> list[R]:
        """
        All active rows of a collection; with `with_inactive` also the others.

        Callers that want the same rows at the same time share one read, and must not change the list. A list
        that changes while it is read is read once more, and then it is an error.
        """
        params = {} if filter is None else {"filter": str(filter)}
        read = partial(self._read_list, resource, params)
        rows: list[R] = await self._shared_reads.read((resource.service, resource.path, *params.values()), read)
        return rows if with_inactive else [row for row in rows if row.is_active]

    async def _read_list(self, resource: Resource[R], params: Mapping[str, str]) -> list[R]:
        """The rows of a list in the order of their ids, or in the server's order if it refuses to sort."""
        name = resource.path.rpartition("/")[2]
        ordered = name not in self._unordered
        try:
            rows = await self._read_pages(resource, {**params, **ORDER} if ordered else params)
        except httpx.HTTPStatusError as error:
            if not ordered or error.response.status_code not in UNSUPPORTED_PARAMETER_STATUSES:
                raise
            rows = await self._read_pages(resource, params)
            self._unordered.add(name)
            log.warning("the server does not sort %s; they are read in its own order", name)
        return rows

    async def _read_pages(self, resource: Resource[R], params: Mapping[str, str]) -> list[R]:
        return await self._lists.read_list(
            self._url(resource), params, resource.read, key=lambda row: row.sourcedId
        )

    async def read_object(
        self, resource: Resource[R], sourced_id: str, *, with_inactive: bool = False
    ) -> R | None:
        """
        The object with an id; None if there is none, or if it is not active and they are not wanted.

        Raises:
            PayloadError: It is another object.
        """
        response = await self._http.get(f"{self._url(resource)}/{path_segment(sourced_id)}")
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        row = resource.read_one(response)
        check_own([row], "sourcedId", [sourced_id])
        return row if row.sourcedId == sourced_id and (row.is_active or with_inactive) else None

    async def read_by_ids(
        self, resource: Resource[R], ids: Collection[str], *, estimated_rows: float
    ) -> dict[str, R]:
        """
        The active objects that other rows name by id; see `read_objects` and `known_objects`.

        Raises:
            AdapterError: A request for one of the objects failed.
        """
        objects = await self.read_objects(resource, ids, estimated_rows=estimated_rows, with_inactive=True)
        return known_objects(objects, ids)

    async def read_objects(
        self, resource: Resource[R], ids: Iterable[str], *, estimated_rows: float, with_inactive: bool = False
    ) -> dict[str, R | AdapterError]:
        """
        The objects by id, or the error of each; only active ones, unless `with_inactive`.

        They are read one by one, with filters for several ids, or from the complete collection, whichever takes
        the fewest calls. `estimated_rows` is the estimated size of the collection. An id that cannot be in a path,
        such as one with a slash, is read with a filter, or from the complete collection if no filter works.
        """
        ordered_ids, pages = sorted(set(ids)), page_count(estimated_rows, self._page_size)
        size = await self._ids_per_call(resource, ordered_ids, pages)
        if -(-len(ordered_ids) // size) > pages:
            distinct_ids = set(ordered_ids)
            rows = await self.read_rows(resource, with_inactive=with_inactive)
            return {row.sourcedId: row for row in rows if row.sourcedId in distinct_ids}
        if size > 1:
            return await self._read_by_filter(resource, ordered_ids, size, with_inactive=with_inactive)
        path_ids = [sourced_id for sourced_id in ordered_ids if is_path_segment(sourced_id)]
        other_ids = [sourced_id for sourced_id in ordered_ids if not is_path_segment(sourced_id)]

        async def read_id(sourced_id: str) -> R | None:
            return await self.read_object(resource, sourced_id, with_inactive=with_inactive)

        # The first is read alone: if the server refuses it, the others are not requested.
        objects = await self.read_by_key(path_ids[:1], read_id)
        if isinstance(error := next(iter(objects.values()), None), RefusedError):
            return dict.fromkeys(ordered_ids, error)
        objects |= await self.read_by_key(path_ids[1:], read_id)
        if other_ids:
            has_filter = await self.probe.supports_filter(resource, "sourcedId")
            objects |= await self._read_by_filter(
                resource, other_ids, int(has_filter), with_inactive=with_inactive
            )
        return objects

    async def _read_by_filter(
        self, resource: Resource[R], ids: Sequence[str], size: int, *, with_inactive: bool
    ) -> dict[str, R | AdapterError]:
        """The objects by id, or the error of each, read with filters; see `read_filtered`."""
        objects = await self.read_filtered(resource, "sourcedId", ids, size, with_inactive=with_inactive)
        return {key: rows if isinstance(rows, AdapterError) else rows[0] for key, rows in objects.items() if rows}

    async def _ids_per_call(self, resource: Resource[R], ids: Sequence[str], pages: float) -> int:
        """How many objects one call reads by id; 1 where finding out cannot save more calls than it takes."""
        other_calls = min(len(ids), pages)
        if other_calls - len(ids) / STANDARD_PREDICATES < PROBE_CALLS or not all(map(is_literal, ids)):
            return 1
        return max(1, await self.probe.max_filter_values(resource, "sourcedId"))

    async def read_related(
        self, relation: Relation[R], ids: Iterable[str], *, are_listed: bool = False
    ) -> dict[str, list[R] | AdapterError]:
        """
        The rows that refer to each object. With `are_listed`, an object that the server does not have is reported.

        They are read with filters if the server supports them, else at the nested route if the server has it, and
        else from the complete collection, which is read once.
        """
        resource, field, nested_path = relation.resource, relation.field, relation.nested_path
        ordered_ids = sorted(set(ids))
        if not ordered_ids:
            return {}
        if size := await self.values_per_filter(resource, field, len(ordered_ids)):
            return await self.read_filtered(resource, field, ordered_ids, size)
        if nested_path and await self.probe.has_nested_route(resource, nested_path, resource, field):
            path_ids = [sourced_id for sourced_id in ordered_ids if is_path_segment(sourced_id)]
            other_ids = [sourced_id for sourced_id in ordered_ids if not is_path_segment(sourced_id)]
            read = partial(self.read_nested, resource, nested_path, field=field, are_listed=are_listed)
            nested = await self.read_by_key(path_ids, read)
            return nested | await self.read_filtered(resource, field, other_ids, 0)
        return rows_by_value(await self.read_rows(resource), field, ordered_ids)

    async def values_per_filter(self, resource: Resource[Any], field: Field, count: int) -> int:
        """
        How many values a filter of a collection has, to read the rows of `count` values; 0 if none works.

        The largest filter is found out only for so many values that it saves calls.
        """
        if count <= 2 * PROBE_CALLS:
            return int(await self.probe.supports_filter(resource, field))
        return await self.probe.max_filter_values(resource, field)

    async def read_filtered(
        self,
        resource: Resource[R],
        field: Field,
        values: Sequence[str],
        size: int,
        *,
        with_inactive: bool = False,
    ) -> dict[str, list[R] | AdapterError]:
        """
        The rows whose field has each value, with one filter for each `size` values.

        They have exactly this value, also if the server ignores case. Rows of other values only are an error: the
        response is that of another request. A value without rows is one, too, if the response may be that of a
        request with another value in its place. Values that cannot be in a filter, or all if `size` is 0, are
        found in the complete collection.
        """
        literals = [value for value in values if size and is_literal(value)]
        others = tuple(value for value in values if not (size and is_literal(value)))
        groups = [tuple(literals[start : start + size]) for start in range(0, len(literals), size or 1)]

        async def read_group(group: tuple[str, ...]) -> list[R]:
            if group is others:
                return await self.read_rows(resource, with_inactive=with_inactive)
            rows = await self.read_rows(resource, one_of(field, group), with_inactive=with_inactive)
            check_own(rows, field, group)
            return rows

        batch: dict[str, list[R] | AdapterError] = {}
        groups += [others] if others else []
        for group, rows in (await self.read_by_key(groups, read_group)).items():
            batch |= answers_by_value(rows, field, group, is_filtered=group is not others)
        return batch

    async def read_nested(
        self, resource: Resource[R], path: str, *ids: str, field: str = "", are_listed: bool = False
    ) -> list[R]:
        """
        The rows at a route below the objects `ids`; an empty list if there is none, see `read_related`.

        Rows whose `field` has another id than the last of `ids` are left out.

        Raises:
            PayloadError: All rows have another id.
        """
        try:
            rows = await self.read_rows(resource.at(path.format(*map(path_segment, ids))))
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
            if are_listed:
                leave_out_unreadable(listed_and_unknown(), ids[-1])
            return []
        return rows_of(rows, field, ids[-1])

    async def read_by_key(
        self, keys: Sequence[K], read_key: Callable[[K], Awaitable[V | None]]
    ) -> dict[K, V | AdapterError]:
        """The result of `read_key` for each key, or its error; keys with the result None are absent."""
        return await gather_by_key(keys, read_key, self._concurrency)

    async def may_read(self, resource: Resource[Any]) -> bool:
        """Whether the server has a collection, and the credentials may read it."""
        try:
            return await self.probe.has_collection(resource)
        except NotOfferedError:
            return False
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.FORBIDDEN:
                return False
            raise
