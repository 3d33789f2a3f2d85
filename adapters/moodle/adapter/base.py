"""What all lookups of the Moodle adapter share: the client, the users of keys, and the contents of courses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import (
    AdapterError,
    BodyTooLargeError,
    IdentityError,
    RefusedError,
    listed_and_unknown,
)
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.moodle.adapter.settings import MoodleSettings
from student_graph.adapters.moodle.api import Course, EnrolledUser, User, UserGrades
from student_graph.adapters.moodle.client.keys import SectionNames, user_field
from student_graph.adapters.moodle.client.requests import MoodleClient
from student_graph.adapters.moodle.client.responses import FORBIDDEN_CODE
from student_graph.adapters.moodle.mapping.accounts import KeyedStudent, keyed, students_of
from student_graph.adapters.moodle.mapping.courses import CourseContents, is_current

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Membership:
    """A student with the current courses of the student's account."""

    student: KeyedStudent
    courses: dict[int, Course]


class MoodleAdapter(Adapter):
    """The client of one Moodle, and the reads that several lookups need."""

    settings: MoodleSettings

    def __init__(self, name: str, settings: MoodleSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self._client = MoodleClient(http, settings.base_url, concurrency=settings.concurrency)
        self._section_names = SectionNames(settings.section_link, settings.section_prefix)

    async def _users(self, ids: Sequence[StudentId]) -> Batch[StudentId, User]:
        """
        The user of each key, in a call for each field that the keys name.

        A key has an error if two users have its value: Moodle lets administrators give an idnumber twice.
        """
        by_field: dict[str, dict[str, list[StudentId]]] = defaultdict(lambda: defaultdict(list))
        batch: dict[StudentId, User | AdapterError] = {}
        for id in ids:
            try:
                field, value = user_field(id)
                by_field[field][value].append(id)
            except AdapterError as error:
                batch[id] = error
        for field, ids_by_value in by_field.items():
            for value, users in (await self._client.users(field, ids_by_value)).items():
                if isinstance(users, AdapterError):
                    answer: User | AdapterError = users
                elif len(users) > 1:
                    answer = IdentityError("two users have this value", code="IDENTITY_CONFLICT")
                else:
                    answer = users[0]
                batch |= dict.fromkeys(ids_by_value[value], answer)
        return batch

    async def _memberships(self, ids: Sequence[StudentId]) -> Batch[StudentId, Membership]:
        """
        Each student with current courses: a call for the users, and one for the courses of each.

        A user that Moodle finds, and then does not know, is an error of the key.
        """
        users = await self._users(ids)

        async def read(student_id: StudentId) -> Membership | None:
            if (user := value_of(users, student_id)) is None:
                return None
            if (courses := await self._client.courses_of_user(user.id)) is None:
                raise listed_and_unknown("a user")
            return Membership(keyed(user, student_id), self._current(courses))

        return await gather_by_key(ids, read, self.settings.concurrency)

    def _current(self, courses: Collection[Course]) -> dict[int, Course]:
        """The courses that students see and that have not ended, by id."""
        now = self.now().timestamp()
        return {course.id: course for course in courses if is_current(course, now)}

    async def _contents(
        self, courses: Mapping[int, Course], users: Mapping[int, Collection[int]] | None = None
    ) -> Batch[int, CourseContents]:
        """
        The students, work and grades of courses; a course is absent if it was deleted meanwhile.

        Takes two calls for each course, and three for the work of all of them. `users` are those that matter, by
        course; None if all students do.
        """
        rosters = await self._rosters(courses)
        needed = {
            course_id: set(students if users is None else students.keys() & users.get(course_id, ()))
            for course_id, students in rosters.items()
            if not isinstance(students, AdapterError)
        }
        assignments = await self._client.assignments(id for id, user_ids in needed.items() if user_ids)
        ids = [row.id for rows in assignments.values() if not isinstance(rows, AdapterError) for row in rows]
        submissions = await self._client.submissions(ids)
        extensions = await self._client.extensions(ids)

        async def read(course_id: int) -> CourseContents | None:
            if (students := value_of(rosters, course_id)) is None:
                return None
            if not needed[course_id]:
                return CourseContents(courses[course_id], students)
            if (rows := value_of(assignments, course_id)) is None:
                raise RefusedError("the account of the token may not see the course", code=FORBIDDEN_CODE)
            return CourseContents(
                courses[course_id],
                students,
                rows,
                {row.id: sent for row in rows if (sent := value_of(submissions, row.id)) is not None},
                {row.id: moved for row in rows if (moved := value_of(extensions, row.id)) is not None},
                await self._grades(course_id, needed[course_id]) if rows else {},
            )

        return await gather_by_key(courses, read, self.settings.concurrency)

    async def _grade_contents(
        self, courses: Mapping[int, Course], users: Mapping[int, Collection[int]] | None = None
    ) -> Batch[int, CourseContents]:
        """The students and grades of courses, in two calls for each; see `_contents`."""
        rosters = await self._rosters(courses)

        async def read(course_id: int) -> CourseContents | None:
            if (students := value_of(rosters, course_id)) is None:
                return None
            user_ids = students if users is None else students.keys() & users.get(course_id, ())
            grades = await self._grades(course_id, user_ids)
            return CourseContents(courses[course_id], students, grades=grades)

        return await gather_by_key(courses, read, self.settings.concurrency)

    async def _rosters(self, courses: Mapping[int, Course]) -> Batch[int, dict[int, EnrolledUser]]:
        """The students of courses with an active enrollment, by course and user."""

        async def read(course_id: int) -> dict[int, EnrolledUser] | None:
            rows = await self._client.roster(course_id)
            return None if rows is None else students_of(rows, self.settings.student_roles)

        return await gather_by_key(courses, read, self.settings.concurrency)

    async def _grades(self, course_id: int, user_ids: Collection[int]) -> dict[int, UserGrades]:
        """
        The gradebook of a course for users, in one call if it is not too large.

        Users that it lacks are read one by one: the report of all leaves out users who are in no visible group.
        """
        if not user_ids:
            return {}
        reports: dict[int, UserGrades] = {}
        if len(user_ids) > 1:
            try:
                reports = await self._client.grades(course_id)
            except BodyTooLargeError:
                reports = {}
        missing = sorted(set(user_ids) - reports.keys())

        async def read(user_id: int) -> UserGrades | None:
            return (await self._client.grades(course_id, user_id)).get(user_id)

        single = await gather_by_key(missing, read, self.settings.concurrency)
        for user_id in single:
            if (report := value_of(single, user_id)) is not None:
                reports[user_id] = report
        return reports
