"""The types that mypy must infer for the contract; type-checked and never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_type

from student_graph.adapters.answers import LookupResults
from student_graph.adapters.contract import Adapter, Batch, Page, Window
from student_graph.adapters.model import AttendanceEvent, DistrictId, School, SchoolId, Student, StudentId
from student_graph.adapters.sources import Key, Keys, Sources


async def lookups_keep_their_types(sources: Sources, schools: Keys[SchoolId], keys: Keys[StudentId]) -> None:
    """A load by an unbound method keeps the types of keys, arguments and records."""
    assert_type(await sources.load_one(Adapter.schools_by_id, schools), LookupResults[School])
    assert_type(
        await sources.load_many(Adapter.attendance_events_by_student, keys, school_year=2027),
        LookupResults[list[AttendanceEvent]],
    )
    await sources.load_many(Adapter.attendance_events_by_student, keys, year=2027)  # type: ignore[call-arg]
    await sources.load_many(Adapter.schools_by_id, schools)  # type: ignore[arg-type]


async def a_page_keeps_its_type(sources: Sources, key: Key) -> None:
    """A page of students has the type of students."""
    results = await sources.load_page(Adapter.students_by_district, key, Window(25))
    assert_type(results, LookupResults[Page[Student]])


class Hill(Adapter):
    """An override must match its lookup."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """A correct override."""
        return {}

    async def schools_by_district(  # type: ignore[override]
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[Student]]:
        """An override with another type of record."""
        return {}
