"""Canvas LMS, REST API v1: what a service account's token may read of courses, work, grades and engagement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import httpx
from pydantic import Field, SecretStr

from student_graph.adapters.auth import Bearer
from student_graph.adapters.canvas.api import Course, Summary
from student_graph.adapters.canvas.client.classwork import (
    Classwork,
    Parts,
    Places,
    by_course,
    members,
    part,
    put_together,
)
from student_graph.adapters.canvas.client.requests import Reads
from student_graph.adapters.canvas.mapping import (
    Place,
    by_due_time,
    counted_since,
    course_engagement,
    course_grades,
    lms_course,
    place_in,
    place_of,
)
from student_graph.adapters.concurrency import each
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
    """How to reach a Canvas."""

    token: SecretStr
    """Access token of a service account: Account > Settings > Approved Integrations > New Access Token. Its role
    needs "Users - view list", "Courses - view list", "Grades - view all grades", "SIS Data - read" and, for
    page views, "Analytics - view pages"."""
    concurrency: int = Field(default=8, ge=1, le=10)
    """Calls that may be under way at once; Canvas throttles a token that has a dozen."""
    students_per_call: int = Field(default=100, ge=1, le=100)
    """Students whose work in a course is asked for in one call; fewer where courses have many assignments."""


class Canvas(Adapter):
    """Canvas LMS."""

    settings: CanvasSettings
    identity: ClassVar[IdentityRules | None] = IdentityRules(
        students=(IdentityRule(field="sis_user_id"),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
        confirm=("birth_date", "email"),
    )

    def __init__(self, name: str, settings: CanvasSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self._reads = Reads(http, settings.base_url)

    def auth(self) -> httpx.Auth:
        """The token, to the configured origin only."""
        return Bearer(self.settings.token, origin=self.settings.base_url)

    async def check(self) -> str:
        """Ask who the token belongs to; whoever it is stays unnamed."""
        await self._reads.whoami()
        return "Canvas, token of a service account"

    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """The course of each section: two calls."""

        async def read(key: SectionId) -> list[LmsCourse] | None:
            if (section := await self._reads.section(key)) is None:
                return None
            course = await self._reads.course(section.course_id)
            return [lms_course(course, key)] if course else []

        return await each(ids, read, self.settings.concurrency)

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """
        Work in active courses.

        A call for each student tells the courses; each course takes three more: its name, its assignments, and
        the work of all who were asked for, 100 at a time.
        """
        places = await self._places(ids)
        classwork = await self._classwork(places)

        def make(own: list[Place]) -> list[AssignmentWork]:
            return by_due_time(classwork.of_all(inside[0] for inside in by_course(own).values()))

        return put_together(places, make)

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """Work of everybody in the section, by due time: four calls, and more for sections of more than 100."""

        async def read(key: SectionId) -> list[AssignmentWork] | None:
            if not (places := await self._places_in(key)):
                return None if places is None else []
            course = places[0].enrollment.course_id
            submissions = await self._reads.submissions_in(key)
            classwork = Classwork(
                await each([course], self._reads.course, 1),
                await each([course], self._reads.assignments, 1),
                {(course, user): found for user, found in submissions.items()},
            )
            return by_due_time(classwork.of_all(places))

        return await each(ids, read, self.settings.concurrency)

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Computed grades in active courses, whatever the school year: Canvas keeps terms, not school years."""
        places = await self._places(ids)
        courses = await self._courses(places)

        def make(own: list[Place]) -> list[CourseGrade]:
            named = ((place, part(courses, place.enrollment.course_id)) for place in own)
            return [grade for place, course in named for grade in course_grades(place, course)]

        return put_together(places, make)

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Computed grades of everybody in the section: two calls, and more for sections of more than 100."""

        async def read(key: SectionId) -> list[CourseGrade] | None:
            if not (places := await self._places_in(key)):
                return None if places is None else []
            course = await self._reads.course(places[0].enrollment.course_id)
            return [grade for place in places for grade in course_grades(place, course)]

        return await each(ids, read, self.settings.concurrency)

    async def course_engagement_by_student(
        self, ids: Sequence[StudentId], *, since: date | None = None
    ) -> Batch[StudentId, list[CourseEngagement]]:
        """
        Activity in active courses; views and participations are null where the token may not see analytics.

        Beside a call for each student, two for each course; with `since`, one more for each student and course.
        """
        places = await self._places(ids)
        courses = await self._courses(places)
        summaries = await self._summaries(places, since)

        def make(own: list[Place]) -> list[CourseEngagement]:
            return [
                course_engagement(
                    inside, part(courses, course), part(summaries, (course, inside[0].enrollment.user_id))
                )
                for course, inside in by_course(own).items()
            ]

        return put_together(places, make)

    async def _places(self, ids: Sequence[StudentId]) -> Places:
        async def read(key: StudentId) -> list[Place] | None:
            found = await self._reads.enrollments_of(key)
            return None if found is None else [place_of(key, enrollment) for enrollment in found]

        return await each(ids, read, self.settings.concurrency)

    async def _places_in(self, section: SectionId) -> list[Place] | None:
        found = await self._reads.enrollments_in(section)
        return None if found is None else [place_in(section, enrollment) for enrollment in found]

    async def _courses(self, places: Places) -> Parts[int, Course]:
        return await each(members(places), self._reads.course, self.settings.concurrency)

    async def _classwork(self, places: Places) -> Classwork:
        """Three reads of each course, one kind after the other, so that the limit holds."""
        limit, size = self.settings.concurrency, self.settings.students_per_call
        groups = [
            (course, tuple(users[start : start + size]))
            for course, users in members(places).items()
            for start in range(0, len(users), size)
        ]
        work = await each(groups, lambda group: self._reads.submissions(*group), limit)
        return Classwork(
            await self._courses(places),
            await each(members(places), self._reads.assignments, limit),
            {
                (course, user): found if isinstance(found, AdapterError) else found.get(user, [])
                for (course, users), found in work.items()
                for user in users
            },
        )

    async def _summaries(self, places: Places, since: date | None) -> Parts[tuple[int, int], Summary]:
        """What analytics tells, by course and user."""
        limit = self.settings.concurrency
        told = await each(members(places), self._reads.summaries, limit)
        summaries: dict[tuple[int, int], Summary | AdapterError] = {}
        for course, users in members(places).items():
            found = told.get(course, {})
            for user in users:
                if isinstance(found, AdapterError):
                    summaries[course, user] = found
                elif user in found:
                    summaries[course, user] = found[user]
        if since is None:
            return summaries

        async def read(key: tuple[int, int]) -> Summary | None:
            summary = part(summaries, key)
            return summary and counted_since(summary, await self._reads.activity(*key), since)

        return await each(summaries, read, limit)
