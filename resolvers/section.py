"""Sections: who teaches, who learns, and what they are about."""

from __future__ import annotations

from adapters import model
from adapters.contract import Adapter
from adapters.sources import Ref
from resolvers.arguments import AsOf
from resolvers.context import Info
from resolvers.field import field
from resolvers.load import district_calendar, district_of, key_of, load_many, load_one
from resolvers.lookup import lookup
from resolvers.node import Node
from resolvers.record import record_type
from resolvers.times import active


@record_type
class Section(model.Section, Node):
    """A section, and what hangs off it."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    course = lookup(Adapter.courses_by_section, key="section_id")
    teachers = lookup(Adapter.section_staff_by_section, key="section_id")
    lms_courses = lookup(Adapter.lms_courses_by_section, key="section_id")

    @field
    async def course_title(self, info: Info) -> str | None:
        """Title of the course taught; null when not recorded."""
        course = await load_one(info, Adapter.courses_by_section, key_of(self, "section_id"))
        return course.course_title if course else None

    @field
    async def subject(self, info: Info) -> model.AcademicSubject | None:
        """First subject of the course taught; null when not recorded."""
        course = await load_one(info, Adapter.courses_by_section, key_of(self, "section_id"))
        return course.subjects[0] if course and course.subjects else None

    @field
    async def roster(self, info: Info, as_of: AsOf = None) -> list[model.SectionEnrollment] | None:
        """Everybody who has a place in the section on a day, by student."""
        day = as_of or district_calendar(info, self).today()
        places = await load_many(info, Adapter.section_enrollments_by_section, key_of(self, "section_id"))
        current = [place for place in places if active(place.begin_date, place.end_date, day)]
        reached = (Ref("student", place.student_id) for place in current)
        info.context.operation.reach(district_of(self), reached, Ref("section", self.section_id))
        return current


@record_type
class SectionEnrollment(model.SectionEnrollment):
    """A place in a section: the coarse, cheap way to a section's grades and work."""

    student = lookup(Adapter.students_by_id, key="student_id")
    section = lookup(Adapter.sections_by_id, key="section_id")

    @field
    async def course_grades(self, info: Info) -> list[model.CourseGrade] | None:
        """The student's grades in this section."""
        grades = await load_many(info, Adapter.course_grades_by_section, key_of(self, "section_id"))
        return [grade for grade in grades if grade.student_id == self.student_id]

    @field
    async def assignments(self, info: Info) -> list[model.AssignmentWork] | None:
        """The student's work in this section."""
        works = await load_many(info, Adapter.assignment_work_by_section, key_of(self, "section_id"))
        return [work for work in works if work.student_id == self.student_id]


@record_type
class SectionStaff(model.SectionStaff):
    """A place in front of a section."""

    staff = lookup(Adapter.staff_by_id, key="staff_id")
    section = lookup(Adapter.sections_by_id, key="section_id")
