"""What rows the Ed-Fi sandbox has: those of the facts, in the spelling of the Data Standard."""

from __future__ import annotations

import pytest

from student_graph.adapters.edfi.client.keys import section_parts
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import SectionId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords
from tests.adapters.edfi.asking import asking, every

DATA = "/data/v3/ed-fi"
FACTS = make_district(60)


def test_truths_and_shares_are_filters_too() -> None:
    """A boolean is asked for by its word, a number by its digits."""
    visitors = [stay.student for stay in FACTS.enrollments if not stay.primary]
    with asking(EdFiSandbox(FACTS)) as client:
        by_truth = every(client, "studentSchoolAssociations", primarySchool="false")
        by_share = every(client, "studentSchoolAssociations", fullTimeEquivalency="0.2")
        whole = every(client, "studentSchoolAssociations", fullTimeEquivalency="1", primarySchool="true")

    assert [row["studentReference"]["studentUniqueId"] for row in by_truth] == visitors
    assert by_share == by_truth
    assert len(whole) == sum(stay.fte == 1 for stay in FACTS.enrollments)


def test_transportation_is_asked_from_5_1_on() -> None:
    """Data Standard 5.0 has no transportation; 5.1 has."""
    with asking(EdFiSandbox(FACTS, "5.0")) as client:
        assert client.get(f"{DATA}/studentTransportations").status_code == 404
    with asking(EdFiSandbox(FACTS, "5.1")) as client:
        assert len(every(client, "studentTransportations")) == len(FACTS.buses)


def test_keys_are_those_of_the_facts() -> None:
    """The sandbox knows the keys that the adapter will be asked for, and the year in which there are answers."""
    sandbox = EdFiSandbox(FACTS)

    assert sandbox.known_keys("student") == [student.id for student in FACTS.students]
    assert sandbox.known_keys("school") == [str(school.id) for school in FACTS.schools]
    assert sandbox.known_keys("staff") == [staff.id for staff in FACTS.staff]
    assert [section_parts(SectionId(key)) for key in sandbox.known_keys("section")] == [
        s.key for s in FACTS.sections
    ]
    assert len(sandbox.known_keys("assessment")) == len(FACTS.assessments)
    assert (sandbox.known_keys("district"), sandbox.known_keys("planet")) == (["390042"], [])
    assert sandbox.arguments() == {"school_year": 2027}


def test_social_security_numbers_are_there_to_be_dropped() -> None:
    """The awkward student's number is in the payload, so that an adapter can show that it drops it."""
    person = FACTS.special_cases["ssn_code"][0]
    with asking(EdFiSandbox(FACTS)) as client:
        row = every(client, "studentEducationOrganizationAssociations", studentUniqueId=person)[0]

    systems = [code["studentIdentificationSystemDescriptor"] for code in row["studentIdentificationCodes"]]
    assert "uri://ed-fi.org/StudentIdentificationSystemDescriptor#SSN" in systems


def test_who_has_nothing_recorded_is_only_a_student() -> None:
    """Of the student with nothing recorded no resource but the roster knows."""
    person = FACTS.special_cases["nothing_recorded"][0]
    with asking(EdFiSandbox(FACTS)) as client:
        known = {name: every(client, name, studentUniqueId=person) for name in ("students", *ABOUT_A_STUDENT)}

    assert [name for name, rows in known.items() if rows] == ["students"]


ABOUT_A_STUDENT = (
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


def test_records_are_not_served_as_an_older_standard() -> None:
    """Records are of Data Standard 5; asking for them in 4.0 is refused at once."""
    now = FACTS.now
    with pytest.raises(ValueError, match="Data Standard 5"):
        EdFiSandbox(EdFiRecords(lea=1, name="", year=2022, now=now), "4.0")


def test_an_empty_district_is_served() -> None:
    """A district without a single record answers with empty lists."""
    nobody = DistrictFacts(lea=1, name="Nowhere", year=2027, now=FACTS.now)
    with asking(EdFiSandbox(nobody)) as client:
        assert every(client, "students") == []
