"""Lookups by student: point reads, which the gateway uses for a few students and for large districts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from student_graph.adapters.canvas.adapter.base import CanvasAdapter
from student_graph.adapters.canvas.api import Submission, Summary
from student_graph.adapters.canvas.client.graphql import ASSIGNMENTS
from student_graph.adapters.canvas.mapping.courses import (
    course_engagement,
    course_grades,
    sort_grades,
    summary_since,
)
from student_graph.adapters.canvas.mapping.enrollments import (
    KeyedEnrollment,
    first_in_course,
    group_by_course,
    keyed_by_student,
    names_another,
    users_by_course,
)
from student_graph.adapters.canvas.mapping.joins import records_by_student
from student_graph.adapters.canvas.mapping.submissions import Coursework, sort_by_due_time
from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError, another_object
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import AssignmentWork, CourseEngagement, CourseGrade, StudentId


class StudentLookups(CanvasAdapter):
    """Lookups by student."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """
        Work in active courses.

        Takes a call for the courses of each student, one for 20 courses, and one for the work of every 100 of the
        requested students of each course. The work of a student in two sections of a course belongs to the first
        enrollment.
        """
        enrollments = await self._student_enrollments(ids)
        users = users_by_course(enrollments)
        courses = await self._courses.contents(users, ASSIGNMENTS)
        coursework = Coursework(courses, await self._submissions(users))

        def build_records(keyed: list[KeyedEnrollment]) -> list[AssignmentWork]:
            return sort_by_due_time(coursework.records(first_in_course(keyed)))

        return records_by_student(enrollments, build_records)

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Computed grades in active courses for any `school_year`: Canvas has terms and no school years."""
        enrollments = await self._student_enrollments(ids)
        courses = await self._courses.contents(users_by_course(enrollments))

        def build_records(keyed: list[KeyedEnrollment]) -> list[CourseGrade]:
            grades = []
            for enrollment in keyed:
                contents = value_of(courses, enrollment.enrollment.course_id)
                grades += course_grades(enrollment, contents.course if contents else None)
            return sort_grades(grades)

        return records_by_student(enrollments, build_records)

    async def course_engagement_by_student(
        self, ids: Sequence[StudentId], *, since: date | None = None
    ) -> Batch[StudentId, list[CourseEngagement]]:
        """
        Activity in active courses; views and participations are null if the token may not see analytics.

        Takes a call for each student, one for each course and one for 20 courses, and with `since` one more for
        each student and course.
        """
        enrollments = await self._student_enrollments(ids)
        courses = await self._courses.contents(users_by_course(enrollments))
        summaries = await self._summaries(enrollments, since)

        def build_records(keyed: list[KeyedEnrollment]) -> list[CourseEngagement]:
            records = []
            for course_id, group in group_by_course(keyed).items():
                contents = value_of(courses, course_id)
                summary = value_of(summaries, (course_id, group[0].enrollment.user_id))
                records.append(course_engagement(group, contents.course if contents else None, summary))
            return records

        return records_by_student(enrollments, build_records)

    async def _student_enrollments(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[KeyedEnrollment]]:
        """
        The enrollments of each student; absent if Canvas does not know the student.

        Those of another student are an error of the key.
        """

        async def read(student_id: StudentId) -> list[KeyedEnrollment] | None:
            enrollments = await self._client.student_enrollments(student_id)
            if enrollments is None:
                return None
            keyed = [keyed_by_student(student_id, row) for row in enrollments]
            if keyed and all(names_another(student_id, row.subject) for row in keyed):
                raise another_object()
            return keyed

        return await gather_by_key(ids, read, self.settings.concurrency)

    async def _submissions(self, users: dict[int, list[int]]) -> Batch[tuple[int, int], list[Submission]]:
        """The work of students in courses, by course id and user id."""
        size = self.settings.students_per_call
        user_groups = [
            (course_id, tuple(user_ids[start : start + size]))
            for course_id, user_ids in users.items()
            for start in range(0, len(user_ids), size)
        ]
        answers = await gather_by_key(
            user_groups, lambda group: self._client.course_submissions(*group), self.settings.concurrency
        )
        return {
            (course_id, user_id): answer if isinstance(answer, AdapterError) else answer.get(user_id, [])
            for (course_id, user_ids), answer in answers.items()
            for user_id in user_ids
        }

    async def _summaries(
        self, enrollments: Batch[StudentId, list[KeyedEnrollment]], since: date | None
    ) -> Batch[tuple[int, int], Summary]:
        """Analytics of each student in each course, by course id and user id; absent without analytics."""
        limit = self.settings.concurrency
        by_course = await gather_by_key(users_by_course(enrollments), self._client.student_summaries, limit)
        summaries: dict[tuple[int, int], Summary | AdapterError] = {}
        for course_id, user_ids in users_by_course(enrollments).items():
            answer = by_course.get(course_id, {})
            for user_id in user_ids:
                if isinstance(answer, AdapterError):
                    summaries[course_id, user_id] = answer
                elif user_id in answer:
                    summaries[course_id, user_id] = answer[user_id]
        if since is None:
            return summaries

        async def read(key: tuple[int, int]) -> Summary | None:
            summary = value_of(summaries, key)
            return summary and summary_since(summary, await self._client.student_activity(*key), since)

        return await gather_by_key(summaries, read, limit)
