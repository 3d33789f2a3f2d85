"""
The Canvas REST API as a client with one method for each address.

A method returns None if Canvas does not know the object. Every request only reads: none acts as another user
(`as_user_id`), and none has `include[]=read_status`, which would mark submissions as read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from typing import TypeVar

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.bisection import bisect_batch
from student_graph.adapters.canvas.api import (
    Activity,
    Assignment,
    Course,
    Enrollment,
    Section,
    StudentSubmissions,
    Submission,
    Summary,
    User,
)
from student_graph.adapters.canvas.client.addresses import section_segment, user_segment
from student_graph.adapters.canvas.client.numbered_pages import numbered_pages
from student_graph.adapters.canvas.client.responses import (
    FORBIDDEN_CODE,
    MissingObjectError,
    check_status,
    none_if_refused,
    page_reader,
)
from student_graph.adapters.errors import (
    AdapterError,
    BodyTooLargeError,
    NotOfferedError,
    another_object,
)
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.paging import Params, collect_pages
from student_graph.adapters.reading import read

T = TypeVar("T")
P = TypeVar("P", User, Course)

ALL_STUDENTS = ("all",)
MAX_ROWS_PER_PAGE = 100
ACTIVE_STUDENT_FILTERS: Params = {"type[]": "StudentEnrollment", "state[]": "active", "include[]": "email"}
SUBMISSION_FIELDS = tuple(Submission.model_fields)
"""Requested by name, because Canvas would otherwise also send the text that the student submitted."""

_ACTIVITY = TypeAdapter(Activity)
_ASSIGNMENTS = TypeAdapter(list[Assignment])
_COURSE = TypeAdapter(Course)
_COURSES = TypeAdapter(list[Course])
_ENROLLMENTS = TypeAdapter(list[Enrollment])
_SECTION = TypeAdapter(Section)
_SUBMISSIONS = TypeAdapter(list[StudentSubmissions])
_SUMMARIES = TypeAdapter(list[Summary])
_USER = TypeAdapter(User)
_USERS = TypeAdapter(list[User])


class CanvasClient:
    """Reads the REST API of one Canvas."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: object, *, students_per_call: int = 100, concurrency: int = 1
    ) -> None:
        self._http = http
        self._root = f"{str(base_url).rstrip('/')}/api/v1"
        self._students_per_call = students_per_call
        self._concurrency = concurrency

    async def token_owner(self) -> User:
        """The user that the token belongs to."""
        return read(check_status(await self._http.get(f"{self._root}/users/self")), _USER)

    async def sample_enrollment(self) -> Enrollment | None:
        """
        An active student of a course of the account; None if no course has one, or if Canvas has no such list.

        Raises:
            RefusedError: The token may not see courses or their students.
        """
        params: Params = {"with_enrollments": "true", "enrollment_type[]": "student", "per_page": "5"}
        response = await self._http.get(f"{self._root}/accounts/self/courses", params=params)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        for course in read(check_status(response), _COURSES):
            address = f"{self._root}/courses/{course.id}/enrollments"
            response = await self._http.get(address, params={**ACTIVE_STUDENT_FILTERS, "per_page": "1"})
            if response.status_code != httpx.codes.NOT_FOUND:
                rows = [row for row in read(check_status(response), _ENROLLMENTS) if row.active_student]
                if rows:
                    return rows[0]
        return None

    async def student_enrollments(self, student_id: StudentId) -> list[Enrollment] | None:
        """The active enrollments of a student."""
        return await self._enrollments(f"users/{user_segment(student_id)}")

    async def section_enrollments(self, section_id: SectionId) -> list[Enrollment] | None:
        """The enrollments of the active students of a section."""
        return await self._enrollments(f"sections/{section_segment(section_id)}")

    async def course_enrollments(self, course_id: int) -> list[Enrollment] | None:
        """
        The enrollments of the active students of a course.

        Raises:
            PayloadError: The rows are those of another course.
        """
        rows = await self._enrollments(f"courses/{course_id}")
        if any(row.course_id != course_id for row in rows or ()):
            raise another_object()
        return rows

    async def user(self, student_id: StudentId) -> User | None:
        """A user by the key of a student."""
        return await self._get(f"users/{user_segment(student_id)}", _USER)

    async def account_users(self, max_pages: int) -> list[User]:
        """
        All users of the account.

        Raises:
            NotOfferedError: The list has more than `max_pages` pages of 100 rows.
        """
        return await self._account_list("users", {"include[]": "email"}, _USERS, max_pages)

    async def account_courses(self, max_pages: int) -> list[Course]:
        """
        All courses of the account that are not deleted, in all states.

        Raises:
            NotOfferedError: The list has more than `max_pages` pages of 100 rows.
        """
        return await self._account_list("courses", {}, _COURSES, max_pages)

    async def section(self, section_id: SectionId) -> Section | None:
        """A section by its key."""
        return await self._get(f"sections/{section_segment(section_id)}", _SECTION)

    async def course(self, course_id: int) -> Course | None:
        """
        A course by its Canvas id.

        Raises:
            PayloadError: It is another course.
        """
        course = await self._get(f"courses/{course_id}", _COURSE)
        if course is not None and course.id != course_id:
            raise another_object()
        return course

    async def assignments(self, course_id: int) -> dict[int, Assignment] | None:
        """
        The published assignments of a course, by id.

        Raises:
            PayloadError: The rows are those of another course.
        """
        params: Params = {"exclude_response_fields[]": ("description", "rubric")}
        rows = await self._get_list(f"courses/{course_id}/assignments", params, _ASSIGNMENTS, lambda row: row.id)
        if any(row.course_id not in (None, course_id) for row in rows or ()):
            raise another_object()
        return None if rows is None else {row.id: row for row in rows if row.published is not False}

    async def course_submissions(
        self, course_id: int, user_ids: Sequence[int]
    ) -> dict[int, list[Submission] | AdapterError]:
        """
        The submissions of at most 100 students of a course, by user id.

        Canvas refuses the call if the token may not see one of the students. The call is then split until only
        that student fails. It is also split if the response is too large.
        """

        async def read_part(part: Sequence[int]) -> dict[int, list[Submission] | AdapterError]:
            return {**await self._submissions(f"courses/{course_id}", tuple(map(str, part)))}

        return await bisect_batch(
            user_ids,
            read_part,
            should_split=lambda error: error.code == FORBIDDEN_CODE or isinstance(error, BodyTooLargeError),
        )

    async def all_course_submissions(self, course_id: int) -> dict[int, list[Submission]]:
        """The submissions of every student of a course, by user id."""
        return await self._submissions_of_all(f"courses/{course_id}")

    async def section_submissions(self, section_id: SectionId) -> dict[int, list[Submission]]:
        """The submissions of every student of a section, by user id."""
        return await self._submissions_of_all(f"sections/{section_segment(section_id)}")

    async def student_summaries(self, course_id: int) -> dict[int, Summary] | None:
        """Analytics of the students of a course, by user id; None if the token may not see analytics."""
        path = f"courses/{course_id}/analytics/student_summaries"
        rows = await none_if_refused(self._get_list(path, {}, _SUMMARIES, lambda row: row.id))
        return None if rows is None else {row.id: row for row in rows}

    async def student_activity(self, course_id: int, user_id: int) -> Activity | None:
        """A student's page views and participations by time; None if the token may not see analytics."""
        activity = self._get(f"courses/{course_id}/analytics/users/{user_id}/activity", _ACTIVITY)
        return await none_if_refused(activity)

    async def _get(self, path: str, payload: TypeAdapter[T]) -> T | None:
        response = await self._http.get(f"{self._root}/{path}")
        return None if response.status_code == httpx.codes.NOT_FOUND else read(check_status(response), payload)

    async def _get_list(
        self,
        path: str,
        params: Params,
        payload: TypeAdapter[list[T]],
        key: Callable[[T], Hashable],
        rows_per_page: int = MAX_ROWS_PER_PAGE,
    ) -> list[T] | None:
        def read_pages() -> AsyncIterator[list[T]]:
            rows = page_reader(payload)
            url = f"{self._root}/{path}"
            return numbered_pages(self._http, url, params, rows, key=key, rows_per_page=rows_per_page)

        try:
            return await collect_pages(read_pages, key=key)
        except MissingObjectError:
            return None

    async def _account_list(
        self, name: str, params: Params, payload: TypeAdapter[list[P]], max_pages: int
    ) -> list[P]:
        url, limits = (
            f"{self._root}/accounts/self/{name}",
            {"max_pages": max_pages, "concurrency": self._concurrency},
        )

        def read_pages() -> AsyncIterator[list[P]]:
            return numbered_pages(self._http, url, params, page_reader(payload), key=_id, **limits)

        try:
            return await collect_pages(read_pages, key=_id)
        except MissingObjectError:
            raise NotOfferedError("no list of the account") from None

    async def _enrollments(self, path: str) -> list[Enrollment] | None:
        rows = await self._get_list(
            f"{path}/enrollments", ACTIVE_STUDENT_FILTERS, _ENROLLMENTS, lambda row: row.id
        )
        return None if rows is None else [row for row in rows if row.active_student]

    async def _submissions_of_all(self, path: str) -> dict[int, list[Submission]]:
        """The submissions of every student; pages that are too large are read again with half of the students."""
        rows_per_page = self._students_per_call
        while True:
            try:
                return await self._submissions(path, ALL_STUDENTS, rows_per_page)
            except BodyTooLargeError:
                if rows_per_page == 1:
                    raise
                rows_per_page = -(-rows_per_page // 2)

    async def _submissions(
        self, path: str, student_ids: tuple[str, ...], rows_per_page: int = MAX_ROWS_PER_PAGE
    ) -> dict[int, list[Submission]]:
        """
        Submissions by user id; grouped, so that a page holds 100 students instead of 100 submissions.

        Canvas pages the students' enrollments: a student of two sections is in two pages, once for each section.

        Raises:
            PayloadError: The rows are those of other students.
            NotOfferedError: Canvas does not have the list, which is no empty list.
        """
        params: Params = {
            "student_ids[]": student_ids,
            "grouped": "1",
            "enrollment_state": "active",
            "response_fields[]": SUBMISSION_FIELDS,
        }
        path = f"{path}/students/submissions"
        rows = await self._get_list(path, params, _SUBMISSIONS, _user_and_section, rows_per_page)
        if rows is None:
            raise NotOfferedError("submissions that Canvas does not have")
        submissions = {row.user_id: row.submissions for row in rows}
        if student_ids != ALL_STUDENTS and not submissions.keys() <= set(map(int, student_ids)):
            raise another_object()
        return submissions


def _id(row: User | Course) -> int:
    return row.id


def _user_and_section(row: StudentSubmissions) -> tuple[int, int | None]:
    return row.user_id, row.section_id
