"""
The chooser of access paths against fixed choices, in vendor calls over many batches.

All of them answer the same batches through the pipeline, with a cache and the same clock. A fixed choice always
makes point reads, or always reads the school's or the section's list. The adapter declares wrong costs.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import AccessPath, Adapter, CallCost
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Sensitivity
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.fetch.ways.counting_school import (
    ARGUMENTS,
    ENROLLMENTS,
    EVENTS,
    CountingSis,
    SchoolFacts,
    counting_source,
    random_batch,
)
from tests.gateway.small_district import DISTRICT
from tests.long_runs import size

VIEWER = Viewer("all", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), unlimited_grants(*Sensitivity))
SCHOOL_LIST_CALLS = 10
"""Calls of the list of the largest school."""
BACKGROUND_TURNS = 20
"""Turns of the event loop after which a read in the background has ended: no read waits for anything."""


def always(path: AccessPath[Any]) -> tuple[AccessPath[Any], ...]:
    """The path with a cost that makes it the choice for every key, whatever is learned."""
    return (replace(path, cost=lambda _: CallCost(per_key=1e9, per_coarse_key=1e-9)),)


class PointReads(CountingSis):
    """Never reads a list."""

    paths: ClassVar[Any] = {}


class SchoolLists(CountingSis):
    """Always reads the lists of schools."""

    paths: ClassVar[Any] = {
        Adapter.attendance_events_by_student: always(CountingSis.by_school),
        Adapter.school_enrollments_by_student: always(CountingSis.enrollments),
    }


class SectionLists(CountingSis):
    """Always reads the lists of sections."""

    paths: ClassVar[Any] = {Adapter.attendance_events_by_student: always(CountingSis.by_section)}


@dataclass
class Run:
    """A pipeline over one source, with a clock that tests set."""

    kind: type[CountingSis]
    facts: SchoolFacts
    now: float = 0.0
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.source = counting_source(self.facts, self.kind)
        district = District(DISTRICT, "Hill", (self.source,))
        self.pipeline = FetchPipeline([district], HmacSigner(b"0" * 32), self.limits, clock=lambda: self.now)

    @property
    def calls(self) -> int:
        """Vendor calls since the start."""
        adapter = self.source.adapter
        assert isinstance(adapter, CountingSis)
        return adapter.calls

    async def answer(self, ask: Ask[Any]) -> dict[str, list[Any]]:
        """The dates of the events by student, from a new operation."""
        context = self.pipeline.start_operation(VIEWER)
        answers = await context.sources.fetch(self.source, ask)
        for _ in range(BACKGROUND_TURNS):
            await asyncio.sleep(0)
        return {key: [event.date for event in answer.value] for key, answer in answers.items()}


@pytest.mark.long_run
@pytest.mark.parametrize("seconds_between", [0.5, 10, 300])
async def test_the_chooser_needs_hardly_more_calls_than_the_best_fixed_choice(seconds_between: float) -> None:
    """At any frequency: where lists are used again before they are stale, and where they are not."""
    facts, rng = SchoolFacts(seed=1), random.Random(1)  # noqa: S311 - not for cryptography
    fixed = [Run(kind, facts) for kind in (PointReads, SchoolLists, SectionLists)]
    chooser = Run(CountingSis, facts)
    for _ in range(size(15, 400)):
        ask, seconds = random_batch(facts, rng), rng.expovariate(1 / seconds_between)
        expected = {student: [event.date for event in facts.events[student]] for student in ask.keys}
        for run in (*fixed, chooser):
            run.now += seconds
            assert await run.answer(ask) == expected
    for run in (*fixed, chooser):
        await run.pipeline.close()
    learning = size(40, 0)  # calls that a short run spends before anything is learned
    assert chooser.calls <= 1.15 * min(run.calls for run in fixed) + learning


async def test_ten_classes_of_a_school_at_once_need_the_calls_of_one() -> None:
    """The first page reads the school's list; the others wait for it."""
    facts = SchoolFacts(seed=1)
    sections = [f"0-{number}" for number in range(10)]
    asks = [Ask(EVENTS, tuple(facts.students_of[section]), ARGUMENTS) for section in sections]
    alone, together = Run(CountingSis, facts), Run(CountingSis, facts)
    await alone.answer(asks[0])
    await asyncio.gather(*(together.answer(ask) for ask in asks))
    assert together.calls <= 2.5 * alone.calls


async def test_a_list_that_many_small_batches_need_is_read_in_the_background() -> None:
    """None of them waits for it, and together they need fewer calls than point reads."""
    facts, calls = SchoolFacts(seed=1), []
    run = Run(CountingSis, facts)
    students = facts.students_of["0"]
    for student in students:
        before = run.calls
        run.now += 0.1
        for lookup, arguments in ((ENROLLMENTS, {}), (EVENTS, ARGUMENTS)):
            context = run.pipeline.start_operation(VIEWER)
            await context.sources.fetch(run.source, Ask(lookup, (student,), arguments))
            for _ in range(BACKGROUND_TURNS):
                await asyncio.sleep(0)
        calls.append(run.calls - before)
    await run.pipeline.close()
    assert calls[0] == 2
    assert sum(calls[-10:]) <= 2  # a student of two schools
    assert sum(calls) < len(students)


class SlowSis(CountingSis):
    """Answers point reads of events when the test lets it, and knows whether a school's list was read."""

    answers_now: asyncio.Event
    has_read_list = False

    async def attendance_events_by_student(self, ids: Any, *, school_year: int) -> Any:
        """Count the calls at once, and answer later."""
        answers = await super().attendance_events_by_student(ids, school_year=school_year)
        await self.answers_now.wait()
        return answers

    async def attendance_events_by_school(self, ids: Any, *, school_year: int) -> Any:
        """The lists of schools."""
        self.has_read_list = True
        return await super().attendance_events_by_school(ids, school_year=school_year)


async def slow_run(facts: SchoolFacts) -> tuple[Run, SlowSis]:
    """A run whose source answers later; the schools of all students are known."""
    run = Run(SlowSis, facts)
    adapter = run.source.adapter
    assert isinstance(adapter, SlowSis)
    adapter.answers_now = asyncio.Event()
    context = run.pipeline.start_operation(VIEWER)
    await context.sources.fetch(run.source, Ask(ENROLLMENTS, tuple(sorted(facts.schools_of))))
    adapter.calls = 0
    return run, adapter


async def test_small_batches_that_come_before_the_first_is_answered_share_a_list() -> None:
    """What one of them spends counts for those who decide while it waits."""
    facts = SchoolFacts(seed=1)
    run, adapter = await slow_run(facts)
    students = [student for student in facts.students_of["0"] if facts.schools_of[student] == ["0"]]
    batches = [Ask(EVENTS, tuple(students[start : start + 4]), ARGUMENTS) for start in range(0, 40, 4)]
    answering = [asyncio.create_task(run.answer(batch)) for batch in batches]
    for _ in range(BACKGROUND_TURNS):
        await asyncio.sleep(0)
    adapter.answers_now.set()
    answers = await asyncio.gather(*answering)
    await run.pipeline.close()
    assert adapter.has_read_list
    assert run.calls <= 4 + 4 + SCHOOL_LIST_CALLS
    for batch, answer in zip(batches, answers, strict=True):
        assert answer == {student: [event.date for event in facts.events[student]] for student in batch.keys}


async def test_a_cancelled_batch_does_not_cause_the_read_of_a_list() -> None:
    """It did not show that the source has its keys."""
    facts = SchoolFacts(seed=1)
    run, adapter = await slow_run(facts)
    students = facts.students_of["0"]
    cancelled = asyncio.create_task(run.answer(Ask(EVENTS, tuple(students[:4]), ARGUMENTS)))
    for _ in range(BACKGROUND_TURNS):
        await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    adapter.answers_now.set()
    await run.answer(Ask(EVENTS, tuple(students[4:8]), ARGUMENTS))
    await run.pipeline.close()
    assert not adapter.has_read_list


async def test_lists_of_sections_count_as_demand_for_the_list_of_their_school() -> None:
    """Pages of a school that need different sections read its list once instead of all its sections."""
    facts = SchoolFacts(seed=1)
    students = [student for student in facts.students_of["0"] if facts.schools_of[student] == ["0"]][:60]
    pages = [students[start : start + 10] for start in range(0, 60, 10)]
    for number, page in enumerate(pages):
        sections = [f"page{number}-{position}" for position in range(4)]
        facts.sections_of.update(dict.fromkeys(page, sections))
        facts.students_of.update(dict.fromkeys(sections, page))
    run = Run(CountingSis, facts)
    context = run.pipeline.start_operation(VIEWER)
    for lookup in (ENROLLMENTS, lookup_of(Adapter.section_enrollments_by_student)):
        await context.sources.fetch(run.source, Ask(lookup, tuple(students)))
    calls = run.calls
    for page in pages:
        assert await run.answer(Ask(EVENTS, tuple(page), ARGUMENTS))
    await run.pipeline.close()
    assert run.calls - calls <= 4 + SCHOOL_LIST_CALLS < 4 * len(pages)


async def test_a_list_is_not_read_in_advance_without_a_cache() -> None:
    """Each operation pays for itself, however often others asked."""
    facts = SchoolFacts(seed=1)
    run = Run(CountingSis, facts, limits=Limits(memory=0))
    for student in facts.students_of["0"]:
        await run.answer(Ask(EVENTS, (student,), ARGUMENTS))
    await run.pipeline.close()
    assert run.calls == len(facts.students_of["0"])


async def test_keys_that_the_source_refuses_are_no_reason_to_read_a_list() -> None:
    """However often somebody asks for ids that cannot exist."""
    facts = SchoolFacts(seed=1)
    run = Run(CountingSis, facts)
    for number in range(30):
        context = run.pipeline.start_operation(VIEWER)
        await context.sources.fetch(run.source, Ask(ENROLLMENTS, (f"../{number}",)))
    await run.pipeline.close()
    assert run.calls == 0
