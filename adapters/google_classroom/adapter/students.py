"""Lookups by student: point reads, which the gateway uses for a few students and for large districts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeAlias, TypeVar

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError, listed_and_unknown
from student_graph.adapters.google_classroom.adapter.base import ClassroomAdapter, Membership, unique_courses
from student_graph.adapters.google_classroom.api import StudentSubmission
from student_graph.adapters.google_classroom.mapping.accounts import KeyedStudent
from student_graph.adapters.google_classroom.mapping.engagement import course_engagement
from student_graph.adapters.google_classroom.mapping.submissions import Coursework, sort_by_due_time
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AssignmentWork, CourseEngagement, StudentId
from student_graph.adapters.reading import leave_out_unreadable, reading_key, rows_needed_by

R = TypeVar("R")
RecordBuilder: TypeAlias = Callable[[Coursework, KeyedStudent, list[StudentSubmission]], Iterable[R]]
"""Returns records of a student in a course with the student's submissions."""


class StudentLookups(ClassroomAdapter):
    """Lookups by student."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """
        Work in active courses by due time.

        Takes two calls for each student, two for each course, and one for each student in each course.
        """
        batch = await self._work_of_students(ids, Coursework.records)
        return {
            student_id: answer if isinstance(answer, AdapterError) else sort_by_due_time(answer)
            for student_id, answer in batch.items()
        }

    async def course_engagement_by_student(
        self, ids: Sequence[StudentId], *, since: date | None = None
    ) -> Batch[StudentId, list[CourseEngagement]]:
        """
        What a student handed in, in each active course; Classroom counts neither page views nor time.

        Takes two calls for each student, one for each course, and one for each student in each course.
        """
        return await self._work_of_students(
            ids,
            lambda coursework, student, rows: [course_engagement(coursework, student, rows, since)],
            needs_section=False,
        )

    async def _work_of_students(
        self, ids: Sequence[StudentId], build_records: RecordBuilder[R], *, needs_section: bool = True
    ) -> Batch[StudentId, list[R]]:
        """
        The records that `build_records` returns for each active course of each student.

        A course that cannot be read costs its own records only, and is reported.
        """
        memberships = await self._memberships(ids)
        courses = unique_courses(memberships)
        rows_needed_by(_students_by_read(memberships))

        async def read(course_id: str) -> Coursework:
            return await self._coursework(courses[course_id], needs_section=needs_section)

        coursework = await gather_by_key(courses, read, self.settings.concurrency)
        submissions = await self._submissions(memberships)
        batch: dict[StudentId, list[R] | AdapterError] = {}
        for student_id, answer in memberships.items():
            try:
                with reading_key(student_id):
                    batch[student_id] = (
                        answer
                        if isinstance(answer, AdapterError)
                        else _records(answer, coursework, submissions, build_records)
                    )
            except AdapterError as error:
                batch[student_id] = error
        return batch

    async def _submissions(
        self, memberships: Batch[StudentId, Membership]
    ) -> Batch[tuple[str, str], list[StudentSubmission]]:
        """The submissions of each student in each course, by the ids of course and user."""
        pairs = [pair for pair in _students_by_read(memberships) if isinstance(pair, tuple)]
        return await gather_by_key(pairs, lambda pair: self._client.submissions(*pair), self.settings.concurrency)


def _students_by_read(
    memberships: Batch[StudentId, Membership],
) -> dict[str | tuple[str, str], list[StudentId]]:
    """The students who need what is read for a course, and for a course and a user, by the ids of what is read."""
    students: dict[str | tuple[str, str], list[StudentId]] = {}
    for student_id, membership in memberships.items():
        if not isinstance(membership, AdapterError):
            for course in membership.courses:
                students.setdefault(course.id, []).append(student_id)
                students.setdefault((course.id, membership.student.user_id), []).append(student_id)
    return students


def _records(
    membership: Membership,
    coursework: Batch[str, Coursework],
    submissions: Batch[tuple[str, str], list[StudentSubmission]],
    build_records: RecordBuilder[R],
) -> list[R]:
    """
    A student's records in all courses, without those of courses that cannot be read, which are reported.

    Raises:
        AdapterError: Classroom did not answer with one of the courses, or answered with another one.
    """
    records: list[R] = []
    for course in membership.courses:
        contents, rows = coursework.get(course.id), submissions.get((course.id, membership.student.user_id))
        if isinstance(contents, Coursework) and isinstance(rows, list):
            records += build_records(contents, membership.student, rows)
            continue
        errors = [answer for answer in (contents, rows) if isinstance(answer, AdapterError)]
        for error in errors or [listed_and_unknown("a course")]:
            leave_out_unreadable(error, course.id)
    return records
