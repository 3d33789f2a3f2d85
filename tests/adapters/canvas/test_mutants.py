"""The conformance suite catches what can go wrong with Canvas's instants and people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.canvas.adapter import Canvas
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Batch, lookup_of
from student_graph.adapters.model import AssignmentWork, StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.planted_fault import FAILED, run


class Zoneless(Canvas):
    """Drops the zone of an instant."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work that is due at some hour, somewhere."""
        told = await super().assignment_work_by_student(ids)
        for own in told.values():
            for work in own if isinstance(own, list) else ():
                work.due_at = work.due_at and work.due_at.replace(tzinfo=None)
        return told


class Nameless(Canvas):
    """Says of nobody whose work it is."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work of whoever asked."""
        told = await super().assignment_work_by_student(ids)
        for own in told.values():
            for work in own if isinstance(own, list) else ():
                work.subject = None
        return told


class Mistaken(Canvas):
    """Takes two children for one."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work, half of it under another child's number."""
        told = await super().assignment_work_by_student(ids)
        other = ids[0].partition(":")
        for own in told.values():
            for work in own if isinstance(own, list) else ():
                work.subject = work.subject and replace(work.subject, ids=((other[0], other[2]),))
        return told


CAUGHT: list[tuple[type[Canvas], str]] = [
    (Zoneless, "values_are_what_the_record_declares"),
    (Nameless, "records_are_what_the_lookup_promises"),
    (Mistaken, "records_are_what_the_lookup_promises"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CanvasSandbox]:
    """A small Canvas."""
    made = CanvasSandbox(make_district(20))
    with served(made):
        yield made


@pytest.mark.parametrize(("mutant", "test"), CAUGHT, ids=[mutant.__name__ for mutant, _ in CAUGHT])
async def test_the_suite_catches(mutant: type[Canvas], test: str, sandbox: CanvasSandbox) -> None:
    """An instant without a zone, and a record about nobody or somebody else, fail the test that is for it."""
    given: dict[str, Any] = {"lookup": lookup_of(Adapter.assignment_work_by_student), "sandbox": sandbox}
    await run(Canvas, test, given, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, given, sandbox)
