"""What all lookups of the Google Classroom adapter share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import ValidationError

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, listed_and_unknown, translate
from student_graph.adapters.google_classroom.adapter.settings import GoogleClassroomSettings
from student_graph.adapters.google_classroom.api import Course
from student_graph.adapters.google_classroom.client.addresses import SectionNames, user_of
from student_graph.adapters.google_classroom.client.requests import ClassroomClient
from student_graph.adapters.google_classroom.mapping.accounts import KeyedStudent, keyed_by_user
from student_graph.adapters.google_classroom.mapping.submissions import Coursework
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.reading import leave_out_unreadable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Membership:
    """A student with the active courses that the student takes."""

    student: KeyedStudent
    courses: list[Course]


class ClassroomAdapter(Adapter):
    """The client of one domain, and the reads that several lookups need."""

    settings: GoogleClassroomSettings

    def __init__(self, name: str, settings: GoogleClassroomSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self._client = ClassroomClient(http, settings.base_url, rows_per_page=settings.rows_per_page)
        self._section_names = SectionNames(settings.section_link, settings.section_prefix)

    async def _memberships(self, ids: Sequence[StudentId]) -> Batch[StudentId, Membership]:
        """
        Each student with the active courses, in two calls.

        A student is absent if there is no such user, as after an account was deleted.
        """

        async def read(student_id: StudentId) -> Membership | None:
            user = user_of(student_id, self.settings.student_domain)
            courses = await self._client.courses_of_student(user)
            profile = None if courses is None else await self._client.profile(user)
            if courses is None or profile is None:
                return None
            return Membership(
                keyed_by_user(profile.id, profile, self.settings.student_domain, student_id), courses
            )

        return await gather_by_key(ids, read, self.settings.concurrency)

    async def _coursework(
        self, course: Course, section_id: SectionId | None = None, *, needs_section: bool = True
    ) -> Coursework:
        """
        A course with its published work: one call, and one for its aliases if they name a section that is needed.

        Raises:
            PayloadError: Classroom does not know the course, or not all of its work can be read.
        """
        section = section_id or (await self._section_of(course) if needs_section else None)
        work = await self._client.course_work(course.id)
        if work is None:
            raise listed_and_unknown("a course")
        return Coursework(course, section, work)

    async def _section_of(self, course: Course) -> SectionId | None:
        """
        The section that a course teaches; None if it names none, or several.

        Raises:
            PayloadError: Classroom does not know the course.
        """
        names = self._section_names
        if not names.in_aliases:
            return names.section_id(course.section)
        if (aliases := await self._client.aliases(course.id)) is None:
            raise listed_and_unknown("a course")
        sections = {names.section_id(alias) for alias in aliases} - {None}
        return sections.pop() if len(sections) == 1 else None


async def read_of_course(course_id: str, read: Callable[[], Awaitable[T | None]]) -> T | None:
    """
    What `read` returns for a course that Classroom has listed.

    None, and a report, if it cannot be read or if Classroom does not know the course: so one odd row in a list of
    courses takes nothing else away.

    Raises:
        AdapterError: Classroom did not answer, or answered with another course. httpx errors may also be raised.
    """
    try:
        result = await read()
    except (AdapterError, ValidationError) as error:
        leave_out_unreadable(translate(error), course_id)
        return None
    if result is None:
        leave_out_unreadable(listed_and_unknown("a course"), course_id)
    return result


def unique_courses(memberships: Batch[StudentId, Membership]) -> dict[str, Course]:
    """The courses of students by id; students whose courses could not be read are left out."""
    return {
        course.id: course
        for membership in memberships.values()
        if not isinstance(membership, AdapterError)
        for course in membership.courses
    }
