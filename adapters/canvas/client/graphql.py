"""
Questions to Canvas's GraphQL API: the contents of many courses in one call.

The REST API takes a call for each list of each course. Canvas refuses a question with more than 20 aliases and
gives at most 100 rows of a list; further pages take a call each.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from student_graph.adapters.bisection import bisect_batch
from student_graph.adapters.canvas.api import graphql as api
from student_graph.adapters.canvas.client.responses import FORBIDDEN_CODE, check_status
from student_graph.adapters.errors import (
    AdapterError,
    BodyTooLargeError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    translate,
)
from student_graph.adapters.paging import MAX_PAGES, ListChangedError
from student_graph.adapters.reading import read, read_value

MAX_COURSES_PER_CALL = 20
"""Aliases that Canvas accepts in one question; each course takes one."""
MAX_ROWS_PER_PAGE = 100
REFUSAL_SECONDS = 600.0
"""Seconds without questions after Canvas has refused one, because a scope or a field is missing."""
SLOW_SECONDS = 60.0
"""Seconds without questions after an optional question took too long."""

_ANSWER = TypeAdapter(api.Answer)
_COURSE: TypeAdapter[api.Course | None] = TypeAdapter(api.Course | None)


@dataclass(frozen=True, slots=True)
class CourseList:
    """A list of a course: the field that holds it, its filter, and the fields of each row."""

    field: str
    arguments: str
    row: str
    beside: str = ""
    """Fields of the course that are requested together with the first page; `$id` stands for its id."""
    max_pages: int = MAX_PAGES
    is_optional: bool = False
    """
    Whether a list with too many pages becomes null, because it can be read in another way; otherwise it is a
    failure.
    """

    def text(self, after: str | None = None) -> str:
        """The field in a question, from the start of the list or after a cursor."""
        cursor = "" if after is None else f", after: {to_json(after).decode()}"
        return (
            f"{self.field}(first: {MAX_ROWS_PER_PAGE}{cursor}, {self.arguments}) "
            f"{{ nodes {{ {self.row} }} pageInfo {{ hasNextPage endCursor }} }}"
        )


_ACTIVE_STUDENTS = "filter: {types: [StudentEnrollment], states: [active]}"
MAX_SUBMISSION_PAGES = 5
"""Maximum number of pages of a course's submissions that are read one after another."""
MEMBERS = CourseList("enrollmentsConnection", _ACTIVE_STUDENTS, "_id type state user { _id }")
"""The active students of a course by id."""
ENROLLMENTS = CourseList(
    "enrollmentsConnection",
    _ACTIVE_STUDENTS,
    "_id type state section { sisId } user { _id sisId integrationId loginId email sortableName } "
    # Without the argument Canvas gives the grades of the current grading period; REST gives those of the course.
    "grades(gradingPeriodId: null) "
    "{ currentScore currentGrade finalScore finalGrade overrideScore overrideGrade }",
)
"""The active students of a course, with ids and grades."""
ASSIGNMENTS = CourseList(
    "assignmentsConnection",
    "filter: {gradingPeriodId: null}",  # without the filter Canvas leaves out other grading periods
    "_id name dueAt pointsPossible published",
)
"""The assignments of a course, in all grading periods."""
SUBMISSIONS = CourseList(
    "submissionsConnection",
    # Without the states Canvas leaves out what was not submitted.
    "filter: {states: [submitted, unsubmitted, pending_review, graded]}, "
    "orderBy: [{field: _id, direction: ascending}]",
    "_id assignment { _id } user { _id } state score grade late missing excused submittedAt gradedAt postedAt "
    "cachedDueDate",
    beside=(
        f"enrollmentsConnection(first: {MAX_ROWS_PER_PAGE}, {_ACTIVE_STUDENTS}) {{ nodes {{ _id type state "
        'user { _id enrollments(courseId: "$id", currentOnly: true) { type } } } '
        "pageInfo { hasNextPage endCursor } }"
    ),
    max_pages=2 * MAX_SUBMISSION_PAGES,
    is_optional=True,
)
"""
The submissions of a course by id, and which of its first 100 students are active by the dates of the course.

The REST API has the submissions of these alone.
"""


class GraphQLClient:
    """Asks the GraphQL API of one Canvas."""

    def __init__(self, http: httpx.AsyncClient, base_url: object, *, is_optional: bool = False) -> None:
        """Ask questions; where they are optional, one that takes too long counts as refused, for a minute."""
        self._http = http
        self._is_optional = is_optional
        self._url = f"{str(base_url).rstrip('/')}/api/graphql"
        self._refused_until = 0.0

    @property
    def is_refused(self) -> bool:
        """Whether Canvas has refused a question in the last ten minutes."""
        return time.monotonic() < self._refused_until

    async def courses(self, lists_by_course: Mapping[int, Collection[CourseList]]) -> dict[int, api.Course]:
        """
        At most 20 courses with the lists that are requested of each, by id, complete.

        Courses that Canvas does not know are left out.

        Raises:
            AdapterError: The question failed. `is_refusal` says whether the REST API may do instead.
        """
        texts = {
            id: [course_list.text() for course_list in _in_order(lists)] for id, lists in lists_by_course.items()
        }
        beside = {
            id: " ".join(course_list.beside.replace("$id", str(id)) for course_list in _in_order(lists))
            for id, lists in lists_by_course.items()
        }
        courses = await self._ask(texts, beside)
        parts = [
            _ListPart(course, course_list, getattr(course, course_list.field))
            for id, course in courses.items()
            for course_list in _in_order(lists_by_course[id])
        ]
        await self._read_further_pages(parts)
        return courses

    async def courses_in_parts(
        self, lists_by_course: Mapping[int, Collection[CourseList]]
    ) -> dict[int, api.Course | AdapterError]:
        """The same; a question whose answer is too large is split. Its failure is the answer to each course."""

        async def read_part(part: tuple[int, ...]) -> dict[int, api.Course | AdapterError]:
            return {**await self.courses({id: lists_by_course[id] for id in part})}

        return await bisect_batch(
            lists_by_course, read_part, should_split=lambda error: isinstance(error, BodyTooLargeError)
        )

    async def _read_further_pages(self, parts: Sequence[_ListPart]) -> None:
        """
        Add the rows of all further pages to lists of courses: the next pages of all of them in one question.

        Raises:
            PayloadError: The pages do not end, or a row is in two of them, so that others may be missing.
        """
        while unfinished := [part for part in parts if part.has_next_page()]:
            texts: dict[int, list[str]] = {}
            for part in unfinished:
                texts.setdefault(part.course.legacy_id, []).append(part.next_page())
            courses = await self._ask(texts)
            for part in unfinished:
                part.add(getattr(courses.get(part.course.legacy_id), part.course_list.field, None))
        for part in parts:
            part.check()

    async def _ask(
        self, lists: Mapping[int, Sequence[str]], beside: Mapping[int, str] | None = None
    ) -> dict[int, api.Course]:
        """Ask for lists of courses, by course id, and for what is `beside` them."""
        names: dict[str, str] = {}
        """The fragments with the contents of courses."""
        for texts in lists.values():
            names.setdefault(" ".join(texts), f"contents{len(names) or ''}")
        courses_text = " ".join(
            f'c{id}: course(id: "{id}") {{ ...{names[" ".join(texts)]} {(beside or {}).get(id, "")} }}'
            for id, texts in lists.items()
        )
        fragments = " ".join(
            f"fragment {name} on Course {{ _id name courseCode state {text} }}" for text, name in names.items()
        )
        question = f"query {{ {courses_text} }} {fragments}"
        # The request only reads, so that the gateway may send it again.
        request = self._http.build_request(
            "POST", self._url, json={"query": question}, extensions={"repeatable": True}
        )
        try:
            answer = read(check_status(await self._http.send(request)), _ANSWER)
            courses = {id: read_value(answer.data[f"c{id}"], _COURSE) for id in lists}
        except KeyError:
            raise PayloadError("an answer without a course that was asked for") from None
        except (AdapterError, httpx.HTTPError, ValidationError) as exc:
            if self._is_optional and isinstance(exc, httpx.TimeoutException):
                self._refused_until = time.monotonic() + SLOW_SECONDS
                raise NotOfferedError("a question that takes too long") from exc
            error = translate(exc)
            if is_refusal(error) and not isinstance(error, BodyTooLargeError):
                self._refused_until = time.monotonic() + REFUSAL_SECONDS
            raise error from exc
        if any(course is not None and course.legacy_id != id for id, course in courses.items()):
            raise PayloadError("another course than was asked for")
        return {id: course for id, course in courses.items() if course is not None}


class _ListPart:
    """A list of a course, as far as it was read."""

    def __init__(self, course: api.Course, course_list: CourseList, first: api.Connection[Any] | None) -> None:
        self.course, self.course_list, self._first, self._last = course, course_list, first, first
        self._cursors: set[str | None] = set()

    def has_next_page(self) -> bool:
        """Whether there is another page to read."""
        if self._last is None or not self._last.pageInfo.hasNextPage:
            return False
        if self.course_list.is_optional and len(self._cursors) >= self.course_list.max_pages:
            setattr(self.course, self.course_list.field, None)
            self._first = self._last = None
        return self._last is not None

    def next_page(self) -> str:
        """
        The field of the next page in a question.

        Raises:
            PayloadError: The pages do not end.
        """
        cursor = self._last.pageInfo.endCursor if self._last is not None else None
        if not cursor or cursor in self._cursors or len(self._cursors) >= self.course_list.max_pages:
            raise PayloadError("a list that does not end")
        self._cursors.add(cursor)
        return self.course_list.text(cursor)

    def add(self, page: api.Connection[Any] | None) -> None:
        """
        Add the rows of a page.

        Raises:
            PayloadError: There is none.
        """
        if page is None or self._first is None:
            raise PayloadError("a list that ends without its last page")
        self._first.nodes.extend(page.nodes)
        self._last = page

    def check(self) -> None:
        """
        Check that no row is in two pages.

        Raises:
            ListChangedError: One is.
        """
        rows = self._first.nodes if self._first is not None else []
        ids = [row.legacy_id for row in rows if row.legacy_id is not None]
        if len(set(ids)) < len(ids):
            raise ListChangedError


def _in_order(lists: Collection[CourseList]) -> list[CourseList]:
    return sorted(lists, key=lambda course_list: course_list.field)


def is_refusal(error: AdapterError) -> bool:
    """Whether Canvas did not answer a question as it should, although it works and accepts the token."""
    forbidden = isinstance(error, RefusedError) and error.code == FORBIDDEN_CODE
    return forbidden or isinstance(error, NotOfferedError | PayloadError)
