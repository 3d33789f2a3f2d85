"""Grades and academic records. Posted grades and computed ones stand side by side, never merged."""

from __future__ import annotations

from typing import Annotated

import strawberry

from adapters import model
from adapters.contract import Adapter
from resolvers.arguments import SchoolYear
from resolvers.context import Info
from resolvers.field import field
from resolvers.load import district_calendar, key_of, load_many
from resolvers.lookup import lookup
from resolvers.record import record_type


@record_type
class CourseGrade(model.CourseGrade):
    """A grade, and the section it was given in."""

    section = lookup(Adapter.sections_by_id, key="section_id")


@field
async def course_grades(
    student: strawberry.Parent[model.Student],
    info: Info,
    school_year: SchoolYear = None,
    grade_type: Annotated[
        model.GradeType | None, strawberry.argument(description="Only grades that stand for this.")
    ] = None,
    current: Annotated[
        bool | None,
        strawberry.argument(
            description="Only grades that the source calls current, or only those that it does not."
        ),
    ] = None,
) -> list[model.CourseGrade] | None:
    """Grades in a school year: posted ones from the SIS, computed ones from the LMS."""
    district = district_calendar(info, student)
    year = district.school_year(district.today()) if school_year is None else school_year
    grades = await load_many(
        info, Adapter.course_grades_by_student, key_of(student, "student_id"), school_year=year
    )
    return [
        grade for grade in grades if grade_type in (None, grade.grade_type) and current in (None, grade.current)
    ]


@field
async def academic_record(
    student: strawberry.Parent[model.Student],
    info: Info,
    school_year: Annotated[
        int | None,
        strawberry.argument(
            description="School year by the calendar year in which it ends; the latest on record when left out."
        ),
    ] = None,
) -> model.AcademicRecord | None:
    """Credits and grade point averages at the end of the last term on record."""
    records = await load_many(info, Adapter.academic_records_by_student, key_of(student, "student_id"))
    years = [record for record in records if school_year in (None, record.school_year)]
    latest = max((record.school_year for record in years), default=None)
    return next((record for record in reversed(years) if record.school_year == latest), None)
