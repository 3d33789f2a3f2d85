"""
Lookups of sections and their courses, by section id.

Ed-Fi cannot read several sections by key, but it can read all sections of a school and year. As the sections of a
batch are usually of one school, a batch is read by school and year if that takes fewer calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from student_graph.adapters.edfi.adapter.list_sizes import COURSES_PER_SECTION, SECTIONS_PER_CLASSMATE
from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import schools as api
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.keys import SectionKey, parse_section_id, section_id
from student_graph.adapters.edfi.client.loose_keys import RowsByKey
from student_graph.adapters.edfi.client.requests import by_section
from student_graph.adapters.edfi.mapping import schools as mapping
from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import Course, DistrictId, Section, SectionId

K = TypeVar("K", bound=Hashable)
P = TypeVar("P", bound=Item)
FilterItems: TypeAlias = tuple[tuple[str, str | int], ...]
"""Filters in a hashable form."""


class OfferingKey(NamedTuple):
    """Natural key of a course offering: a course that a school offers in a session."""

    school_id: int
    school_year: int
    session_name: str
    local_course_code: str


class CourseKey(NamedTuple):
    """Natural key of a course; its organization is a school or an agency."""

    organization_id: int
    course_code: str


class SectionLookups(EdFiLookups):
    """Lookups of sections and of their courses."""

    async def sections_by_id(self, ids: Sequence[SectionId]) -> Batch[SectionId, Section]:
        """Ed-Fi `sections`, by key or by school and year."""
        return {
            key: answer if isinstance(answer, AdapterError) else mapping.section(answer)
            for key, answer in (await self._sections(ids)).items()
        }

    async def courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, Course]:
        """Ed-Fi `sections`, the `courseOfferings` that they name, and the `courses` that the offerings name."""
        # A section id contains the key of its offering, but a section that does not exist has no course.
        sections = await self._sections(ids)
        offering_keys = {key: _offering_of(row) for key, row in sections.items() if isinstance(row, api.Section)}
        offerings = await self._offerings(offering_keys.values())
        courses = await self._courses(
            _course_of(row) for row in offerings.values() if isinstance(row, api.CourseOffering)
        )
        batch: dict[SectionId, Course | AdapterError] = {}
        for key, section in sections.items():
            offering = section if isinstance(section, AdapterError) else offerings.get(offering_keys[key])
            answer = courses.get(_course_of(offering)) if isinstance(offering, api.CourseOffering) else offering
            if answer is not None:
                batch[key] = (
                    answer if isinstance(answer, AdapterError) else mapping.course(self.codes, key, answer)
                )
        return batch

    async def courses_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Course]]:
        """All pages of Ed-Fi `sections`, `courseOfferings` and `courses`."""
        await self.client.discovery.document()
        async with asyncio.TaskGroup() as reads:
            section_rows = reads.create_task(self.client.read_shared(api.SECTIONS))
            offering_rows = reads.create_task(self.client.read_rows(api.COURSE_OFFERINGS))
            course_rows = reads.create_task(self.client.read_rows(api.COURSES))
        sections = section_rows.result()
        offerings = await self._with_other_spellings(
            RowsByKey(offering_rows.result(), _offering_key), map(_offering_of, sections), self._offerings
        )
        courses = await self._with_other_spellings(
            RowsByKey(course_rows.result(), _course_key), map(_course_of, offerings.values()), self._courses
        )
        course_of = {key: courses.get(_course_of(row)) for key, row in offerings.items()}
        rows = {section_id(*_section_key(row)): course_of.get(_offering_of(row)) for row in sections}
        records = [mapping.course(self.codes, key, row) for key, row in sorted(rows.items()) if row is not None]
        return dict.fromkeys(ids, records)

    async def _with_other_spellings(
        self,
        rows: RowsByKey[K, P],
        keys: Iterable[K],
        read: Callable[[Iterable[K]], Awaitable[Mapping[K, P | AdapterError]]],
    ) -> dict[K, P]:
        """
        The rows by key, including keys with another spelling whose rows `read` finds.

        Raises:
            AdapterError: One of these could not be read.
        """
        others = await read(rows.other_spellings(keys))
        readable = {key: row for key, row in others.items() if not isinstance(row, AdapterError)}
        if failed := [row for row in others.values() if isinstance(row, AdapterError)]:
            raise failed[0]
        return {**rows.exact, **readable}

    async def _sections(self, ids: Sequence[SectionId]) -> dict[SectionId, api.Section | AdapterError]:
        """The row of each section, or the error of its key; sections that do not exist are absent."""
        keys, errors = _parse_ids(ids)
        rows = await self._rows_by_key(
            keys.values(),
            api.SECTIONS,
            rows_per_student=SECTIONS_PER_CLASSMATE,
            group_filters=lambda key: {"schoolId": key.school_id, "schoolYear": key.school_year},
            key_filters=lambda key: by_section(section_id(*key)),
            key_of=_section_key,
        )
        sections = {id: rows[key] for id, key in keys.items() if key in rows}
        return {**errors, **sections}

    async def _offerings(
        self, keys: Iterable[OfferingKey]
    ) -> dict[OfferingKey, api.CourseOffering | AdapterError]:
        return await self._rows_by_key(
            keys,
            api.COURSE_OFFERINGS,
            rows_per_student=SECTIONS_PER_CLASSMATE * COURSES_PER_SECTION,
            group_filters=lambda key: {"schoolId": key.school_id, "schoolYear": key.school_year},
            key_filters=lambda key: {
                "schoolId": key.school_id,
                "schoolYear": key.school_year,
                "sessionName": key.session_name,
                "localCourseCode": key.local_course_code,
            },
            key_of=_offering_key,
        )

    async def _courses(self, keys: Iterable[CourseKey]) -> dict[CourseKey, api.Course | AdapterError]:
        return await self._rows_by_key(
            keys,
            api.COURSES,
            rows_per_student=SECTIONS_PER_CLASSMATE * COURSES_PER_SECTION,
            group_filters=lambda key: {"educationOrganizationId": key.organization_id},
            key_filters=lambda key: {
                "educationOrganizationId": key.organization_id,
                "courseCode": key.course_code,
            },
            key_of=_course_key,
        )

    async def _rows_by_key(
        self,
        keys: Iterable[K],
        resource: Resource[P],
        *,
        rows_per_student: float,
        group_filters: Callable[[K], Filters],
        key_filters: Callable[[K], Filters],
        key_of: Callable[[P], K],
    ) -> dict[K, P | AdapterError]:
        """
        The row of each key; keys without a row are absent.

        Keys with the same `group_filters` are read as one list if there are more keys than pages in the list;
        otherwise each key is read with its `key_filters`. A school has about `rows_per_student` for each student.
        """
        list_pages = self.settings.pages(self.estimates.school_students * rows_per_student)
        reads = self._reads(keys, group_filters, key_filters, list_pages)

        async def read(filters: FilterItems) -> list[P]:
            return await self.client.read_shared(resource, dict(filters))

        async def read_key(key: K) -> P | None:
            rows = await self.client.read_rows(resource, key_filters(key))
            return rows[0] if rows else None

        batch: dict[K, P | AdapterError] = {}
        other_spellings: list[K] = []
        for filters, answer in (await self.client.read_by_key(list(reads), read)).items():
            members = reads[filters]
            if isinstance(answer, AdapterError):
                batch.update(dict.fromkeys(members, answer))
            elif len(members) > 1:
                rows = RowsByKey(answer, key_of)
                batch.update((key, rows.exact[key]) for key in members if key in rows.exact)
                other_spellings += rows.other_spellings(members)
            elif answer:
                batch[members[0]] = answer[0]
        if other_spellings:
            batch.update(await self.client.read_by_key(other_spellings, read_key))
        return batch

    @staticmethod
    def _reads(
        keys: Iterable[K],
        group_filters: Callable[[K], Filters],
        key_filters: Callable[[K], Filters],
        list_pages: float,
    ) -> dict[FilterItems, list[K]]:
        """The keys that each read answers, by its filters: several by those of their group, or one by its own."""
        groups: dict[FilterItems, list[K]] = {}
        for key in dict.fromkeys(keys):
            groups.setdefault(tuple(group_filters(key).items()), []).append(key)
        reads: dict[FilterItems, list[K]] = {}
        for filters, members in groups.items():
            if len(members) > list_pages:
                reads[filters] = members
            else:
                reads.update((tuple(key_filters(key).items()), [key]) for key in members)
        return reads


def _parse_ids(ids: Sequence[SectionId]) -> tuple[dict[SectionId, SectionKey], dict[SectionId, BadKeyError]]:
    """The natural keys of valid ids, and the errors of the other ids."""
    keys: dict[SectionId, SectionKey] = {}
    errors: dict[SectionId, BadKeyError] = {}
    for id in ids:
        try:
            keys[id] = parse_section_id(id)
        except BadKeyError as error:
            errors[id] = error
    return keys, errors


def _offering_of(row: api.Section) -> OfferingKey:
    offering = row.courseOfferingReference
    return OfferingKey(offering.schoolId, offering.schoolYear, offering.sessionName, offering.localCourseCode)


def _section_key(row: api.Section) -> SectionKey:
    return SectionKey(*_offering_of(row), row.sectionIdentifier)


def _course_key(row: api.Course) -> CourseKey:
    return CourseKey(row.educationOrganizationReference.educationOrganizationId, row.courseCode)


def _offering_key(row: api.CourseOffering) -> OfferingKey:
    session = row.sessionReference
    return OfferingKey(session.schoolId, session.schoolYear, session.sessionName, row.localCourseCode)


def _course_of(row: api.CourseOffering) -> CourseKey:
    return CourseKey(row.courseReference.educationOrganizationId, row.courseReference.courseCode)
