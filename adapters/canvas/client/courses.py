"""Reads the contents of courses: by GraphQL where that takes fewer calls, otherwise by the REST API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from student_graph.adapters.canvas.api import graphql
from student_graph.adapters.canvas.client.graphql import (
    ASSIGNMENTS,
    ENROLLMENTS,
    MEMBERS,
    CourseList,
    GraphQLClient,
    is_refusal,
)
from student_graph.adapters.canvas.client.question_queue import ListsByCourse, QuestionQueue
from student_graph.adapters.canvas.client.requests import CanvasClient
from student_graph.adapters.canvas.mapping.courses import CourseContents
from student_graph.adapters.canvas.mapping.graphql import rest_assignment, rest_course, rest_enrollment
from student_graph.adapters.concurrency import gather_by_key, gather_in_order
from student_graph.adapters.errors import AdapterError, NotOfferedError, listed_and_unknown
from student_graph.adapters.reading import is_background_read, leave_out_unreadable

MAX_UNKNOWN_COURSES = 5
"""
If at most this many courses are missing from an answer, one call for each finds out whether Canvas knows it.
"""


class CourseReader:
    """Reads the contents of courses of one Canvas."""

    def __init__(
        self, rest: CanvasClient, questions: GraphQLClient | None, *, courses_per_call: int, concurrency: int
    ) -> None:
        """Read by the REST API alone if `questions` is None."""
        self._rest = rest
        self._questions = questions
        self._courses_per_call = courses_per_call
        self._concurrency = concurrency
        self._queues = {
            is_background: QuestionQueue(self._ask_question, courses_per_call, is_background=is_background)
            for is_background in (False, True)
        }
        """One queue for people, and one for work in the background, whose questions nobody waits for."""

    @property
    def can_ask(self) -> bool:
        """Whether Canvas can be asked about many courses in one call."""
        return self._questions is not None and not self._questions.is_refused

    async def contents(self, ids: Iterable[int], *lists: CourseList) -> dict[int, CourseContents | AdapterError]:
        """Courses by id, with some of the lists `ENROLLMENTS` and `ASSIGNMENTS`; unknown courses are absent."""
        unique = tuple(dict.fromkeys(ids))
        contents: dict[int, CourseContents | AdapterError] = {}
        if self.can_ask and len(unique) * (1 + len(lists)) > 1:
            for id, answer in (await self._queues[is_background_read()].courses(unique, lists)).items():
                if isinstance(answer, graphql.Course):
                    contents |= {id: _contents(answer)} if _is_complete(answer, lists) else {}
                elif not is_refusal(answer):
                    contents[id] = answer

        async def read(id: int) -> CourseContents | None:
            return await self._read(id, lists)

        missing = [id for id in unique if id not in contents]
        return contents | await gather_by_key(missing, read, self._concurrency)

    async def members(self, ids: Sequence[int]) -> dict[int, list[int]]:
        """
        User ids of the active students of each course.

        A course that Canvas lists and then does not know is left out and reported.

        Raises:
            NotOfferedError: Canvas cannot be asked about many courses in one call, or not about all of these.
            AdapterError: A call failed.
        """
        answers = await self._ask_groups(ids, MEMBERS) if self.can_ask else {}
        unknown = await self._unknown([id for id in ids if id not in answers]) if answers else frozenset()
        members: dict[int, list[int]] = {}
        for id in ids:
            answer = answers.get(id)
            if isinstance(answer, AdapterError):
                raise answer
            if id in unknown:
                leave_out_unreadable(listed_and_unknown("a course"), str(id))
                continue
            if answer is None or answer.enrollmentsConnection is None:
                raise NotOfferedError("a course whose students cannot be asked for")
            rows = answer.enrollmentsConnection.nodes
            members[id] = [row.user.legacy_id for row in rows if row.active_student]
        return members

    async def _unknown(self, ids: Sequence[int]) -> frozenset[int]:
        """
        Which of a few courses Canvas does not know.

        GraphQL does not show it: without a permission it also answers null.
        """
        if len(ids) > MAX_UNKNOWN_COURSES:
            return frozenset()
        return frozenset([id for id in ids if await self._rest.course(id) is None])

    async def _ask_groups(
        self, ids: Sequence[int], course_list: CourseList
    ) -> dict[int, graphql.Course | AdapterError]:
        """Ask for a list of many courses, as many in a question as it may be about."""
        size = self._courses_per_call
        groups = [tuple(ids[start : start + size]) for start in range(0, len(ids), size)]

        async def ask(group: tuple[int, ...]) -> dict[int, graphql.Course | AdapterError]:
            return await self._ask_question(dict.fromkeys(group, frozenset({course_list})))

        answers = await gather_in_order(groups, ask, self._concurrency)
        return {id: course for answer in answers for id, course in answer.items()}

    async def _ask_question(self, lists_by_course: ListsByCourse) -> dict[int, graphql.Course | AdapterError]:
        assert self._questions is not None
        return await self._questions.courses_in_parts(lists_by_course)

    async def _read(self, id: int, lists: Sequence[CourseList]) -> CourseContents | None:
        """
        The contents of a course in a call for the course and for each page of each list.

        Raises:
            NotOfferedError: Canvas knows the course and does not have one of the lists, which is no empty list.
        """
        if (course := await self._rest.course(id)) is None:
            return None
        enrollments = await self._rest.course_enrollments(id) if ENROLLMENTS in lists else []
        assignments = await self._rest.assignments(id) if ASSIGNMENTS in lists else {}
        if enrollments is None or assignments is None:
            raise NotOfferedError("a list of a course that Canvas does not have")
        return CourseContents(course, sorted(enrollments, key=lambda enrollment: enrollment.id), assignments)


def _is_complete(course: graphql.Course, lists: Sequence[CourseList]) -> bool:
    """
    Whether an answer holds all that the REST API would.

    Without a permission a list is null. The login of a user is null too, although every user has one.
    """
    enrollments, assignments = course.enrollmentsConnection, course.assignmentsConnection
    if (ENROLLMENTS in lists and enrollments is None) or (ASSIGNMENTS in lists and assignments is None):
        return False
    rows = enrollments.nodes if enrollments else []
    return all(row.legacy_id is not None and row.user.loginId is not None for row in rows)


def _contents(course: graphql.Course) -> CourseContents:
    """The contents of a course in the shape of the REST API."""
    enrollments = course.enrollmentsConnection.nodes if course.enrollmentsConnection else []
    assignments = course.assignmentsConnection.nodes if course.assignmentsConnection else []
    active = {row.legacy_id: rest_enrollment(course, row) for row in enrollments if row.active_student}
    return CourseContents(
        rest_course(course),
        sorted(active.values(), key=lambda enrollment: enrollment.id),
        {row.legacy_id: rest_assignment(row) for row in assignments if row.published is not False},
    )
