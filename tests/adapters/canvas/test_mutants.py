"""The conformance suite catches faults in the times and students of Canvas records."""

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


class WithoutTimeZone(Canvas):
    """Drops the time zone of due times."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work whose due time has no time zone."""
        batch = await super().assignment_work_by_student(ids)
        for answer in batch.values():
            for work in answer if isinstance(answer, list) else ():
                work.due_at = work.due_at and work.due_at.replace(tzinfo=None)
        return batch


class WithoutSubject(Canvas):
    """Leaves out the student of the work."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work without its student."""
        batch = await super().assignment_work_by_student(ids)
        for answer in batch.values():
            for work in answer if isinstance(answer, list) else ():
                work.subject = None
        return batch


class WrongSubject(Canvas):
    """Attributes the work of two students to one."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work with the first requested student as the student of all of it."""
        batch = await super().assignment_work_by_student(ids)
        field, _, text = ids[0].partition(":")
        for answer in batch.values():
            for work in answer if isinstance(answer, list) else ():
                work.subject = work.subject and replace(work.subject, ids=((field, text),))
        return batch


MUTANTS: list[tuple[type[Canvas], str]] = [
    (WithoutTimeZone, "values_are_what_the_record_declares"),
    (WithoutSubject, "records_are_what_the_lookup_promises"),
    (WrongSubject, "records_are_what_the_lookup_promises"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CanvasSandbox]:
    """A Canvas of a district with 20 students."""
    sandbox = CanvasSandbox(make_district(20))
    with served(sandbox):
        yield sandbox


@pytest.mark.parametrize(("mutant", "test"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS])
async def test_the_suite_catches_a_mutant(mutant: type[Canvas], test: str, sandbox: CanvasSandbox) -> None:
    """A time without a zone, and a record of no student or of another one, fail a test that the adapter passes."""
    fixtures: dict[str, Any] = {"lookup": lookup_of(Adapter.assignment_work_by_student), "sandbox": sandbox}
    await run(Canvas, test, fixtures, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, fixtures, sandbox)
