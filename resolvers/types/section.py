"""Sections: their courses, teachers and rosters, and the grades and work of their students."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from student_graph.adapters import model
from student_graph.adapters.answers import Ref, SharedValues
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import AsOf
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_by_district, load_lists, load_records
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import (
    Outcomes,
    map_shared,
    map_values,
    map_with_parents,
    values_of,
)
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.types.metrics.tables import section_metrics

OfStudent = TypeVar("OfStudent", model.CourseGrade, model.AssignmentWork)


@batched
@uses_lookups(Adapter.courses_by_section)
async def course_title(sections: Sequence[model.Section], info: Info) -> Outcomes[str | None]:
    """Title of the section's course; null if not recorded."""
    courses = await load_records(info, Adapter.courses_by_section, sections, "section_id")
    return map_values(courses, lambda course: course.course_title if course else None)


@batched
@uses_lookups(Adapter.courses_by_section)
async def subject(sections: Sequence[model.Section], info: Info) -> Outcomes[model.AcademicSubject | None]:
    """First subject of the section's course; null if not recorded."""
    courses = await load_records(info, Adapter.courses_by_section, sections, "section_id")
    return map_values(courses, lambda course: course.subjects[0] if course and course.subjects else None)


@batched
@uses_lookups(Adapter.section_enrollments_by_section)
async def roster(
    sections: Sequence[model.Section], info: Info, as_of: AsOf = None
) -> Outcomes[list[model.SectionEnrollment] | None]:
    """Enrollments of the students who are in the section on a day, ordered by student number."""

    async def load_district(
        district: District, members: Sequence[model.Section]
    ) -> Outcomes[list[model.SectionEnrollment] | None]:
        day = as_of or district.today()
        enrollments = await load_lists(info, Adapter.section_enrollments_by_section, members, "section_id")
        current = map_shared(
            enrollments,
            "on a day",
            day,
            lambda rows: [e for e in rows if is_active(e.begin_date, e.end_date, day)],
        )
        students = (
            current.once("students", _students_of) if isinstance(current, SharedValues) else _students_of(current)
        )
        hints = info.context.operation.access_hints
        for section, ids in zip(members, students, strict=True):
            if ids:
                hints.add(district.id, "student", ids, Ref("section", section.section_id))
        return current

    return await load_by_district(info, sections, load_district)


def _students_of(rosters: Outcomes[list[model.SectionEnrollment]]) -> list[frozenset[str]]:
    """The students on each of some rosters; empty for one that failed."""
    return [frozenset(e.student_id for rows in values_of([roster]) for e in rows) for roster in rosters]


@batched
@uses_lookups(Adapter.class_periods_by_school, list_length=1)
async def schedule(sections: Sequence[model.Section], info: Info) -> Outcomes[list[model.ClassPeriod] | None]:
    """
    The class periods in which the section meets, with their times of day, by name.

    A period that the school's list does not have is only in `classPeriods`.
    """

    def of_section(section: model.Section, periods: list[model.ClassPeriod]) -> list[model.ClassPeriod]:
        names = {name.casefold() for name in section.class_periods}
        return [period for period in periods if period.name.casefold() in names]

    periods = await load_lists(info, Adapter.class_periods_by_school, sections, "school_id")
    return map_with_parents(sections, periods, of_section)


@record_type
class Section(model.Section, Node):
    """A section with its school, course, teachers and roster."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    """The school that offers the section."""
    course = lookup(Adapter.courses_by_section, key="section_id")
    """The course taught in the section; null if not recorded."""
    teachers = lookup(Adapter.section_staff_by_section, key="section_id")
    """Staff who teach the section or assist in it, now or earlier, ordered by staff number."""
    lms_courses = lookup(Adapter.lms_courses_by_section, key="section_id")
    """Courses of the learning management system (LMS) in which the section is taught."""

    course_title = course_title
    subject = subject
    schedule = schedule
    roster = roster
    metrics = section_metrics


@batched
@uses_lookups(Adapter.course_grades_by_section, list_length=4)
async def course_grades(
    enrollments: Sequence[model.SectionEnrollment], info: Info
) -> Outcomes[list[model.CourseGrade] | None]:
    """The student's grades in this section."""
    grades = await load_lists(info, Adapter.course_grades_by_section, enrollments, "section_id")
    return _select_own_records(enrollments, grades)


@batched
@uses_lookups(Adapter.assignment_work_by_section, list_length=10)
async def assignments(
    enrollments: Sequence[model.SectionEnrollment], info: Info
) -> Outcomes[list[model.AssignmentWork] | None]:
    """The student's work on assignments of this section."""
    work = await load_lists(info, Adapter.assignment_work_by_section, enrollments, "section_id")
    return _select_own_records(enrollments, work)


def _select_own_records(
    enrollments: Sequence[model.SectionEnrollment], section_records: Outcomes[list[OfStudent]]
) -> Outcomes[list[OfStudent] | None]:
    """Return for each enrollment the records of its section that are about its student."""
    # All enrollments of a section share one list of records; each list is grouped by student once.
    grouped: dict[int, dict[StudentId, list[OfStudent]]] = {}

    def of_student(enrollment: model.SectionEnrollment, records: list[OfStudent]) -> list[OfStudent] | None:
        by_student = grouped.get(id(records))
        if by_student is None:
            by_student = grouped[id(records)] = {}
            for record in records:
                by_student.setdefault(record.student_id, []).append(record)
        return by_student.get(enrollment.student_id, [])

    return map_with_parents(enrollments, section_records, of_student)


@record_type
class SectionEnrollment(model.SectionEnrollment):
    """A student's enrollment in a section. Grades and work read here cost one call for the whole section."""

    student = lookup(Adapter.students_by_id, key="student_id")
    """The enrolled student."""
    section = lookup(Adapter.sections_by_id, key="section_id")
    """The section in which the student is enrolled."""

    course_grades = course_grades
    assignments = assignments


@record_type
class SectionStaff(model.SectionStaff):
    """A staff member's assignment to a section."""

    staff = lookup(Adapter.staff_by_id, key="staff_id")
    """The member of staff."""
    section = lookup(Adapter.sections_by_id, key="section_id")
    """The section that they teach or assist in."""
