"""A real sample district through the whole road: its own numbers, asked in GraphQL over HTTP."""

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
    with running_demo(tmp_path_factory.mktemp("ready"), "--records", str(RECORDS)) as running:
        yield running


def data(running: RunningDemo, query: str, **variables: Any) -> Any:
    """The data of an answer that has no errors."""
    answer = running.post(query, **variables)
    assert "errors" not in answer
    return answer["data"]


def everybody(running: RunningDemo, selection: str, first: int = 100) -> list[dict[str, Any]]:
    """The selection for every student of the district, page after page."""
    query = f"""query ($after: String) {{ students(filter: {{}}, first: {first}, after: $after) {{
        pageInfo {{ hasNextPage endCursor }} edges {{ node {{ studentUniqueId {selection} }} }} }} }}"""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = data(running, query, after=after)["students"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def student(running: RunningDemo, number: str, selection: str) -> Any:
    """The selection for one student."""
    return data(running, f'{{ student(studentUniqueId: "{number}") {{ {selection} }} }}')["student"]


def test_the_district_has_960_students_each_once(grand_bend: RunningDemo) -> None:
    """Every student of the files comes once, page after page."""
    numbers = [each["studentUniqueId"] for each in everybody(grand_bend, "")]
    assert len(numbers) == len(set(numbers)) == 960
    assert (min(numbers), max(numbers)) == ("604821", "605780")


def test_the_district_has_three_schools(grand_bend: RunningDemo) -> None:
    """The schools of the files, by number."""
    [district] = data(grand_bend, "{ districts { schools { schoolId } } }")["districts"]
    assert [school["schoolId"] for school in district["schools"]] == ["255901001", "255901044", "255901107"]


def test_students_have_1917_school_attendance_events(grand_bend: RunningDemo) -> None:
    """Events about school days, added up over all students, are those of the file: none lost, none twice."""
    query = "attendanceEvents(scope: SCHOOL, first: 100) { pageInfo { hasNextPage } edges { node { category } } }"
    found = [each["attendanceEvents"] for each in everybody(grand_bend, query, first=40)]
    assert not any(events["pageInfo"]["hasNextPage"] for events in found)
    categories = [edge["node"]["category"] for events in found for edge in events["edges"]]
    assert len(categories) == 1917
    counts = {name: categories.count(name) for name in set(categories)}
    assert counts == {"EXCUSED_ABSENCE": 1077, "UNEXCUSED_ABSENCE": 773, "TARDY": 66, "PARTIAL": 1}


def test_students_have_21_discipline_incidents(grand_bend: RunningDemo) -> None:
    """Every incident of the file hangs off the student whose behavior is recorded, with its date."""
    found = everybody(grand_bend, "disciplineIncidents { incidentIdentifier date behaviors { codeValue } }")
    incidents = [incident for each in found for incident in each["disciplineIncidents"]]
    assert len(incidents) == 21
    assert all(incident["date"] for incident in incidents)


def test_604822_rides_bus_101(grand_bend: RunningDemo) -> None:
    """The bus of the file, without the accommodation that stands beside it there."""
    bus = "transportation { busNumber mileage busRoute { codeValue } }"
    told = student(grand_bend, "604822", f"name {{ lastName }} {bus}")
    assert told == {
        "name": {"lastName": "Woods"},
        "transportation": {"busNumber": "Bus 101", "mileage": 7.2, "busRoute": {"codeValue": "101"}},
    }


def test_605123_has_an_act_composite_of_18(grand_bend: RunningDemo) -> None:
    """The score of the file, as text and as a number, beside that of the same student's other occasion."""
    query = "assessments { assessment { title } scores { reportingMethod { codeValue } result numeric } }"
    results = student(grand_bend, "605123", query)["assessments"]
    composites = [
        (score["result"], score["numeric"])
        for result in results
        for score in result["scores"]
        if score["reportingMethod"]["codeValue"] == "Composite Score"
    ]
    assert sorted(composites) == [("18", 18.0), ("27", 27.0)]


def test_49_students_have_canvas_work(grand_bend: RunningDemo) -> None:
    """The LMS files beside the records give work to their students; the others have no link, and it says so."""
    query = """query ($after: String) { students(filter: {}, first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        edges { node { studentUniqueId assignments { title provenance { source } } } } } }"""
    with_work, codes, after = set(), [], None
    while True:
        answer = grand_bend.post(query, after=after)
        page = answer["data"]["students"]
        codes += [error["extensions"]["code"] for error in answer.get("errors", [])]
        with_work |= {e["node"]["studentUniqueId"] for e in page["edges"] if e["node"]["assignments"]}
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(with_work) == 49
    assert "604822" in with_work
    assert codes == ["NO_IDENTITY_LINK"] * (960 - 49)


def test_enrollments_are_derived_where_a_record_places_a_student(grand_bend: RunningDemo) -> None:
    """243 students have a stay, each marked as derived; nobody else is placed anywhere."""
    found = everybody(grand_bend, "enrollments { entryType { codeValue } school { schoolId } }")
    placed = [each for each in found if each["enrollments"]]
    assert len(placed) == 243
    marks = {stay["entryType"]["codeValue"] for each in placed for stay in each["enrollments"]}
    assert marks == {"Derived from other records"}
