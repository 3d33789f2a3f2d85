"""What a type checker must infer of the contract; checked by mypy, never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_type

from student_graph.adapters.contract import Adapter, Batch, Page, Window
from student_graph.adapters.model import AttendanceEvent, DistrictId, School, SchoolId, Student, StudentId
from student_graph.adapters.sources import Key, Keys, LookupResults, Sources


async def lookups_keep_their_types(sources: Sources, schools: Keys[SchoolId], keys: Keys[StudentId]) -> None:
    """Asking by an unbound method knows keys, arguments and records."""
    assert_type(await sources.load_one(Adapter.schools_by_id, schools), LookupResults[School])
    assert_type(
        await sources.load_many(Adapter.attendance_events_by_student, keys, school_year=2027),
        LookupResults[list[AttendanceEvent]],
    )
    await sources.load_many(Adapter.attendance_events_by_student, keys, year=2027)  # type: ignore[call-arg]
    await sources.load_many(Adapter.schools_by_id, schools)  # type: ignore[arg-type]


async def a_page_knows_what_is_on_it(sources: Sources, key: Key) -> None:
    """A page of students is of students."""
    found = await sources.load_page(Adapter.students_by_district, key, Window(25))
    assert_type(found, LookupResults[Page[Student]])


class Hill(Adapter):
    """An override is held to its lookup."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """As promised."""
        return {}

    async def schools_by_district(  # type: ignore[override]
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[Student]]:
        """Another record than promised."""
        return {}
