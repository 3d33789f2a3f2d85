"""
Moodle's web services as a client with one method for each function.

Functions that take lists are asked for many objects in one call. A batch that Moodle refuses because of one value,
or answers with too large a body, is halved.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.bisection import bisect_batch
from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import (
    AdapterError,
    BodyTooLargeError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    another_object,
)
from student_graph.adapters.lookup import Batch
from student_graph.adapters.moodle import api
from student_graph.adapters.moodle.client import functions
from student_graph.adapters.moodle.client.functions import Parameter, Value, form_fields
from student_graph.adapters.moodle.client.responses import (
    FORBIDDEN_CODE,
    RefusedValueError,
    UnknownObjectError,
    check_answer,
)
from student_graph.adapters.paging import MAX_PAGES, collect_pages
from student_graph.adapters.reading import read

K = TypeVar("K", int, str)
V = TypeVar("V")
T = TypeVar("T")

SCRIPT = "webservice/rest/server.php"
MAX_VALUES_PER_CALL = 500
"""Maximum number of values in one call: by default, PHP accepts 1,000 fields of a form (`max_input_vars`)."""
USERS_PER_PAGE = 500
"""Users of a course in a page, if all of them are too many for one response."""
SITE_FORMAT = "site"
"""The format of the front page, which lists of courses hold."""
NO_ACCESS = frozenset({"1", "2"})
"""The codes of warnings that the account may not see an object, or has no part in it."""
ROSTER_FIELDS = "id,idnumber,username,email,lastname,roles,lastcourseaccess"

_SITE_INFO = TypeAdapter(api.SiteInfo)
_USERS, _ROSTER = TypeAdapter(list[api.User]), TypeAdapter(list[api.EnrolledUser])
_COURSE_ROWS, _COURSES = TypeAdapter(list[api.Course]), TypeAdapter(api.Courses)
_ASSIGNMENTS, _SUBMISSIONS = TypeAdapter(api.Assignments), TypeAdapter(api.Submissions)
_FLAGS, _GRADE_REPORT = TypeAdapter(api.Flags), TypeAdapter(api.GradeReport)


class MoodleClient:
    """Asks one Moodle."""

    def __init__(self, http: httpx.AsyncClient, base_url: object, *, concurrency: int) -> None:
        self._http = http
        self._url = f"{str(base_url).rstrip('/')}/{SCRIPT}"
        self._concurrency = concurrency
        self._account_id: int | None = None
        """The user id of the token's account, once it was needed."""
        self._account_lock = asyncio.Lock()

    async def site_info(self) -> api.SiteInfo:
        """The site and the functions that the token may call."""
        return await self._call(functions.SITE_INFO, {}, _SITE_INFO)

    async def users(self, field: str, values: Iterable[str]) -> Batch[str, list[api.User]]:
        """The users whose `field` has exactly one of the values, by the value; many values in one call."""

        async def read_users(chunk: tuple[str, ...]) -> Mapping[str, list[api.User]]:
            parameters = {"field": field, "values": chunk}
            rows = await self._call(functions.USERS, parameters, _USERS)
            matches: dict[str, list[api.User]] = {}
            for row in rows:
                matches.setdefault(str(getattr(row, field) or ""), []).append(row)
            if not {value.casefold() for value in matches} <= {value.casefold() for value in chunk}:
                raise another_object()
            return {value: matches[value] for value in chunk if value in matches}

        return await self._in_chunks(values, read_users)

    async def courses_of_user(self, user_id: int) -> list[api.Course] | None:
        """The courses in which a user is actively enrolled; None if there is no such user."""
        try:
            return await self._call(functions.USERS_COURSES, {"userid": user_id}, _COURSE_ROWS)
        except UnknownObjectError:
            return None

    async def course(self, field: str, value: str) -> api.Course | None:
        """
        The course whose `field` is a value.

        Raises:
            PayloadError: It is another course, as far as Moodle shows the field.
        """
        courses = await self._courses({"field": field, "value": value})
        rows = [row for row in courses if getattr(row, field) in (None, "", value)]
        if not rows and any(str(getattr(row, field)).casefold() != value.casefold() for row in courses):
            raise another_object()
        return rows[0] if rows else None

    async def courses(self, ids: Iterable[int]) -> Batch[int, api.Course]:
        """Courses by id, many in one call."""

        async def read_courses(chunk: tuple[int, ...]) -> Mapping[int, api.Course]:
            rows = await self._courses({"field": "ids", "value": ",".join(map(str, chunk))})
            if not {row.id for row in rows} <= {*chunk}:
                raise another_object()
            return {row.id: row for row in rows}

        return await self._in_chunks(ids, read_courses)

    async def all_courses(self, max_courses: int) -> list[api.Course]:
        """
        All courses of the site.

        Raises:
            NotOfferedError: There are more than `max_courses`, or more than fit into one response.
        """
        try:
            courses = await self._courses({})
        except BodyTooLargeError:
            courses = None
        if courses is None or len(courses) > max_courses:
            raise NotOfferedError(f"a list of more than {max_courses} courses")
        return courses

    async def _courses(self, parameters: Mapping[str, Parameter]) -> list[api.Course]:
        answer = await self._call(functions.COURSES, parameters, _COURSES)
        return [row for row in answer.courses if row.format != SITE_FORMAT]

    async def roster(self, course_id: int) -> list[api.EnrolledUser] | None:
        """
        The users with an active enrollment in a course; None if there is no such course.

        Moodle lists suspended enrollments like active ones unless `onlyactive` is set. All users are read in one
        call, or in pages if they are too many for one response.
        """
        try:
            return await self._enrolled(course_id)
        except BodyTooLargeError:
            return await collect_pages(lambda: self._roster_pages(course_id), key=lambda row: row.id)
        except UnknownObjectError:
            return None

    async def _roster_pages(self, course_id: int) -> AsyncIterator[list[api.EnrolledUser]]:
        """Pages of users by id, up to an empty one: Moodle leaves hidden users out after it has counted a page."""
        for page in range(MAX_PAGES):
            rows = await self._enrolled(
                course_id,
                ("limitfrom", page * USERS_PER_PAGE),
                ("limitnumber", USERS_PER_PAGE),
                ("sortby", "id"),
            )
            if not rows:
                return
            yield rows
        raise PayloadError("a list that does not end")

    async def _enrolled(self, course_id: int, *paging: tuple[str, Value]) -> list[api.EnrolledUser]:
        chosen: tuple[tuple[str, Value], ...] = (("onlyactive", 1), ("userfields", ROSTER_FIELDS), *paging)
        options: list[dict[str, Value]] = [{"name": name, "value": value} for name, value in chosen]
        parameters: dict[str, Parameter] = {"courseid": course_id, "options": options}
        return await self._call(functions.ENROLLED_USERS, parameters, _ROSTER)

    async def assignments(self, course_ids: Iterable[int]) -> Batch[int, list[api.Assignment]]:
        """
        The assignments of courses that students see, many courses in one call.

        An error takes the place of a course that the account may not see.
        """

        async def read_assignments(chunk: tuple[int, ...]) -> Mapping[int, list[api.Assignment] | AdapterError]:
            parameters: dict[str, Parameter] = {"courseids": chunk, "includenotenrolledcourses": 1}
            answer = await self._call(functions.ASSIGNMENTS, parameters, _ASSIGNMENTS)
            lists: dict[int, list[api.Assignment] | AdapterError] = _refused(answer.warnings, "course", chunk)
            for course in answer.courses:
                if course.id not in chunk or any(
                    row.course not in (None, course.id) for row in course.assignments
                ):
                    raise another_object()
                lists[course.id] = course.assignments
            return lists

        return await self._in_chunks(course_ids, read_assignments)

    async def submissions(self, assignment_ids: Iterable[int]) -> Batch[int, dict[int, api.Submission]]:
        """The latest submission of each user, by assignment and user; many assignments in one call."""

        async def read_rows(
            chunk: tuple[int, ...],
        ) -> Mapping[int, dict[int, api.Submission] | AdapterError]:
            parameters = {"assignmentids": chunk}
            answer = await self._call(functions.SUBMISSIONS, parameters, _SUBMISSIONS)
            lists: dict[int, dict[int, api.Submission] | AdapterError] = _refused(
                answer.warnings, "assignment", chunk
            )
            for entry in answer.assignments:
                if entry.assignmentid not in chunk:
                    raise another_object()
                lists[entry.assignmentid] = {row.userid: row for row in entry.submissions}
            return lists

        return await self._in_chunks(assignment_ids, read_rows)

    async def extensions(self, assignment_ids: Iterable[int]) -> Batch[int, dict[int, int]]:
        """Due times that teachers moved for single users, in seconds since 1970, by assignment and user."""

        async def read_flags(chunk: tuple[int, ...]) -> Mapping[int, dict[int, int]]:
            answer = await self._call(functions.USER_FLAGS, {"assignmentids": chunk}, _FLAGS)
            lists: dict[int, dict[int, int]] = {id: {} for id in chunk}
            for entry in answer.assignments:
                if entry.assignmentid not in lists:
                    raise another_object()
                lists[entry.assignmentid] = {
                    row.userid: row.extensionduedate for row in entry.userflags if row.extensionduedate
                }
            return lists

        return await self._in_chunks(assignment_ids, read_flags)

    async def grades(self, course_id: int, user_id: int = 0) -> dict[int, api.UserGrades]:
        """
        The gradebook of a course, of all students or of one, by user.

        Raises:
            PayloadError: It is that of another course or user.
        """
        parameters = {"courseid": course_id, "userid": user_id}
        report = await self._call(functions.GRADE_ITEMS, parameters, _GRADE_REPORT)
        if any(row.courseid != course_id or user_id not in (0, row.userid) for row in report.usergrades):
            raise another_object()
        return {row.userid: row for row in report.usergrades}

    async def course_idnumber(self, course_id: int) -> str | None:
        """
        The idnumber of a course, from the gradebook of the token's own account, which has no grades there.

        Lists of courses show it only to accounts that may change the course.
        """
        async with self._account_lock:  # concurrent reads ask for the account once
            if self._account_id is None:
                self._account_id = (await self.site_info()).userid
        report = (await self.grades(course_id, self._account_id)).get(self._account_id)
        return report.courseidnumber if report else None

    async def _call(self, function: str, parameters: Mapping[str, Parameter], payload: TypeAdapter[T]) -> T:
        query = {"wsfunction": function, "moodlewsrestformat": "json"}
        response = await self._http.post(self._url, params=query, data=form_fields(parameters))
        return read(check_answer(function, response), payload)

    async def _in_chunks(
        self, keys: Iterable[K], read_chunk: Callable[[tuple[K, ...]], Awaitable[Mapping[K, V | AdapterError]]]
    ) -> dict[K, V | AdapterError]:
        """The answers to keys, read in chunks that are halved where Moodle cannot answer them."""
        unique = tuple(dict.fromkeys(keys))
        chunks = [unique[at : at + MAX_VALUES_PER_CALL] for at in range(0, len(unique), MAX_VALUES_PER_CALL)]

        async def read_halving(chunk: tuple[K, ...]) -> dict[K, V | AdapterError]:
            return await bisect_batch(chunk, read_chunk, should_split=_may_split)

        answers = await gather_in_order(chunks, read_halving, self._concurrency)
        return {key: answer for batch in answers for key, answer in batch.items()}


def _may_split(error: AdapterError) -> bool:
    """Whether smaller batches can help with an error."""
    return isinstance(error, BodyTooLargeError | RefusedValueError)


def _refused(warnings: Iterable[api.Notice], item: str, ids: tuple[int, ...]) -> dict[int, V | AdapterError]:
    """An error for each of the objects that the account may not see, by id."""
    return {
        warning.itemid: RefusedError("the account of the token may not see it", code=FORBIDDEN_CODE)
        for warning in warnings
        if warning.item == item and warning.warningcode in NO_ACCESS and warning.itemid in ids
        if warning.itemid is not None
    }
