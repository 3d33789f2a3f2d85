"""Lookups of agencies, schools, their terms, and the classes taught in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    Course,
    DistrictId,
    LocalEducationAgency,
    School,
    SchoolId,
    Section,
    SectionId,
    Session,
)
from student_graph.adapters.oneroster.adapter.users import Users
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import section_key
from student_graph.adapters.oneroster.client.requests import Related
from student_graph.adapters.oneroster.mapping import schools as mapping

CLASSES_OF_SCHOOL = Related(api.CLASSES, "school.sourcedId", "schools/{}/classes")
STUDENTS_TO_A_COURSE = 20
"""About so many; it weighs one read of all courses against one for each."""
STUDENTS_TO_A_CLASS = 4
"""About so many, since every student is in some: it weighs one read of all classes against one for each."""


class Schools(Users):
    """What is taught where and when."""

    async def local_education_agencies_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[LocalEducationAgency]]:
        """OneRoster `orgs` of type `district`."""
        rows = [row for row in await self.rows(api.ORGS) if row.type == "district"]
        found = sorted(map(mapping.agency, rows), key=lambda each: each.local_education_agency_id)
        return dict.fromkeys(ids, found)

    async def schools_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[School]]:
        """OneRoster `orgs` of type `school`."""
        found = sorted(map(mapping.school, await self.schools()), key=lambda each: each.school_id)
        return dict.fromkeys(ids, found)

    async def schools_by_id(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, School]:
        """OneRoster `orgs` of type `school`, all at once: there are few."""
        schools = {mapping.school_id(row): mapping.school(row) for row in await self.schools()}
        return {key: schools[key] for key in ids if key in schools}

    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Session]]:
        """OneRoster `academicSessions` that the classes of each school have as terms."""
        schools = await self._asked(ids)
        calendar = await self.calendar()
        classes = await self.related(CLASSES_OF_SCHOOL, schools.values())
        found: dict[SchoolId, list[Session] | AdapterError] = {}
        for key, school in schools.items():
            rows = classes[school]
            found[key] = rows if isinstance(rows, AdapterError) else _terms(key, rows, calendar)
        return found

    async def sections_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[Section]]:
        """OneRoster `classes` of each school."""
        schools = await self._asked(ids)
        calendar = await self.calendar()
        classes = await self.related(CLASSES_OF_SCHOOL, schools.values())
        courses = await self._courses(row for rows in classes.values() if isinstance(rows, list) for row in rows)
        found: dict[SchoolId, list[Section] | AdapterError] = {}
        for key, school in schools.items():
            rows = classes[school]
            if isinstance(rows, AdapterError):
                found[key] = rows
                continue
            sections = [mapping.section(row, key, calendar, courses) for row in rows]
            now = [section for section in sections if section.school_year == school_year]
            found[key] = sorted(now, key=lambda each: (each.section_identifier, each.section_id))
        return found

    async def sections_by_id(self, ids: Sequence[SectionId]) -> Batch[SectionId, Section]:
        """OneRoster `classes`, with the courses, terms and schools that they name."""
        classes, bad = await self.classes(ids)
        if not classes:
            return dict(bad.items())
        calendar, courses = await self.calendar(), await self._courses(classes.values())
        schools = {row.sourcedId: row for row in await self.schools()}
        found: dict[SectionId, Section | AdapterError] = dict(bad.items())
        for key, row in classes.items():
            if at := schools.get(row.school.sourcedId) if row.school else None:
                section = mapping.section(row, mapping.school_id(at), calendar, courses)
                section.section_id = key
                found[key] = section
        return found

    async def courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, Course]:
        """OneRoster `classes` and the `courses` that they name."""
        classes, bad = await self.classes(ids)
        courses = await self._courses(classes.values())
        found: dict[SectionId, Course | AdapterError] = dict(bad.items())
        for key, row in classes.items():
            if taught := courses.get(row.course.sourcedId) if row.course else None:
                found[key] = mapping.course(taught, key)
        return found

    async def schools(self) -> list[api.Org]:
        """All organizations of type `school`."""
        return [row for row in await self.rows(api.ORGS) if row.type == "school"]

    async def classes(
        self, ids: Sequence[SectionId]
    ) -> tuple[dict[SectionId, api.Class], dict[SectionId, BadKeyError]]:
        """Classes that are there, and why others were not asked for."""
        keys, bad = parsed(ids)
        rows = await self.by_ids(api.CLASSES, keys.values(), self.settings.students / STUDENTS_TO_A_CLASS)
        return {key: rows[each] for key, each in keys.items() if each in rows}, bad

    async def _asked(self, ids: Sequence[SchoolId]) -> dict[SchoolId, str]:
        """The `sourcedId` of each school that is there."""
        schools = {mapping.school_id(row): row.sourcedId for row in await self.schools()}
        return {key: schools[key] for key in ids if key in schools}

    async def _courses(self, classes: Iterable[api.Class]) -> dict[str, api.Course]:
        ids = {row.course.sourcedId for row in classes if row.course}
        return await self.by_ids(api.COURSES, ids, self.settings.students / STUDENTS_TO_A_COURSE)


def parsed(ids: Sequence[SectionId]) -> tuple[dict[SectionId, str], dict[SectionId, BadKeyError]]:
    """The `sourcedId` of each key, and why others have none."""
    keys: dict[SectionId, str] = {}
    bad: dict[SectionId, BadKeyError] = {}
    for key in ids:
        try:
            keys[key] = section_key(key)
        except BadKeyError as why:
            bad[key] = why
    return keys, bad


def _terms(key: SchoolId, classes: list[api.Class], calendar: mapping.Calendar) -> list[Session]:
    named = dict.fromkeys(each.sourcedId for row in classes for each in row.terms)
    rows = [calendar.sessions[each] for each in named if each in calendar.sessions]
    terms = [mapping.session(row, key, calendar) for row in rows if row.type != mapping.GRADING_PERIOD]
    return sorted((term for term in terms if term), key=lambda each: (each.begin_date, each.vendor_id))
