"""A student: what the graph tells of one child, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Annotated, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import AsOf, WhenAsOf
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import active
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import by_district, lists, records
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import Told, mapped
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.matching import enrolled, grade_on
from student_graph.resolvers.types import assessments, attendance, behavior, grades, learning, services
from student_graph.resolvers.types.calendar import Term, sections_in, term_of
from student_graph.resolvers.types.district import district

PlacesAsOf: TypeAlias = Annotated[
    date | None,
    strawberry.argument(
        description="Only places that last on this day; when left out, all of the term named, else today's."
    ),
]


@partial(batched, part_of=model.StudentIdentity)
@asks(Adapter.student_identities_by_id)
async def identifiers(students: Sequence[model.Student], info: Info) -> Told[list[model.StudentIdentifier] | None]:
    """Numbers and addresses by which other systems know the student; null when none is kept."""
    told = await records(info, Adapter.student_identities_by_id, students, "student_id")
    return mapped(told, lambda identity: identity.identifiers if identity else None)


@batched
@asks(Adapter.school_enrollments_by_student)
async def enrollments(
    students: Sequence[model.Student],
    info: Info,
    school_year: Annotated[
        int | None,
        strawberry.argument(description="Only stays of this school year, by the year in which it ends."),
    ] = None,
    as_of: WhenAsOf = None,
) -> Told[list[model.SchoolEnrollment] | None]:
    """The student's stays at schools, earliest first; several at once and re-entry are possible."""
    told = await lists(info, Adapter.school_enrollments_by_student, students, "student_id")
    if school_year is None and as_of is None:
        return told

    def chosen(stays: list[model.SchoolEnrollment]) -> list[model.SchoolEnrollment]:
        return [
            stay
            for stay in stays
            if school_year in (None, stay.school_year) and (as_of is None or enrolled(stay, as_of))
        ]

    return mapped(told, chosen)


@batched
@asks(Adapter.school_enrollments_by_student)
async def grade_level(
    students: Sequence[model.Student], info: Info, as_of: AsOf = None
) -> Told[model.GradeLevel | None]:
    """Grade level on a day, by the stay at the main school; null when not enrolled then."""

    async def ask(where: District, some: Sequence[model.Student]) -> Told[model.GradeLevel | None]:
        day = as_of or where.today()
        told = await lists(info, Adapter.school_enrollments_by_student, some, "student_id")
        return mapped(told, lambda stays: grade_on(stays, day))

    return await by_district(info, students, ask)


@batched
@asks(Adapter.section_enrollments_by_student, Adapter.sections_by_school)
async def sections(
    students: Sequence[model.Student], info: Info, as_of: PlacesAsOf = None, term: Term = None
) -> Told[list[model.SectionEnrollment] | None]:
    """The student's places in sections, on a day or in a term, earliest first."""

    async def ask(where: District, some: Sequence[model.Student]) -> Told[list[model.SectionEnrollment] | None]:
        named = term_of(term, where.id) if term is not None else None
        if term is not None and named is None:
            return [[] for _ in some]
        day = as_of or (None if named else where.today())
        told = await lists(info, Adapter.section_enrollments_by_student, some, "student_id")
        taught = {s.section_id for s in await sections_in(info, where.id, named)} if named else None

        def chosen(places: list[model.SectionEnrollment]) -> list[model.SectionEnrollment] | None:
            return [
                place
                for place in places
                if (day is None or active(place.begin_date, place.end_date, day))
                and (taught is None or place.section_id in taught)
            ]

        return mapped(told, chosen)

    return await by_district(info, students, ask)


@record_type
class Student(model.Student, Node):
    """A student, and what hangs off one."""

    identity = lookup(Adapter.student_identities_by_id, key="student_id")
    contacts = lookup(Adapter.contacts_by_student, key="student_id")
    demographics = lookup(Adapter.demographics_by_student, key="student_id")

    programs = services.programs
    special_education = lookup(Adapter.special_education_by_student, key="student_id")
    homelessness = lookup(Adapter.homelessness_by_student, key="student_id")
    food_service = services.food_service
    transportation = services.transportation
    transportations = lookup(Adapter.transportation_by_student, key="student_id")

    attendance_events = attendance.attendance_events
    discipline_incidents = behavior.discipline_incidents
    discipline_actions = behavior.discipline_actions

    course_grades = grades.course_grades
    academic_record = grades.academic_record
    academic_records = lookup(Adapter.academic_records_by_student, key="student_id")
    assessments = assessments.assessments

    assignments = learning.assignments
    engagement = learning.engagement

    district = district
    identifiers = identifiers
    enrollments = enrollments
    grade_level = grade_level
    sections = sections
