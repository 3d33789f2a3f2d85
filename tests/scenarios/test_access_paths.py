"""
Vendor calls for each lookup on a class of 28 and on a school of 450, and proof that bulk reads return the same.

The limits are those of the table of access paths in the design: the cheaper of point reads and a bulk read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import pytest

from student_graph.adapters.answers import Ask, Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionFact
from student_graph.adapters.sources import Keys, LookupResults, Sources
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, SandboxDistrict, sandbox_district

FACTS = make_district(1000)
ELEMENTARY_SCHOOL = 390042201
"""The elementary school of 450."""


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district of a thousand students."""
    async with sandbox_district(FACTS) as district:
        yield district


def homeroom(facts: DistrictFacts) -> tuple[SectionFact, list[StudentId]]:
    """Return a class of 28 of the elementary school that has a course in the LMS, and its students."""
    sections_in_lms = {course.section.key for course in facts.lms_courses if course.section}
    enrollments: dict[Any, list[Any]] = {}
    for enrollment in facts.section_enrollments:
        enrollments.setdefault(enrollment.section.key, []).append(enrollment)
    roster = next(
        rows
        for key, rows in enrollments.items()
        if key[0] == ELEMENTARY_SCHOOL and len(rows) == 28 and key in sections_in_lms
    )
    return roster[0].section, sorted(StudentId(enrollment.student) for enrollment in roster)


def school_students(facts: DistrictFacts) -> list[StudentId]:
    """Return all students who are or were enrolled at the elementary school, and the one with two schools."""
    enrolled = {enrollment.student for enrollment in facts.enrollments if enrollment.school == ELEMENTARY_SCHOOL}
    return sorted(StudentId(student) for student in enrolled | set(facts.special_cases["dual_enrollment"]))


EDGES: dict[str, tuple[Any, dict[str, Any], dict[str, int], dict[str, int]]] = {
    "names": (Adapter.students_by_id, {}, {"edfi students": 28}, {"edfi students": 450}),
    "enrollments": (
        Adapter.school_enrollments_by_student,
        {},
        {"edfi studentSchoolAssociations": 28},
        {"edfi studentSchoolAssociations": 450},
    ),
    "attendance": (
        Adapter.attendance_events_by_student,
        {"school_year": FACTS.year},
        {"edfi studentSchoolAttendanceEvents": 4, "edfi studentSchoolAssociations": 3},
        {"edfi studentSchoolAttendanceEvents": 5, "edfi studentSchoolAssociations": 3},
    ),
    "discipline": (
        Adapter.discipline_incidents_by_student,
        {},
        {"edfi studentDisciplineIncidentBehaviorAssociations": 1, "edfi disciplineIncidents": 1},
        {"edfi studentDisciplineIncidentBehaviorAssociations": 1, "edfi disciplineIncidents": 1},
    ),
    "assessments": (
        Adapter.assessment_results_by_student,
        {},
        {"edfi studentAssessments": 28},
        {"edfi studentAssessments": 451},
    ),
}
"""Lookups by student: lookup, arguments, and the maximum of calls by resource for a class and for a school."""


def is_within(calls: Counter[str], limits: dict[str, int]) -> bool:
    """Whether only the resources of the limits were called, and no more often than they allow."""
    data_calls = {name: count for name, count in calls.items() if name not in ("edfi token", "edfi ")}
    return all(count <= limits.get(name, 0) for name, count in data_calls.items())


async def load_all(sources: Sources, method: Any, students: list[StudentId], arguments: dict[str, Any]) -> None:
    """Run a lookup for all students as a field of the graph does, and check that none of them fails."""
    load = sources.load_many if lookup_of(method).is_list else sources.load_one
    results: LookupResults[Any] = await load(method, Keys(DISTRICT_ID, students), **arguments)
    assert not results.failures
    assert not any(isinstance(value, AdapterError) for value in results.values)


@pytest.mark.parametrize("edge", EDGES)
async def test_a_class_needs_no_more_calls_than_its_limits(district: SandboxDistrict, edge: str) -> None:
    """The 28 students are reached through their section."""
    method, arguments, limits, _ = EDGES[edge]
    section, students = homeroom(FACTS)
    context = district.start_operation()
    await context.sources.load_one(Adapter.schools_by_id, Keys(DISTRICT_ID, [SchoolId(str(ELEMENTARY_SCHOOL))]))
    district.new_calls()
    sources = context.sources.reached_via(Ref("section", section.identifier))
    await load_all(sources, method, students, arguments)
    calls = district.new_calls()
    assert is_within(calls, limits), calls


@pytest.mark.parametrize("edge", EDGES)
async def test_a_school_needs_no_more_calls_than_its_limits(district: SandboxDistrict, edge: str) -> None:
    """The 450 students of a school, with one who attends two schools, are reached through the school."""
    method, arguments, _, limits = EDGES[edge]
    context = district.start_operation()
    await context.sources.load_one(Adapter.schools_by_id, Keys(DISTRICT_ID, [SchoolId(str(ELEMENTARY_SCHOOL))]))
    district.new_calls()
    sources = context.sources.reached_via(Ref("school", str(ELEMENTARY_SCHOOL)))
    await load_all(sources, method, school_students(FACTS), arguments)
    calls = district.new_calls()
    assert is_within(calls, limits), calls


async def test_grades_and_assignments_of_a_section_need_two_calls(district: SandboxDistrict) -> None:
    """The grades of a class need one call to the SIS, its assignments one call for one course of the LMS."""
    section, students = homeroom(FACTS)
    key = Keys(
        DISTRICT_ID,
        [section_id(section.school, section.year, section.session, section.course, section.identifier)],
    )
    context = district.start_operation()
    [grades] = (await context.sources.load_many(Adapter.course_grades_by_section, key)).values
    assert district.new_calls()["edfi grades"] == 1
    assert isinstance(grades, list)
    assert grades
    assert {grade.student_id for grade in grades} <= set(students)
    [assignments] = (await context.sources.load_many(Adapter.assignment_work_by_section, key)).values
    assert district.new_calls()["canvas submissions"] == 1
    assert isinstance(assignments, list)
    assert assignments
    assert {assignment.student_id for assignment in assignments} <= set(students)


@pytest.mark.parametrize("edge", [edge for edge in EDGES if edge != "assessments"])
async def test_a_bulk_read_returns_the_same_as_point_reads(district: SandboxDistrict, edge: str) -> None:
    """For the students of a school, both return the same records in the same order; the bulk read is cheaper."""
    method, arguments, _, _ = EDGES[edge]
    ask: Ask[Any] = Ask(lookup_of(method), tuple(school_students(FACTS)), arguments)
    source = district.source("edfi")
    bulk = await district.start_operation().sources.fetch(source, ask)
    bulk_calls = district.new_calls()
    point = await fetch_from_vendor(source, ask)
    assert sum(district.new_calls().values()) > 10 * sum(bulk_calls.values())
    assert {key: without_fetch_time(answer.value) for key, answer in bulk.items()} == {
        key: without_fetch_time(answer.value) for key, answer in point.items()
    }


def without_fetch_time(value: Any) -> list[dict[str, Any]]:
    """Return the fields of one or more records, except when they were fetched."""
    records = value if isinstance(value, list) else [value]
    return [{f.name: getattr(record, f.name) for f in fields(record) if f.name != "fetched"} for record in records]
