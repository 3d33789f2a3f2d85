"""Lookups by student: point reads, which the gateway uses for a few students and for large districts."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.google_classroom.adapter.base import ClassroomAdapter, Membership, unique_courses
from student_graph.adapters.google_classroom.api import StudentSubmission
from student_graph.adapters.google_classroom.mapping.submissions import Coursework, sort_by_due_time
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AssignmentWork, StudentId


class StudentLookups(ClassroomAdapter):
    """Lookups by student."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """
        Work in active courses by due time.

        Takes two calls for each student, two for each course, and one for each student in each course.
        """
        memberships = await self._memberships(ids)
        courses = unique_courses(memberships)
        limit = self.settings.concurrency
        coursework = await gather_by_key(courses, lambda course_id: self._coursework(courses[course_id]), limit)
        submissions = await self._submissions(memberships)
        batch: dict[StudentId, list[AssignmentWork] | AdapterError] = {}
        for student_id, answer in memberships.items():
            try:
                batch[student_id] = (
                    answer
                    if isinstance(answer, AdapterError)
                    else sort_by_due_time(_records(answer, coursework, submissions))
                )
            except AdapterError as error:
                batch[student_id] = error
        return batch

    async def _submissions(
        self, memberships: Batch[StudentId, Membership]
    ) -> Batch[tuple[str, str], list[StudentSubmission]]:
        """The submissions of each student in each course, by the ids of course and user."""
        pairs = [
            (course.id, membership.student.user_id)
            for membership in memberships.values()
            if not isinstance(membership, AdapterError)
            for course in membership.courses
        ]
        return await gather_by_key(pairs, lambda pair: self._client.submissions(*pair), self.settings.concurrency)


def _records(
    membership: Membership,
    coursework: Batch[str, Coursework],
    submissions: Batch[tuple[str, str], list[StudentSubmission]],
) -> list[AssignmentWork]:
    """
    A student's work in all courses.

    Raises:
        AdapterError: One of the courses could not be read.
    """
    records: list[AssignmentWork] = []
    for course in membership.courses:
        contents, rows = coursework.get(course.id), submissions.get((course.id, membership.student.user_id))
        for answer in (contents, rows):
            if isinstance(answer, AdapterError):
                raise answer
        if contents is None or rows is None:
            raise NotOfferedError("a list of a course that Google Classroom does not have")
        records += contents.records(membership.student, rows)  # type: ignore[union-attr, arg-type]
    return records
