"""The conformance suite catches faults in the access paths of the Ed-Fi adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import AccessPath, Adapter, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import SchoolEnrollment, StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.helpers.planted_fault import FAILED, run

ATTENDANCE = Adapter.attendance_events_by_student

WAY = (ATTENDANCE, Adapter.attendance_events_by_school)


class SingleEnrollment(EdFi):
    """Returns one enrollment for each student, so that the second school of a dual enrollment is missing."""

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """The latest enrollment of each student."""
        batch = await super().school_enrollments_by_student(ids)
        return {key: answer[-1:] if isinstance(answer, list) else answer for key, answer in batch.items()}


class WrongOrder(EdFi):
    """Sorts the merged events of two schools by vendor id."""

    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = {
        ATTENDANCE: (replace(ACCESS_PATHS[ATTENDANCE][0], sort_key=lambda event: event.vendor_id),)
    }


class IncompleteSchool(EdFi):
    """Reads the attendance of a school without its last row."""

    async def attendance_events_by_school(self, ids: Sequence[Any], *, school_year: int) -> Batch[Any, list[Any]]:
        """All events of each school but the last."""
        batch = await super().attendance_events_by_school(ids, school_year=school_year)
        return {key: answer[:-1] if isinstance(answer, list) else answer for key, answer in batch.items()}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[EdFiSandbox]:
    """A district with a student of two schools."""
    sandbox = EdFiSandbox(make_district(60))
    with served(sandbox):
        yield sandbox


@pytest.mark.parametrize("mutant", [SingleEnrollment, WrongOrder, IncompleteSchool])
async def test_the_suite_catches_a_mutant(mutant: type[EdFi], sandbox: EdFiSandbox) -> None:
    """A coarse answer without a record or in another order fails a test that the adapter passes."""
    test, fixtures = "a_coarse_answer_equals_the_point_reads", {"way": WAY, "sandbox": sandbox}
    await run(EdFi, test, fixtures, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, fixtures, sandbox)
