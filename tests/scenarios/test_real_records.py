"""The sample district of Ed-Fi records: GraphQL over HTTP returns the numbers in its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.servers import ROOT, RunningDemo, running_demo

RECORDS = ROOT.parent / "shared" / "data" / "derived-grand-bend"

pytestmark = pytest.mark.skipif(not RECORDS.is_dir(), reason="the sample district is not at ../shared/data")


@pytest.fixture(scope="module")
def grand_bend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo that serves the sample district."""
    with running_demo(tmp_path_factory.mktemp("ready"), "--records", str(RECORDS)) as demo:
        yield demo


def query_data(demo: RunningDemo, query: str, **variables: Any) -> Any:
    """Send a query, and return the data of the response, which has no errors."""
    response = demo.post(query, **variables)
    assert "errors" not in response
    return response["data"]


def all_students(demo: RunningDemo, selection: str, first: int = 100) -> list[dict[str, Any]]:
    """Return the selection for every student of the district, read page by page."""
    query = f"""query ($after: String) {{ students(filter: {{}}, first: {first}, after: $after) {{
        pageInfo {{ hasNextPage endCursor }} edges {{ node {{ studentUniqueId {selection} }} }} }} }}"""
    students: list[dict[str, Any]] = []
    after = None
    while True:
        page = query_data(demo, query, after=after)["students"]
        students += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return students
        after = page["pageInfo"]["endCursor"]


def query_student(demo: RunningDemo, number: str, selection: str) -> Any:
    """Return the selection for one student."""
    return query_data(demo, f'{{ student(studentUniqueId: "{number}") {{ {selection} }} }}')["student"]


def test_the_pages_list_all_960_students_once(grand_bend: RunningDemo) -> None:
    """The pages together hold every student of the files exactly once."""
    numbers = [student["studentUniqueId"] for student in all_students(grand_bend, "")]
    assert len(numbers) == len(set(numbers)) == 960
    assert (min(numbers), max(numbers)) == ("604821", "605780")


def test_the_district_has_three_schools(grand_bend: RunningDemo) -> None:
    """The schools are those of the files, in the order of their ids."""
    [district] = query_data(grand_bend, "{ districts { schools { schoolId } } }")["districts"]
    assert [school["schoolId"] for school in district["schools"]] == ["255901001", "255901044", "255901107"]


def test_students_have_1917_school_attendance_events(grand_bend: RunningDemo) -> None:
    """The events of all students, by category, are those of the file: none is lost or repeated."""
    query = "attendanceEvents(scope: SCHOOL, first: 100) { pageInfo { hasNextPage } edges { node { category } } }"
    pages = [student["attendanceEvents"] for student in all_students(grand_bend, query, first=40)]
    assert not any(events["pageInfo"]["hasNextPage"] for events in pages)
    categories = [edge["node"]["category"] for events in pages for edge in events["edges"]]
    assert len(categories) == 1917
    counts = {name: categories.count(name) for name in set(categories)}
    assert counts == {"EXCUSED_ABSENCE": 1077, "UNEXCUSED_ABSENCE": 773, "TARDY": 66, "PARTIAL": 1}


def test_tardies_are_listed_by_class_period(grand_bend: RunningDemo) -> None:
    """The tardies of each class period are those of the file, by their sections; the first period has none."""
    selection = "{ edges { node { arrivalTime section { classPeriods room } } } }"
    query = " ".join(
        f"""period{number}: attendanceEvents(
            categories: [TARDY], classPeriods: ["{number:02} - traditional"], first: 100
        ) {selection}"""
        for number in (1, 2, 7)
    )
    students = all_students(grand_bend, query)
    tardies = {
        number: [edge["node"] for student in students for edge in student[f"period{number}"]["edges"]]
        for number in (1, 2, 7)
    }
    assert {number: len(events) for number, events in tardies.items()} == {1: 0, 2: 10, 7: 18}
    assert all(event["arrivalTime"] and event["section"]["room"] for event in tardies[2] + tardies[7])
    assert {tuple(event["section"]["classPeriods"]) for event in tardies[7]} == {("07 - Traditional",)}


def test_students_have_21_discipline_incidents(grand_bend: RunningDemo) -> None:
    """Every incident of the file is returned with its date, at the student whose behavior is recorded."""
    students = all_students(grand_bend, "disciplineIncidents { incidentIdentifier date behaviors { codeValue } }")
    incidents = [incident for student in students for incident in student["disciplineIncidents"]]
    assert len(incidents) == 21
    assert all(incident["date"] for incident in incidents)


def test_604822_rides_bus_101(grand_bend: RunningDemo) -> None:
    """The bus is that of the file; the accommodation in the same row is not shown as a bus."""
    bus = "transportation { busNumber mileage busRoute { codeValue } }"
    student = query_student(grand_bend, "604822", f"name {{ lastName }} {bus}")
    assert student == {
        "name": {"lastName": "Woods"},
        "transportation": {"busNumber": "Bus 101", "mileage": 7.2, "busRoute": {"codeValue": "101"}},
    }


def test_605123_has_an_act_composite_of_18(grand_bend: RunningDemo) -> None:
    """The score is that of the file, as text and as a number; the student's other test has a composite of 27."""
    query = "assessments { assessment { title } scores { reportingMethod { codeValue } result numeric } }"
    results = query_student(grand_bend, "605123", query)["assessments"]
    composites = [
        (score["result"], score["numeric"])
        for result in results
        for score in result["scores"]
        if score["reportingMethod"]["codeValue"] == "Composite Score"
    ]
    assert sorted(composites) == [("18", 18.0), ("27", 27.0)]


def test_49_students_have_assignments_in_canvas(grand_bend: RunningDemo) -> None:
    """The students in the LMS files have assignments; all others have no identity link, and an error says so."""
    query = """query ($after: String) { students(filter: {}, first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        edges { node { studentUniqueId assignments { title provenance { source } } } } } }"""
    with_assignments, codes, after = set(), [], None
    while True:
        response = grand_bend.post(query, after=after)
        page = response["data"]["students"]
        codes += [error["extensions"]["code"] for error in response.get("errors", [])]
        with_assignments |= {e["node"]["studentUniqueId"] for e in page["edges"] if e["node"]["assignments"]}
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(with_assignments) == 49
    assert "604822" in with_assignments
    assert codes == ["NO_IDENTITY_LINK"] * (960 - 49)


def test_243_enrollments_are_derived_from_other_records(grand_bend: RunningDemo) -> None:
    """An enrollment that other records show is marked as derived; all other students have none."""
    students = all_students(grand_bend, "enrollments { entryType { codeValue } school { schoolId } }")
    enrolled = [student for student in students if student["enrollments"]]
    assert len(enrolled) == 243
    entry_types = {row["entryType"]["codeValue"] for student in enrolled for row in student["enrollments"]}
    assert entry_types == {"Derived from other records"}
