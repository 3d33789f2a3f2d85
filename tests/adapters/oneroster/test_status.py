"""A row that is not active is as if it were not there: it gives no scope, no place in a roster and no grade."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, SectionId, StaffId
from student_graph.adapters.oneroster.sandbox import PUBLISHED_12, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import run_lookup
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected, user_row

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


def _school(class_status: str, user_status: str) -> ScriptedSandbox:
    """A class with a student, a teacher, and a student of a status; the class itself has another status."""
    role = {"org": {"sourcedId": "org-1"}}
    users = [
        user_row("a", "1"),
        user_row("b", "2", status=user_status),
        user_row("t", "T1") | {"roles": [role | {"role": "teacher"}]},
    ]
    enrollments = [
        {"sourcedId": f"e-{user}", "user": {"sourcedId": user}, "class": {"sourcedId": "c"}, "role": name}
        for user, name in (("a", "student"), ("b", "student"), ("t", "teacher"))
    ]
    row = {"sourcedId": "c", "school": {"sourcedId": "org-1"}, "terms": [], "status": class_status}
    bodies: dict[str, Any] = {
        "users": {"users": users},
        "students": {"users": users[:2]},
        "enrollments": {"enrollments": enrollments},
        "classes": {"classes": [row]},
        "classes/c": {"class": row},
    }
    return ScriptedSandbox(bodies | {f"students/{user['sourcedId']}": {"user": user} for user in users[:2]})


@pytest.mark.parametrize("field", ["identifier", "sourcedId"])
@pytest.mark.parametrize("status", ["tobedeleted", "inactive"])
async def test_a_student_who_is_not_active_is_on_no_roster(status: str, field: str) -> None:
    """The enrollment is active and only the user is not, whatever field holds the student's number."""
    async with connected(_school("active", status), student_id_field=field) as adapter:
        roster: Any = (await adapter.section_enrollments_by_section([SectionId("c")]))[SectionId("c")]
        (district,) = (await adapter.section_enrollments_by_district([DistrictId("here")])).values()

    assert {record.student_id for record in roster} == {"1" if field == "identifier" else "a"}
    assert [record.vendor_id for record in district] == [record.vendor_id for record in roster]  # type: ignore[union-attr]


@pytest.mark.parametrize(("status", "sections"), [("active", ["c"]), ("tobedeleted", []), ("inactive", [])])
async def test_a_class_that_is_not_active_gives_its_teacher_no_scope(status: str, sections: list[str]) -> None:
    """The enrollments of a deleted class may still be active."""
    async with connected(_school(status, "active")) as adapter:
        records: Any = (await adapter.section_staff_by_staff([StaffId("T1")]))[StaffId("T1")]

    assert [record.section_id for record in records] == sections
