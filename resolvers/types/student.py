"""A student with all parts of the record: enrollments, grades, attendance, services and more."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Annotated, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import ActiveOn, AsOf
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_by_district, load_lists, load_records
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import Outcomes, map_shared, map_values, values_of
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.matching import grade_level_on, is_enrolled
from student_graph.resolvers.types import assessments, attendance, behavior, grades, learning, services
from student_graph.resolvers.types.calendar import Term, sections_in, term_of
from student_graph.resolvers.types.district import district
from student_graph.resolvers.types.metrics import summaries
from student_graph.resolvers.types.metrics.indicators import indicators, risk_profile

SectionsAsOf: TypeAlias = Annotated[
    date | None,
    strawberry.argument(
        description="Only enrollments that are active on this day. If omitted: all enrollments of `term`, "
        "or those active today without a term."
    ),
]


@partial(batched, part_of=model.StudentIdentity)
@uses_lookups(Adapter.student_identities_by_id)
async def identifiers(
    students: Sequence[model.Student], info: Info
) -> Outcomes[list[model.StudentIdentifier] | None]:
    """Identifiers of the student in other systems, such as e-mail addresses; null if none is recorded."""
    identities = await load_records(info, Adapter.student_identities_by_id, students, "student_id")
    info.context.operation.disclosures.note_basis(list(filter(None, values_of(identities))))
    return map_values(identities, lambda identity: identity.identifiers if identity else None)


@batched
@uses_lookups(Adapter.school_enrollments_by_student)
async def enrollments(
    students: Sequence[model.Student],
    info: Info,
    school_year: Annotated[
        int | None,
        strawberry.argument(
            description="Only enrollments of this school year, named by the calendar year in which it ends."
        ),
    ] = None,
    as_of: ActiveOn = None,
) -> Outcomes[list[model.SchoolEnrollment] | None]:
    """
    The student's enrollments at schools, ended ones too, earliest first.

    A student may be enrolled at several schools at once, and may return to a school. An enrollment whose school
    year is not recorded belongs to each school year of its days.
    """

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[list[model.SchoolEnrollment] | None]:
        rows_by_student = await load_lists(info, Adapter.school_enrollments_by_student, members, "student_id")
        if school_year is None and as_of is None:
            return rows_by_student

        def matching(rows: list[model.SchoolEnrollment]) -> list[model.SchoolEnrollment] | None:
            return [
                row
                for row in rows
                if (school_year is None or school_year in _school_years(district, row))
                and (as_of is None or is_enrolled(row, as_of))
            ]

        return map_values(rows_by_student, matching)

    return await load_by_district(info, students, load_district)


def _school_years(district: District, enrollment: model.SchoolEnrollment) -> Container[int]:
    """The recorded school year of an enrollment, or else all that its days are in, up to the present one."""
    if enrollment.school_year is not None:
        return (enrollment.school_year,)
    first, end = enrollment.entry_date, enrollment.exit_withdraw_date
    last = max(first, district.today()) if end is None else max(first, end - timedelta(days=end > first))
    return range(district.school_year(first), district.school_year(last) + 1)


@batched
@uses_lookups(Adapter.school_enrollments_by_student)
async def grade_level(
    students: Sequence[model.Student], info: Info, as_of: AsOf = None
) -> Outcomes[model.GradeLevel | None]:
    """
    The student's grade level on a day; null if not enrolled on that day.

    With several enrollments, that of the primary school counts; otherwise the one that began last.
    """

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[model.GradeLevel | None]:
        day = as_of or district.today()
        enrollments = await load_lists(info, Adapter.school_enrollments_by_student, members, "student_id")
        return map_shared(enrollments, "grade level", day, lambda rows: grade_level_on(rows, day))

    return await load_by_district(info, students, load_district)


@batched
@uses_lookups(Adapter.section_enrollments_by_student, Adapter.sections_by_school)
async def sections(
    students: Sequence[model.Student], info: Info, as_of: SectionsAsOf = None, term: Term = None
) -> Outcomes[list[model.SectionEnrollment] | None]:
    """The student's enrollments in sections, on a day or in a term, earliest first."""

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[list[model.SectionEnrollment] | None]:
        term_key = term_of(term, district.id) if term is not None else None
        if term is not None and term_key is None:
            return [[] for _ in members]
        day = as_of or (None if term_key else district.today())
        enrollments = await load_lists(info, Adapter.section_enrollments_by_student, members, "student_id")
        in_term = {s.section_id for s in await sections_in(info, district.id, term_key)} if term_key else None

        def matching(rows: list[model.SectionEnrollment]) -> list[model.SectionEnrollment] | None:
            return [
                row
                for row in rows
                if (day is None or is_active(row.begin_date, row.end_date, day))
                and (in_term is None or row.section_id in in_term)
            ]

        return map_values(enrollments, matching)

    return await load_by_district(info, students, load_district)


@batched
@uses_lookups(Adapter.addresses_by_student)
async def addresses(
    students: Sequence[model.Student], info: Info, as_of: ActiveOn = None
) -> Outcomes[list[model.StudentAddress] | None]:
    """Addresses of the student, earliest first."""
    addresses_by_student = await load_lists(info, Adapter.addresses_by_student, students, "student_id")
    if as_of is None:
        return addresses_by_student
    return map_values(
        addresses_by_student, lambda rows: [row for row in rows if is_active(row.begin_date, row.end_date, as_of)]
    )


@record_type
class Student(model.Student, Node):
    """A student with all parts of the record."""

    identity = lookup(Adapter.student_identities_by_id, key="student_id")
    """The student's record of identifiers in other systems; null if none is recorded."""
    contacts = lookup(Adapter.contacts_by_student, key="student_id")
    """Parents, guardians and other contacts of the student, primary contacts first."""
    demographics = lookup(Adapter.demographics_by_student, key="student_id")
    """Birth date, sex, races, ethnicity and languages of the student; null if not recorded."""
    english_proficiency = lookup(Adapter.english_proficiency_by_student, key="student_id")
    """Whether the student's English is limited, as the district states it; null if not recorded."""
    addresses = addresses

    programs = services.programs
    special_education = lookup(Adapter.special_education_by_student, key="student_id")
    """The student's participation in special education, ended periods too, earliest first."""
    section504 = lookup(Adapter.section_504_by_student, key="student_id")
    """The student's Section 504 programs, ended periods too, earliest first."""
    homelessness = lookup(Adapter.homelessness_by_student, key="student_id")
    """The student's participation in the program for homeless children, ended periods too, earliest first."""
    food_service = services.food_service
    transportation = services.transportation
    transportations = lookup(Adapter.transportation_by_student, key="student_id")
    """All records of how the student gets to school now."""

    attendance_events = attendance.attendance_events
    discipline_incidents = behavior.discipline_incidents
    discipline_actions = behavior.discipline_actions

    course_grades = grades.course_grades
    academic_record = grades.academic_record
    academic_records = lookup(Adapter.academic_records_by_student, key="student_id")
    """Credits and grade point averages of the student at the end of each term, by school year and term."""
    assessments = assessments.assessments

    assignments = learning.assignments
    engagement = learning.engagement

    attendance = summaries.attendance
    behavior = summaries.behavior
    courses = summaries.courses
    coursework = summaries.coursework
    assessment_summary = summaries.assessment_summary
    mobility = summaries.mobility
    indicators = indicators
    risk_profile = risk_profile

    district = district
    identifiers = identifiers
    enrollments = enrollments
    grade_level = grade_level
    sections = sections
