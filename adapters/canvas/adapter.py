"""
The adapter for Canvas LMS, REST API v1.

It reads courses, assigned work, computed grades and engagement with the access token of a service account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import httpx
from pydantic import Field, SecretStr

from student_graph.adapters.auth import Bearer
from student_graph.adapters.canvas.api import Course, Summary
from student_graph.adapters.canvas.client.requests import CanvasClient
from student_graph.adapters.canvas.mapping.courses import (
    course_engagement,
    course_grades,
    lms_course,
    summary_since,
)
from student_graph.adapters.canvas.mapping.enrollments import (
    KeyedEnrollment,
    group_by_course,
    keyed_by_section,
    keyed_by_student,
    users_by_course,
)
from student_graph.adapters.canvas.mapping.joins import records_by_student, value_of
from student_graph.adapters.canvas.mapping.submissions import Coursework, sort_by_due_time
from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    AssignmentWork,
    CourseEngagement,
    CourseGrade,
    LmsCourse,
    SectionId,
    StudentId,
)


class CanvasSettings(AdapterSettings):
    """Settings of a Canvas source."""

    token: SecretStr
    """Access token of a service account: Account > Settings > Approved Integrations > New Access Token. Its role
    needs "Users - view list", "Courses - view list", "Grades - view all grades", "SIS Data - read" and, for
    page views, "Analytics - view pages"."""
    concurrency: int = Field(default=8, ge=1, le=10)
    """Most calls in progress at the same time; Canvas throttles a token with about a dozen."""
    students_per_call: int = Field(default=100, ge=1, le=100)
    """Most students whose work in a course one call requests; lower it for courses with many assignments."""


class Canvas(Adapter):
    """A Canvas that is hosted by Instructure or by the district."""

    settings: CanvasSettings
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="sis_user_id"),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
        confirm=("birth_date", "email"),
    )

    def __init__(self, name: str, settings: CanvasSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self._client = CanvasClient(http, settings.base_url)

    def auth(self) -> httpx.Auth:
        """The access token as a bearer token, sent to the configured origin only."""
        return Bearer(self.settings.token, origin=self.settings.base_url)

    async def check(self) -> str:
        """Request the owner of the token to test it; the result does not name the owner."""
        await self._client.token_owner()
        return "Canvas, token of a service account"

    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """The course of each section, in two calls a section."""

        async def read(section_id: SectionId) -> list[LmsCourse] | None:
            if (section := await self._client.section(section_id)) is None:
                return None
            course = await self._client.course(section.course_id)
            return [lms_course(course, section_id)] if course else []

        return await gather_by_key(ids, read, self.settings.concurrency)

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """
        Work in active courses.

        One call for each student reads their enrollments. Each course takes three more calls: for its name, for
        its assignments, and for the work of every 100 of the requested students.
        """
        enrollments = await self._student_enrollments(ids)
        coursework = await self._coursework(enrollments)

        def build_records(keyed: list[KeyedEnrollment]) -> list[AssignmentWork]:
            # Canvas keeps one submission for a student in two sections of a course: it goes to the first section.
            return sort_by_due_time(coursework.records(group[0] for group in group_by_course(keyed).values()))

        return records_by_student(enrollments, build_records)

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """Work of every student of a section by due time, in four calls, or more for more than 100 students."""

        async def read(section_id: SectionId) -> list[AssignmentWork] | None:
            if not (enrollments := await self._section_enrollments(section_id)):
                return None if enrollments is None else []
            course_id = enrollments[0].enrollment.course_id
            submissions = await self._client.section_submissions(section_id)
            coursework = Coursework(
                await gather_by_key([course_id], self._client.course, 1),
                await gather_by_key([course_id], self._client.assignments, 1),
                {(course_id, user_id): work for user_id, work in submissions.items()},
            )
            return sort_by_due_time(coursework.records(enrollments))

        return await gather_by_key(ids, read, self.settings.concurrency)

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Computed grades in active courses for any `school_year`: Canvas has terms and no school years."""
        enrollments = await self._student_enrollments(ids)
        courses = await self._courses(enrollments)

        def build_records(keyed: list[KeyedEnrollment]) -> list[CourseGrade]:
            return [
                grade
                for enrollment in keyed
                for grade in course_grades(enrollment, value_of(courses, enrollment.enrollment.course_id))
            ]

        return records_by_student(enrollments, build_records)

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Computed grades of every student of a section, in two calls, or more for more than 100 students."""

        async def read(section_id: SectionId) -> list[CourseGrade] | None:
            if not (enrollments := await self._section_enrollments(section_id)):
                return None if enrollments is None else []
            course = await self._client.course(enrollments[0].enrollment.course_id)
            return [grade for enrollment in enrollments for grade in course_grades(enrollment, course)]

        return await gather_by_key(ids, read, self.settings.concurrency)

    async def course_engagement_by_student(
        self, ids: Sequence[StudentId], *, since: date | None = None
    ) -> Batch[StudentId, list[CourseEngagement]]:
        """
        Activity in active courses; views and participations are null if the token may not see analytics.

        Takes one call for each student and two for each course, and with `since` one more for each student
        and course.
        """
        enrollments = await self._student_enrollments(ids)
        courses = await self._courses(enrollments)
        summaries = await self._summaries(enrollments, since)

        def build_records(keyed: list[KeyedEnrollment]) -> list[CourseEngagement]:
            return [
                course_engagement(
                    group,
                    value_of(courses, course_id),
                    value_of(summaries, (course_id, group[0].enrollment.user_id)),
                )
                for course_id, group in group_by_course(keyed).items()
            ]

        return records_by_student(enrollments, build_records)

    async def _student_enrollments(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[KeyedEnrollment]]:
        async def read(student_id: StudentId) -> list[KeyedEnrollment] | None:
            enrollments = await self._client.student_enrollments(student_id)
            return None if enrollments is None else [keyed_by_student(student_id, row) for row in enrollments]

        return await gather_by_key(ids, read, self.settings.concurrency)

    async def _section_enrollments(self, section_id: SectionId) -> list[KeyedEnrollment] | None:
        enrollments = await self._client.section_enrollments(section_id)
        return None if enrollments is None else [keyed_by_section(section_id, row) for row in enrollments]

    async def _courses(self, enrollments: Batch[StudentId, list[KeyedEnrollment]]) -> Batch[int, Course]:
        return await gather_by_key(users_by_course(enrollments), self._client.course, self.settings.concurrency)

    async def _coursework(self, enrollments: Batch[StudentId, list[KeyedEnrollment]]) -> Coursework:
        """Three reads of each course, one kind of read after the other, so that `concurrency` bounds the calls."""
        limit, size = self.settings.concurrency, self.settings.students_per_call
        user_groups = [
            (course_id, tuple(user_ids[start : start + size]))
            for course_id, user_ids in users_by_course(enrollments).items()
            for start in range(0, len(user_ids), size)
        ]
        submissions = await gather_by_key(
            user_groups, lambda group: self._client.course_submissions(*group), limit
        )
        return Coursework(
            await self._courses(enrollments),
            await gather_by_key(users_by_course(enrollments), self._client.assignments, limit),
            {
                (course_id, user_id): answer if isinstance(answer, AdapterError) else answer.get(user_id, [])
                for (course_id, user_ids), answer in submissions.items()
                for user_id in user_ids
            },
        )

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
