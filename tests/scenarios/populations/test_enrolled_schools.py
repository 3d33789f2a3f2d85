"""
Lists of schools are enough for values of metrics, although they lack events at schools without an enrollment.

The sandbox district has students of two schools, a student who left and came back, one without any record, and one
with attendance at a school where nobody enrolled them. Each is compared with single reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookups_of
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.schema import make_schema
from tests.long_runs import size
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import VIEWER, SandboxDistrict, sandbox_district

SCHEMA = make_schema(BreadthExecutor)
STUDENTS = size(30, 400)
TOO_LONG = frozenset({"attendance_events_by_district", "section_attendance_events_by_district"})
"""Lists that are too long in a large district."""
EVENTS = "edfi studentSchoolAttendanceEvents"
CASES = ("attendance_elsewhere", "dual_enrollment", "re_entry", "nothing_recorded", "withdrawn")
PAGE = 100
LIST = """query($orderBy: StudentOrder) {
    students(filter: {}, orderBy: $orderBy, first: 100) {
        totalCount undecided edges { node { studentUniqueId } } pageInfo { endCursor hasNextPage }
    }
}"""
BY_IDS = """query($ids: [String!]!) {
    students(filter: {ids: $ids}, first: 100) { edges { node {
        studentUniqueId
        attendance { absentDays { value level dataQuality } tardies { value dataQuality } }
    } } }
}"""
ABSENT_DAYS = """query($ids: [String!]!) {
    students(filter: {ids: $ids}, first: 100) { edges { node { attendance { absentDays { %s } } } } }
}"""
NAMING_QUALITY = (
    "dataQuality",
    "limits: dataQuality",
    "value ... on Measure { dataQuality }",
    "value ... @include(if: false) { dataQuality }",
)
TABLE = """query($metric: Metric!) { districts { metrics(metric: $metric) {
    complete total { population mean missing distribution { level students } }
} } }"""
COUNT = """query($filter: StudentFilter!) { students(filter: $filter) { totalCount undecided } }"""


@cache
def facts() -> DistrictFacts:
    """Return the district's facts, which no test changes."""
    return make_district(STUDENTS)


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A student information system with default settings: enrollments need not name all schools."""
    async with sandbox_district(facts(), ("edfi",), students=STUDENTS, school_students=STUDENTS) as district:
        [source] = district.district.sources
        lookups = frozenset(lookup.name for lookup in lookups_of(Adapter) if source.offers(lookup)) - TOO_LONG
        source = replace(source, allowed_lookups=lookups)
        yield replace(district, district=replace(district.district, sources=(source,)))


async def run(district: SandboxDistrict, query: str, *, cached: bool = True, **variables: Any) -> Any:
    """Return the data of an operation of its own, with nothing cached before."""
    limits = Limits() if cached else Limits(memory=0)
    pipeline = FetchPipeline(
        [district.district], HmacSigner(b"0" * 32), limits, operation_seconds=OPERATION_SECONDS
    )
    result: Any = await SCHEMA.execute(
        query, variable_values=variables, context_value=pipeline.start_operation(VIEWER)
    )
    await pipeline.close()
    assert result.errors is None
    return result.data


async def in_order(district: SandboxDistrict, metric: str) -> tuple[list[str], dict[str, int]]:
    """Return the first students in the descending order of a metric, and the vendor calls."""
    order = {"metric": metric, "direction": "DESCENDING"}
    district.new_calls()
    page = (await run(district, LIST, orderBy=order))["students"]
    assert page["undecided"] == 0
    assert page["totalCount"] == len(facts().students)
    calls = district.new_calls()
    return [edge["node"]["studentUniqueId"] for edge in page["edges"]], calls


async def values_alone(district: SandboxDistrict, ids: list[str]) -> dict[str, Any]:
    """Return the attendance in numbers of students, from the records of each student alone."""
    values: dict[str, Any] = {}
    for start in range(0, len(ids), PAGE):
        data = await run(district, BY_IDS, cached=False, ids=ids[start : start + PAGE])
        rows = [edge["node"] for edge in data["students"]["edges"]]
        values |= {row["studentUniqueId"]: row["attendance"] for row in rows}
    return values


@pytest.mark.long_run
@pytest.mark.parametrize(("metric", "field"), [("ABSENT_DAYS", "absentDays"), ("TARDIES", "tardies")])
async def test_a_population_has_the_order_of_single_reads(
    district: SandboxDistrict, metric: str, field: str
) -> None:
    """It reads lists of schools, and has the students in the order of the values that single reads give."""
    listed, calls = await in_order(district, metric)
    district.new_calls()
    values = await values_alone(district, [student.id for student in facts().students])
    calls_alone = district.new_calls()[EVENTS]

    def position(id_: str) -> tuple[bool, float, str]:
        value = values[id_][field]["value"]
        return value is None, -(value or 0), id_

    assert listed == sorted(values, key=position)[:PAGE]
    # Lists of schools were read, and single reads only of students without an enrollment.
    assert calls[EVENTS] < len(values) / 2
    assert calls_alone >= len(values)
    outside = {id_ for id_, row in values.items() if "EVENTS_OUTSIDE_ENROLLMENT" in row[field]["dataQuality"]}
    assert outside >= set(facts().special_cases["attendance_elsewhere"])


async def test_fields_of_students_have_the_values_of_single_reads(district: SandboxDistrict) -> None:
    """A page that shows values and levels reads lists of schools; only its data quality needs single reads."""
    ids = [student.id for student in facts().students][:PAGE]
    district.new_calls()
    page = await run(district, BY_IDS.replace(" dataQuality", ""), ids=ids)
    calls = district.new_calls()[EVENTS]
    alone = await values_alone(district, ids)

    assert len(page["students"]["edges"]) == len(ids)
    for edge in page["students"]["edges"]:
        row = alone[edge["node"]["studentUniqueId"]]
        del row["absentDays"]["dataQuality"], row["tardies"]["dataQuality"]
        assert edge["node"]["attendance"] == row
    assert calls < len(ids) / 2


async def test_days_of_school_and_attendance_come_from_one_list() -> None:
    """Where the calendar of a school is not complete, the district's list has its days, and the events as well."""
    [thin] = facts().special_cases["thin_calendar"]
    ids = sorted({row.student for row in facts().enrollments if str(row.school) == thin})[:PAGE]
    sizes = {"attendance_events_per_student": 100, "students": STUDENTS, "school_students": STUDENTS // 3}
    async with sandbox_district(facts(), ("edfi",), **sizes) as district:
        await run(district, BY_IDS.replace(" dataQuality", ""), ids=ids)
        requests = [
            text for text in district.sandboxes["edfi"].requests if "studentSchoolAttendanceEvents" in text
        ]

    assert ids
    assert [text for text in requests if "schoolId=" in text or "studentUniqueId=" in text] == []
    assert requests


async def test_all_events_are_read_if_the_data_quality_is_named(district: SandboxDistrict) -> None:
    """By an alias, in a fragment and on a condition, too: it mentions events at other schools."""
    ids = [student.id for student in facts().students][:PAGE]
    for selection in NAMING_QUALITY:
        district.new_calls()
        await run(district, ABSENT_DAYS % selection, ids=ids)
        assert district.new_calls()[EVENTS] >= len(ids), selection
    await run(district, ABSENT_DAYS % "value definition { preset }", ids=ids)
    assert district.new_calls()[EVENTS] < len(ids) / 2


@pytest.mark.long_run
async def test_every_special_case_has_its_own_value(district: SandboxDistrict) -> None:
    """Each of them is listed by a bound on its own value, and not by one just above it."""
    for case in CASES:
        for id_ in facts().special_cases[case]:
            value = (await values_alone(district, [id_]))[id_]["absentDays"]["value"]
            if value is None:
                continue
            where = {"metric": {"metric": "ABSENT_DAYS", "atLeast": value}}
            more = {"metric": {"metric": "ABSENT_DAYS", "above": value}}
            for condition, expected in ((where, 1), ({"not": more}, 1), (more, 0)):
                data = await run(district, COUNT, filter={"ids": [id_], "where": condition})
                assert data["students"] == {"totalCount": expected, "undecided": 0}, case


def test_the_district_has_the_cases() -> None:
    """A student has events at a school without an enrollment there, and another has enrollments at two schools."""
    enrolled = {(row.student, row.school) for row in facts().enrollments}
    elsewhere = {event.student for event in facts().attendance if (event.student, event.school) not in enrolled}
    schools: dict[str, set[int]] = {}
    for student, school in enrolled:
        schools.setdefault(student, set()).add(school)
    assert elsewhere >= set(facts().special_cases["attendance_elsewhere"])
    assert any(len(group) > 1 for group in schools.values())
    assert any(student.id not in schools for student in facts().students) or facts().special_cases["re_entry"]


@pytest.mark.long_run
@pytest.mark.parametrize(("metric", "field"), [("ABSENT_DAYS", "absentDays"), ("TARDIES", "tardies")])
async def test_a_table_has_the_mean_of_single_reads(district: SandboxDistrict, metric: str, field: str) -> None:
    """A table of a district reads the lists of its schools too, and no student alone who has an enrollment."""
    district.new_calls()
    [row_of_district] = (await run(district, TABLE, metric=metric))["districts"]
    calls = district.new_calls()[EVENTS]
    withdrawn = set(facts().special_cases["withdrawn"])
    members = [student.id for student in facts().students if student.id not in withdrawn]
    values = await values_alone(district, members)
    known = [row[field]["value"] for row in values.values() if row[field]["value"] is not None]

    total = row_of_district["metrics"]["total"]
    assert row_of_district["metrics"]["complete"]
    assert total["mean"] == pytest.approx(sum(known) / len(known))
    assert total["missing"] == 0
    assert calls < len(values) / 2
