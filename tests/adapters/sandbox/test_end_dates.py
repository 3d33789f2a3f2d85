"""The ends of terms, enrollments and classes are those of the district, whatever day a vendor writes for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest

from student_graph.adapters.aeries.sandbox import AeriesSandbox
from student_graph.adapters.clever.sandbox import CleverSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, OneRosterSandbox
from student_graph.adapters.powerschool.sandbox import PowerSchoolSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import open_adapter

VENDORS = pytest.mark.parametrize(
    "vendor",
    [
        EdFiSandbox,
        OneRosterSandbox,
        partial(OneRosterSandbox, quirks=EDFI_SERVICE),
        PowerSchoolSandbox,
        AeriesSandbox,
        CleverSandbox,
    ],
    ids=["Ed-Fi", "OneRoster", "Ed-Fi OneRoster service", "PowerSchool", "Aeries", "Clever"],
)


@cache
def facts() -> DistrictFacts:
    """The district that all vendors serve."""
    return make_district(24)


@VENDORS
async def test_terms_end_on_the_same_day(vendor: Callable[..., Sandbox]) -> None:
    """The last day is one of the term."""
    async with open_adapter(vendor(facts())) as adapter:
        batch: Any = await adapter.sessions_by_school([SchoolId(str(fact.id)) for fact in facts().schools])

    ends = {(term.school_id, term.end_date) for terms in batch.values() for term in terms}
    assert ends == {(str(fact.school), fact.end) for fact in facts().sessions}


@VENDORS
async def test_a_student_is_not_enrolled_from_the_same_day_on(vendor: Callable[..., Sandbox]) -> None:
    """The exit date is the first day without enrollment. The Ed-Fi OneRoster service sends no days of roles."""
    (student,) = facts().special_cases["withdrawn"][:1]
    async with open_adapter(vendor(facts())) as adapter:
        batch: Any = await adapter.school_enrollments_by_student([StudentId(student)])

    exits = [record.exit_withdraw_date for record in batch[StudentId(student)]]
    expected = [fact.exit for fact in facts().enrollments if fact.student == student]
    assert all(expected)
    assert exits == ([None] if isinstance(vendor, partial) else expected)


@VENDORS
async def test_a_class_ends_for_a_student_on_the_same_day(vendor: Callable[..., Sandbox]) -> None:
    """The last day is one in the class. Clever has the present members of classes only."""
    async with open_adapter(vendor(facts())) as adapter:
        batch: Any = await adapter.section_enrollments_by_student(
            [StudentId(fact.id) for fact in facts().students]
        )

    ended = {(fact.student, fact.begin, fact.end) for fact in facts().section_enrollments if fact.end}
    records = {(row.student_id, row.begin_date, row.end_date) for rows in batch.values() for row in rows}
    assert ended
    assert vendor is CleverSandbox or ended <= records
