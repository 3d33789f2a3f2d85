"""Lookups by course and by section."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from student_graph.adapters.concurrency import answer_by_key, gather_by_key
from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    another_object,
    listed_and_unknown,
)
from student_graph.adapters.google_classroom.adapter.accounts import MAX_COURSES
from student_graph.adapters.google_classroom.adapter.base import ClassroomAdapter, read_of_course
from student_graph.adapters.google_classroom.api import Course, StudentSubmission
from student_graph.adapters.google_classroom.mapping.accounts import keyed_by_course
from student_graph.adapters.google_classroom.mapping.courses import lms_course
from student_graph.adapters.google_classroom.mapping.submissions import sort_by_due_time
from student_graph.adapters.keys import path_id
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AssignmentWork, LmsCourse, LmsCourseId, SectionId
from student_graph.adapters.reading import leave_out_unreadable

MAX_SINGLE_COURSES = 3
"""Maximum number of courses that are read one by one: the list of active courses has a page for every 500."""


class CourseLookups(ClassroomAdapter):
    """Lookups by course and by section."""

    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """The courses of each section: two calls for each section, or for all the list of active courses."""
        courses = await self._courses_of_sections(ids)

        async def read(section_id: SectionId) -> list[LmsCourse] | None:
            answer = courses.get(section_id)
            if isinstance(answer, AdapterError):
                raise answer
            if answer is None:
                return None
            records = []
            for course in answer:
                try:
                    records.append(lms_course(course, section_id))
                except PayloadError as error:
                    leave_out_unreadable(error, course.id)
            return records

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """Work of every student of a section by due time: its courses, and three calls for each."""
        courses = await self._courses_of_sections(ids)

        async def read(section_id: SectionId) -> list[AssignmentWork] | None:
            answer = courses.get(section_id)
            if isinstance(answer, AdapterError):
                raise answer
            if answer is None:
                return None
            work = [
                await read_of_course(course.id, partial(self._work_in, course, section_id)) for course in answer
            ]
            return sort_by_due_time(row for rows in work for row in rows or ())

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def assignment_work_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[AssignmentWork]]:
        """
        Work of every student of a course by due time: four calls for each, and one for its aliases.

        Of many courses the names are read from the list of active courses, which saves a call for each.
        """
        listed = await self._listed_courses() if len(ids) > MAX_SINGLE_COURSES else {}

        async def read(id: LmsCourseId) -> list[AssignmentWork] | None:
            course = listed.get(id) or await self._client.course(path_id(id))
            return None if course is None else sort_by_due_time(await self._work_in(course))

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def _listed_courses(self) -> dict[str, Course]:
        """The active courses by id; empty if there are too many, or no such list."""
        try:
            return {course.id: course for course in await self._client.active_courses(MAX_COURSES)}
        except (NotOfferedError, RefusedError):
            return {}

    async def _work_in(self, course: Course, section_id: SectionId | None = None) -> list[AssignmentWork]:
        """
        The work of the students of a course; that of students who left it is not read.

        Raises:
            PayloadError: Classroom does not know the course, or not all of its work can be read.
        """
        students = await self._client.students(course.id)
        coursework = await self._coursework(course, section_id)
        submissions = await self._client.submissions(course.id) if students and coursework.work else []
        if students is None or submissions is None:
            raise listed_and_unknown("a course")
        by_user: dict[str, list[StudentSubmission]] = defaultdict(list)
        for submission in submissions:
            by_user[submission.userId].append(submission)
        keyed = [keyed_by_course(student, self.settings.student_domain) for student in students]
        return [row for student in keyed for row in coursework.records(student, by_user[student.user_id])]

    async def _courses_of_sections(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[Course]]:
        """
        The courses of each section; absent if there is none.

        Raises:
            NotOfferedError: The settings do not say how courses name their section.
        """
        names = self._section_names
        if names.link is None:
            raise NotOfferedError("no link between courses and sections is configured")
        if names.in_aliases:
            return await gather_by_key(ids, self._course_with_alias, self.settings.concurrency)
        texts = await gather_by_key(ids, self._text_of_section, self.settings.concurrency)
        by_text: dict[str, list[Course]] = defaultdict(list)
        if any(isinstance(text, str) for text in texts.values()):
            for course in await self._client.active_courses(MAX_COURSES):
                by_text[(course.section or "").strip()].append(course)
        return {
            id: text if isinstance(text, AdapterError) else by_text[text]
            for id, text in texts.items()
            if isinstance(text, AdapterError) or text in by_text
        }

    async def _course_with_alias(self, section_id: SectionId) -> list[Course] | None:
        """
        The course with the alias of a section; its aliases are read to check it, which it does not have itself.

        Raises:
            PayloadError: It is another course.
        """
        alias = self._section_names.text(section_id)
        if (course := await self._client.course(alias)) is None:
            return None
        if alias not in (await self._client.aliases(course.id) or ()):
            raise another_object()
        return [course]

    async def _text_of_section(self, section_id: SectionId) -> str:
        return self._section_names.text(section_id)
