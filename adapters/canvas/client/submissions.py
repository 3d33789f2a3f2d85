"""
Reads the submissions of whole courses: by GraphQL where that takes fewer calls, otherwise by the REST API.

A call to the REST API has the submissions of 100 students of one course. A question has 100 submissions of each
of 10 courses, and so has each question about further pages: 10 classes of 28 with 10 assignments take 3 questions
in place of 10 calls. GraphQL answers only for courses whose students are all active by the dates of the course:
the REST API has the submissions of these alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from student_graph.adapters.canvas.api import Submission, graphql
from student_graph.adapters.canvas.client.graphql import (
    MAX_ROWS_PER_PAGE,
    MAX_SUBMISSION_PAGES,
    SUBMISSIONS,
    GraphQLClient,
    is_refusal,
)
from student_graph.adapters.canvas.client.question_queue import ListsByCourse, QuestionQueue
from student_graph.adapters.canvas.client.requests import CanvasClient
from student_graph.adapters.canvas.mapping.courses import CourseContents
from student_graph.adapters.canvas.mapping.graphql import rest_submission
from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.reading import is_background_read

MAX_COURSES = 10
"""Maximum number of courses in a question: Canvas checks for each submission who may see its grade."""


class SubmissionReader:
    """Reads the submissions of courses of one Canvas."""

    def __init__(
        self, rest: CanvasClient, questions: GraphQLClient | None, *, courses_per_call: int, concurrency: int
    ) -> None:
        """Read by the REST API alone if `questions` is None; nobody else asks by them."""
        self._rest = rest
        self._questions = questions
        self._courses_per_call = courses_per_call = min(courses_per_call, MAX_COURSES)
        self._concurrency = concurrency
        self._queues = {
            is_background: QuestionQueue(self._ask, courses_per_call, is_background=is_background)
            for is_background in (False, True)
        }

    async def of_courses(self, contents: Mapping[int, CourseContents]) -> Batch[int, dict[int, list[Submission]]]:
        """The submissions of the students of courses, by course id and user id."""
        in_background = is_background_read()
        ids = self._courses_to_ask(contents, in_background=in_background)
        read: dict[int, dict[int, list[Submission]] | AdapterError] = {}
        if ids:
            for id, answer in (await self._queues[in_background].courses(ids, [SUBMISSIONS])).items():
                if isinstance(answer, graphql.Course):
                    submissions = _submissions(answer, contents[id])
                    read |= {} if submissions is None else {id: submissions}
                elif not is_refusal(answer):
                    read[id] = answer
        others = [id for id in contents if id not in read]
        return read | await gather_by_key(others, self._rest.all_course_submissions, self._concurrency)

    def _courses_to_ask(self, contents: Mapping[int, CourseContents], *, in_background: bool) -> Sequence[int]:
        """
        The courses about which questions are asked, those with the fewest pages first.

        In the background a question is about the courses of many pages. If somebody waits, questions are used only
        if they are fewer than the REST calls, because those would run at the same time.
        """
        if self._questions is None or self._questions.is_refused:
            return []
        pages = {id: _pages(course) for id, course in contents.items()}
        few = sorted((id for id in pages if pages[id] <= MAX_SUBMISSION_PAGES), key=pages.__getitem__)
        if in_background:
            return few
        size = self._courses_per_call

        def saved_calls(count: int) -> int:
            groups = [few[start : min(start + size, count)] for start in range(0, count, size)]
            return count - sum(pages[group[-1]] for group in groups)

        count = max(range(len(few) + 1), key=saved_calls)
        return few[:count]

    async def _ask(self, lists_by_course: ListsByCourse) -> dict[int, graphql.Course | AdapterError]:
        assert self._questions is not None
        return await self._questions.courses_in_parts(lists_by_course)


def _pages(course: CourseContents) -> int:
    """About how many pages of submissions a course has; too many if it has more students than a page."""
    students = len({enrollment.user_id for enrollment in course.enrollments})
    if students > MAX_ROWS_PER_PAGE:
        return MAX_SUBMISSION_PAGES + 1
    return max(1, math.ceil(students * len(course.assignments) / MAX_ROWS_PER_PAGE))


def _submissions(course: graphql.Course, contents: CourseContents) -> dict[int, list[Submission]] | None:
    """The submissions of a course by user id; None if the REST API may not have those of all students."""
    if course.submissionsConnection is None or course.enrollmentsConnection is None:
        return None
    students_now = {row.user.legacy_id for row in course.enrollmentsConnection.nodes if row.user.is_student_now}
    if not {enrollment.user_id for enrollment in contents.enrollments} <= students_now:
        return None
    submissions: dict[int, list[Submission]] = {}
    for row in course.submissionsConnection.nodes:
        if row.user is None:  # the REST API has the submissions of each student also while grading is anonymous
            return None
        submissions.setdefault(row.user.legacy_id, []).append(rest_submission(row))
    return submissions
