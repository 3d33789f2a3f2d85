"""The conformance suite catches faults in the access paths of the Ed-Fi adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import AccessPath, Adapter, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import SchoolEnrollment, SectionEnrollment, StudentId
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.paths.complete_sandbox import complete_facts
from tests.adapters.edfi.paths.ways import Way, path_of
from tests.adapters.helpers.planted_fault import FAILED, run

ATTENDANCE = Adapter.attendance_events_by_student
GRADES = Adapter.course_grades_by_student
BY_SCHOOL = (ATTENDANCE, Adapter.attendance_events_by_school)
GRADES_BY_SECTION = (GRADES, Adapter.course_grades_by_section)
GRADES_BY_SCHOOL = (GRADES, Adapter.course_grades_by_school)
CONTACTS = (Adapter.contacts_by_student, Adapter.contacts_by_district)


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
        ATTENDANCE: (replace(path_of(BY_SCHOOL), sort_key=lambda event: event.vendor_id),)
    }


class IncompleteSchool(EdFi):
    """Reads the attendance of a school without its last row."""

    async def attendance_events_by_school(self, ids: Sequence[Any], *, school_year: int) -> Batch[Any, list[Any]]:
        """All events of each school but the last."""
        batch = await super().attendance_events_by_school(ids, school_year=school_year)
        return {key: answer[:-1] if isinstance(answer, list) else answer for key, answer in batch.items()}


class CurrentSectionsOnly(EdFi):
    """Returns no ended enrollments in sections, so that grades of a student who has left are missing."""

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """The enrollments of each student that have not ended."""
        batch = await super().section_enrollments_by_student(ids)
        return {
            key: [record for record in answer if record.end_date is None] if isinstance(answer, list) else answer
            for key, answer in batch.items()
        }


class FirstPageOfContacts(EdFi):
    """Reads only a part of the contacts of the district."""

    async def contacts_by_district(self, ids: Sequence[Any]) -> Batch[Any, list[Any]]:
        """The first half of the contacts."""
        batch = await super().contacts_by_district(ids)
        return {
            key: answer[: len(answer) // 2] if isinstance(answer, list) else answer
            for key, answer in batch.items()
        }


@pytest.fixture(scope="module")
def sandbox() -> Iterator[EdFiSandbox]:
    """A district with a student of two schools, and without rows that the lists of a school do not have."""
    sandbox = EdFiSandbox(complete_facts())
    with served(sandbox):
        yield sandbox


@pytest.mark.parametrize(
    ("mutant", "way"),
    [
        (SingleEnrollment, BY_SCHOOL),
        (WrongOrder, BY_SCHOOL),
        (IncompleteSchool, BY_SCHOOL),
        (CurrentSectionsOnly, GRADES_BY_SECTION),
        (CurrentSectionsOnly, GRADES_BY_SCHOOL),
        (FirstPageOfContacts, CONTACTS),
    ],
)
async def test_the_suite_catches_a_mutant(mutant: type[EdFi], way: Way, sandbox: EdFiSandbox) -> None:
    """A coarse answer without a record or in another order fails a test that the adapter passes."""
    test, fixtures = "a_coarse_answer_equals_the_point_reads", {"way": way, "sandbox": sandbox}
    await run(EdFi, test, fixtures, sandbox)
    with pytest.raises(FAILED):
        await run(mutant, test, fixtures, sandbox)
