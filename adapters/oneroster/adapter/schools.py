"""Lookups of agencies and schools, of their terms, and of sections with their courses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from student_graph.adapters.errors import AdapterError, BadKeyError, PayloadError, listed_and_unknown
from student_graph.adapters.keys import is_path_segment
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
from student_graph.adapters.oneroster.adapter.lookups import records_of
from student_graph.adapters.oneroster.adapter.users import UserLookups
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.oneroster.client.keys import parse_section_key
from student_graph.adapters.oneroster.client.requests import Relation
from student_graph.adapters.oneroster.client.rows import readable_rows, require_all
from student_graph.adapters.oneroster.mapping import schools as mapping
from student_graph.adapters.reading import leave_out_unreadable, reading_key, rows_needed_by

K = TypeVar("K", bound=str)

SCHOOL_TYPE = "school"
CLASS_STUDENTS_PATH = "classes/{}/students"
SCHOOL_STUDENTS_PATH = "schools/{}/students"
SCHOOL_CLASSES = Relation(api.CLASSES, "school.sourcedId", "schools/{}/classes")
STUDENTS_PER_COURSE = 20
"""Estimated number of students divided by courses, to compare the cost of one long list with many short reads."""
STUDENTS_PER_CLASS = 4
"""Estimated number of students divided by classes. It is small because every student is in several classes."""


class SchoolLookups(UserLookups):
    """Lookups of agencies and schools, of their terms, and of sections with their courses."""

    async def local_education_agencies_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[LocalEducationAgency]]:
        """OneRoster `orgs` of type `district`."""
        rows = [row for row in await self.client.read_rows(api.ORGS) if row.type == "district"]
        agencies = sorted(map(mapping.agency, rows), key=lambda agency: agency.local_education_agency_id)
        return dict.fromkeys(ids, agencies)

    async def schools_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[School]]:
        """OneRoster `orgs` of type `school`."""
        schools = sorted(map(mapping.school, await self.school_rows()), key=lambda school: school.school_id)
        return dict.fromkeys(ids, schools)

    async def schools_by_id(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, School]:
        """OneRoster `orgs` of type `school`; all are read in one list, because a district has few."""
        schools = {mapping.school_id(row): mapping.school(row) for row in await self.school_rows()}
        return {key: schools[key] for key in ids if key in schools}

    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Session]]:
        """OneRoster `academicSessions` that are terms of the classes of each school."""
        school_ids = await self.school_sourced_ids(ids)
        calendar = await self.calendar()
        rows_needed_by({org_id: [key] for key, org_id in school_ids.items()})
        classes = await self.client.read_related(SCHOOL_CLASSES, school_ids.values(), are_listed=True)
        batch: dict[SchoolId, list[Session] | AdapterError] = {}
        for key, sourced_id in school_ids.items():
            rows = classes[sourced_id]
            batch[key] = rows if isinstance(rows, AdapterError) else _terms(key, rows, calendar)
        return batch

    async def sections_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[Section]]:
        """OneRoster `classes` of each school in the school year."""
        school_ids = await self.school_sourced_ids(ids)
        calendar = await self.calendar()
        rows_needed_by({org_id: [key] for key, org_id in school_ids.items()})
        classes = await self.client.read_related(SCHOOL_CLASSES, school_ids.values(), are_listed=True)
        courses = await self._courses(
            (key, row) for key, org_id in school_ids.items() for row in readable_rows(classes[org_id])
        )
        batch: dict[SchoolId, list[Section] | AdapterError] = {}
        for key, sourced_id in school_ids.items():
            rows = classes[sourced_id]
            if isinstance(rows, AdapterError):
                batch[key] = rows
                continue
            with reading_key(key):
                sections = records_of(
                    rows, partial(mapping.section, school=key, calendar=calendar, courses=courses), _id_of
                )
            of_year = [section for section in sections if section.school_year == school_year]
            batch[key] = sorted(of_year, key=lambda section: (section.section_identifier, section.section_id))
        return batch

    async def sections_by_id(self, ids: Sequence[SectionId]) -> Batch[SectionId, Section]:
        """OneRoster `classes`, with the courses, terms and schools that they name."""
        classes, errors = await self.class_rows(ids)
        batch: dict[SectionId, Section | AdapterError] = dict(errors.items())
        if not classes:
            return batch
        section_of = await self._section_mapper(classes.items())
        for key, row in classes.items():
            try:
                with reading_key(key):
                    section = section_of(row)
            except PayloadError as error:
                batch[key] = error
            else:
                if section is not None:
                    section.section_id = key
                    batch[key] = section
        return batch

    async def sections_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Section]]:
        """All OneRoster `classes`, with the courses, terms and schools that they name."""
        classes = await self.client.read_rows(api.CLASSES)
        section_of = await self._section_mapper((key, row) for key in ids for row in classes)
        sections = [section for section in records_of(classes, section_of, _id_of) if section is not None]
        return dict.fromkeys(ids, sections)

    async def courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, Course]:
        """OneRoster `classes` and the `courses` that they name."""
        classes, errors = await self.class_rows(ids)
        courses = await self._courses(classes.items())
        batch: dict[SectionId, Course | AdapterError] = dict(errors.items())
        for key, row in classes.items():
            if course := courses.get(row.course.sourcedId) if row.course else None:
                batch[key] = mapping.course(course, key)
        return batch

    async def courses_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Course]]:
        """All OneRoster `classes`, and the `courses` that they name."""
        classes = await self.client.read_rows(api.CLASSES)
        courses = await self._courses((key, row) for key in ids for row in classes)
        records = [
            mapping.course(courses[row.course.sourcedId], SectionId(row.sourcedId))
            for row in classes
            if row.course and row.course.sourcedId in courses
        ]
        return dict.fromkeys(ids, records)

    async def school_rows(self) -> list[api.Org]:
        """The rows of all organizations of type `school`."""
        return [row for row in await self.client.read_rows(api.ORGS) if row.type == SCHOOL_TYPE]

    async def class_rows(
        self, ids: Sequence[SectionId]
    ) -> tuple[dict[SectionId, api.Class], dict[SectionId, AdapterError]]:
        """The class of each section, and the errors of the others; unknown keys are absent."""
        class_ids, bad_keys = parse_section_keys(ids)
        rows = await self.client.read_objects(
            api.CLASSES, class_ids.values(), estimated_rows=self.settings.students / STUDENTS_PER_CLASS
        )
        classes: dict[SectionId, api.Class] = {}
        errors: dict[SectionId, AdapterError] = dict(bad_keys.items())
        for key, class_id in class_ids.items():
            row = rows.get(class_id)
            if isinstance(row, AdapterError):
                errors[key] = row
            elif row is not None:
                classes[key] = row
        return classes, errors

    async def school_sourced_ids(self, ids: Sequence[SchoolId]) -> dict[SchoolId, str]:
        """The `sourcedId` of each school; unknown keys are absent."""
        sourced_ids = {mapping.school_id(row): row.sourcedId for row in await self.school_rows()}
        return {key: sourced_ids[key] for key in ids if key in sourced_ids}

    async def students_of_classes(self, ids: Iterable[str], user_ids: set[str]) -> list[api.User]:
        """
        The current students of classes, read at a route with one call for each class.

        Empty if the server does not have the route, or if reading the users `user_ids` takes fewer calls.
        """
        class_ids = sorted(set(ids))
        return await self._students_at(CLASS_STUDENTS_PATH, api.CLASSES, class_ids, user_ids, len(class_ids))

    async def students_of_schools(self, ids: Iterable[str], user_ids: set[str]) -> list[api.User]:
        """The current students of schools, read and left out in the same way."""
        org_ids = sorted(set(ids))
        calls = len(org_ids) * self.settings.pages(self.settings.school_students)
        return await self._students_at(SCHOOL_STUDENTS_PATH, api.SCHOOLS, org_ids, user_ids, calls)

    async def _students_at(
        self, path: str, objects: Resource[Any], ids: Sequence[str], user_ids: set[str], calls: float
    ) -> list[api.User]:
        """The students at a route below objects, if that takes fewer calls than reading the users."""
        settings, client = self.settings, self.client
        if calls >= min(len(user_ids), settings.pages(settings.students)) or not all(map(is_path_segment, ids)):
            return []
        if not await client.probe.has_nested_route(api.STUDENTS, path, objects, "sourcedId"):
            return []
        are_listed = objects is api.SCHOOLS  # ids of classes are keys of the lookup
        read = partial(client.read_nested, api.STUDENTS, path, are_listed=are_listed)
        students = await client.read_by_key(ids, read)
        return [user for users in require_all(students).values() for user in users]

    async def _section_mapper(
        self, classes: Iterable[tuple[K, api.Class]]
    ) -> Callable[[api.Class], Section | None]:
        """
        A function that maps any of the classes to a section; None for one of no known school.

        Each class comes with the key of the lookup that it is read for. The function reports a class that names a
        school that the server does not have, and raises PayloadError for one without a term of a school year.
        """
        calendar, courses = await self.calendar(), await self._courses(classes)
        orgs = {row.sourcedId: row for row in await self.client.read_rows(api.ORGS, with_inactive=True)}
        schools = {
            org_id: mapping.school_id(row)
            for org_id, row in orgs.items()
            if row.is_active and row.type == SCHOOL_TYPE
        }

        def section_of(row: api.Class) -> Section | None:
            if row.school and row.school.sourcedId not in orgs:
                leave_out_unreadable(listed_and_unknown("a school"), row.sourcedId)
            school = schools.get(row.school.sourcedId) if row.school else None
            return mapping.section(row, school, calendar, courses) if school else None

        return section_of

    async def _courses(self, classes: Iterable[tuple[K, api.Class]]) -> dict[str, api.Course]:
        """The courses of classes, by id. Each class comes with the key of the lookup that it is read for."""
        keys_by_course: dict[str, list[K]] = {}
        for key, row in classes:
            if row.course:
                keys_by_course.setdefault(row.course.sourcedId, []).append(key)
        rows_needed_by(keys_by_course)
        return await self.client.read_by_ids(
            api.COURSES, keys_by_course, estimated_rows=self.settings.students / STUDENTS_PER_COURSE
        )


def parse_section_keys(keys: Sequence[SectionId]) -> tuple[dict[SectionId, str], dict[SectionId, BadKeyError]]:
    """The `sourcedId` of each section's class, and the errors of keys that no class can have."""
    class_ids: dict[SectionId, str] = {}
    errors: dict[SectionId, BadKeyError] = {}
    for key in keys:
        try:
            class_ids[key] = parse_section_key(key)
        except BadKeyError as error:
            errors[key] = error
    return class_ids, errors


def _id_of(row: api.Class) -> str:
    return row.sourcedId


def _terms(school: SchoolId, classes: list[api.Class], calendar: mapping.Calendar) -> list[Session]:
    """The terms of the classes of a school, sorted by first day; grading periods are left out."""
    term_ids = dict.fromkeys(term.sourcedId for row in classes for term in row.terms)
    rows = [calendar.sessions[term_id] for term_id in term_ids if term_id in calendar.sessions]
    terms = [mapping.session(row, school, calendar) for row in rows if row.type != mapping.GRADING_PERIOD]
    return sorted((term for term in terms if term), key=lambda term: (term.begin_date, term.vendor_id))
