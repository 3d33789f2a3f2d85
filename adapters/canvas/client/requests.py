"""
What the lookups ask of Canvas: one method for each address.

A read of something that Canvas does not know answers None. Nothing here writes, acts as somebody else
(`as_user_id`) or asks for `include[]=read_status`, which would mark submissions as read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.bisection import bisected
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
from student_graph.adapters.canvas.client.addresses import section_path, user_path
from student_graph.adapters.errors import AdapterError, RefusedError, UnavailableError, retry_after_seconds
from student_graph.adapters.model import SectionId, StudentId
from student_graph.adapters.paging import Params, by_link, everything
from student_graph.adapters.reading import read

T = TypeVar("T")

FORBIDDEN = "SOURCE_FORBIDDEN"
ALL = ("all",)
ACTIVE_STUDENTS: Params = {"type[]": "StudentEnrollment", "state[]": "active", "include[]": "email"}
SUBMISSION_FIELDS = tuple(Submission.model_fields)
"""Asked for by name: Canvas would send the text that the student handed in as well."""

_ACTIVITY = TypeAdapter(Activity)
_ASSIGNMENTS = TypeAdapter(list[Assignment])
_COURSE = TypeAdapter(Course)
_ENROLLMENTS = TypeAdapter(list[Enrollment])
_SECTION = TypeAdapter(Section)
_SUBMISSIONS = TypeAdapter(list[StudentSubmissions])
_SUMMARIES = TypeAdapter(list[Summary])
_USER = TypeAdapter(User)


class Reads:
    """Canvas's REST API, as far as it is read."""

    def __init__(self, http: httpx.AsyncClient, base_url: object) -> None:
        self._http = http
        self._root = f"{str(base_url).rstrip('/')}/api/v1"

    async def whoami(self) -> User:
        """The user whom the token belongs to."""
        return read(checked(await self._http.get(f"{self._root}/users/self")), _USER)

    async def enrollments_of(self, student: StudentId) -> list[Enrollment] | None:
        """A student's active places in courses."""
        return await self._enrollments(f"users/{user_path(student)}")

    async def enrollments_in(self, section: SectionId) -> list[Enrollment] | None:
        """The students of a section."""
        return await self._enrollments(f"sections/{section_path(section)}")

    async def section(self, section: SectionId) -> Section | None:
        """A section."""
        return await self._one(f"sections/{section_path(section)}", _SECTION)

    async def course(self, course: int) -> Course | None:
        """A course."""
        return await self._one(f"courses/{course}", _COURSE)

    async def assignments(self, course: int) -> dict[int, Assignment] | None:
        """Published assignments of a course, by id."""
        params: Params = {"exclude_response_fields[]": ("description", "rubric")}
        found = await self._list(f"courses/{course}/assignments", params, _ASSIGNMENTS, lambda row: row.id)
        return None if found is None else {row.id: row for row in found if row.published is not False}

    async def submissions(self, course: int, users: Sequence[int]) -> dict[int, list[Submission] | AdapterError]:
        """
        Work of at most 100 students of a course, by user.

        Canvas refuses all of them because of one whom the token may not see; only that one fails.
        """

        async def ask(part: Sequence[int]) -> dict[int, list[Submission] | AdapterError]:
            return {**await self._submissions(f"courses/{course}", tuple(map(str, part)))}

        return await bisected(users, ask, splits=lambda error: error.code == FORBIDDEN)

    async def submissions_in(self, section: SectionId) -> dict[int, list[Submission]]:
        """Work of everybody in a section, by user."""
        return await self._submissions(f"sections/{section_path(section)}", ALL)

    async def summaries(self, course: int) -> dict[int, Summary] | None:
        """Page views and participations in a course, by user; None when the token may not see analytics."""
        path = f"courses/{course}/analytics/student_summaries"
        found = await _allowed(self._list(path, {}, _SUMMARIES, lambda row: row.id))
        return None if found is None else {summary.id: summary for summary in found}

    async def activity(self, course: int, user: int) -> Activity | None:
        """When a student viewed and took part in a course; None when the token may not see analytics."""
        told = self._one(f"courses/{course}/analytics/users/{user}/activity", _ACTIVITY)
        return await _allowed(told)

    async def _one(self, path: str, payload: TypeAdapter[T]) -> T | None:
        response = await self._http.get(f"{self._root}/{path}")
        return None if response.status_code == httpx.codes.NOT_FOUND else read(checked(response), payload)

    async def _list(
        self, path: str, params: Params, payload: TypeAdapter[list[T]], key: Callable[[T], int]
    ) -> list[T] | None:
        try:
            return await everything(by_link(self._http, f"{self._root}/{path}", params, _rows(payload)), key=key)
        except _UnknownError:
            return None

    async def _enrollments(self, place: str) -> list[Enrollment] | None:
        found = await self._list(f"{place}/enrollments", ACTIVE_STUDENTS, _ENROLLMENTS, lambda row: row.id)
        return None if found is None else [enrollment for enrollment in found if enrollment.counts]

    async def _submissions(self, place: str, students: tuple[str, ...]) -> dict[int, list[Submission]]:
        """Work by user; grouped, so that a page holds 100 students and not 100 submissions."""
        params: Params = {
            "student_ids[]": students,
            "grouped": "1",
            "enrollment_state": "active",
            "response_fields[]": SUBMISSION_FIELDS,
        }
        found = await self._list(f"{place}/students/submissions", params, _SUBMISSIONS, lambda row: row.user_id)
        return {row.user_id: row.submissions for row in found or ()}


class _UnknownError(Exception):
    """Canvas does not know what the address of a list names."""


def _rows(payload: TypeAdapter[list[T]]) -> Callable[[httpx.Response], list[T]]:
    """Reads the pages of one list; that the list does not exist is for its first page to say."""
    known = False

    def rows(response: httpx.Response) -> list[T]:
        nonlocal known
        if response.status_code == httpx.codes.NOT_FOUND and not known:
            raise _UnknownError
        known = True
        return read(checked(response), payload)

    return rows


async def _allowed(told: Awaitable[T | None]) -> T | None:
    """What was told; None when the token may not see it. A refused token is another error, and goes on."""
    try:
        return await told
    except RefusedError:
        return None


def checked(response: httpx.Response) -> httpx.Response:
    """
    The response, unless its status means something else to Canvas than to HTTP.

    Throttling is a 403 on many servers, and a missing permission a 401 that does not ask for credentials.

    Raises:
        UnavailableError: the bucket of the token is full.
        RefusedError: the token is good and may not do this.
    """
    match response.status_code:
        case httpx.codes.FORBIDDEN if _throttled(response):
            raise UnavailableError(
                "rate limited (403)", code="RATE_LIMITED", retry_after=retry_after_seconds(response.headers)
            )
        case httpx.codes.UNAUTHORIZED if "www-authenticate" not in response.headers:
            raise RefusedError("access refused (401)", code=FORBIDDEN)
        case httpx.codes.FORBIDDEN:
            raise RefusedError("access refused (403)", code=FORBIDDEN)
        case _:
            return response


def _throttled(response: httpx.Response) -> bool:
    remaining = response.headers.get("x-rate-limit-remaining", "")
    return "Rate Limit Exceeded" in response.text or remaining in ("0", "0.0")
