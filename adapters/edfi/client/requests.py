"""How the lookups of this adapter read an Ed-Fi API: by filter, every page, and only rows that were asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import httpx

from student_graph.adapters.auth import ClientCredentials
from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.adapter.settings import EdFiSettings
from student_graph.adapters.edfi.api.discovery import CHANGE_VERSIONS
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.api.people import STUDENTS
from student_graph.adapters.edfi.client.discovery import Discovery
from student_graph.adapters.edfi.client.keys import person_key, school_key, section_parts
from student_graph.adapters.edfi.mapping.descriptors import Codes
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.model import DistrictId, SchoolId, SectionId, StaffId, StudentId
from student_graph.adapters.paging import collect_pages, offset_pages
from student_graph.adapters.reading import read

K = TypeVar("K")
V = TypeVar("V")
P = TypeVar("P", bound=Item)


def by_student(key: StudentId) -> Filters:
    """Rows of one student."""
    return {"studentUniqueId": person_key(key)}


def by_staff(key: StaffId) -> Filters:
    """Rows of one member of staff."""
    return {"staffUniqueId": person_key(key)}


def by_school(key: SchoolId) -> Filters:
    """Rows of one school."""
    return {"schoolId": school_key(key)}


def by_section(key: SectionId) -> Filters:
    """Rows of one section: Ed-Fi names it by five parts."""
    parts = section_parts(key)
    return {
        "schoolId": parts.school_id,
        "schoolYear": parts.school_year,
        "sessionName": parts.session_name,
        "localCourseCode": parts.local_course_code,
        "sectionIdentifier": parts.section_identifier,
    }


class EdFiAccess(Adapter):
    """A connection to one Ed-Fi API."""

    settings: EdFiSettings

    def __init__(self, name: str, settings: EdFiSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.discovery = Discovery(http, settings.base_url)
        self.codes = Codes(settings.descriptors)

    def auth(self) -> httpx.Auth:
        """OAuth 2.0 client credentials, at the endpoint that the discovery document names."""
        return ClientCredentials(
            self.settings.client_id,
            self.settings.client_secret,
            token_url=self.discovery.token_url,
            origin=self.settings.base_url,
        )

    async def check(self) -> str:
        """Ask for one student, and say which versions answered."""
        document = await self.discovery.document()
        url = await self.discovery.resource_url(STUDENTS.name)
        STUDENTS.read(await self.http.get(url, params={"limit": 1, "offset": 0}))
        return f"Ed-Fi {document.version}, Data Standard {document.standard or 'not declared'}"

    async def version(self) -> str | None:
        """Number of the last change of the whole API, deletions included; None where it tells none."""
        url = await self.discovery.change_versions_url()
        if url is None:
            return None
        return str(read(await self.http.get(url), CHANGE_VERSIONS).newestChangeVersion)

    async def rows(self, resource: Resource[P], filters: Filters | None = None) -> list[P]:
        """All rows that satisfy the filters, each once."""
        asked = filters or {}
        url = await self.discovery.resource_url(resource.name)
        # The total ends the list without asking for an empty page after it.
        params = {**asked, "totalCount": True}
        pages = offset_pages(self.http, url, params, resource.read, limit=self.settings.page_size)
        rows = await collect_pages(pages, key=lambda row: row.id)
        return [row for row in rows if row.carries(asked)]

    async def gather_by_key(
        self, keys: Sequence[K], read: Callable[[K], Awaitable[V | None]]
    ) -> dict[K, V | AdapterError]:
        """What `read` finds for each key; an API that cannot be discovered fails the batch at once."""
        await self.discovery.document()
        return await gather_by_key(keys, read, self.settings.concurrency)

    async def lists(
        self,
        ids: Sequence[K],
        resource: Resource[P],
        filters: Callable[[K], Filters],
        record: Callable[[P], V],
        order: Callable[[V], Any],
    ) -> dict[K, list[V] | AdapterError]:
        """For each key the records of its rows. Ed-Fi answers an empty list for somebody unknown too."""

        async def read(key: K) -> list[V]:
            return sorted(map(record, await self.rows(resource, filters(key))), key=order)

        return await self.gather_by_key(ids, read)

    @staticmethod
    def together(lists: Sequence[list[V] | AdapterError], order: Callable[[V], Any]) -> list[V] | AdapterError:
        """One key's records of several resources; one that the vendor does not offer has none."""
        failures = [each for each in lists if isinstance(each, AdapterError)]
        grave = [failure for failure in failures if not isinstance(failure, NotOfferedError)]
        if grave or len(failures) == len(lists):
            return (grave or failures)[0]
        found = [record for each in lists if not isinstance(each, AdapterError) for record in each]
        return sorted(found, key=order)

    async def ones(
        self,
        ids: Sequence[K],
        resource: Resource[P],
        filters: Callable[[K], Filters],
        record: Callable[[P], V],
    ) -> dict[K, V | AdapterError]:
        """For each key the one record of its row; absent where there is none."""

        async def read(key: K) -> V | None:
            rows = await self.rows(resource, filters(key))
            return record(rows[0]) if rows else None

        return await self.gather_by_key(ids, read)

    async def scan(
        self,
        ids: Sequence[DistrictId],
        resource: Resource[P],
        record: Callable[[P], V],
        order: Callable[[V], Any],
    ) -> dict[DistrictId, list[V]]:
        """All records of a resource: one credential sees one district."""
        found = sorted(map(record, await self.rows(resource)), key=order)
        return dict.fromkeys(ids, found)
