"""A row that is not active is as if it were not there: it gives no scope, no place in a roster and no grade."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.oneroster.sandbox import PUBLISHED_12, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import run_lookup
from tests.adapters.oneroster.scripted_sandbox import connected

FACTS = make_district(24)
LISTS_ONLY = replace(PUBLISHED_12, filterable_fields="listed", nested_routes=False)
"""A server of which complete lists are read, so that few requests answer all keys."""
LOOKUPS = (
    Adapter.roster_by_district,
    Adapter.demographics_by_district,
    Adapter.section_enrollments_by_student,
    Adapter.section_enrollments_by_section,
    Adapter.section_enrollments_by_school,
    Adapter.section_enrollments_by_district,
    Adapter.section_staff_by_staff,
    Adapter.section_staff_by_section,
    Adapter.course_grades_by_student,
    Adapter.assignment_work_by_student,
    Adapter.assessment_results_by_student,
)
"""Lookups that decide who sees which student, and those of grades and results."""


async def all_answers(status: str | None) -> dict[str, Any]:
    """The answers of the lookups by name, for all keys of a server whose deleted rows have a status."""
    sandbox = OneRosterSandbox(FACTS, quirks=replace(LISTS_ONLY, deleted_status=status))
    keys = OneRosterSandbox(FACTS).known_keys
    async with connected(sandbox, students=len(FACTS.students)) as adapter:
        return {
            lookup.name: await run_lookup(adapter, lookup, keys(lookup.key_kind), sandbox.arguments())
            for lookup in map(lookup_of, LOOKUPS)
        }


@pytest.mark.parametrize("status", ["tobedeleted", "inactive"])
async def test_rows_that_are_not_active_change_no_answer(status: str) -> None:
    """
    A server with rows of another status gives the answers of a server without them.

    Among these rows are users, results, and enrollments of students and a teacher in classes that are not theirs.
    """
    assert await all_answers(status) == await all_answers(None)
