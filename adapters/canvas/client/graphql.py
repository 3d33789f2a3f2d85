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
"""Seconds for which nothing is asked after Canvas has refused a question, for want of a scope or of a field."""

_ANSWER = TypeAdapter(api.Answer)
_COURSE: TypeAdapter[api.Course | None] = TypeAdapter(api.Course | None)


@dataclass(frozen=True, slots=True)
class CourseList:
    """A list of a course: the field that holds it, its filter, and the fields of each row."""

    field: str
    arguments: str
    row: str

    def text(self, after: str | None = None) -> str:
        """The field in a question, from the start of the list or after a cursor."""
        cursor = "" if after is None else f", after: {to_json(after).decode()}"
        return (
            f"{self.field}(first: {MAX_ROWS_PER_PAGE}{cursor}, {self.arguments}) "
            f"{{ nodes {{ {self.row} }} pageInfo {{ hasNextPage endCursor }} }}"
        )


_ACTIVE_STUDENTS = "filter: {types: [StudentEnrollment], states: [active]}"
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


class GraphQLClient:
    """Asks the GraphQL API of one Canvas."""

    def __init__(self, http: httpx.AsyncClient, base_url: object) -> None:
        self._http = http
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
        courses = await self._ask(texts)
        for id, course in courses.items():
            for course_list in _in_order(lists_by_course[id]):
                await self._read_further_pages(course, course_list)
        return courses

    async def _read_further_pages(self, course: api.Course, course_list: CourseList) -> None:
        """
        Add the rows of all further pages to a list of a course.

        Raises:
            PayloadError: The pages do not end, or a row is in two of them, so that others may be missing.
        """
        first: api.Connection[Any] | None = getattr(course, course_list.field)
        page, cursors = first, set[str | None]()
        while first is not None and page is not None and page.pageInfo.hasNextPage:
            cursor = page.pageInfo.endCursor
            if not cursor or cursor in cursors or len(cursors) >= MAX_PAGES:
                raise PayloadError("a list that does not end")
            cursors.add(cursor)
            courses = await self._ask({course.legacy_id: [course_list.text(cursor)]})
            page = getattr(courses.get(course.legacy_id), course_list.field, None)
            if page is None:
                raise PayloadError("a list that ends without its last page")
            first.nodes.extend(page.nodes)
        ids = [row.legacy_id for row in first.nodes if row.legacy_id is not None] if first is not None else []
        if len(set(ids)) < len(ids):
            raise ListChangedError

    async def _ask(self, lists: Mapping[int, Sequence[str]]) -> dict[int, api.Course]:
        """Ask for lists of courses, by course id."""
        names: dict[str, str] = {}
        """The fragments with the contents of courses."""
        for texts in lists.values():
            names.setdefault(" ".join(texts), f"contents{len(names) or ''}")
        courses_text = " ".join(
            f'c{id}: course(id: "{id}") {{ ...{names[" ".join(texts)]} }}' for id, texts in lists.items()
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
            error = translate(exc)
            if is_refusal(error) and not isinstance(error, BodyTooLargeError):
                self._refused_until = time.monotonic() + REFUSAL_SECONDS
            raise error from exc
        if any(course is not None and course.legacy_id != id for id, course in courses.items()):
            raise PayloadError("another course than was asked for")
        return {id: course for id, course in courses.items() if course is not None}


def _in_order(lists: Collection[CourseList]) -> list[CourseList]:
    return sorted(lists, key=lambda course_list: course_list.field)


def is_refusal(error: AdapterError) -> bool:
    """Whether Canvas did not answer a question as it should, although it works and accepts the token."""
    forbidden = isinstance(error, RefusedError) and error.code == FORBIDDEN_CODE
    return forbidden or isinstance(error, NotOfferedError | PayloadError)
