"""Grades and academic records. Posted grades and computed ones stand side by side, never merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import SchoolYear
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import by_district, lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Told, mapped
from student_graph.resolvers.fields.record import record_type


@record_type
class CourseGrade(model.CourseGrade):
    """A grade, and the section it was given in."""

    section = lookup(Adapter.sections_by_id, key="section_id")


@batched
@asks(Adapter.course_grades_by_student)
async def course_grades(
    students: Sequence[model.Student],
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
) -> Told[list[model.CourseGrade] | None]:
    """Grades in a school year: posted ones from the SIS, computed ones from the LMS."""

    def chosen(grades: list[model.CourseGrade]) -> list[model.CourseGrade] | None:
        return [
            grade
            for grade in grades
            if grade_type in (None, grade.grade_type) and current in (None, grade.current)
        ]

    async def ask(where: District, some: Sequence[model.Student]) -> Told[list[model.CourseGrade] | None]:
        year = where.school_year(where.today()) if school_year is None else school_year
        told = await lists(info, Adapter.course_grades_by_student, some, "student_id", school_year=year)
        return told if grade_type is None and current is None else mapped(told, chosen)

    return await by_district(info, students, ask)


@batched
@asks(Adapter.academic_records_by_student)
async def academic_record(
    students: Sequence[model.Student],
    info: Info,
    school_year: Annotated[
        int | None,
        strawberry.argument(
            description="School year by the calendar year in which it ends; the latest on record when left out."
        ),
    ] = None,
) -> Told[model.AcademicRecord | None]:
    """Credits and grade point averages at the end of the last term on record."""

    def last(records: list[model.AcademicRecord]) -> model.AcademicRecord | None:
        years = [record for record in records if school_year in (None, record.school_year)]
        latest = max((record.school_year for record in years), default=None)
        return next((record for record in reversed(years) if record.school_year == latest), None)

    return mapped(await lists(info, Adapter.academic_records_by_student, students, "student_id"), last)
