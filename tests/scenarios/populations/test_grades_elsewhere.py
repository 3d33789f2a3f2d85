"""
Course metrics count grades at schools where the student has an enrollment, so lists of these schools are enough.

The sandbox district posts a failing grade at a school where nobody enrolled the student, and has an LMS with
grades of its own. Each number of a list is that of the student alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionEnrollmentFact
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.schema import make_schema
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import VIEWER, SandboxDistrict, sandbox_district

SCHEMA = make_schema(BreadthExecutor)
STUDENTS = 24
LIST = """{ students(
    filter: {where: {metric: {metric: FAILING_COURSES, atLeast: 1}}}
    orderBy: {metric: CURRENT_AVERAGE, direction: ASCENDING}, first: 100
) { undecided edges { node { studentUniqueId } } } }"""
BY_STUDENT = """query($ids: [String!]!) { students(filter: {ids: $ids}, first: 100) { edges { node {
    studentUniqueId
    courses { failingCourses { value dataQuality } currentAverage { value } }
    riskProfile(preset: "acumened_abc") { indicators { domain dataQuality measures { metric value } } }
} } } }"""
OUTSIDE = "GRADES_OUTSIDE_ENROLLMENT"


@cache
def facts() -> tuple[DistrictFacts, str]:
    """Return a district, and the student who has a failing grade at a school without an enrollment there."""
    district = make_district(STUDENTS)
    schools: dict[str, set[int]] = {}
    for row in district.enrollments:
        schools.setdefault(row.student, set()).add(row.school)
    posted = {grade.enrollment.student for grade in district.grades}
    student = min(student for student in posted if len(schools[student]) == 1)
    section = next(
        row for row in district.sections if row.year == district.year and row.school not in schools[student]
    )
    elsewhere = SectionEnrollmentFact(student=student, section=section, begin=district.enrollments[0].entry)
    district.section_enrollments.append(elsewhere)
    current = next(grade for grade in district.grades if grade.current)
    district.grades.append(replace(current, enrollment=elsewhere, numeric=1.0, letter=None))
    return district, student


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A student information system whose enrollments need not name all schools, and an LMS."""
    async with sandbox_district(facts()[0], students=STUDENTS, school_students=STUDENTS) as district:
        yield district


async def run(district: SandboxDistrict, query: str, **variables: Any) -> Any:
    """Return the data of an operation with nothing cached before."""
    pipeline = FetchPipeline(
        [district.district], HmacSigner(b"0" * 32), Limits(), operation_seconds=OPERATION_SECONDS
    )
    context = pipeline.start_operation(VIEWER)
    settings = {district.district.id: MetricSettings(failing_below=70.0)}
    context = replace(context, metric_settings=settings)
    result: Any = await SCHEMA.execute(query, variable_values=variables, context_value=context)
    await pipeline.close()
    assert result.errors is None
    return result.data["students"]


async def test_a_list_has_the_grades_of_single_reads(district: SandboxDistrict) -> None:
    """It reads lists of schools, no section of a student, and no grade of the LMS where the SIS posts some."""
    district_facts, student = facts()
    district.new_calls()
    page = await run(district, LIST)
    calls = district.new_calls()
    edges = (await run(district, BY_STUDENT, ids=[row.id for row in district_facts.students]))["edges"]
    alone = {edge["node"]["studentUniqueId"]: edge["node"]["courses"] for edge in edges}

    listed = [edge["node"]["studentUniqueId"] for edge in page["edges"]]
    failing = [id_ for id_, courses in alone.items() if (courses["failingCourses"]["value"] or 0) >= 1]
    assert listed == sorted(failing, key=lambda id_: (alone[id_]["currentAverage"]["value"], id_))
    assert len(failing) > 1
    assert page["undecided"] == 0
    without = len(district_facts.students) - len({grade.enrollment.student for grade in district_facts.grades})
    assert calls["edfi grades"] <= len(district_facts.schools) + without
    assert calls["edfi studentSectionAssociations"] <= without
    assert {id_ for id_, row in alone.items() if OUTSIDE in row["failingCourses"]["dataQuality"]} == {student}


async def test_indicators_have_the_values_of_the_fields(district: SandboxDistrict) -> None:
    """They read no records at other schools, so that no data quality mentions these."""
    _, student = facts()
    [edge] = (await run(district, BY_STUDENT, ids=[student]))["edges"]
    node = edge["node"]
    indicators = {row["domain"]: row for row in node["riskProfile"]["indicators"]}
    values = {row["metric"]: row["value"] for row in indicators["COURSES"]["measures"]}

    assert values["FAILING_COURSES"] == node["courses"]["failingCourses"]["value"]
    assert OUTSIDE in node["courses"]["failingCourses"]["dataQuality"]
    assert OUTSIDE not in indicators["COURSES"]["dataQuality"]
