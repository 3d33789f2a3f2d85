"""
The Canvas REST API as a client with one method for each address.

A method returns None if Canvas does not know the object. Every request only reads: none acts as another user
(`as_user_id`), and none has `include[]=read_status`, which would mark submissions as read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
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
from student_graph.adapters.errors import AdapterError, RefusedError, UnavailableError, retry_after_seconds
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.paging import Params, collect_pages, link_pages
from student_graph.adapters.reading import read

T = TypeVar("T")

FORBIDDEN_CODE = "SOURCE_FORBIDDEN"
ALL_STUDENTS = ("all",)
ACTIVE_STUDENT_FILTERS: Params = {"type[]": "StudentEnrollment", "state[]": "active", "include[]": "email"}
SUBMISSION_FIELDS = tuple(Submission.model_fields)
"""Requested by name, because Canvas would otherwise also send the text that the student submitted."""

_ACTIVITY = TypeAdapter(Activity)
_ASSIGNMENTS = TypeAdapter(list[Assignment])
_COURSE = TypeAdapter(Course)
_ENROLLMENTS = TypeAdapter(list[Enrollment])
_SECTION = TypeAdapter(Section)
_SUBMISSIONS = TypeAdapter(list[StudentSubmissions])
_SUMMARIES = TypeAdapter(list[Summary])
_USER = TypeAdapter(User)


class CanvasClient:
    """Reads the REST API of one Canvas."""

    def __init__(self, http: httpx.AsyncClient, base_url: object) -> None:
        self._http = http
        self._root = f"{str(base_url).rstrip('/')}/api/v1"

    async def token_owner(self) -> User:
        """The user that the token belongs to."""
        return read(check_status(await self._http.get(f"{self._root}/users/self")), _USER)

    async def student_enrollments(self, student_id: StudentId) -> list[Enrollment] | None:
        """The active enrollments of a student."""
        return await self._enrollments(f"users/{user_segment(student_id)}")

    async def section_enrollments(self, section_id: SectionId) -> list[Enrollment] | None:
        """The enrollments of the active students of a section."""
        return await self._enrollments(f"sections/{section_segment(section_id)}")

    async def section(self, section_id: SectionId) -> Section | None:
        """A section by its key."""
        return await self._get(f"sections/{section_segment(section_id)}", _SECTION)

    async def course(self, course_id: int) -> Course | None:
        """A course by its Canvas id."""
        return await self._get(f"courses/{course_id}", _COURSE)

    async def assignments(self, course_id: int) -> dict[int, Assignment] | None:
        """The published assignments of a course, by id."""
        params: Params = {"exclude_response_fields[]": ("description", "rubric")}
        rows = await self._get_list(f"courses/{course_id}/assignments", params, _ASSIGNMENTS, lambda row: row.id)
        return None if rows is None else {row.id: row for row in rows if row.published is not False}

    async def course_submissions(
        self, course_id: int, user_ids: Sequence[int]
    ) -> dict[int, list[Submission] | AdapterError]:
        """
        The submissions of at most 100 students of a course, by user id.

        Canvas refuses the call if the token may not see one of the students. The call is then split until only
        that student fails.
        """

        async def read_part(part: Sequence[int]) -> dict[int, list[Submission] | AdapterError]:
            return {**await self._submissions(f"courses/{course_id}", tuple(map(str, part)))}

        return await bisect_batch(user_ids, read_part, should_split=lambda error: error.code == FORBIDDEN_CODE)

    async def section_submissions(self, section_id: SectionId) -> dict[int, list[Submission]]:
        """The submissions of every student of a section, by user id."""
        return await self._submissions(f"sections/{section_segment(section_id)}", ALL_STUDENTS)

    async def student_summaries(self, course_id: int) -> dict[int, Summary] | None:
        """Analytics of the students of a course, by user id; None if the token may not see analytics."""
        path = f"courses/{course_id}/analytics/student_summaries"
        rows = await _none_if_refused(self._get_list(path, {}, _SUMMARIES, lambda row: row.id))
        return None if rows is None else {row.id: row for row in rows}

    async def student_activity(self, course_id: int, user_id: int) -> Activity | None:
        """A student's page views and participations by time; None if the token may not see analytics."""
        activity = self._get(f"courses/{course_id}/analytics/users/{user_id}/activity", _ACTIVITY)
        return await _none_if_refused(activity)

    async def _get(self, path: str, payload: TypeAdapter[T]) -> T | None:
        response = await self._http.get(f"{self._root}/{path}")
        return None if response.status_code == httpx.codes.NOT_FOUND else read(check_status(response), payload)

    async def _get_list(
        self, path: str, params: Params, payload: TypeAdapter[list[T]], key: Callable[[T], int]
    ) -> list[T] | None:
        pages = link_pages(self._http, f"{self._root}/{path}", params, _page_reader(payload))
        try:
            return await collect_pages(pages, key=key)
        except _MissingObjectError:
            return None

    async def _enrollments(self, path: str) -> list[Enrollment] | None:
        rows = await self._get_list(
            f"{path}/enrollments", ACTIVE_STUDENT_FILTERS, _ENROLLMENTS, lambda row: row.id
        )
        return None if rows is None else [row for row in rows if row.active_student]

    async def _submissions(self, path: str, student_ids: tuple[str, ...]) -> dict[int, list[Submission]]:
        """Submissions by user id; grouped, so that a page holds 100 students instead of 100 submissions."""
        params: Params = {
            "student_ids[]": student_ids,
            "grouped": "1",
            "enrollment_state": "active",
            "response_fields[]": SUBMISSION_FIELDS,
        }
        rows = await self._get_list(f"{path}/students/submissions", params, _SUBMISSIONS, lambda row: row.user_id)
        return {row.user_id: row.submissions for row in rows or ()}


class _MissingObjectError(Exception):
    """Canvas does not know the object whose list was requested."""


def _page_reader(payload: TypeAdapter[list[T]]) -> Callable[[httpx.Response], list[T]]:
    """A function that reads the pages of one list; a 404 on the first page means that the list does not exist."""
    first_page = True

    def read_page(response: httpx.Response) -> list[T]:
        nonlocal first_page
        if response.status_code == httpx.codes.NOT_FOUND and first_page:
            raise _MissingObjectError
        first_page = False
        return read(check_status(response), payload)

    return read_page


async def _none_if_refused(result: Awaitable[T | None]) -> T | None:
    """The result, or None if the token lacks the permission; a refused token is an HTTP error and is raised."""
    try:
        return await result
    except RefusedError:
        return None


def check_status(response: httpx.Response) -> httpx.Response:
    """
    The response itself, unless its status has another meaning in Canvas than in HTTP.

    Many servers throttle with a 403, and report a missing permission as a 401 without `WWW-Authenticate`.

    Raises:
        UnavailableError: Canvas throttles the token.
        RefusedError: The token is valid and lacks the permission.
    """
    match response.status_code:
        case httpx.codes.FORBIDDEN if _throttled(response):
            raise UnavailableError(
                "rate limited (403)", code="RATE_LIMITED", retry_after=retry_after_seconds(response.headers)
            )
        case httpx.codes.UNAUTHORIZED if "www-authenticate" not in response.headers:
            raise RefusedError("access refused (401)", code=FORBIDDEN_CODE)
        case httpx.codes.FORBIDDEN:
            raise RefusedError("access refused (403)", code=FORBIDDEN_CODE)
        case _:
            return response


def _throttled(response: httpx.Response) -> bool:
    remaining = response.headers.get("x-rate-limit-remaining", "")
    return "Rate Limit Exceeded" in response.text or remaining in ("0", "0.0")
