"""Reads the parts of students' records that metrics need, each part once for all students."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.sources import District, Keys
from student_graph.resolvers.cohorts.measurement.references import (
    records_at,
    with_assessments,
    with_courses,
    with_named_sections,
)
from student_graph.resolvers.cohorts.measurement.school_days import read_days_ahead, with_school_days
from student_graph.resolvers.cohorts.measurement.school_year import SchoolYear
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_lists, load_lists_of_source
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, map_values
from student_graph.resolvers.metrics.academics.grades import has_posted_grade
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure_cache import Attributes


class Person(NamedTuple):
    """A student whose records are read."""

    student_id: StudentId
    district_id: DistrictId


@dataclass(frozen=True, slots=True)
class PartLookup:
    """The lookup that reads a part."""

    method: Callable[..., Any]
    attribute: str
    """Attribute of `StudentFacts` that holds the records."""
    arguments: Callable[[SchoolYear], Mapping[str, Any]] = lambda _: {}
    is_optional: bool = False
    """Whether the metrics can do without it in a district where no source offers it."""


def _school_year_arguments(year: SchoolYear) -> Mapping[str, Any]:
    return {"school_year": year.name}


def _first_day_arguments(year: SchoolYear) -> Mapping[str, Any]:
    return {"since": year.first_day}


PART_LOOKUPS: Mapping[Part, PartLookup] = {
    Part.ENROLLMENTS: PartLookup(Adapter.school_enrollments_by_student, "enrollments", is_optional=True),
    Part.SCHOOL_ATTENDANCE: PartLookup(
        Adapter.attendance_events_by_student, "school_attendance", _school_year_arguments
    ),
    Part.CLASS_ATTENDANCE: PartLookup(
        Adapter.section_attendance_events_by_student, "class_attendance", _school_year_arguments
    ),
    Part.INCIDENTS: PartLookup(Adapter.discipline_incidents_by_student, "incidents"),
    Part.ACTIONS: PartLookup(Adapter.discipline_actions_by_student, "actions"),
    Part.GRADES: PartLookup(Adapter.course_grades_by_student, "grades", _school_year_arguments),
    Part.ACADEMIC_RECORDS: PartLookup(Adapter.academic_records_by_student, "academic_records"),
    Part.SECTIONS: PartLookup(Adapter.section_enrollments_by_student, "section_enrollments"),
    Part.WORK: PartLookup(Adapter.assignment_work_by_student, "work"),
    Part.ENGAGEMENT: PartLookup(Adapter.course_engagement_by_student, "engagement", _first_day_arguments),
    Part.RESULTS: PartLookup(Adapter.assessment_results_by_student, "results"),
}
"""The lookup of each part that is a list of a student's records."""

REFERRED_LOOKUPS: Mapping[Part, tuple[Callable[..., Any], ...]] = {
    Part.CALENDAR: (Adapter.calendar_days_by_school, Adapter.sessions_by_school, Adapter.schools_by_district),
    Part.NAMED_SECTIONS: (Adapter.sections_by_id,),
    Part.COURSES: (Adapter.courses_by_section,),
    Part.RESULTS: (Adapter.assessments_by_id,),
}
"""Lookups of what the records of a part refer to."""

REFERRED: Mapping[Part, Callable[..., Awaitable[Outcomes[Attributes]]]] = {
    Part.CALENDAR: with_school_days,
    Part.NAMED_SECTIONS: with_named_sections,
    Part.COURSES: with_courses,
    Part.RESULTS: with_assessments,
}
"""Reads what the records of a part refer to."""


def with_needed_parts(parts: Iterable[Part]) -> frozenset[Part]:
    """Return the parts, and those that name what they refer to: enrollments name the schools of a calendar."""
    needed = frozenset(parts)
    return needed | {Part.ENROLLMENTS} if Part.CALENDAR in needed else needed


def are_restricted(parts: Iterable[Part]) -> bool:
    """Return whether some of the parts are of a restricted class of data."""
    return any(lookup_of(method).sensitivity.restricted for method in lookup_methods(parts))


def lookup_methods(parts: Iterable[Part]) -> list[Callable[..., Any]]:
    """Return the lookups of `Adapter` that read some parts, each once."""
    methods: dict[Callable[..., Any], None] = {}
    for part in sorted(with_needed_parts(parts), key=lambda part: part.value):
        if part in PART_LOOKUPS:
            methods[PART_LOOKUPS[part].method] = None
        methods.update(dict.fromkeys(REFERRED_LOOKUPS.get(part, ())))
    return list(methods)


async def read_parts(
    info: Info,
    district: District,
    students: Sequence[StudentId],
    parts: Iterable[Part],
    year: SchoolYear,
    *,
    days_first: bool = False,
) -> Mapping[Part, Outcomes[Attributes]]:
    """
    Read parts of the records of some students of a district in a school year.

    Lists of different lookups are read at the same time. With `days_first`, attendance is read after the days of
    school: those of a calendar that is not complete are found in a list that has the attendance, too. Returns for
    each part and student the attributes of `StudentFacts` that the part fills. An error stands only where the part
    itself could not be read.
    """
    needed = with_needed_parts(parts)
    people = [Person(student, district.id) for student in students]
    listed = [part for part in PART_LOOKUPS if part in needed]
    may_read_attendance = asyncio.Event()
    if not days_first or Part.CALENDAR not in needed:
        may_read_attendance.set()

    async def read(part: Part) -> Outcomes[list[Any]]:
        if part is Part.GRADES and Part.ENROLLMENTS in needed:
            return await _read_grades(info, district, people, year)
        if part is Part.SCHOOL_ATTENDANCE:
            await may_read_attendance.wait()
        try:
            rows = await _read_list(info, people, PART_LOOKUPS[part], year)
            if part is Part.ENROLLMENTS and Part.CALENDAR in needed:
                await read_days_ahead(info, district, rows, year)
            return rows
        finally:
            if part is Part.ENROLLMENTS:
                may_read_attendance.set()

    lists = await asyncio.gather(*map(read, listed))
    records = dict(zip(listed, lists, strict=True))
    by_part: dict[Part, Outcomes[Attributes]] = {
        part: map_values(records[part], partial(_as_attribute, PART_LOOKUPS[part].attribute)) for part in listed
    }
    referring = {part: read_referred for part, read_referred in REFERRED.items() if part in needed}
    outcomes = await asyncio.gather(
        *(read_referred(info, district, records, year) for read_referred in referring.values())
    )
    return by_part | dict(zip(referring, outcomes, strict=True))


def _as_attribute(name: str, rows: Any) -> Attributes:
    """Rows as the only attribute that a part fills."""
    return {name: rows}


async def _read_list(
    info: Info, people: Sequence[Person], part: PartLookup, year: SchoolYear
) -> Outcomes[list[Any]]:
    outcomes: Outcomes[list[Any]] = await load_lists(
        info, part.method, people, "student_id", **part.arguments(year)
    )
    return [_or_empty(outcome) for outcome in outcomes] if part.is_optional else outcomes


async def _read_grades(
    info: Info, district: District, people: Sequence[Person], year: SchoolYear
) -> Outcomes[list[Any]]:
    """
    Read grades from the student information system, and from other sources for students without any there.

    Other sources have grades that the learning management system computes: they count for no other student.
    """
    part = PART_LOOKUPS[Part.GRADES]
    sources = district.sources_for(lookup_of(part.method))
    if len(sources) < 2 or sources[0].identity is not None:
        return await _read_list(info, people, part, year)
    keys = Keys(district.id, [person.student_id for person in people], sources[0].name)
    posted, enrollments = await asyncio.gather(
        load_lists_of_source(info, part.method, keys, **part.arguments(year)),
        _read_list(info, people, PART_LOOKUPS[Part.ENROLLMENTS], year),
    )
    outcomes: list[Outcome[list[Any]]] = list(posted)
    others = [
        index
        for index, rows in enumerate(posted)
        if not isinstance(rows, list) or not has_posted_grade(rows, records_at(enrollments, index), year.name)
    ]
    if others:
        read = await _read_list(info, [people[index] for index in others], part, year)
        for index, outcome in zip(others, read, strict=True):
            outcomes[index] = outcome
    return outcomes


def _or_empty(outcome: Outcome[list[Any]]) -> Outcome[list[Any]]:
    return [] if isinstance(outcome, NotOfferedError) else outcome
