"""The Ed-Fi sandbox serves the facts of a district as rows of the Data Standard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.edfi.client.keys import parse_section_id
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import SectionId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords
from tests.adapters.edfi.sandbox_client import all_rows, connected_client

DATA = "/data/v3/ed-fi"
FACTS = make_district(60)
EVENTS = "studentSchoolAttendanceEvents"


def test_booleans_and_decimals_can_be_filtered() -> None:
    """A filter has `true` or `false` for a boolean, and the digits for a number."""
    visitors = [enrollment.student for enrollment in FACTS.enrollments if not enrollment.primary]
    with connected_client(EdFiSandbox(FACTS)) as client:
        by_boolean = all_rows(client, "studentSchoolAssociations", primarySchool="false")
        by_decimal = all_rows(client, "studentSchoolAssociations", fullTimeEquivalency="0.2")
        full_time = all_rows(client, "studentSchoolAssociations", fullTimeEquivalency="1", primarySchool="true")

    assert [row["studentReference"]["studentUniqueId"] for row in by_boolean] == visitors
    assert by_decimal == by_boolean
    assert len(full_time) == sum(enrollment.fte == 1 for enrollment in FACTS.enrollments)


def test_transportation_is_served_from_5_1_on() -> None:
    """The resource is a 404 in Data Standard 5.0 and has rows in 5.1."""
    with connected_client(EdFiSandbox(FACTS, "5.0")) as client:
        assert client.get(f"{DATA}/studentTransportations").status_code == 404
    with connected_client(EdFiSandbox(FACTS, "5.1")) as client:
        assert len(all_rows(client, "studentTransportations")) == len(FACTS.buses)


def test_known_keys_come_from_the_facts() -> None:
    """The sandbox lists the keys of its rows, and the school year for which it has rows."""
    sandbox = EdFiSandbox(FACTS)

    assert sandbox.known_keys("student") == [student.id for student in FACTS.students]
    assert sandbox.known_keys("school") == [str(school.id) for school in FACTS.schools]
    assert sandbox.known_keys("staff") == [staff.id for staff in FACTS.staff]
    assert [parse_section_id(SectionId(key)) for key in sandbox.known_keys("section")] == [
        fact.key for fact in FACTS.sections
    ]
    assert len(sandbox.known_keys("assessment")) == len(FACTS.assessments)
    assert (sandbox.known_keys("district"), sandbox.known_keys("planet")) == (["390042"], [])
    assert sandbox.arguments() == {"school_year": 2027}


def test_a_social_security_number_is_served() -> None:
    """One student has a number in the payload, so that tests can show that the adapter drops it."""
    student_id = FACTS.special_cases["ssn_code"][0]
    with connected_client(EdFiSandbox(FACTS)) as client:
        row = all_rows(client, "studentEducationOrganizationAssociations", studentUniqueId=student_id)[0]

    systems = [code["studentIdentificationSystemDescriptor"] for code in row["studentIdentificationCodes"]]
    assert "uri://ed-fi.org/StudentIdentificationSystemDescriptor#SSN" in systems


def test_a_student_without_records_is_only_in_students() -> None:
    """No other resource has rows of the student with nothing recorded."""
    student_id = FACTS.special_cases["nothing_recorded"][0]
    with connected_client(EdFiSandbox(FACTS)) as client:
        rows = {
            name: all_rows(client, name, studentUniqueId=student_id) for name in ("students", *STUDENT_RESOURCES)
        }

    assert [name for name, answer in rows.items() if answer] == ["students"]


STUDENT_RESOURCES = (
    "studentSchoolAssociations",
    "studentEducationOrganizationAssociations",
    "studentSectionAssociations",
    "studentContactAssociations",
    "studentSchoolAttendanceEvents",
    "grades",
    "studentAssessments",
    "studentProgramAssociations",
    "studentTransportations",
)


def test_records_cannot_be_served_as_an_older_standard() -> None:
    """Records are of Data Standard 5, so that a sandbox of 4.0 refuses them at its start."""
    now = FACTS.now
    with pytest.raises(ValueError, match="Data Standard 5"):
        EdFiSandbox(EdFiRecords(lea=1, name="", year=2022, now=now), "4.0")


def test_an_empty_district_is_served() -> None:
    """The lists of a district without facts are empty."""
    empty_district = DistrictFacts(lea=1, name="Nowhere", year=2027, now=FACTS.now)
    with connected_client(EdFiSandbox(empty_district)) as client:
        assert all_rows(client, "students") == []


def test_changes_are_served_by_change_version() -> None:
    """A new, a changed and a deleted row are in the change queries from their version on, and nowhere before."""
    sandbox = EdFiSandbox(FACTS)
    event = next(event for event in FACTS.attendance if event.section is None)
    with connected_client(sandbox) as client:

        def get(path: str, **query: int) -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = client.get(f"{DATA}/{EVENTS}{path}", params=query).json()
            return rows

        before = sandbox.newest_change_version
        total = len(get("", limit=500))
        new = sandbox.insert(EVENTS, replace(event, category="Tardy"))
        inserted_at = sandbox.newest_change_version
        sandbox.update(EVENTS, new, replace(event, category="Excused Absence"))
        [row] = get("", minChangeVersion=before + 1)

        assert (row["id"], row["attendanceEventCategoryDescriptor"].split("#")[1]) == (new, "Excused Absence")
        assert get("", minChangeVersion=before + 1, maxChangeVersion=inserted_at) == []
        assert len(get("", limit=500)) == total + 1

        sandbox.delete(EVENTS, new)

        assert get("", minChangeVersion=before + 1) == []
        assert [row["id"] for row in get("/deletes", minChangeVersion=before + 1)] == [new]
        assert get("/deletes", minChangeVersion=sandbox.newest_change_version + 1) == []
        assert len(get("", limit=500)) == total


def test_a_changed_key_is_served_by_change_version() -> None:
    """The row keeps its id and leaves the lists of its old key; `/keyChanges` names it from its version on."""
    sandbox = EdFiSandbox(FACTS)
    id, grade = next((id, fact) for id, fact in sandbox.rows("grades") if fact.numeric is not None)
    student = grade.enrollment.student
    other = next(e for e in FACTS.section_enrollments if e.student != student)
    with connected_client(sandbox) as client:
        before = sandbox.newest_change_version
        sandbox.change_key("grades", id, replace(grade, enrollment=other))
        changes = client.get(f"{DATA}/grades/keyChanges", params={"minChangeVersion": before + 1}).json()
        later = client.get(f"{DATA}/grades/keyChanges", params={"minChangeVersion": before + 2}).json()
        lists = [all_rows(client, "grades", studentUniqueId=number) for number in (student, other.student)]

    assert ([change["id"] for change in changes], later) == ([id], [])
    assert [id in {row["id"] for row in rows} for rows in lists] == [False, True]
