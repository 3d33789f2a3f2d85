"""A student: what the graph tells of one child, part by part."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, TypeAlias

import strawberry

from adapters import model
from adapters.contract import Adapter
from resolvers import assessments, attendance, behavior, grades, learning, services
from resolvers.arguments import AsOf, WhenAsOf
from resolvers.calendar import Term, sections_in, term_of
from resolvers.context import Info
from resolvers.district import LocalEducationAgency, agency
from resolvers.field import field
from resolvers.load import district_calendar, district_of, key_of, load_many, load_one
from resolvers.lookup import lookup
from resolvers.matching import enrolled, grade_on
from resolvers.node import Node
from resolvers.record import record_type
from resolvers.times import active

PlacesAsOf: TypeAlias = Annotated[
    date | None,
    strawberry.argument(
        description="Only places that last on this day; when left out, all of the term named, else today's."
    ),
]


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

    @field
    def district(self, info: Info) -> LocalEducationAgency | None:
        """The district that keeps the student."""
        return agency(info, district_of(self))

    @partial(field, part_of=model.StudentIdentity)
    async def identifiers(self, info: Info) -> list[model.StudentIdentifier] | None:
        """Numbers and addresses by which other systems know the student; null when none is kept."""
        identity = await load_one(info, Adapter.student_identities_by_id, key_of(self, "student_id"))
        return identity.identifiers if identity else None

    @field
    async def enrollments(
        self,
        info: Info,
        school_year: Annotated[
            int | None,
            strawberry.argument(description="Only stays of this school year, by the year in which it ends."),
        ] = None,
        as_of: WhenAsOf = None,
    ) -> list[model.SchoolEnrollment] | None:
        """The student's stays at schools, earliest first; several at once and re-entry are possible."""
        stays = await load_many(info, Adapter.school_enrollments_by_student, key_of(self, "student_id"))
        return [
            stay
            for stay in stays
            if school_year in (None, stay.school_year) and (as_of is None or enrolled(stay, as_of))
        ]

    @field
    async def grade_level(self, info: Info, as_of: AsOf = None) -> model.GradeLevel | None:
        """Grade level on a day, by the stay at the main school; null when not enrolled then."""
        stays = await load_many(info, Adapter.school_enrollments_by_student, key_of(self, "student_id"))
        return grade_on(stays, as_of or district_calendar(info, self).today())

    @field
    async def sections(
        self, info: Info, as_of: PlacesAsOf = None, term: Term = None
    ) -> list[model.SectionEnrollment] | None:
        """The student's places in sections, on a day or in a term, earliest first."""
        district = district_calendar(info, self)
        named = term_of(term, district.id) if term is not None else None
        if term is not None and named is None:
            return []
        day = as_of or (None if named else district.today())
        places = await load_many(info, Adapter.section_enrollments_by_student, key_of(self, "student_id"))
        lasting = [place for place in places if day is None or active(place.begin_date, place.end_date, day)]
        if named is None:
            return lasting
        taught = {section.section_id for section in await sections_in(info, district.id, named)}
        return [place for place in lasting if place.section_id in taught]
