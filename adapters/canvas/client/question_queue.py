"""
Gathers the courses of lookups that run at the same time into few questions.

A question may be about 20 courses, and a page of one teacher needs six. Courses that are requested within some
milliseconds are asked for together, each with all lists that somebody requests of it. While a question that is not
full is running, the next one waits a short time for its end and gathers more courses, unless it is full. Nagle's
algorithm does the same with small packets. A course only joins questions that were not sent yet, so no answer is
older than the lookup. Work in the background, for which nobody waits, gathers for some seconds before it asks a
question that is not full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import TypeAlias

from student_graph.adapters.canvas.api.graphql import Course
from student_graph.adapters.canvas.client.graphql import CourseList
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.reading import (
    Reader,
    UnreadableRows,
    collecting_unreadable_rows,
    current_reader,
    joining,
    report_unreadable_rows,
)

GATHER_SECONDS = 0.005
"""How long a course waits for others that are requested at the same time."""
MAX_WAIT_SECONDS = 0.5
"""How long it waits at most for the end of another question."""
BACKGROUND_WAIT_SECONDS = 2.0
"""How long a course that is read in the background waits at most until a question is full."""

ListsByCourse: TypeAlias = Mapping[int, frozenset[CourseList]]
"""The lists that are requested of each course, by its id."""
AskQuestion: TypeAlias = Callable[[ListsByCourse], Awaitable[Mapping[int, Course | AdapterError]]]
"""Asks one question; courses that Canvas does not know are absent."""


@dataclass(slots=True, eq=False)
class _Course:
    """A course that somebody requests."""

    context: Context
    """The context of the lookup that requested it first."""
    answer: asyncio.Future[Course | AdapterError | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    lists: frozenset[CourseList] = frozenset()
    callers: int = 0
    readers: dict[Reader, None] = field(default_factory=dict)
    """The lookups that requested it before its question was sent."""
    question: _Question | None = None
    """The question that was sent about it, until it has been answered."""
    unreadable: UnreadableRows | None = None
    """The rows that could not be read in its question."""


@dataclass(slots=True, eq=False)
class _Question:
    """A question under way."""

    courses: Mapping[int, _Course]
    task: asyncio.Task[None]


class QuestionQueue:
    """The courses that lookups wait for, and the questions about them."""

    def __init__(self, ask: AskQuestion, courses_per_call: int, *, is_background: bool = False) -> None:
        """
        Ask by `ask` about at most `courses_per_call` courses at once.

        With `is_background` a question that is not full waits for more courses even if no other one is under way.
        """
        self._is_background = is_background
        self._max_wait_seconds = BACKGROUND_WAIT_SECONDS if is_background else MAX_WAIT_SECONDS
        self._ask = ask
        self._courses_per_call = courses_per_call
        self._waiting: dict[int, _Course] = {}
        """Courses that no question was sent about yet, by id."""
        self._gathering: asyncio.TimerHandle | None = None
        self._waiting_long: asyncio.TimerHandle | None = None
        self._small_question: asyncio.Task[None] | None = None
        """The running question that is not full."""

    async def courses(self, ids: Sequence[int], lists: Sequence[CourseList]) -> dict[int, Course | AdapterError]:
        """The courses by id, with some lists at least. Courses that Canvas does not know are left out."""
        context = copy_context()
        courses = {id: self._waiting.setdefault(id, _Course(context)) for id in ids}
        for course in courses.values():
            course.lists |= frozenset(lists)
            course.callers += 1
            if (reader := current_reader()) is not None:
                course.readers[reader] = None
        if self._gathering is None and courses:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._send)
        try:
            if courses:
                await asyncio.wait([course.answer for course in courses.values()])
        finally:
            await self._leave(courses)
        for unreadable in {id(course.unreadable): course.unreadable for course in courses.values()}.values():
            if unreadable:
                report_unreadable_rows(unreadable)
        answers = {id: course.answer.result() for id, course in courses.items()}
        return {id: answer for id, answer in answers.items() if answer is not None}

    def _send(self, *, at_once: bool = False) -> None:
        """Ask all full questions, and one that is not full unless there is one under way, or else `at_once`."""
        self._gathering = None
        sends_small = at_once or (self._small_question is None and not self._is_background)
        while self._waiting and (sends_small or len(self._waiting) >= self._courses_per_call):
            group = dict(list(self._waiting.items())[: self._courses_per_call])
            for id in group:
                del self._waiting[id]
            context = next(iter(group.values())).context.copy()
            task = asyncio.create_task(self._answer(group), context=context)
            for course in group.values():
                course.question = _Question(group, task)
            if len(group) < self._courses_per_call:
                self._small_question, sends_small = task, at_once
                task.add_done_callback(self._send_next)

        if self._waiting and self._waiting_long is None:
            self._waiting_long = asyncio.get_running_loop().call_later(self._max_wait_seconds, self._send_all)

    def _send_next(self, task: asyncio.Task[None]) -> None:
        if self._small_question is task:
            self._small_question = None
            if self._gathering is None:
                self._send()

    def _send_all(self) -> None:
        """Stop waiting for the running question, because its vendor may hang."""
        self._waiting_long = None
        self._send(at_once=True)

    async def _answer(self, group: Mapping[int, _Course]) -> None:
        """Ask about some courses, and give the answers, or the failure, to the lookups that wait for them."""
        answers: Mapping[int, Course | AdapterError] = {}
        failure: Exception | None = None
        try:
            with ExitStack() as stack, collecting_unreadable_rows() as unreadable:
                for reader in {reader: None for course in group.values() for reader in course.readers}:
                    stack.enter_context(joining(current_reader(), reader))
                answers = await self._ask({id: course.lists for id, course in group.items()})
        except asyncio.CancelledError:
            for course in group.values():
                course.answer.cancel()
            raise
        except Exception as exc:  # noqa: BLE001 - a bug that shows in every lookup that waits
            failure = exc
        for id, course in group.items():
            course.question = None  # which refers to the course: such a cycle keeps the answer in memory
            course.unreadable = unreadable
            if failure is None:
                course.answer.set_result(answers.get(id))
            else:
                course.answer.set_exception(failure)
                course.answer.exception()  # which nobody may be waiting for any more

    async def _leave(self, courses: Mapping[int, _Course]) -> None:
        """Stop waiting for courses. A question that nobody waits for is cancelled, or not sent at all."""
        for number, course in courses.items():
            course.callers -= 1
            if not course.callers and self._waiting.get(number) is course:
                del self._waiting[number]
        for question in {id(course.question): course.question for course in courses.values()}.values():
            if question is None or any(course.callers for course in question.courses.values()):
                continue
            question.task.cancel()
            await asyncio.wait([question.task])  # nothing runs on after a lookup that was cancelled
