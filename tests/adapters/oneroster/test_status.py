"""A row that is not active is as if it were not there: it gives no scope, no place in a roster and no grade."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, SectionId, StaffId
from student_graph.adapters.oneroster.sandbox import PUBLISHED_12, OneRosterSandbox
from student_graph.adapters.reading import collecting_unreadable_rows
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


def _school_with_unknown(**unknown: str) -> ScriptedSandbox:
    """Two classes with a student each. The first names `unknown` objects, by kind, which are not there."""
    users = {
        name: user_row(name, name.upper(), agents=[{"sourcedId": unknown.get("agent", "t")}])
        for name in ("a", "b", "d")
    }
    teacher = user_row("t", "T") | {"roles": [{"role": "teacher"}, {"role": "parent"}]}
    rows = [
        {
            "sourcedId": f"c{number}",
            "school": {"sourcedId": unknown.get("school", "org") if number == 1 else "org"},
            "course": {"sourcedId": unknown.get("course", "math") if number == 1 else "math"},
            "terms": [{"sourcedId": "term"}],
        }
        for number in (1, 2)
    ]
    enrollments = [
        {
            "sourcedId": f"e-{user}-{class_}",
            "user": {"sourcedId": user},
            "class": {"sourcedId": class_},
            "role": role,
        }
        for user, class_, role in (
            ("a", "c1", "student"),
            (unknown.get("user", "d"), "c1", "student"),
            (unknown.get("teacher", "t"), "c1", "teacher"),
            ("b", "c2", "student"),
            ("t", "c2", "teacher"),
        )
    ]
    term = {"sourcedId": "term", "type": "term", "schoolYear": 2026, "title": "T", "startDate": "2025-08-01"}
    bodies: dict[str, Any] = {
        "users": {"users": [*users.values(), teacher]},
        "students": {"users": [*users.values()]},
        "enrollments": {"enrollments": enrollments},
        "classes": {"classes": rows},
        "orgs": {"orgs": [{"sourcedId": "org", "type": "school", "name": "Hill", "identifier": "1"}]},
        "courses": {"courses": [{"sourcedId": "math", "title": "Math"}]},
        "academicSessions": {"academicSessions": [term | {"endDate": "2026-06-01"}]},
    }
    bodies |= {f"{kind}/{row['sourcedId']}": {kind[:-1]: row} for kind in ("classes",) for row in rows}
    bodies |= {f"students/{name}": {"user": row} for name, row in users.items()}
    bodies |= {f"users/{row['sourcedId']}": {"user": row} for row in (*users.values(), teacher)}
    bodies["courses/math"] = {"course": bodies["courses"]["courses"][0]}
    return ScriptedSandbox(bodies)


SECTIONS, STUDENTS = ("c1", "c2"), ("A", "B")
UNKNOWN: dict[str, tuple[Any, dict[str, str], tuple[str, ...], set[str]]] = {
    "a student of a section": (Adapter.section_enrollments_by_section, {"user": "x"}, SECTIONS, {"c1"}),
    "a student, in all enrollments": (Adapter.section_enrollments_by_district, {"user": "x"}, ("here",), {"here"}),
    "a teacher of a section": (Adapter.section_staff_by_section, {"teacher": "x"}, SECTIONS, {"c1"}),
    "the course of a section": (Adapter.courses_by_section, {"course": "x"}, SECTIONS, {"c1"}),
    "the school of a section": (Adapter.sections_by_id, {"school": "x"}, SECTIONS, {"c1"}),
    "the school of a section, in all": (Adapter.sections_by_district, {"school": "x"}, ("here",), {"here"}),
    "an agent": (Adapter.contacts_by_student, {"agent": "x"}, STUDENTS, {"A", "B"}),
    "an agent, in all students": (Adapter.contacts_by_district, {"agent": "x"}, ("here",), {"here"}),
}
"""What a row names: the lookup, the id that the server does not have, the keys, and those that miss a record."""


@pytest.mark.parametrize("case", UNKNOWN)
async def test_a_row_that_names_what_the_server_does_not_have_is_reported(case: str) -> None:
    """It is reported for the keys whose rows name it only; nothing is reported if the server has it."""
    method, unknown, keys, missing = UNKNOWN[case]
    reports: list[set[Any]] = []
    for names in (unknown, {}):
        sandbox = _school_with_unknown(**names)
        async with connected(sandbox) as adapter:
            with collecting_unreadable_rows() as unreadable:
                await run_lookup(adapter, lookup_of(method), list(keys), sandbox.arguments())
        reports.append(set(unreadable.errors_by_key(keys)))

    assert reports == [missing, set()]
