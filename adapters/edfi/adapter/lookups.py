"""The base of the adapter's lookup classes: connection, district's codes, and the common forms of a lookup."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import httpx

from student_graph.adapters.auth import ClientCredentials
from student_graph.adapters.changes import earlier_answer
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.adapter.settings import EdFiSettings
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.api.people import STUDENTS
from student_graph.adapters.edfi.client.addresses import AddressValues, MissingSettingError
from student_graph.adapters.edfi.client.changes import ChangeReader
from student_graph.adapters.edfi.client.discovery import has_page_tokens
from student_graph.adapters.edfi.client.loose_keys import loose_id
from student_graph.adapters.edfi.client.requests import EdFiClient, by_section
from student_graph.adapters.edfi.client.section_groups import HasSection, SectionGroups
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.interface import Interface
from student_graph.adapters.model import DistrictId, SchoolId, SectionId, StudentId

ROWS_PER_SLICE = 500
"""Rows that are converted to records before other tasks may run."""

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
P = TypeVar("P", bound=Item)
S = TypeVar("S", bound=HasSection)


class HasStudent(Protocol):
    """A record about one student."""

    @property
    def student_id(self) -> StudentId:
        """The student."""


class EdFiLookups(Adapter):
    """An adapter of one Ed-Fi API without lookups; each subclass adds the lookups of one domain."""

    settings: EdFiSettings

    def __init__(self, name: str, settings: EdFiSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.client = EdFiClient(
            http,
            settings.base_url,
            AddressValues(settings.tenant, self._school_year, settings.qualifiers),
            page_size=settings.page_size,
            concurrency=settings.concurrency,
        )
        self.codes = DescriptorCodes(settings.descriptors)
        self._changes = ChangeReader(self.client)
        self._section_groups = SectionGroups(self.client, settings.concurrency)
        self._estimates = settings
        self._students_by_school: dict[SchoolId, int] = {}
        """Students in the lists of schools that were read last."""

    def auth(self) -> httpx.Auth:
        """OAuth 2.0 client credentials, for the token endpoint of the settings or of the discovery document."""
        token_url = self.settings.token_url
        return ClientCredentials(
            self.settings.client_id,
            self.settings.client_secret,
            token_url=self.client.discovery.token_url if token_url is None else str(token_url),
            origin=self.settings.base_url,
        )

    @property
    def estimates(self) -> EdFiSettings:
        """The settings, with the numbers of students that the last lists of the district and of schools had."""
        return self._estimates

    def count_students(self, students: int | None) -> None:
        """Estimate the costs of lists by a number of students that the API has reported."""
        if students and students != self._estimates.students:
            self._estimates = self._estimates.model_copy(update={"students": students})

    def count_school_students(self, lists: Mapping[SchoolId, Sequence[HasStudent] | AdapterError]) -> None:
        """Estimate the costs of a school's lists from the number of students in the lists of some schools."""
        counts = self._students_by_school
        for school_id, records in lists.items():
            if not isinstance(records, AdapterError) and records:
                counts[school_id] = len({record.student_id for record in records})
        if counts:
            mean = math.ceil(sum(counts.values()) / len(counts))
            self._estimates = self._estimates.model_copy(update={"school_students": mean})

    @staticmethod
    def loose_key(key: str) -> str:
        """The id without regard to case and to blanks at the end of its parts, as SQL Server compares them."""
        return loose_id(key)

    async def check(self) -> str:
        """
        Read one student to test the credentials; returns the versions of the API and its Data Standard.

        Raises:
            MissingSettingError: `school_year` is another year than the district's.
        """
        document = await self.client.discovery.document()
        await self.client.read_sample(STUDENTS)
        year = self._checked_school_year() if self.client.discovery.has_years else ""
        return f"Ed-Fi {document.version}, Data Standard {document.data_standard or 'not declared'}{year}"

    def _checked_school_year(self) -> str:
        """The school year that is read, which must be that of the district today."""
        year, current = self._school_year(), self.current_school_year()
        if year != current:
            raise MissingSettingError(
                f"`school_year` is {year}, but the district is in {current}: change it, or leave it out"
            )
        return f", school year {year}"

    def _school_year(self) -> int:
        """The school year that is read, at an API that has an address for each."""
        return self.settings.school_year or self.current_school_year()

    async def version(self) -> str | None:
        """Number of the last change in the API, deletions included; None if the API has no change queries."""
        change_version = await self.client.newest_change_version()
        return None if change_version is None else str(change_version)

    @property
    def reads_changes(self) -> bool | None:
        """Whether the server answered the last change query; None until one was sent."""
        return self._changes.is_offered

    async def try_changes(self) -> bool | None:
        """Ask for the students that changed lately; False if the API has no change queries or refuses them."""
        version = await self.version()
        if version is None:
            return False
        await self._changes.changes(STUDENTS, {}, version)
        return self.reads_changes

    @property
    def interface(self) -> Interface:
        """The Data Standard and the API as the discovery document states them, if it was read."""
        document = self.client.discovery.known_document
        has_tokens = document is not None and has_page_tokens(document) and not self.client.refuses_page_tokens
        return Interface(
            standard="Ed-Fi Data Standard",
            version=None if document is None else document.data_standard,
            is_published_standard=True,
            is_declared=document is not None and document.data_standard is not None,
            product=None if document is None else f"Ed-Fi API {document.version}",
            paging="limit and offset; page tokens for long lists" if has_tokens else "limit and offset",
            page_rows=self.client.page_rows,
            states_changes=None if document is None else document.urls.changeQueries is not None,
        )

    async def read_lists(
        self,
        ids: Sequence[K],
        resource: Resource[P],
        filters: Callable[[K], Filters],
        to_record: Callable[[P], V],
        sort_key: Callable[[V], Any],
        *,
        shares_rows: bool = False,
    ) -> dict[K, list[V] | AdapterError]:
        """
        The sorted records of each key's rows; Ed-Fi sends an empty list for an unknown key, too.

        With `shares_rows`, lookups that read the same rows for other records at the same time share the read.
        """

        async def read_key(key: K) -> list[V]:
            read = partial(self._records, resource, filters(key), to_record, shares_rows=shares_rows)
            return await self._read_list(key, resource, filters(key), to_record, sort_key, read_in_full=read)

        return await self.client.answer_by_key(ids, read_key)

    async def read_lists_of_sections(
        self,
        ids: Sequence[SectionId],
        resource: Resource[P],
        to_record: Callable[[P], S],
        sort_key: Callable[[S], Any],
    ) -> dict[SectionId, list[S] | AdapterError]:
        """
        The sorted records of each section's rows, as `read_lists` returns them.

        Sections of one course offering are read together, unless their common list has more pages than there are
        sections.
        """
        groups = self._section_groups.groups(resource, ids)
        grouped = {id for group in groups for id in group}
        await self.client.discovery.document()
        async with asyncio.TaskGroup() as reads:
            together = reads.create_task(self._section_groups.read(resource, groups, to_record))
            singles = [id for id in ids if id not in grouped]
            alone = reads.create_task(self.read_lists(singles, resource, by_section, to_record, sort_key))
        batch = alone.result()
        for id, records in together.result().items():
            batch[id] = records if isinstance(records, AdapterError) else sorted(records, key=sort_key)
        left = [id for id in ids if id not in batch]
        return {**batch, **await self.read_lists(left, resource, by_section, to_record, sort_key)}

    async def read_records(
        self,
        ids: Sequence[K],
        resource: Resource[P],
        filters: Callable[[K], Filters],
        to_record: Callable[[P], V],
    ) -> dict[K, V | AdapterError]:
        """The record of each key's row; a key without a row is absent."""

        async def read_key(key: K) -> V | None:
            rows = await self.client.read_rows(resource, filters(key))
            return to_record(rows[0]) if rows else None

        return await self.client.answer_by_key(ids, read_key)

    async def read_district_list(
        self,
        ids: Sequence[DistrictId],
        resource: Resource[P],
        to_record: Callable[[P], V],
        sort_key: Callable[[V], Any],
        filters: Filters | None = None,
        *,
        shares_rows: bool = False,
    ) -> dict[DistrictId, list[V]]:
        """
        All records of a resource, sorted, for every key: the credentials are those of one district.

        With `shares_rows`, lookups that read the same rows for other records at the same time share the read.
        """
        if not ids:
            return {}
        read = partial(self._records, resource, filters or {}, to_record, shares_rows=shares_rows)
        records = await self._read_list(ids[0], resource, filters or {}, to_record, sort_key, read_in_full=read)
        return dict.fromkeys(ids, records)

    async def _records(
        self, resource: Resource[P], filters: Filters, to_record: Callable[[P], V], *, shares_rows: bool
    ) -> list[V]:
        """The records of all rows that satisfy the filters, which others may read at the same time."""
        if not shares_rows:
            return await self.client.read_records(resource, filters, to_record)
        return await map_in_slices(to_record, await self.client.read_shared(resource, filters))

    async def _read_list(
        self,
        key: K,
        resource: Resource[P],
        filters: Filters,
        to_record: Callable[[P], V],
        sort_key: Callable[[V], Any],
        *,
        read_in_full: Callable[[], Awaitable[list[V]]],
    ) -> list[V]:
        """The sorted records of a list; a long one with an earlier answer is brought up to date by its changes."""
        earlier = earlier_answer(key)
        if earlier is not None and len(earlier.records) > self.settings.page_size:
            changes = await self._changes.changes(resource, filters, earlier.version)
            if changes is not None:
                replaced = changes.removed | {row.id for row in changes.rows}
                records = [record for record in earlier.records if record.vendor_id not in replaced]
                records += map(to_record, changes.rows)
                if await self._changes.has_length(resource, filters, len(records)):
                    return sorted(records, key=sort_key)
        records = sorted(await read_in_full(), key=sort_key)
        self._changes.note_full_read(resource, filters)
        return records


def merge_lists(lists: Sequence[list[V] | AdapterError], sort_key: Callable[[V], Any]) -> list[V] | AdapterError:
    """
    The records of one key from several resources as one sorted list, or the first error.

    A resource that the vendor does not offer counts as empty, unless the vendor offers none of them.
    """
    errors = [answer for answer in lists if isinstance(answer, AdapterError)]
    failures = [error for error in errors if not isinstance(error, NotOfferedError)]
    if failures or len(errors) == len(lists):
        return (failures or errors)[0]
    records = [record for answer in lists if not isinstance(answer, AdapterError) for record in answer]
    return sorted(records, key=sort_key)


async def map_in_slices(to_record: Callable[[T], V], rows: Sequence[T]) -> list[V]:
    """The records of many rows, made a page at a time, so that others are served meanwhile."""
    records: list[V] = []
    for start in range(0, len(rows), ROWS_PER_SLICE):
        records += map(to_record, rows[start : start + ROWS_PER_SLICE])
        await asyncio.sleep(0)
    return records
