"""Lookups by section."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters.canvas.adapter.base import CanvasAdapter
from student_graph.adapters.canvas.api import Section
from student_graph.adapters.canvas.client.graphql import ASSIGNMENTS
from student_graph.adapters.canvas.client.responses import check_section
from student_graph.adapters.canvas.mapping.courses import course_grades, lms_course, sort_grades
from student_graph.adapters.canvas.mapping.enrollments import KeyedEnrollment, keyed_by_section
from student_graph.adapters.canvas.mapping.submissions import Coursework, sort_by_due_time
from student_graph.adapters.concurrency import answer_by_key, gather_by_key
from student_graph.adapters.errors import AdapterError, listed_and_unknown
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import AssignmentWork, CourseGrade, LmsCourse, SectionId
from student_graph.adapters.reading import leave_out_unreadable


class SectionLookups(CanvasAdapter):
    """Lookups by section."""

    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """
        The course of each section, in a call for each section and one for 20 courses.

        A course that Canvas does not know although a section names it is left out and reported.
        """
        sections = await gather_by_key(ids, self._section, self.settings.concurrency)
        courses = await self._courses.contents(
            section.course_id for section in sections.values() if not isinstance(section, AdapterError)
        )

        async def read(section_id: SectionId) -> list[LmsCourse] | None:
            if (section := value_of(sections, section_id)) is None:
                return None
            if (contents := value_of(courses, section.course_id)) is None:
                leave_out_unreadable(listed_and_unknown("a course"), str(section.course_id))
                return []
            return [lms_course(contents.course, section_id)]

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """
        Work of every student of a section by due time.

        Takes a call for the students of each section, one for 20 courses, and one for each 100 students' work.
        """
        enrollments = await self._section_enrollments(ids)
        courses = await self._courses.contents(_course_ids(enrollments), ASSIGNMENTS)

        async def read(section_id: SectionId) -> list[AssignmentWork] | None:
            if not (keyed := value_of(enrollments, section_id)):
                return None if keyed is None else []
            course_id = keyed[0].enrollment.course_id
            submissions = await self._client.section_submissions(section_id)
            coursework = Coursework(courses, {(course_id, user_id): work for user_id, work in submissions.items()})
            return sort_by_due_time(coursework.records(keyed))

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Computed grades of every student of a section, in a call for each section and one for 20 courses."""
        enrollments = await self._section_enrollments(ids)
        courses = await self._courses.contents(_course_ids(enrollments))

        async def read(section_id: SectionId) -> list[CourseGrade] | None:
            if not (keyed := value_of(enrollments, section_id)):
                return None if keyed is None else []
            contents = value_of(courses, keyed[0].enrollment.course_id)
            course = contents.course if contents else None
            return sort_grades(grade for enrollment in keyed for grade in course_grades(enrollment, course))

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def _section(self, section_id: SectionId) -> Section | None:
        """The section with a key; None if Canvas does not know it."""
        section = await self._client.section(section_id)
        if section is not None:
            check_section(section_id, section.sis_section_id)
        return section

    async def _section_enrollments(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[KeyedEnrollment]]:
        """The enrollments of each section; absent if Canvas does not know the section."""

        async def read(section_id: SectionId) -> list[KeyedEnrollment] | None:
            enrollments = await self._client.section_enrollments(section_id)
            for row in enrollments or ():
                check_section(section_id, row.sis_section_id)
            return None if enrollments is None else [keyed_by_section(section_id, row) for row in enrollments]

        return await gather_by_key(ids, read, self.settings.concurrency)


def _course_ids(enrollments: Batch[SectionId, list[KeyedEnrollment]]) -> list[int]:
    """The courses of sections with students."""
    return [
        keyed[0].enrollment.course_id
        for keyed in enrollments.values()
        if not isinstance(keyed, AdapterError) and keyed
    ]
