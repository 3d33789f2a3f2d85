"""
Groups of sections that one list can answer: the sections of one course offering.

Ed-Fi filters by equality, so that one call cannot name several sections. The sections of an offering (school,
year, session and course) differ in their identifier alone. A list without this filter has the rows of all of them,
and a teacher's six classes are often of one or two courses.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from cachetools import TTLCache

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.keys import parse_section_id
from student_graph.adapters.edfi.client.loose_keys import loose_id
from student_graph.adapters.edfi.client.requests import EdFiClient, by_section
from student_graph.adapters.errors import AdapterError, BadKeyError, UnavailableError
from student_graph.adapters.model import SectionId
from student_graph.adapters.paging import ListTooLongError
from student_graph.adapters.reading import collecting_unreadable_rows

SectionGroup: TypeAlias = tuple[SectionId, ...]
"""Sections of one course offering."""

MAX_LONG_LISTS, LONG_LIST_SECONDS = 10_000, 3600.0
"""How many lists are remembered that are longer than the reads that they would replace, and for how long."""


class HasSection(Protocol):
    """A record about one section."""

    @property
    def section_id(self) -> SectionId | None:
        """The section; None if the record names none."""


P = TypeVar("P", bound=Item)
R = TypeVar("R", bound=HasSection)


class SectionGroups:
    """The groups of sections that are read together at one server."""

    def __init__(self, client: EdFiClient, concurrency: int) -> None:
        """Read with a client, at most so many groups at the same time."""
        self._client, self._concurrency = client, concurrency
        self._too_long: TTLCache[Hashable, int] = TTLCache(MAX_LONG_LISTS, LONG_LIST_SECONDS)
        """By resource and offering: if this many sections or fewer are requested, each is read by itself."""

    def groups(self, resource: Resource[Any], ids: Iterable[SectionId]) -> list[SectionGroup]:
        """Those of the sections that are read together: two or more of an offering, in each group."""
        by_offering: dict[Hashable, list[SectionId]] = {}
        for id in dict.fromkeys(ids):
            if (name := _name(resource, id)) is not None:
                by_offering.setdefault(name, []).append(id)
        return [
            tuple(sections)
            for name, sections in by_offering.items()
            if len(sections) > max(1, self._too_long.get(name, 0))
        ]

    async def read(
        self, resource: Resource[P], groups: Iterable[SectionGroup], to_record: Callable[[P], R]
    ) -> dict[SectionId, Sequence[R] | AdapterError]:
        """
        The records of each section of some groups, or an error if the server cannot be reached.

        A section is absent if it must be read by itself: the list of its offering is too long, has unreadable
        rows, or is refused, or records spell the section in another way.
        """

        async def read_group(group: SectionGroup) -> Mapping[SectionId, Sequence[R]]:
            try:
                with collecting_unreadable_rows() as unreadable:
                    records = await self._client.read_records(
                        resource, _by_offering(group[0]), to_record, max_pages=len(group)
                    )
            except ListTooLongError:
                self._too_long[_name(resource, group[0])] = len(group)
                return {}
            return {} if unreadable else records_by_section(group, records)

        batch: dict[SectionId, Sequence[R] | AdapterError] = {}
        for group, answer in (await gather_by_key(groups, read_group, self._concurrency)).items():
            if isinstance(answer, UnavailableError):
                batch.update(dict.fromkeys(group, answer))
            elif not isinstance(answer, AdapterError):
                batch.update(answer)
        return batch


def _by_offering(section: SectionId) -> Filters:
    """Filters for the rows of all sections of a section's course offering."""
    return {name: value for name, value in by_section(section).items() if name != "sectionIdentifier"}


def records_by_section(group: SectionGroup, records: Iterable[R]) -> Mapping[SectionId, Sequence[R]]:
    """
    The records of each section of a group from those of its offering.

    A section is absent if records spell it in another way: only the server knows whether these are its records.
    """
    by_id: dict[SectionId | None, list[R]] = {}
    spellings: dict[str, set[SectionId]] = {}
    for record in records:
        by_id.setdefault(record.section_id, []).append(record)
    for id in by_id:
        if id is not None:
            spellings.setdefault(loose_id(id), set()).add(id)
    return {id: by_id.get(id, []) for id in group if spellings.get(loose_id(id), set()) <= {id}}


def _name(resource: Resource[Any], section: SectionId) -> Hashable:
    """What names a resource and the course offering of a section; None for a text that is no section's id."""
    try:
        return resource.name, parse_section_id(section)[:-1]
    except BadKeyError:
        return None
