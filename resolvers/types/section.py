"""Sections: who teaches, who learns, and what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from student_graph.adapters import model
from student_graph.adapters.answers import Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import StudentId
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import AsOf
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import active
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import district_calendar, district_of, lists, records
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import Told, mapped, zipped
from student_graph.resolvers.fields.record import record_type

OfStudent = TypeVar("OfStudent", model.CourseGrade, model.AssignmentWork)


@batched
@asks(Adapter.courses_by_section)
async def course_title(sections: Sequence[model.Section], info: Info) -> Told[str | None]:
    """Title of the course taught; null when not recorded."""
    told = await records(info, Adapter.courses_by_section, sections, "section_id")
    return mapped(told, lambda course: course.course_title if course else None)


@batched
@asks(Adapter.courses_by_section)
async def subject(sections: Sequence[model.Section], info: Info) -> Told[model.AcademicSubject | None]:
    """First subject of the course taught; null when not recorded."""
    told = await records(info, Adapter.courses_by_section, sections, "section_id")
    return mapped(told, lambda course: course.subjects[0] if course and course.subjects else None)


@batched
@asks(Adapter.section_enrollments_by_section)
async def roster(
    sections: Sequence[model.Section], info: Info, as_of: AsOf = None
) -> Told[list[model.SectionEnrollment] | None]:
    """Everybody who has a place in the section on a day, by student."""

    def current(
        section: model.Section, places: list[model.SectionEnrollment]
    ) -> list[model.SectionEnrollment] | None:
        day = as_of or district_calendar(info, section).today()
        present = [place for place in places if active(place.begin_date, place.end_date, day)]
        reached = (place.student_id for place in present)
        info.context.operation.reach(district_of(section), "student", reached, Ref("section", section.section_id))
        return present

    told = await lists(info, Adapter.section_enrollments_by_section, sections, "section_id")
    return zipped(sections, told, current)


@record_type
class Section(model.Section, Node):
    """A section, and what hangs off it."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    course = lookup(Adapter.courses_by_section, key="section_id")
    teachers = lookup(Adapter.section_staff_by_section, key="section_id")
    lms_courses = lookup(Adapter.lms_courses_by_section, key="section_id")

    course_title = course_title
    subject = subject
    roster = roster


@batched
@asks(Adapter.course_grades_by_section)
async def course_grades(
    places: Sequence[model.SectionEnrollment], info: Info
) -> Told[list[model.CourseGrade] | None]:
    """The student's grades in this section."""
    return _own(places, await lists(info, Adapter.course_grades_by_section, places, "section_id"))


@batched
@asks(Adapter.assignment_work_by_section)
async def assignments(
    places: Sequence[model.SectionEnrollment], info: Info
) -> Told[list[model.AssignmentWork] | None]:
    """The student's work in this section."""
    return _own(places, await lists(info, Adapter.assignment_work_by_section, places, "section_id"))


def _own(places: Sequence[model.SectionEnrollment], told: Told[list[OfStudent]]) -> Told[list[OfStudent] | None]:
    """Of each section's records those about the place's student; a section's list is looked through once."""
    split: dict[int, dict[StudentId, list[OfStudent]]] = {}

    def own(place: model.SectionEnrollment, whole: list[OfStudent]) -> list[OfStudent] | None:
        by_student = split.get(id(whole))
        if by_student is None:
            by_student = split[id(whole)] = {}
            for one in whole:
                by_student.setdefault(one.student_id, []).append(one)
        return by_student.get(place.student_id, [])

    return zipped(places, told, own)


@record_type
class SectionEnrollment(model.SectionEnrollment):
    """A place in a section: the coarse, cheap way to a section's grades and work."""

    student = lookup(Adapter.students_by_id, key="student_id")
    section = lookup(Adapter.sections_by_id, key="section_id")

    course_grades = course_grades
    assignments = assignments


@record_type
class SectionStaff(model.SectionStaff):
    """A place in front of a section."""

    staff = lookup(Adapter.staff_by_id, key="staff_id")
    section = lookup(Adapter.sections_by_id, key="section_id")
