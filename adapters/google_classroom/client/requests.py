"""
The Google Classroom API as a client with one method for each address.

A method returns None if Classroom does not know the object. Every request only reads, names the properties that it
needs (`fields`), and asks for published work and active courses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.errors import BodyTooLargeError, NotOfferedError, another_object
from student_graph.adapters.google_classroom.api import (
    AliasPage,
    Course,
    CourseAlias,
    CoursePage,
    CourseWork,
    CourseWorkPage,
    Page,
    Student,
    StudentPage,
    StudentSubmission,
    SubmissionPage,
    UserProfile,
)
from student_graph.adapters.google_classroom.api.masks import field_mask
from student_graph.adapters.google_classroom.client.responses import check_status
from student_graph.adapters.paging import Params, collect_pages, cursor_pages
from student_graph.adapters.reading import Payload, read

T = TypeVar("T")
P = TypeVar("P", bound=Payload)

ALL_WORK = "-"
"""Replaces the id of course work: all course work of the course."""
MAX_ROWS_PER_PAGE = 500
"""Maximum number of rows that one page requests; Classroom may send fewer."""
ACTIVE_COURSES: Params = {"courseStates": "ACTIVE"}
PUBLISHED_WORK: Params = {"courseWorkStates": "PUBLISHED"}


class MissingObjectError(NotOfferedError):
    """Classroom does not know the object whose list was requested."""

    def __init__(self) -> None:
        super().__init__("not offered by the vendor (404)")


@dataclass(frozen=True)
class _Rows(Generic[T]):
    """The rows of a list: the payload of a page, its rows, and what tells them apart."""

    page_type: type[Page]
    of: Callable[[Any], list[T]]
    key: Callable[[T], Hashable]


_ALIASES: _Rows[CourseAlias] = _Rows(AliasPage, lambda page: page.aliases, lambda row: row.alias)
_COURSES: _Rows[Course] = _Rows(CoursePage, lambda page: page.courses, lambda row: row.id)
_COURSE_WORK: _Rows[CourseWork] = _Rows(CourseWorkPage, lambda page: page.courseWork, lambda row: row.id)
_STUDENTS: _Rows[Student] = _Rows(StudentPage, lambda page: page.students, lambda row: row.userId)
_SUBMISSIONS: _Rows[StudentSubmission] = _Rows(
    SubmissionPage, lambda page: page.studentSubmissions, lambda row: (row.courseWorkId, row.id)
)


class ClassroomClient:
    """Reads the API of one domain."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: object, *, rows_per_page: int = MAX_ROWS_PER_PAGE
    ) -> None:
        self._http = http
        self._root = f"{str(base_url).rstrip('/')}/v1"
        self._rows_per_page = rows_per_page

    async def course(self, id_or_alias: str) -> Course | None:
        """
        A course by its id or by an alias.

        Raises:
            PayloadError: It is another course.
        """
        course = await self._get(f"courses/{quote(id_or_alias, safe='')}", Course)
        if course is not None and ":" not in id_or_alias and course.id != id_or_alias:
            raise another_object()
        return course

    async def sample_course(self) -> Course | None:
        """An active course of the domain; None if there is none."""
        async for courses in self._pages("courses", ACTIVE_COURSES, _COURSES, rows_per_page=1):
            if courses:
                return courses[0]
        return None

    async def active_courses(self, max_courses: int) -> list[Course]:
        """
        The active courses of the domain.

        Raises:
            NotOfferedError: There are more than `max_courses`, or there is no such list.
        """
        courses = await self._list("courses", ACTIVE_COURSES, _COURSES, max_rows=max_courses)
        if courses is None:
            raise NotOfferedError("no list of courses")
        return courses

    async def courses_of_student(self, user: str) -> list[Course] | None:
        """The active courses of a user as a student."""
        params = {**ACTIVE_COURSES, "studentId": user}
        return await self._list("courses", params, _COURSES)

    async def profile(self, user: str) -> UserProfile | None:
        """
        A user, by an e-mail address in small letters or by Google's number.

        Raises:
            PayloadError: It is another user, as far as Classroom shows the address.
        """
        profile = await self._get(f"userProfiles/{quote(user, safe='')}", UserProfile)
        if profile is not None:
            name = (profile.emailAddress or user).strip().lower() if "@" in user else profile.id
            if name != user:
                raise another_object()
        return profile

    async def aliases(self, course_id: str) -> list[str] | None:
        """The aliases of a course that the service account sees."""
        path = f"courses/{course_id}/aliases"
        rows = await self._list(path, {}, _ALIASES)
        return None if rows is None else [row.alias for row in rows]

    async def students(self, course_id: str) -> list[Student] | None:
        """
        The students of a course.

        Raises:
            PayloadError: The rows are those of another course.
        """
        path = f"courses/{course_id}/students"
        rows = await self._list(path, {}, _STUDENTS)
        if any(row.courseId not in (None, course_id) for row in rows or ()):
            raise another_object()
        return rows

    async def course_work(self, course_id: str) -> dict[str, CourseWork] | None:
        """
        The published course work of a course, by id.

        Raises:
            PayloadError: The rows are those of another course.
        """
        path = f"courses/{course_id}/courseWork"
        rows = await self._list(path, PUBLISHED_WORK, _COURSE_WORK)
        if any(row.courseId not in (None, course_id) for row in rows or ()):
            raise another_object()
        return None if rows is None else {row.id: row for row in rows if row.published}

    async def submissions(self, course_id: str, user_id: str | None = None) -> list[StudentSubmission] | None:
        """
        The submissions of a course, of all students or of one; pages that are too large are read again in halves.

        Raises:
            PayloadError: The rows are those of another course or student.
        """
        path = f"courses/{course_id}/courseWork/{ALL_WORK}/studentSubmissions"
        params = {} if user_id is None else {"userId": user_id}
        rows_per_page = self._rows_per_page
        while True:
            try:
                rows = await self._list(path, params, _SUBMISSIONS, rows_per_page=rows_per_page)
                break
            except BodyTooLargeError:
                if rows_per_page == 1:
                    raise
                rows_per_page = -(-rows_per_page // 2)
        if any(row.courseId not in (None, course_id) or user_id not in (None, row.userId) for row in rows or ()):
            raise another_object()
        return rows

    async def _get(self, path: str, payload: type[P]) -> P | None:
        response = await self._http.get(f"{self._root}/{path}", params={"fields": field_mask(payload)})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        type_adapter: TypeAdapter[P] = _type_adapter(payload)
        return read(check_status(response), type_adapter)

    async def _list(
        self,
        path: str,
        params: Params,
        rows: _Rows[T],
        *,
        max_rows: int | None = None,
        rows_per_page: int | None = None,
    ) -> list[T] | None:
        """
        All rows of a list, each once; None if Classroom does not know the object that the list belongs to.

        Raises:
            NotOfferedError: The list has more than `max_rows` rows.
        """
        try:
            return await collect_pages(
                lambda: self._pages(path, params, rows, max_rows=max_rows, rows_per_page=rows_per_page),
                key=rows.key,
            )
        except MissingObjectError:
            return None

    def _pages(
        self,
        path: str,
        params: Params,
        rows: _Rows[T],
        *,
        max_rows: int | None = None,
        rows_per_page: int | None = None,
    ) -> AsyncIterator[list[T]]:
        """
        The pages of a list, some of which may be empty.

        Raises:
            MissingObjectError: Classroom does not know the object that the list belongs to.
            NotOfferedError: The list has more than `max_rows` rows.
        """
        size = str(rows_per_page or self._rows_per_page)
        query: dict[str, Any] = {**params, "pageSize": size, "fields": field_mask(rows.page_type)}
        row_count, is_first = 0, True

        def read_page(response: httpx.Response) -> tuple[list[T], str | None]:
            nonlocal row_count, is_first
            if is_first and response.status_code == httpx.codes.NOT_FOUND:
                raise MissingObjectError
            is_first = False
            page = read(check_status(response), _type_adapter(rows.page_type))
            page_rows = rows.of(page)
            row_count += len(page_rows)
            if max_rows is not None and row_count > max_rows:
                raise NotOfferedError(f"a list of more than {max_rows} rows")
            return page_rows, page.nextPageToken

        return cursor_pages(self._http, f"{self._root}/{path}", query, read_page, param="pageToken")


@cache
def _type_adapter(payload: type[P]) -> TypeAdapter[P]:
    return TypeAdapter(payload)
