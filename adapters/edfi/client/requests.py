"""Reads the resources of an Ed-Fi API with filters: every page, and only rows that satisfy the filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

import httpx
from cachetools import TTLCache
from pydantic import TypeAdapter

from student_graph.adapters.concurrency import answer_by_key, gather_by_key
from student_graph.adapters.edfi.api.discovery import CHANGE_VERSIONS
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.api.people import STUDENTS
from student_graph.adapters.edfi.client.addresses import AddressValues
from student_graph.adapters.edfi.client.cursors import CursorLists
from student_graph.adapters.edfi.client.discovery import Discovery
from student_graph.adapters.edfi.client.filters import AppliedFilters
from student_graph.adapters.edfi.client.keys import parse_section_id, school_number, unique_id
from student_graph.adapters.edfi.client.loose_keys import names_another
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Window
from student_graph.adapters.model import SchoolId, SectionId, StaffId, StudentId
from student_graph.adapters.paging import OffsetLists, PayloadPage, max_pages_of, total_count
from student_graph.adapters.reading import SharedReads, not_reporting, read

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
P = TypeVar("P", bound=Item)

MAX_COUNTS, COUNT_SECONDS = 1_000, 60.0
"""How many lengths of lists are remembered, and for how long: a long list is read by page tokens at once."""


def by_student(student_id: StudentId) -> Filters:
    """Filters for the rows of one student."""
    return {"studentUniqueId": unique_id(student_id)}


def by_staff(staff_id: StaffId) -> Filters:
    """Filters for the rows of one member of staff."""
    return {"staffUniqueId": unique_id(staff_id)}


def by_school(school_id: SchoolId) -> Filters:
    """Filters for the rows of one school."""
    return {"schoolId": school_number(school_id)}


def by_school_and_year(school_id: SchoolId, school_year: int | None) -> Filters:
    """Filters for the rows of one school in a school year, or in all of them."""
    return by_school(school_id) if school_year is None else {**by_school(school_id), "schoolYear": school_year}


def by_section(section_id: SectionId) -> Filters:
    """Filters for the rows of one section, which Ed-Fi names by five properties."""
    key = parse_section_id(section_id)
    return {
        "schoolId": key.school_id,
        "schoolYear": key.school_year,
        "sessionName": key.session_name,
        "localCourseCode": key.local_course_code,
        "sectionIdentifier": key.section_identifier,
    }


class _ReadRow(NamedTuple, Generic[P, V]):
    """A row of a page: its record, or the row itself if it does not satisfy the filters as they are spelled."""

    id: Any
    row: P | None
    record: V | None


class EdFiClient:
    """Reads one Ed-Fi API, at most `page_size` rows at a time and `concurrency` calls at the same time."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: object,
        values: AddressValues | None = None,
        *,
        page_size: int,
        concurrency: int,
    ) -> None:
        """Read the API at a root; `values` are for what the addresses in its discovery document leave open."""
        self.discovery = Discovery(http, base_url, values)
        self._http = http
        self._lists = OffsetLists(http, page_size=page_size, concurrency=concurrency)
        self._cursors = CursorLists(http, concurrency=concurrency)
        self._concurrency = concurrency
        self._filters = AppliedFilters(http, self.discovery)
        self._shared_reads = SharedReads()
        self._counts: TTLCache[Hashable, int] = TTLCache(MAX_COUNTS, COUNT_SECONDS)
        """Lengths of lists that the server reported lately, by resource and filters."""

    async def read_rows(
        self, resource: Resource[P], filters: Filters | None = None, range_: Filters | None = None
    ) -> list[P]:
        """
        All rows of a resource that satisfy the filters, without duplicates.

        `range_` holds query parameters that no property of a row shows, such as `minChangeVersion`.
        """
        filters = filters or {}
        # A change that is not read would keep the row as it was: changes are read completely.
        read_response = resource.read if range_ is None else resource.read_complete
        rows: list[P] = await self._read_list(resource, filters, range_, read_response, key=attrgetter("id"))
        own = await self.matching(resource, rows, filters)
        if rows and not own:
            await self._filters.check_ignored(resource, rows[0], filters)
        return own

    async def read_shared(self, resource: Resource[P], filters: Filters | None = None) -> list[P]:
        """As `read_rows`, but lookups that want the same rows at the same time share them, unchanged."""
        read = partial(self.read_rows, resource, filters)
        rows: list[P] = await self._shared_reads.read(_list_key(resource, filters or {}), read)
        return rows

    async def read_records(
        self,
        resource: Resource[P],
        filters: Filters,
        to_record: Callable[[P], V],
        *,
        max_pages: int | None = None,
    ) -> list[V]:
        """
        The records of all rows of a resource that satisfy the filters. Rows of one page are held at a time.

        Raises:
            ListTooLongError: The list has more pages than `max_pages`, if given; only the first one was read.
        """

        def read(response: httpx.Response) -> list[_ReadRow[P, V]]:
            return [
                _ReadRow(row.id, row, None) if row.mismatches(filters) else _ReadRow(row.id, None, to_record(row))
                for row in resource.read(response)
            ]

        records: list[V] = []
        by_id: Callable[[_ReadRow[P, V]], Hashable] = itemgetter(0)
        others: list[P] = []
        for _, row, record in await self._read_list(resource, filters, None, read, key=by_id, max_pages=max_pages):
            if record is not None:
                records.append(record)
            elif row is not None and await self._filters.are_satisfied(resource, row, filters):
                records.append(to_record(row))
            elif row is not None:
                others.append(row)
        if others and not records:
            await self._filters.check_ignored(resource, others[0], filters)
        return records

    async def _read_list(
        self,
        resource: Resource[Any],
        filters: Filters,
        range_: Filters | None,
        read_response: Callable[[httpx.Response], list[T]],
        *,
        key: Callable[[T], Hashable],
        max_pages: int | None = None,
    ) -> list[T]:
        """All rows of a resource, as `read_response` reads them from a page, each `key` once."""
        url = await self.discovery.resource_url(resource.name)
        # With the total, pages are read concurrently, and the list ends without a request for an empty page.
        params = {**filters, **(range_ or {}), "totalCount": True}
        read_otherwise = None if range_ else await self._reader_by_tokens(url, filters, read_response, key)
        try:
            with not_reporting(lambda row: names_another(row, filters)):
                return await self._lists.read_list(
                    url,
                    params,
                    read_response,
                    key=key,
                    read_otherwise=read_otherwise,
                    known_total=None if range_ else self._counts.get(_list_key(resource, filters)),
                    max_rows=resource.max_rows,
                    max_pages=max_pages or max_pages_of(resource.max_rows),
                )
        except httpx.HTTPStatusError as exc:
            await self._raise_if_missing(resource, exc.response)
            raise

    async def _reader_by_tokens(
        self,
        url: str,
        filters: Filters,
        read_response: Callable[[httpx.Response], list[T]],
        key: Callable[[T], Hashable],
    ) -> Callable[[int, int], Awaitable[list[T] | None]] | None:
        """Reads a list by page tokens, from the rows in a page and the total; None if the server has none."""
        if self._cursors.is_refused or not await self.discovery.offers_page_tokens():
            return None
        return partial(self._cursors.read_list, url, filters, read_response, key=key)

    async def _raise_if_missing(self, resource: Resource[Any], response: httpx.Response) -> None:
        """
        Check whether a server that answered 500 without a body works, and only has no such resource.

        Raises:
            NotOfferedError: It has no such resource.
            httpx.HTTPError: It does not work.
        """
        if response.status_code != 500 or response.content or resource.name == STUDENTS.name:
            return
        await self.read_sample(STUDENTS)
        raise NotOfferedError("not offered by the vendor (500 without a body)")

    async def matching(self, resource: Resource[P], rows: Sequence[P], filters: Filters) -> list[P]:
        """Those of the rows of a response that satisfy its filters; some servers ignore a filter."""
        satisfied = self._filters.are_satisfied
        return [row for row in rows if row.satisfies(filters) or await satisfied(resource, row, filters)]

    async def read_changes(
        self, resource: Resource[Any], kind: str, items: TypeAdapter[list[P]], first_version: int
    ) -> list[P]:
        """The `deletes` or `keyChanges` of a resource since a change version, as `items`."""
        url = f"{await self.discovery.resource_url(resource.name)}/{kind}"
        params = {"minChangeVersion": first_version, "totalCount": True}
        return await self._lists.read_list(
            url,
            params,
            # A deletion that is not read would keep its row in the list: they are read completely.
            lambda response: read(response, items, complete=True),
            key=lambda item: item.id,
        )

    async def count_rows(self, resource: Resource[Any], filters: Filters) -> int | None:
        """The number of rows of a resource that satisfy the filters; None if the server does not report it."""
        url = await self.discovery.resource_url(resource.name)
        response = await self._http.get(url, params={**filters, "limit": 0, "totalCount": True})
        resource.read(response)
        total = total_count(response)
        if total is not None:
            self._counts[_list_key(resource, filters)] = total
        return total

    async def read_page(self, resource: Resource[P], filters: Filters, window: Window) -> PayloadPage[list[P]]:
        """One page of a resource by limit and offset; its rows are not checked against the filters."""
        url = await self.discovery.resource_url(resource.name)
        params = {**filters, "totalCount": True}
        return await self._lists.read_page(url, params, resource.read, window)

    async def read_sample(self, resource: Resource[P]) -> list[P]:
        """The first row of a resource, or an empty list."""
        url = await self.discovery.resource_url(resource.name)
        return resource.read(await self._http.get(url, params={"limit": 1, "offset": 0}))

    @property
    def page_rows(self) -> int:
        """Maximum number of rows on a page: fewer than the setting if the server has refused that many."""
        return self._lists.page_rows

    @property
    def refuses_page_tokens(self) -> bool:
        """Whether the server has refused page tokens."""
        return self._cursors.is_refused

    async def newest_change_version(self) -> int | None:
        """The number of the last change in the API, deletions included; None if the API has no change queries."""
        url = await self.discovery.change_versions_url()
        if url is None:
            return None
        return read(await self._http.get(url), CHANGE_VERSIONS).newestChangeVersion

    async def read_by_key(
        self, keys: Sequence[K], read_key: Callable[[K], Awaitable[V | None]]
    ) -> dict[K, V | AdapterError]:
        """
        The result of `read_key` for each key, or its error; keys with the result None are absent.

        Raises:
            AdapterError: The discovery document cannot be read, so that every key would fail.
        """
        await self.discovery.document()
        return await gather_by_key(keys, read_key, self._concurrency)

    async def answer_by_key(
        self, keys: Sequence[K], read_key: Callable[[K], Awaitable[V | None]]
    ) -> dict[K, V | AdapterError]:
        """
        As `read_by_key`, where the results are the answers of a lookup: each is reported as soon as it is known.

        Raises:
            AdapterError: The discovery document cannot be read, so that every key would fail.
        """
        await self.discovery.document()
        return await answer_by_key(keys, read_key, self._concurrency)


def _list_key(resource: Resource[Any], filters: Filters) -> Hashable:
    """The identity of a list of a server. With two models of its rows, one resource is two lists."""
    return resource, tuple(sorted(filters.items()))
