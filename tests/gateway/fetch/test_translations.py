"""Translated answers are made once, and again as soon as anything changes that they were made from."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Sensitivity
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.operation import Traffic
from tests.gateway.small_district import (
    DISTRICT,
    Ledger,
    district,
    enrollment,
    error_code,
    identity,
    section,
    submitted,
)

WORK = lookup_of(Adapter.assignment_work_by_student)
VIEWER = Viewer("all", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), unlimited_grants(*Sensitivity))
STUDENTS = ("s1", "s2", "unknown")


def work_by_student() -> Ledger:
    """Two students who have handed in work, and one whom the LMS does not know."""
    return Ledger(
        students=list(STUDENTS),
        enrollments=[enrollment(student, "1") for student in STUDENTS],
        identities=[identity(student, email=f"{student}@hill.example") for student in STUDENTS],
        sections=[section("ALG-1")],
        work=[submitted(student) for student in STUDENTS[:2]],
    )


@dataclass
class Lms:
    """A pipeline over an SIS and an LMS."""

    ledger: Ledger = field(default_factory=work_by_student)

    def __post_init__(self) -> None:
        self.today = datetime(2026, 10, 1, tzinfo=UTC)
        self.district = replace(district(self.ledger), frozen_on=self.today)
        self.pipeline = FetchPipeline([self.district], HmacSigner(b"0" * 32))

    async def answers(self) -> tuple[Answers, Traffic]:
        """The work of the students, from a new operation, and what it asked."""
        context = self.pipeline.start_operation(VIEWER)
        source = self.district.sources[1]
        return await context.sources.fetch(source, Ask(WORK, STUDENTS)), context.operation.traffic

    async def repeated(self) -> Answers:
        """The answers of the third operation, which needs no source and no translation."""
        for _ in range(2):
            await self.answers()
        self.ledger.calls.clear()
        return (await self.answers())[0]


async def test_answers_are_translated_once() -> None:
    """From the second cached operation on, all get the same mapping."""
    lms = Lms()
    answers = await lms.repeated()
    assert isinstance(answers, SharedBatch)
    assert (await lms.answers())[0] is answers
    assert lms.ledger.calls == []
    assert [record.student_id for key in STUDENTS[:2] for record in answers[key].value] == ["s1", "s2"]
    assert error_code(answers["unknown"]) == "NO_IDENTITY_LINK"


async def test_a_known_translation_counts_the_same_reads() -> None:
    """Its operation says how many lookups and keys were served from the cache, and how old they are."""
    lms = Lms()
    await lms.answers()
    first, second = [(await lms.answers())[1].by_source for _ in range(2)]
    counts = [{name: (t.asks, t.hits, t.calls) for name, t in sources.items()} for sources in (first, second)]
    assert counts[0] == counts[1]


def _drop_identity(ledger: Ledger) -> None:
    ledger.identities = [identity("s1", birth=datetime(2010, 1, 1, tzinfo=UTC).date()), *ledger.identities[1:]]
    ledger.work = [submitted("s1", birth=datetime(2011, 1, 1, tzinfo=UTC).date()), *ledger.work[1:]]


def _change_work(ledger: Ledger) -> None:
    ledger.work = [*ledger.work, replace(submitted("s2"), assignment_id="8")]


@pytest.mark.parametrize(("change", "source", "expected"), [
    (_change_work, "lms", ([1, 2], None)),
    (_drop_identity, None, ([1], "IDENTITY_CONFLICT")),
])  # fmt: skip
async def test_a_change_in_any_source_is_translated_again(
    change: Callable[[Ledger], None], source: str | None, expected: Any
) -> None:
    """Also one in the identities alone, which the records of the LMS do not show."""
    lms = Lms()
    await lms.repeated()
    change(lms.ledger)
    await lms.pipeline.cache.purge(Purge(district=DISTRICT, source=source))
    answers = await lms.repeated()
    counts = [len(answers[key].value) for key in STUDENTS[:2] if error_code(answers[key]) is None]
    assert (counts, error_code(answers["s1"])) == expected


async def test_a_translation_is_for_one_day() -> None:
    """The current school year depends on the day."""
    lms = Lms()
    answers = await lms.repeated()
    lms.pipeline.districts[DISTRICT] = replace(lms.district, frozen_on=lms.today + timedelta(days=1))
    assert (await lms.answers())[0] is not answers


async def test_an_invalidation_removes_the_translated_records() -> None:
    """Nothing else refers to them."""
    lms = Lms()
    await lms.repeated()
    await lms.pipeline.cache.purge(Purge(district=DISTRICT))
    gc.collect()
    references = list(lms.pipeline.translations._translations.values())
    assert [reference() for reference in references] == [None]
