"""Lookups by the LMS's own courses: the coarse lookups of grades and work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from student_graph.adapters.canvas.adapter.base import CanvasAdapter
from student_graph.adapters.canvas.client.graphql import ASSIGNMENTS, ENROLLMENTS
from student_graph.adapters.canvas.mapping.courses import course_grades, sort_grades
from student_graph.adapters.canvas.mapping.enrollments import keyed_by_course, mark_repeated
from student_graph.adapters.canvas.mapping.submissions import Coursework, sort_by_due_time
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.errors import AdapterError, BadKeyError
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import AssignmentWork, CourseGrade, LmsCourseId


class CourseLookups(CanvasAdapter):
    """Lookups by course."""

    async def course_grades_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[CourseGrade]]:
        """Computed grades of every student of a course by enrollment, in one call for 20 courses."""
        courses = await self._courses.contents(_numbers(ids), ENROLLMENTS)

        async def read(id: LmsCourseId) -> list[CourseGrade] | None:
            contents = value_of(courses, _number(id))
            if contents is None:
                return None
            keyed = map(keyed_by_course, contents.enrollments)
            return sort_grades(
                grade for enrollment in keyed for grade in course_grades(enrollment, contents.course)
            )

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def assignment_work_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[AssignmentWork]]:
        """
        Work of every student of a course by due time, in two or more calls for 20 courses.

        The work of a student in two sections of a course is listed for both, and marked as repeated for the later
        enrollment.
        """
        courses = await self._courses.contents(_numbers(ids), ENROLLMENTS, ASSIGNMENTS)
        with_work = {
            number: contents
            for number, contents in courses.items()
            if not isinstance(contents, AdapterError) and contents.enrollments and contents.assignments
        }
        submissions = await self._work.of_courses(with_work)

        async def read(id: LmsCourseId) -> list[AssignmentWork] | None:
            contents = value_of(courses, number := _number(id))
            if contents is None:
                return None
            work = value_of(submissions, number) or {}
            coursework = Coursework(
                {number: contents}, {(number, user_id): rows for user_id, rows in work.items()}
            )
            keyed = mark_repeated(map(keyed_by_course, contents.enrollments))
            return sort_by_due_time(coursework.records(keyed))

        return await answer_by_key(ids, read, self.settings.concurrency)


def _number(id: LmsCourseId) -> int:
    """
    Canvas's number of a course.

    Raises:
        BadKeyError: The id is not a number.
    """
    if not (id.isascii() and id.isdigit() and len(id) <= 19):
        raise BadKeyError("not the number of a course")
    return int(id)


def _numbers(ids: Iterable[LmsCourseId]) -> list[int]:
    """The numbers of the courses whose id is one."""
    numbers = []
    for id in ids:
        try:
            numbers.append(_number(id))
        except BadKeyError:
            continue
    return numbers
