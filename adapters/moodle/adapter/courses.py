"""Lookups by course and by section."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from student_graph.adapters.concurrency import answer_by_key, gather_by_key
from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    PayloadError,
    another_object,
    listed_and_unknown,
)
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import AssignmentWork, CourseGrade, LmsCourse, LmsCourseId, SectionId
from student_graph.adapters.moodle.adapter.base import MoodleAdapter
from student_graph.adapters.moodle.api import Course
from student_graph.adapters.moodle.client.keys import course_id
from student_graph.adapters.moodle.mapping.accounts import KeyedStudent, ambiguous_keys, keyed
from student_graph.adapters.moodle.mapping.courses import CourseContents, course_grade, lms_course, sort_grades
from student_graph.adapters.moodle.mapping.work import assignment_work, sort_by_due_time
from student_graph.adapters.reading import leave_out_unreadable

K = TypeVar("K", SectionId, LmsCourseId)
R = TypeVar("R")


class CourseLookups(MoodleAdapter):
    """Lookups by course and by section."""

    async def lms_courses_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[LmsCourse]]:
        """The course of each section: a call for each, and one to check it if the list hides the idnumber."""

        async def read(section_id: SectionId) -> list[LmsCourse] | None:
            if (course := await self._course_of(section_id)) is None:
                return None
            if self._section_names.link == "idnumber" and not course.idnumber:
                self._check_section(section_id, await self._client.course_idnumber(course.id))
            return [lms_course(course, section_id)]

        return await answer_by_key(ids, read, self.settings.concurrency)

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """Work of every student of a section by due time: three calls for each, and three for all of them."""
        courses = await gather_by_key(ids, self._course_of, self.settings.concurrency)
        contents = await self._contents(_by_id(courses))
        return await self._answers(courses, contents, self._work_in)

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Totals of every student of a section, in three calls for each."""
        courses = await gather_by_key(ids, self._course_of, self.settings.concurrency)
        contents = await self._grade_contents(_by_id(courses))
        return await self._answers(courses, contents, self._grades_in)

    async def assignment_work_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[AssignmentWork]]:
        """Work of every student of a course by due time: two calls for each, and four for all of them."""
        courses = await self._courses(ids)
        contents = await self._contents(_by_id(courses))
        return await self._answers(courses, contents, self._work_in)

    async def course_grades_by_lms_course(
        self, ids: Sequence[LmsCourseId]
    ) -> Batch[LmsCourseId, list[CourseGrade]]:
        """Totals of every student of a course: two calls for each, and one for all of them."""
        courses = await self._courses(ids)
        contents = await self._grade_contents(_by_id(courses))
        return await self._answers(courses, contents, self._grades_in)

    async def _course_of(self, section_id: SectionId) -> Course | None:
        """
        The course of a section.

        Raises:
            NotOfferedError: The settings do not say how courses name their section.
        """
        names = self._section_names
        if names.link is None:
            raise NotOfferedError("no link between courses and sections is configured")
        return await self._client.course(names.link, names.text(section_id))

    async def _courses(self, ids: Sequence[LmsCourseId]) -> Batch[LmsCourseId, Course]:
        """The courses with these ids, in one call."""
        numbers: dict[LmsCourseId, int] = {}
        batch: dict[LmsCourseId, Course | AdapterError] = {}
        for id in ids:
            try:
                numbers[id] = course_id(id)
            except AdapterError as error:
                batch[id] = error
        courses = await self._client.courses(numbers.values())
        return batch | {id: courses[number] for id, number in numbers.items() if number in courses}

    async def _answers(
        self,
        courses: Batch[K, Course],
        contents: Batch[int, CourseContents],
        build: Callable[[CourseContents, SectionId | None], list[R]],
    ) -> Batch[K, list[R]]:
        """The records of the course of each key; those of a section have its key. A deleted course is an error."""

        async def read(key: K) -> list[R] | None:
            if (course := value_of(courses, key)) is None:
                return None
            if (course_contents := value_of(contents, course.id)) is None:
                raise listed_and_unknown("a course")
            if (section_id := _section_of(key)) is not None and self._section_names.link == "idnumber":
                for report in course_contents.grades.values():
                    self._check_section(section_id, report.courseidnumber)
            return build(course_contents, section_id)

        return await answer_by_key(courses, read, self.settings.concurrency)

    def _work_in(self, contents: CourseContents, section_id: SectionId | None) -> list[AssignmentWork]:
        now = self.now()
        rows: list[AssignmentWork] = []
        for student in _students(contents):
            section = section_id or self._section(contents, student.user_id)
            rows += assignment_work(contents, student, section, now)
        return sort_by_due_time(rows)

    def _grades_in(self, contents: CourseContents, section_id: SectionId | None) -> list[CourseGrade]:
        grades = (
            course_grade(contents, student, section_id or self._section(contents, student.user_id))
            for student in _students(contents)
        )
        return sort_grades(grade for grade in grades if grade is not None)

    def _check_section(self, section_id: SectionId, idnumber: str | None) -> None:
        """
        Check that a course with an idnumber is that of a section; None is not known.

        Raises:
            PayloadError: It is the course of another section.
        """
        if idnumber is not None and idnumber != self._section_names.text(section_id):
            raise another_object()

    def _section(self, contents: CourseContents, user_id: int) -> SectionId | None:
        return contents.section_id(self._section_names, user_id)


def _students(contents: CourseContents) -> list[KeyedStudent]:
    """The students of a course; those with a number that another one has are left out and reported."""
    students = [keyed(user) for user in contents.students.values()]
    ambiguous = ambiguous_keys(students)
    for student in students:
        if student.student_id in ambiguous:
            leave_out_unreadable(PayloadError("a number of two users", code="SOURCE_SCHEMA"), str(student.user_id))
    return [student for student in students if student.student_id not in ambiguous]


def _by_id(courses: Batch[K, Course]) -> dict[int, Course]:
    """The courses by id; those that could not be read are left out."""
    return {course.id: course for course in courses.values() if not isinstance(course, AdapterError)}


def _section_of(key: SectionId | LmsCourseId) -> SectionId | None:
    """The key itself if it is that of a section, which has a field before a colon; ids of courses are digits."""
    return SectionId(key) if ":" in key else None
