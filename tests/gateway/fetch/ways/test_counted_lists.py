"""The vendor counts a list before many point reads are made instead of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import AccessPath, Adapter, Batch, CallCost
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import Lookup, Page
from student_graph.adapters.model import AttendanceEvent, DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from tests.gateway.fetch.ways.counting_school import (
    ARGUMENTS,
    ENROLLMENTS,
    EVENTS,
    CountingSis,
    SchoolFacts,
    counting_source,
)
from tests.gateway.fetch.ways.test_learned_choice import VIEWER
from tests.gateway.small_district import DISTRICT

STUDENTS = sorted(SchoolFacts(seed=1).events)
WRONG_GUESS = 400
TEN_PAGES: Page[Any] = Page([], None, 100)


class CountedSis(CountingSis):
    """Counts the list of all events in one call. The adapter expects it to be far longer than it is."""

    counts: int = 0
    lists: int = 0
    paths: ClassVar[Any] = {
        Adapter.attendance_events_by_student: (
            AccessPath(
                coarse_lookup=Adapter.attendance_events_by_district,
                key_of=lambda e: e.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=WRONG_GUESS),
                sort_key=lambda e: e.date,
            ),
        )
    }
    count: Any = None
    """The answer to the count of the list, which takes ten records in a call."""

    async def count_rows(
        self, lookup: Lookup, keys: Sequence[Any], arguments: Mapping[str, Hashable]
    ) -> Batch[Any, Page[Any]]:
        self._call()
        self.counts += 1
        return {} if self.count is None else dict.fromkeys(keys, self.count)

    def calls_of_list(self, lookup: Lookup, rows: int) -> float:
        return math.inf if rows > 10_000 else math.ceil(rows / 10)

    async def attendance_events_by_district(
        self, ids: Sequence[DistrictId], *, school_year: int
    ) -> Batch[DistrictId, list[AttendanceEvent]]:
        self.lists += 1
        self._call(10)
        return {id: [e for events in self.facts.events.values() for e in events] for id in ids}


class Run:
    """A pipeline over a source that counts."""

    def __init__(self, count: Any = TEN_PAGES) -> None:
        self.facts = SchoolFacts(seed=1)
        self.source = counting_source(self.facts, CountedSis)
        self.adapter: Any = self.source.adapter
        self.adapter.count = count
        self.pipeline = FetchPipeline([District(DISTRICT, "Hill", (self.source,))], HmacSigner(b"0" * 32))

    async def check(self, keys: Sequence[str]) -> None:
        """Fetch the events of students in a new operation, and compare them with the facts."""
        context = self.pipeline.start_operation(VIEWER)
        answers = await context.sources.fetch(self.source, Ask(EVENTS, tuple(keys), ARGUMENTS))
        assert {key: [e.date for e in answer.value] for key, answer in answers.items()} == {
            key: [e.date for e in self.facts.events[key]] for key in keys
        }


async def test_a_list_that_is_shorter_than_expected_is_read_instead_of_many_point_reads() -> None:
    """The count, and ten pages, in place of a call for each student; the answers are the same."""
    run = Run()
    await run.check(STUDENTS[:60])
    assert (run.adapter.counts, run.adapter.lists, run.adapter.calls) == (1, 1, 11)


async def test_a_list_that_is_as_long_as_expected_is_counted_once() -> None:
    """Later operations know its length, and make their point reads at once."""
    run = Run(Page([], None, 9_000))
    await run.check(STUDENTS[:60])
    await run.check(STUDENTS[60:120])
    assert (run.adapter.counts, run.adapter.lists, run.adapter.calls) == (1, 0, 121)


async def test_few_keys_are_not_worth_a_count() -> None:
    """A class is read student by student where the lists are long."""
    run = Run()
    await run.check(STUDENTS[:30])
    assert (run.adapter.counts, run.adapter.calls) == (0, 30)


@pytest.mark.parametrize(
    ("count", "counts"),
    [(None, 1), (Page([], None, None), 1), (Page([], None, 10_001), 1), (UnavailableError("down"), 2)],
    ids=["not counted", "no total", "too long", "failed"],
)
async def test_point_reads_answer_if_the_count_does_not_help(count: Any, counts: int) -> None:
    """Only a count that failed is tried again."""
    run = Run(count)
    await run.check(STUDENTS[:60])
    await run.check(STUDENTS[60:120])
    assert (run.adapter.counts, run.adapter.lists) == (counts, 0)
    assert run.adapter.calls == 120 + counts


class LongEnrollmentsSis(CountedSis):
    """Counts the list of enrollments, which is too long to be read. Enrollments name the schools of events."""

    paths: ClassVar[Any] = {
        Adapter.attendance_events_by_student: (CountingSis.by_school,),
        Adapter.school_enrollments_by_student: (
            AccessPath(
                coarse_lookup=Adapter.school_enrollments_by_district,
                key_of=lambda e: e.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=WRONG_GUESS),
            ),
        ),
    }


async def test_schools_are_named_by_enrollments_that_wait_for_a_count() -> None:
    """A page that reads enrollments anyway reads the events of its students from the list of their school."""
    facts = SchoolFacts(seed=1)
    source = counting_source(facts, LongEnrollmentsSis)
    adapter: Any = source.adapter
    adapter.count = Page([], None, 20_000)
    students = tuple(facts.students_of["0"])
    pipeline = FetchPipeline([District(DISTRICT, "Hill", (source,))], HmacSigner(b"0" * 32))
    fetch = pipeline.start_operation(VIEWER).sources.fetch
    enrollments, events = await asyncio.gather(
        fetch(source, Ask(ENROLLMENTS, students)), fetch(source, Ask(EVENTS, students, ARGUMENTS))
    )

    assert {key: {row.school_id for row in answer.value} for key, answer in enrollments.items()} == {
        key: set(facts.schools_of[key]) for key in students
    }
    assert {key: [e.date for e in answer.value] for key, answer in events.items()} == {
        key: [e.date for e in facts.events[key]] for key in students
    }
    assert adapter.counts == 1
    assert len(students) < adapter.calls < 1.5 * len(students)
