"""Courses that are requested at the same time are asked for together, in questions that are sent afterwards."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Mapping

import pytest

from student_graph.adapters.canvas.api.graphql import Course
from student_graph.adapters.canvas.client import question_queue
from student_graph.adapters.canvas.client.graphql import ASSIGNMENTS, ENROLLMENTS
from student_graph.adapters.canvas.client.question_queue import GATHER_SECONDS, ListsByCourse, QuestionQueue
from student_graph.adapters.errors import AdapterError, PayloadError, UnavailableError
from student_graph.adapters.reading import collecting_unreadable_rows, report_unreadable_row, sharing_reads_of

COURSES_PER_CALL = 4
TURNS = 20
"""More turns of the event loop than an answered question needs to end, and the next one to be sent."""


@pytest.fixture(autouse=True)
def _long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions wait for one another however slow the machine is."""
    monkeypatch.setattr(question_queue, "MAX_WAIT_SECONDS", 600.0)


class Canvas:
    """Answers each question when the test says so. It does not know course 9."""

    def __init__(self, *, is_background: bool = False) -> None:
        self.questions: list[ListsByCourse] = []
        self.answers: list[asyncio.Event] = []
        self.cancelled = 0
        self.failure: Exception | None = None
        self.queue = QuestionQueue(self.ask, COURSES_PER_CALL, is_background=is_background)

    async def ask(self, requested: ListsByCourse) -> Mapping[int, Course | AdapterError]:
        """The courses, after the test has let the question be answered."""
        self.questions.append(requested)
        self.answers.append(asyncio.Event())
        report_unreadable_row(b"odd row", PayloadError("odd"))
        try:
            await self.answers[-1].wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            raise self.failure
        return {id: Course(_id=id) for id in requested if id != 9}

    def want(self, *ids: int, lists: tuple[object, ...] = (ENROLLMENTS,)) -> asyncio.Task[list[int]]:
        """A lookup that wants courses; it returns those that Canvas knows."""

        async def lookup() -> list[int]:
            return sorted(await self.queue.courses(ids, lists))  # type: ignore[arg-type]

        return asyncio.create_task(lookup())

    async def gathered(self) -> list[list[int]]:
        """The courses of each question so far, when those that are gathered now were sent."""
        sent = asyncio.Event()
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(2 * GATHER_SECONDS, sent.set)
        await sent.wait()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return [sorted(question) for question in self.questions]


async def test_lookups_at_the_same_time_share_a_question() -> None:
    """Each course has the lists that somebody wants of it, and nobody gets courses of others."""
    canvas = Canvas()
    lookups = [canvas.want(1, 2), canvas.want(2, 9, lists=(ASSIGNMENTS,))]
    assert await canvas.gathered() == [[1, 2, 9]]
    assert canvas.questions[0][1] == {ENROLLMENTS}
    assert canvas.questions[0][2] == {ENROLLMENTS, ASSIGNMENTS}
    canvas.answers[0].set()
    assert await asyncio.gather(*lookups) == [[1, 2], [2]]


async def test_small_questions_wait_for_one_another_and_full_questions_are_sent_at_once() -> None:
    """What is requested while a small question is under way is gathered, and a course of it is asked for again."""
    canvas = Canvas()
    lookups = [canvas.want(1, 2)]
    assert await canvas.gathered() == [[1, 2]]
    lookups += [canvas.want(2, 3), canvas.want(4)]
    assert await canvas.gathered() == [[1, 2]]
    lookups.append(canvas.want(5, 6, 7))
    assert await canvas.gathered() == [[1, 2], [2, 3, 4, 5]]
    canvas.answers[0].set()
    assert await canvas.gathered() == [[1, 2], [2, 3, 4, 5], [6, 7]]
    for answer in canvas.answers:
        answer.set()
    assert await asyncio.gather(*lookups) == [[1, 2], [2, 3], [4], [5, 6, 7]]


async def test_work_in_the_background_waits_for_a_full_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it. Courses that are left over wait for the next ones, even if no question is under way."""
    monkeypatch.setattr(question_queue, "BACKGROUND_WAIT_SECONDS", 600.0)
    canvas = Canvas(is_background=True)
    lookups = [canvas.want(1, 2)]
    assert await canvas.gathered() == []
    lookups.append(canvas.want(3, 4, 5))
    assert await canvas.gathered() == [[1, 2, 3, 4]]
    canvas.answers[0].set()
    assert await canvas.gathered() == [[1, 2, 3, 4]]
    lookups.append(canvas.want(6, 7, 8))
    assert await canvas.gathered() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    canvas.answers[1].set()
    assert await asyncio.gather(*lookups) == [[1, 2], [3, 4, 5], [6, 7, 8]]


async def test_work_in_the_background_does_not_wait_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds a question is asked that is not full."""
    monkeypatch.setattr(question_queue, "BACKGROUND_WAIT_SECONDS", 0.0)
    canvas = Canvas(is_background=True)
    lookup = canvas.want(1)
    assert await canvas.gathered() == [[1]]
    canvas.answers[0].set()
    assert await lookup == [1]


async def test_nobody_waits_long_for_a_question_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is sent although the first one has no answer yet."""
    monkeypatch.setattr(question_queue, "MAX_WAIT_SECONDS", 0.0)
    canvas = Canvas()
    hanging = canvas.want(1)
    assert await canvas.gathered() == [[1]]
    lookup = canvas.want(2)
    assert await canvas.gathered() == [[1], [2]]
    canvas.answers[1].set()
    assert await lookup == [2]
    assert not hanging.done()
    canvas.answers[0].set()
    assert await hanging == [1]


async def test_a_question_ends_with_the_last_lookup_that_waits_for_it() -> None:
    """The others go on, and courses that nobody wants any more are not asked for."""
    canvas = Canvas()
    first, second = canvas.want(1), canvas.want(2)
    await canvas.gathered()
    unsent = canvas.want(3)
    await canvas.gathered()
    for lookup in (first, unsent):
        lookup.cancel()
        await asyncio.wait([lookup])
    assert canvas.cancelled == 0
    second.cancel()
    await asyncio.wait([second])
    assert canvas.cancelled == 1
    assert await canvas.gathered() == [[1, 2]]


async def test_all_lookups_get_the_failure_and_the_unreadable_rows_of_their_question() -> None:
    """The next question is asked as if nothing had happened."""
    canvas = Canvas()

    async def count_unreadable(id: int) -> int:
        with collecting_unreadable_rows() as unreadable:
            await canvas.queue.courses([id], [ENROLLMENTS])
        return len(unreadable)

    counts = [asyncio.create_task(count_unreadable(id)) for id in (1, 2)]
    await canvas.gathered()
    canvas.answers[0].set()
    assert await asyncio.gather(*counts) == [1, 1]

    canvas.failure = UnavailableError("down")
    failing = [canvas.want(1), canvas.want(2)]
    await canvas.gathered()
    canvas.answers[1].set()
    assert await asyncio.gather(*failing, return_exceptions=True) == [canvas.failure] * 2
    canvas.failure = None
    again = canvas.want(1)
    await canvas.gathered()
    canvas.answers[2].set()
    assert await again == [1]


@pytest.mark.parametrize("ids", [(), (1,)])
async def test_no_course_needs_no_question(ids: tuple[int, ...]) -> None:
    """One course needs one."""
    canvas = Canvas()
    lookup = canvas.want(*ids)
    assert await canvas.gathered() == ([[1]] if ids else [])
    for answer in canvas.answers:
        answer.set()
    assert await lookup == list(ids)


class Reader:
    """A request that reads, and those that have joined its reads."""

    def __init__(self) -> None:
        self.joined: list[Reader] = []

    def add_joined(self, other: Reader, /) -> None:
        """Note another request."""
        self.joined.append(other)

    def remove_joined(self, other: Reader, /) -> None:
        """Forget it."""
        self.joined.remove(other)


async def test_a_question_has_the_deadline_and_urgency_of_all_its_waiters() -> None:
    """They apply until the question is answered."""
    canvas, first, second, late = Canvas(), Reader(), Reader(), Reader()
    lookups = []
    for reader, courses in ((first, (1, 2)), (second, (2, 3)), (first, (4,))):
        with sharing_reads_of(None, reader=reader):
            lookups.append(canvas.want(*courses))
    await canvas.gathered()
    with sharing_reads_of(None, reader=late):
        lookups.append(canvas.want(1))
    assert await canvas.gathered() == [[1, 2, 3, 4], [1]]
    assert (first.joined, second.joined, late.joined) == ([second], [], [])
    for answer in canvas.answers:
        answer.set()
    await asyncio.gather(*lookups)
    assert first.joined == []


async def test_an_answer_is_freed_without_a_garbage_collection() -> None:
    """Nothing that refers to itself holds the courses of an answer: they may have thousands of rows."""

    async def ask(requested: ListsByCourse) -> Mapping[int, Course | AdapterError]:
        return {id: Course(_id=id) for id in requested}

    queue = QuestionQueue(ask, COURSES_PER_CALL)
    gc.disable()
    try:
        answers = await queue.courses([1, 2], [ENROLLMENTS])
        freed = [weakref.ref(course) for course in answers.values()]
        answers.clear()
        await asyncio.sleep(0)
        assert [course() for course in freed] == [None, None]
    finally:
        gc.enable()
