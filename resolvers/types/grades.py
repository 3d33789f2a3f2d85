"""Grades and academic records. Posted and computed grades are separate records and are never merged."""

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
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_by_district, load_lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Outcomes, map_values
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.metrics.academics.records import latest_first


@record_type
class CourseGrade(model.CourseGrade):
    """A grade with its section."""

    section = lookup(Adapter.sections_by_id, key="section_id")
    """The section that the grade is for; null if the source does not link the grade to a section."""


@batched
@uses_lookups(Adapter.course_grades_by_student)
async def course_grades(
    students: Sequence[model.Student],
    info: Info,
    school_year: SchoolYear = None,
    grade_type: Annotated[
        model.GradeType | None, strawberry.argument(description="Only grades of this type, such as final grades.")
    ] = None,
    current: Annotated[
        bool | None,
        strawberry.argument(
            description="True: only grades that the source marks as current. False: only those that it marks as "
            "not current. If omitted, both, and also grades without such a mark."
        ),
    ] = None,
) -> Outcomes[list[model.CourseGrade] | None]:
    """The student's grades in a school year: posted grades from the SIS and computed grades from the LMS."""

    def matching(grades: list[model.CourseGrade]) -> list[model.CourseGrade] | None:
        return [
            grade
            for grade in grades
            if grade_type in (None, grade.grade_type) and current in (None, grade.current)
        ]

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[list[model.CourseGrade] | None]:
        year = district.school_year(district.today()) if school_year is None else school_year
        grades = await load_lists(info, Adapter.course_grades_by_student, members, "student_id", school_year=year)
        return grades if grade_type is None and current is None else map_values(grades, matching)

    return await load_by_district(info, students, load_district)


@batched
@uses_lookups(Adapter.academic_records_by_student)
async def academic_record(
    students: Sequence[model.Student],
    info: Info,
    school_year: Annotated[
        int | None,
        strawberry.argument(
            description="School year, named by the calendar year in which it ends; the latest one if omitted."
        ),
    ] = None,
) -> Outcomes[model.AcademicRecord | None]:
    """The student's credits and grade point averages at the end of the last term on record in a school year."""

    def last_term(records: list[model.AcademicRecord]) -> model.AcademicRecord | None:
        matching = [record for record in records if school_year in (None, record.school_year)]
        return next(iter(latest_first(matching)), None)

    return map_values(
        await load_lists(info, Adapter.academic_records_by_student, students, "student_id"), last_term
    )
