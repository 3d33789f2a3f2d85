"""
Lookups of sections and what they teach, by id.

Ed-Fi has no read of many sections, but one of all sections of a school and year. Sections that are asked for
together are mostly of one school, so a batch is read school by school where that takes fewer calls.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from student_graph.adapters.edfi.api import schools as api
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.keys import SectionParts, section_id, section_parts
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_section
from student_graph.adapters.edfi.mapping import schools as mapping
from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import Course, Section, SectionId

K = TypeVar("K", bound=Hashable)
P = TypeVar("P", bound=Item)
Question: TypeAlias = tuple[tuple[str, str | int], ...]
"""Filters as a key."""


class OfferingKey(NamedTuple):
    """Natural key of a course as one school offers it in one session."""

    school_id: int
    school_year: int
    session_name: str
    local_course_code: str


class CourseKey(NamedTuple):
    """Natural key of a course: its organization is a school or an agency."""

    organization_id: int
    course_code: str


class Sections(EdFiAccess):
    """What a section is, and what it teaches."""

    async def sections_by_id(self, ids: Sequence[SectionId]) -> Batch[SectionId, Section]:
        """Ed-Fi `sections`, one by one or by school and year."""
        return {
            key: row if isinstance(row, AdapterError) else mapping.section(row)
            for key, row in (await self._sections(ids)).items()
        }

    async def courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, Course]:
        """Ed-Fi `sections`, the `courseOfferings` that they name, and the `courses` that those name."""
        # The id of a section names its offering; but one that is not there teaches nothing.
        sections = await self._sections(ids)
        places = {key: _offering_of(row) for key, row in sections.items() if isinstance(row, api.Section)}
        offerings = await self._offerings(places.values())
        courses = await self._courses(
            _course_key(row) for row in offerings.values() if isinstance(row, api.CourseOffering)
        )
        found: dict[SectionId, Course | AdapterError] = {}
        for key, section in sections.items():
            row = section if isinstance(section, AdapterError) else offerings.get(places[key])
            told = courses.get(_course_key(row)) if isinstance(row, api.CourseOffering) else row
            if told is not None:
                found[key] = told if isinstance(told, AdapterError) else mapping.course(self.codes, key, told)
        return found

    async def _sections(self, ids: Sequence[SectionId]) -> dict[SectionId, api.Section | AdapterError]:
        """Sections that are there, and why others could not be read."""
        parts, bad = _parsed(ids)
        rows = await self._gathered(
            parts.values(),
            api.SECTIONS,
            scope=lambda key: {"schoolId": key.school_id, "schoolYear": key.school_year},
            exact=lambda key: by_section(section_id(*key)),
            key_of=lambda row: SectionParts(*_offering_of(row), row.sectionIdentifier),
        )
        found = {key: rows[natural] for key, natural in parts.items() if natural in rows}
        return {**bad, **found}

    async def _offerings(
        self, keys: Iterable[OfferingKey]
    ) -> dict[OfferingKey, api.CourseOffering | AdapterError]:
        """Courses as schools offer them."""
        return await self._gathered(
            keys,
            api.COURSE_OFFERINGS,
            scope=lambda key: {"schoolId": key.school_id, "schoolYear": key.school_year},
            exact=lambda key: {
                "schoolId": key.school_id,
                "schoolYear": key.school_year,
                "sessionName": key.session_name,
                "localCourseCode": key.local_course_code,
            },
            key_of=_offering_key,
        )

    async def _courses(self, keys: Iterable[CourseKey]) -> dict[CourseKey, api.Course | AdapterError]:
        """Courses of schools and agencies."""
        return await self._gathered(
            keys,
            api.COURSES,
            scope=lambda key: {"educationOrganizationId": key.organization_id},
            exact=lambda key: {"educationOrganizationId": key.organization_id, "courseCode": key.course_code},
            key_of=lambda row: CourseKey(
                row.educationOrganizationReference.educationOrganizationId, row.courseCode
            ),
        )

    async def _gathered(
        self,
        keys: Iterable[K],
        resource: Resource[P],
        *,
        scope: Callable[[K], Filters],
        exact: Callable[[K], Filters],
        key_of: Callable[[P], K],
    ) -> dict[K, P | AdapterError]:
        """The row of each key: one by one, or its whole scope where more keys are asked than that has pages."""
        together: dict[Question, list[K]] = {}
        for key in dict.fromkeys(keys):
            together.setdefault(tuple(scope(key).items()), []).append(key)
        asks: dict[Question, list[K]] = {}
        for whole, members in together.items():
            if len(members) > self.settings.pages(self.settings.school_students):
                asks[whole] = members
            else:
                asks.update((tuple(exact(key).items()), [key]) for key in members)

        async def read(asked: Question) -> list[P]:
            return await self.rows(resource, dict(asked))

        found: dict[K, P | AdapterError] = {}
        for asked, answer in (await self.gather_by_key(list(asks), read)).items():
            if isinstance(answer, AdapterError):
                found.update(dict.fromkeys(asks[asked], answer))
            else:
                rows = {key_of(row): row for row in answer}
                found.update((key, rows[key]) for key in asks[asked] if key in rows)
        return found


def _parsed(ids: Sequence[SectionId]) -> tuple[dict[SectionId, SectionParts], dict[SectionId, BadKeyError]]:
    """Natural keys of the ids, and of those that have none why."""
    parts: dict[SectionId, SectionParts] = {}
    bad: dict[SectionId, BadKeyError] = {}
    for key in ids:
        try:
            parts[key] = section_parts(key)
        except BadKeyError as why:
            bad[key] = why
    return parts, bad


def _offering_of(row: api.Section) -> OfferingKey:
    offering = row.courseOfferingReference
    return OfferingKey(offering.schoolId, offering.schoolYear, offering.sessionName, offering.localCourseCode)


def _offering_key(row: api.CourseOffering) -> OfferingKey:
    session = row.sessionReference
    return OfferingKey(session.schoolId, session.schoolYear, session.sessionName, row.localCourseCode)


def _course_key(row: api.CourseOffering) -> CourseKey:
    return CourseKey(row.courseReference.educationOrganizationId, row.courseReference.courseCode)
