"""
What a class of 28 and a school of 450 cost in vendor calls, edge by edge, and that the cheap way tells the same.

The limits are those of the design's table of access paths: the cheaper of point reads and a coarse read.
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
from tests.scenarios.helpers.whole_district import HERE, Road, road

FACTS = make_district(1000)
SCHOOL = 390042201
"""The elementary school of 450."""


@pytest.fixture
async def district() -> AsyncIterator[Road]:
    """A district of a thousand."""
    async with road(FACTS) as made:
        yield made


def homeroom(facts: DistrictFacts) -> tuple[SectionFact, list[StudentId]]:
    """A class of 28 of the elementary school that works online, and its students."""
    online = {course.section.key for course in facts.lms_courses if course.section}
    places: dict[Any, list[Any]] = {}
    for place in facts.section_enrollments:
        places.setdefault(place.section.key, []).append(place)
    full = (p for key, p in places.items() if key[0] == SCHOOL and len(p) == 28 and key in online)
    found = next(full)
    return found[0].section, sorted(StudentId(place.student) for place in found)


def school(facts: DistrictFacts) -> list[StudentId]:
    """Everybody who has or had a stay at the elementary school, and the child of two schools."""
    stays = {stay.student for stay in facts.enrollments if stay.school == SCHOOL}
    return sorted(StudentId(student) for student in stays | set(facts.special_cases["dual_enrollment"]))


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
"""Edge from students: lookup, arguments, and the most calls by resource for a class and for a school."""


def within(calls: Counter[str], limits: dict[str, int]) -> bool:
    """Whether nothing but the limits' resources was asked, and no more than they allow."""
    asked = {name: count for name, count in calls.items() if name not in ("edfi token", "edfi ")}
    return all(count <= limits.get(name, 0) for name, count in asked.items())


async def told_by_all(sources: Sources, method: Any, students: list[StudentId], arguments: dict[str, Any]) -> None:
    """Ask for all students as a field of the graph does; none of them fails."""
    load = sources.load_many if lookup_of(method).is_list else sources.load_one
    column: LookupResults[Any] = await load(method, Keys(HERE, students), **arguments)
    assert not column.failures
    assert not any(isinstance(told, AdapterError) for told in column.values)


@pytest.mark.parametrize("edge", EDGES)
async def test_a_class_costs_no_more_than_the_table_says(district: Road, edge: str) -> None:
    """Twenty-eight students reached through their section."""
    method, arguments, limits, _ = EDGES[edge]
    section, students = homeroom(FACTS)
    context = district.operation()
    await context.sources.load_one(Adapter.schools_by_id, Keys(HERE, [SchoolId(str(SCHOOL))]))
    district.calls()
    near = context.sources.reached_via(Ref("section", section.identifier))
    await told_by_all(near, method, students, arguments)
    calls = district.calls()
    assert within(calls, limits), calls


@pytest.mark.parametrize("edge", EDGES)
async def test_a_school_costs_no_more_than_the_table_says(district: Road, edge: str) -> None:
    """A school of 450, the child of two schools with it."""
    method, arguments, _, limits = EDGES[edge]
    context = district.operation()
    await context.sources.load_one(Adapter.schools_by_id, Keys(HERE, [SchoolId(str(SCHOOL))]))
    district.calls()
    near = context.sources.reached_via(Ref("school", str(SCHOOL)))
    await told_by_all(near, method, school(FACTS), arguments)
    calls = district.calls()
    assert within(calls, limits), calls


async def test_a_sections_grades_are_one_call_and_its_work_one_a_course(district: Road) -> None:
    """A class's grades cost one call of the SIS, its work one reading of one course of the LMS."""
    section, students = homeroom(FACTS)
    key = Keys(
        HERE, [section_id(section.school, section.year, section.session, section.course, section.identifier)]
    )
    context = district.operation()
    [grades] = (await context.sources.load_many(Adapter.course_grades_by_section, key)).values
    calls = district.calls()
    assert calls["edfi grades"] == 1
    assert isinstance(grades, list)
    assert grades
    assert {grade.student_id for grade in grades} <= set(students)
    [work] = (await context.sources.load_many(Adapter.assignment_work_by_section, key)).values
    calls = district.calls()
    assert calls["canvas submissions"] == 1
    assert isinstance(work, list)
    assert work
    assert {each.student_id for each in work} <= set(students)


@pytest.mark.parametrize("edge", [edge for edge in EDGES if edge != "assessments"])
async def test_every_coarse_answer_equals_point_reads_key_for_key(district: Road, edge: str) -> None:
    """For 450 students and the child of two schools, the same records in the same order either way."""
    method, arguments, _, _ = EDGES[edge]
    lookup = lookup_of(method)
    students = school(FACTS)
    edfi = district.source("edfi")
    context = district.operation()
    coarse = await context.sources.fetch(edfi, Ask(lookup, tuple(students), arguments))
    by_coarse = district.calls()
    point = await fetch_from_vendor(edfi, Ask(lookup, tuple(students), arguments))
    assert sum(district.calls().values()) > 10 * sum(by_coarse.values())
    assert {key: told(answer.value) for key, answer in coarse.items()} == {
        key: told(answer.value) for key, answer in point.items()
    }


def told(answer: Any) -> list[dict[str, Any]]:
    """All that an answer tells, but for when."""
    records = answer if isinstance(answer, list) else [answer]
    return [{f.name: getattr(record, f.name) for f in fields(record) if f.name != "fetched"} for record in records]
