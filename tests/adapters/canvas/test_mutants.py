"""The conformance suite catches faults in the times and students of Canvas records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.canvas.adapter import Canvas
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import Batch, lookup_of
from student_graph.adapters.model import AssignmentWork, CourseGrade, StudentId
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


class ExcusedAndMissing(Canvas):
    """Takes missing work for excused, too."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Work that is excused if it is missing."""
        batch = await super().assignment_work_by_student(ids)
        for answer in batch.values():
            for work in answer if isinstance(answer, list) else ():
                work.excused = work.excused or work.missing
        return batch


class EmptyGrade(Canvas):
    """Has a grade for courses in which there is none yet."""

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Grades without letters and numbers."""
        batch = await super().course_grades_by_student(ids, school_year=school_year)
        for answer in batch.values():
            for grade in answer if isinstance(answer, list) else ():
                grade.letter = grade.numeric = None
        return batch


WORK, GRADES = Adapter.assignment_work_by_student, Adapter.course_grades_by_student
MUTANTS: list[tuple[type[Canvas], LookupMethod, str]] = [
    (WithoutTimeZone, WORK, "values_are_what_the_record_declares"),
    (WithoutSubject, WORK, "records_are_what_the_lookup_promises"),
    (WrongSubject, WORK, "records_are_what_the_lookup_promises"),
    (ExcusedAndMissing, WORK, "values_are_what_the_record_declares"),
    (EmptyGrade, GRADES, "values_are_what_the_record_declares"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CanvasSandbox]:
    """A Canvas of a district with 20 students."""
    sandbox = CanvasSandbox(make_district(20))
    with served(sandbox):
        yield sandbox


@pytest.mark.parametrize(("mutant", "lookup", "test"), MUTANTS, ids=[mutant.__name__ for mutant, *_ in MUTANTS])
async def test_the_suite_catches_a_mutant(
    mutant: type[Canvas], lookup: LookupMethod, test: str, sandbox: CanvasSandbox
) -> None:
    """
    Each fails a test that the adapter passes.

    They are a time without a zone, a record of no student or of another one, work that is missing and excused,
    and a grade that says nothing.
    """
    fixtures: dict[str, Any] = {"lookup": lookup_of(lookup), "sandbox": sandbox}
    await run(Canvas, test, fixtures, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, fixtures, sandbox)
