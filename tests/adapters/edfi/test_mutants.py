"""The conformance suite catches what can go wrong with Ed-Fi's access paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import AccessPath, Adapter, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.adapter.access_paths import PATHS
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import SchoolEnrollment, StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.planted_fault import FAILED, run

ATTENDANCE = Adapter.attendance_events_by_student


class Single(EdFi):
    """Knows of one stay a student, and so of one school: a dual enrollment is missed."""

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """The latest stay."""
        told = await super().school_enrollments_by_student(ids)
        return {key: own[-1:] if isinstance(own, list) else own for key, own in told.items()}


class Unsorted(EdFi):
    """Puts what came from two schools together as it came."""

    paths: ClassVar[Mapping[LookupMethod, AccessPath[Any]]] = {
        ATTENDANCE: replace(PATHS[ATTENDANCE], sort_key=lambda event: event.vendor_id)
    }


class Partial(EdFi):
    """Reads a school's attendance without its last row."""

    async def attendance_events_by_school(self, ids: Sequence[Any], *, school_year: int) -> Batch[Any, list[Any]]:
        """Almost all events."""
        told = await super().attendance_events_by_school(ids, school_year=school_year)
        return {key: own[:-1] if isinstance(own, list) else own for key, own in told.items()}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[EdFiSandbox]:
    """A district in which somebody goes to two schools."""
    made = EdFiSandbox(make_district(60))
    with served(made):
        yield made


@pytest.mark.parametrize("mutant", [Single, Unsorted, Partial])
async def test_the_suite_catches(mutant: type[EdFi], sandbox: EdFiSandbox) -> None:
    """A coarse answer with a record less, or in another order, is none; the good adapter's is one."""
    test, given = "a_coarse_answer_equals_the_point_reads", {"path": ATTENDANCE, "sandbox": sandbox}
    await run(EdFi, test, given, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, given, sandbox)
