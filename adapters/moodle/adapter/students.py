"""Lookups by student: for few students, and where the lists of courses are not read anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeAlias, TypeVar

from student_graph.adapters.errors import AdapterError, listed_and_unknown
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import AssignmentWork, CourseEngagement, CourseGrade, StudentId
from student_graph.adapters.moodle.adapter.base import Membership, MoodleAdapter
from student_graph.adapters.moodle.api import Course
from student_graph.adapters.moodle.mapping.accounts import KeyedStudent
from student_graph.adapters.moodle.mapping.courses import CourseContents, course_grade, sort_grades
from student_graph.adapters.moodle.mapping.work import assignment_work, course_engagement, sort_by_due_time
from student_graph.adapters.reading import leave_out_unreadable, reading_key

R = TypeVar("R")
RecordBuilder: TypeAlias = Callable[[CourseContents, KeyedStudent], Iterable[R]]
"""Returns the records of a student in a course."""


class StudentLookups(MoodleAdapter):
    """Lookups by student."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """
        Work in current courses by due time.

        Takes a call for each student and four for all of them, one for each course, and one for the gradebook of
        each course; of a course with one requested student that of the student alone.
        """
        memberships = await self._memberships(ids)
        contents = await self._contents(_courses(memberships), _users(memberships))
        now = self.now()

        def build(course: CourseContents, student: KeyedStudent) -> Iterable[AssignmentWork]:
            section_id = course.section_id(self._section_names, student.user_id)
            return assignment_work(course, student, section_id, now)

        return {
            id: answer if isinstance(answer, AdapterError) else sort_by_due_time(answer)
            for id, answer in _records(memberships, contents, build).items()
        }

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Totals of current courses for any `school_year`: Moodle has no school years."""
        memberships = await self._memberships(ids)
        contents = await self._grade_contents(_courses(memberships), _users(memberships))

        def build(course: CourseContents, student: KeyedStudent) -> Iterable[CourseGrade]:
            grade = course_grade(course, student, course.section_id(self._section_names, student.user_id))
            return () if grade is None else (grade,)

        return {
            id: answer if isinstance(answer, AdapterError) else sort_grades(answer)
            for id, answer in _records(memberships, contents, build).items()
        }

    async def course_engagement_by_student(
        self, ids: Sequence[StudentId], *, since: date | None = None
    ) -> Batch[StudentId, list[CourseEngagement]]:
        """
        What a student handed in in each current course, and when the student last opened it.

        Moodle counts neither page views nor time for others. Takes as many calls as the work of the students.
        """
        memberships = await self._memberships(ids)
        contents = await self._contents(_courses(memberships), _users(memberships))
        now = self.now()

        def build(course: CourseContents, student: KeyedStudent) -> Iterable[CourseEngagement]:
            return (course_engagement(course, student, since, now),)

        return _records(memberships, contents, build)


def _courses(memberships: Batch[StudentId, Membership]) -> dict[int, Course]:
    """The courses of students by id; students whose courses could not be read are left out."""
    return {
        course_id: course
        for membership in memberships.values()
        if not isinstance(membership, AdapterError)
        for course_id, course in membership.courses.items()
    }


def _users(memberships: Batch[StudentId, Membership]) -> dict[int, set[int]]:
    """The users of students by course."""
    users: dict[int, set[int]] = {}
    for membership in memberships.values():
        if not isinstance(membership, AdapterError):
            for course_id in membership.courses:
                users.setdefault(course_id, set()).add(membership.student.user_id)
    return users


def _records(
    memberships: Batch[StudentId, Membership], contents: Batch[int, CourseContents], build: RecordBuilder[R]
) -> dict[StudentId, list[R] | AdapterError]:
    """
    The records of each student in the courses in which the student has the role of a student.

    A student whose course could not be read has the error. A course that Moodle does not know although it lists
    it for the student is left out and reported.
    """
    batch: dict[StudentId, list[R] | AdapterError] = {}
    for student_id, membership in memberships.items():
        if isinstance(membership, AdapterError):
            batch[student_id] = membership
            continue
        try:
            with reading_key(student_id):
                batch[student_id] = [
                    record
                    for course_id in membership.courses
                    if (course := _known(contents, course_id)) is not None
                    and membership.student.user_id in course.students
                    for record in build(course, membership.student)
                ]
        except AdapterError as error:
            batch[student_id] = error
    return batch


def _known(contents: Batch[int, CourseContents], course_id: int) -> CourseContents | None:
    """
    The contents of a course that Moodle has listed; None and a report if Moodle does not know it.

    Raises:
        AdapterError: the course could not be read.
    """
    if (course := value_of(contents, course_id)) is None:
        leave_out_unreadable(listed_and_unknown("a course"), str(course_id))
    return course
