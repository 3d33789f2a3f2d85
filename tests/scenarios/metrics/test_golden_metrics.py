"""The sample district of Ed-Fi records: metrics through GraphQL equal golden numbers computed from its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.servers import ROOT, RunningDemo, running_demo

RECORDS = ROOT.parent / "shared" / "data" / "derived-grand-bend"
GOLDEN = ROOT.parent / "shared" / "domain" / "golden.json"
SCHOOLS = ("255901001", "255901044", "255901107")

pytestmark = pytest.mark.skipif(
    not (RECORDS.is_dir() and GOLDEN.is_file()), reason="the sample district is not at ../shared"
)

PAGE = """
    query ($after: String) {
        students(filter: {}, first: 100, after: $after) {
            pageInfo { hasNextPage endCursor }
            edges { node {
                studentUniqueId
                federal: attendance(preset: "federal_10pct", to: "2022-05-27") {
                    absentDays { value } excusedAbsentDays { value } unexcusedAbsentDays { value }
                    tardies { value } chronicAbsence { level }
                }
                edu: attendance(preset: "edu_90_20", to: "2022-05-27") { rate { level } }
                tsds: attendance(preset: "tsds_90", to: "2022-05-27") { rate { level } }
                month: attendance(preset: "tsds_90", window: LAST_4_WEEKS, asOf: "2022-05-27") {
                    absentDays { value window { first instructionalDays } } rate { level }
                }
                behavior(preset: "ews_sample", to: "2022-05-27") { incidents { value } stateOffenses { level } }
                indicators(preset: "acumened_abc", asOf: "2022-05-27") { domain points }
            } }
        }
    }"""
RECORDS_PAGE = """
    query ($after: String) {
        students(filter: {}, first: 100, after: $after) {
            pageInfo { hasNextPage endCursor }
            edges { node {
                studentUniqueId
                behavior(to: "2022-05-27") { conductViolations { value } suspensionDaysServed { value } }
                assessmentSummary(asOf: "2022-05-27") { proficient { level value } growth { value } }
            } }
        }
    }"""
AT_SCHOOL = """
    query ($after: String, $school: ID!) {
        students(filter: {}, first: 100, after: $after) {
            pageInfo { hasNextPage endCursor }
            edges { node {
                studentUniqueId
                attendance(preset: "federal_10pct", to: "2022-05-27", school: $school) {
                    chronicAbsence { level unit }
                }
                specialEducation { beginDate endDate }
            } }
        }
    }"""


@pytest.fixture(scope="module")
def golden() -> Any:
    """Return the golden numbers by id."""
    return json.loads(GOLDEN.read_text())


@pytest.fixture(scope="module")
def grand_bend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """Run a demo that serves the sample district."""
    with running_demo(tmp_path_factory.mktemp("ready"), "--records", str(RECORDS)) as demo:
        yield demo


@pytest.fixture(scope="module")
def students(grand_bend: RunningDemo) -> dict[str, Any]:
    """Return the metrics of all students by number, read page by page."""
    return {student["studentUniqueId"]: student for student in read_pages(grand_bend, PAGE)}


@pytest.fixture(scope="module")
def records(grand_bend: RunningDemo) -> dict[str, Any]:
    """Return the metrics of discipline and tests of all students by number."""
    return {student["studentUniqueId"]: student for student in read_pages(grand_bend, RECORDS_PAGE)}


def read_pages(demo: RunningDemo, query: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """Yield the students of all pages; no page has an error."""
    after = None
    while True:
        response = demo.post(query, after=after, **variables)
        assert "errors" not in response
        page = response["data"]["students"]
        yield from (edge["node"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def at_risk(students: dict[str, Any], field: str, metric: str) -> list[str]:
    """Return the numbers of the students whose metric is at risk, in order."""
    return sorted(number for number, student in students.items() if student[field][metric]["level"] == "AT_RISK")


def test_absent_days_of_all_students(students: dict[str, Any], golden: Any) -> None:
    """A07 and A08: the days, excused and unexcused, and who has most of them."""
    days = {number: student["federal"]["absentDays"]["value"] for number, student in students.items()}
    kinds = {
        kind: sum(student["federal"][f"{kind}AbsentDays"]["value"] for student in students.values())
        for kind in ("excused", "unexcused")
    }

    assert len(students) == 960
    assert {"total": sum(days.values()), **kinds} == {key: golden["A07"][key] for key in ("total", *kinds)}
    assert max(days.values()) == golden["A08"]["max"]
    assert sorted(number for number, count in days.items() if count == 20) == golden["A08"]["students"]


def test_tardies_are_no_absences(students: dict[str, Any], golden: Any) -> None:
    """A50: the tardies of all students; nobody who was tardy was absent."""
    tardy = [student["federal"] for student in students.values() if student["federal"]["tardies"]["value"]]

    assert (len(tardy), sum(student["tardies"]["value"] for student in tardy)) == (
        golden["A50"]["tardyStudents"],
        golden["A50"]["sum"],
    )
    assert not any(student["absentDays"]["value"] for student in tardy)


def test_chronic_absence_by_three_presets(students: dict[str, Any], golden: Any) -> None:
    """A10, A11, A13 and A14: the federal definition, and those of EDU and Texas."""
    federal = at_risk(students, "federal", "chronicAbsence")

    assert (len(federal), federal) == (golden["A10"], golden["A11"])
    assert len(at_risk(students, "edu", "rate")) == golden["A13"]
    assert len(at_risk(students, "tsds", "rate")) == golden["A14"]


def test_the_last_four_weeks(students: dict[str, Any], golden: Any) -> None:
    """A35: 20 days on which the district recorded attendance, and who was absent on them."""
    days = [student["month"]["absentDays"] for student in students.values()]

    assert {(day["window"]["first"], day["window"]["instructionalDays"]) for day in days} == {
        (golden["A35"]["from"], golden["A35"]["days"])
    }
    assert sum(day["value"] for day in days) == golden["A35"]["absentDays"]
    assert sum(day["value"] > 0 for day in days) == golden["A35"]["anyAbsence"]
    assert len(at_risk(students, "month", "rate")) == golden["A35"]["below90_tsds"]


def test_incidents_and_state_offenses_match_the_golden_numbers(students: dict[str, Any], golden: Any) -> None:
    """C03 and C04: students by their incidents as perpetrators, and those with a state offense."""
    incidents = Counter(f"{student['behavior']['incidents']['value']:g}" for student in students.values())

    assert incidents == golden["C03"]
    assert at_risk(students, "behavior", "stateOffenses") == golden["C04"]["ids"]


def test_conduct_and_days_of_suspension_match_the_golden_numbers(records: dict[str, Any], golden: Any) -> None:
    """C02 and C08: violations of the code of conduct, and days served, with repeated actions counted once."""
    conduct = sum(student["behavior"]["conductViolations"]["value"] for student in records.values())
    served = {number: row["behavior"]["suspensionDaysServed"]["value"] for number, row in records.items()}

    assert conduct == golden["C02"]["School Code of Conduct"] + golden["C02"]["School Violation"]
    assert {number: days for number, days in served.items() if days > 1} == golden["C08"]


def test_students_below_the_standard(records: dict[str, Any], golden: Any) -> None:
    """E11 and E14: who did not meet a standard; without a stated level nobody is judged, and nobody has growth."""
    summaries = [student["assessmentSummary"] for student in records.values()]

    assert at_risk(records, "assessmentSummary", "proficient") == golden["E14"]["ids"]
    assert {row["proficient"]["level"] for row in summaries if row["proficient"]["value"] is None} == {
        "NOT_EVALUATED"
    }
    assert sum(row["growth"]["value"] is not None for row in summaries) == golden["E11"]


def test_points_of_indicators_match_the_golden_numbers(students: dict[str, Any], golden: Any) -> None:
    """A21 and C13: students by their points for attendance and for behavior."""
    points = {
        domain: Counter(
            str(indicator["points"])
            for student in students.values()
            for indicator in student["indicators"]
            if indicator["domain"] == domain
        )
        for domain in ("ATTENDANCE", "BEHAVIOR")
    }

    assert points == {"ATTENDANCE": golden["A21"]["roster"], "BEHAVIOR": golden["C13"]}


@pytest.mark.parametrize("school", SCHOOLS)
def test_chronic_absence_at_a_school(grand_bend: RunningDemo, golden: Any, school: str) -> None:
    """
    A12: a student counts once at each school. G01 and G02: with special education on the last day, and ever.

    G05 to G08 count tables (`tests/resolvers/cohorts/aggregates/test_golden.py`). G03 and G04 are no numbers.
    """
    students = {
        student["studentUniqueId"]: student for student in read_pages(grand_bend, AT_SCHOOL, school=school)
    }
    chronic = set(at_risk(students, "attendance", "chronicAbsence"))
    ever = {number for number, student in students.items() if student["specialEducation"]}
    now = {number for number in ever if any(map(is_active, students[number]["specialEducation"]))}
    present = with_events(school)

    assert len(chronic) == golden["A12"][school]
    assert {student["attendance"]["chronicAbsence"]["unit"] for student in students.values()} == {"STUDENT_SCHOOL"}
    assert crossed(present, chronic, now) == golden["G01"][school]
    assert crossed(present, chronic, ever) == golden["G02"][school]


def with_events(school: str) -> set[str]:
    """Return the numbers of the students with a record of attendance at a school."""
    rows = map(json.loads, (RECORDS / "studentSchoolAttendanceEvents.jsonl").read_text().splitlines())
    return {
        row["studentReference"]["studentUniqueId"]
        for row in rows
        if str(row["schoolReference"]["schoolId"]) == school
    }


def is_active(program: dict[str, Any]) -> bool:
    """Return whether special education has begun and not ended on the last day of the sample's school year."""
    return program["beginDate"] <= "2022-05-27" and (program["endDate"] or "9999") > "2022-05-27"


def crossed(students: set[str], chronic: set[str], special: set[str]) -> list[int]:
    """Count students by chronic absence and special education: both, only the first, only the second, neither."""
    rest = students - chronic
    return [
        len(group)
        for group in (students & chronic & special, (students & chronic) - special, rest & special, rest - special)
    ]


def test_one_student_from_the_number_to_the_rows_of_the_vendor(grand_bend: RunningDemo, golden: Any) -> None:
    """A31: the rate of one student with its counts, its reasons and the records that were counted."""
    query = """{ student(studentUniqueId: "604822") { attendance(to: "2022-05-27") { rate {
        value numerator denominator reasons dataQuality sources
        evidence(first: 2) { totalCount records { kind provenance { source recordId } } }
    } } } }"""
    rate = grand_bend.post(query)["data"]["student"]["attendance"]["rate"]
    rows = {
        row["id"]: row
        for row in map(json.loads, (RECORDS / "studentSchoolAttendanceEvents.jsonl").read_text().splitlines())
    }
    shown = [rows[record["provenance"]["recordId"]] for record in rate["evidence"]["records"]]

    assert round(100 * rate["value"], 2) == golden["A31"]["ratePct2"]
    assert (rate["numerator"], rate["denominator"]) == (169 - golden["A31"]["absentDays"], 169)
    assert "165 of 169 days" in rate["reasons"][0]
    assert {"DURATION_MISSING", "REPEATED_RECORDS"} <= set(rate["dataQuality"])
    assert (rate["sources"], rate["evidence"]["totalCount"]) == (["edfi"], golden["A31"]["absentDays"])
    assert {row["studentReference"]["studentUniqueId"] for row in shown} == {"604822"}
    assert all(row["attendanceEventCategoryDescriptor"].endswith("Absence") for row in shown)


def test_missing_and_late_work_in_the_lms(grand_bend: RunningDemo, golden: Any) -> None:
    """D12 and D13: work that the LMS marks as missing and as late; without an account an error says so."""
    numbers = sorted(golden["D12"].keys() | golden["D13"].keys())
    query = """query ($ids: [String!]) { students(filter: {ids: $ids}, first: 100) { edges { node {
        studentUniqueId coursework(to: "2022-05-27") { missing { value } late { value } }
    } } } }"""
    response = grand_bend.post(query, ids=[*numbers, "604821"])
    work = {
        edge["node"]["studentUniqueId"]: edge["node"]["coursework"]
        for edge in response["data"]["students"]["edges"]
    }

    assert work.pop("604821") == {"missing": None, "late": None}
    assert {error["extensions"]["code"] for error in response["errors"]} == {"NO_IDENTITY_LINK"}
    assert {n: value["missing"]["value"] for n, value in work.items() if value["missing"]["value"]} == golden[
        "D12"
    ]
    assert {n: value["late"]["value"] for n, value in work.items() if value["late"]["value"]} == golden["D13"]
