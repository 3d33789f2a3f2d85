"""What a folder of records lacks is derived from what it holds, and nobody is invented."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.sandbox.records.derived_enrollments import with_derived_enrollments
from student_graph.adapters.sandbox.records.folder import read_records
from tests.adapters.edfi.reference import SHARED, needs_reference_data

FOLDER = SHARED / "data" / "derived-grand-bend"
SCHOOL = {"schoolId": 1}
SESSION = {"schoolId": 1, "schoolYear": 2022, "sessionName": "Fall"}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "students": [{"studentUniqueId": "ana"}, {"studentUniqueId": "ben"}, {"studentUniqueId": "cy"}],
    "schools": [
        {"schoolId": 1, "gradeLevels": [{"gradeLevelDescriptor": "#Ninth"}, {"gradeLevelDescriptor": "#Tenth"}]}
    ],
    "sessions": [
        {
            "sessionName": name,
            "schoolReference": SCHOOL,
            "schoolYearTypeReference": {"schoolYear": 2022},
            "beginDate": first,
            "endDate": last,
        }
        for name, first, last in (("Fall", "2021-08-23", "2021-12-17"), ("Spring", "2022-01-04", "2022-05-27"))
    ],
}


def event(student: str, session: str = "Fall") -> dict[str, Any]:
    return {
        "studentReference": {"studentUniqueId": student},
        "sessionReference": SESSION | {"sessionName": session},
    }


def stays(**records: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
    return [
        (
            row["studentReference"]["studentUniqueId"],
            row["schoolReference"]["schoolId"],
            row["entryDate"],
            row["entryGradeLevelDescriptor"].rpartition("#")[2],
        )
        for row in with_derived_enrollments(RECORDS | records)["studentSchoolAssociations"]
    ]


@needs_reference_data
def test_everybody_derived_is_placed_by_a_record() -> None:
    """Each stay has a record that names the same student and the same school."""
    resources = read_records(FOLDER).resources
    named = {
        (row["studentReference"]["studentUniqueId"], row[reference]["schoolId"])
        for resource, reference in (
            ("studentSchoolAttendanceEvents", "schoolReference"),
            ("studentSectionAttendanceEvents", "sectionReference"),
            ("studentDisciplineIncidentBehaviorAssociations", "disciplineIncidentReference"),
            ("disciplineActions", "responsibilitySchoolReference"),
        )
        for row in resources[resource]
    }
    derived = {
        (row["studentReference"]["studentUniqueId"], row["schoolReference"]["schoolId"])
        for row in resources["studentSchoolAssociations"]
    }

    assert derived == named


def test_a_stay_begins_with_the_first_term_that_shows_it() -> None:
    """Of several records the earliest term counts, and each school is a stay of its own."""
    told = stays(
        studentSchoolAttendanceEvents=[event("ana", "Spring"), event("ana", "Fall"), event("ben", "Spring")]
    )

    assert told == [("ana", 1, "2021-08-23", "Other"), ("ben", 1, "2022-01-04", "Other")]


def test_discipline_places_a_child_too() -> None:
    """An incident or an action places a child in the term of its day; a day outside of every term does not."""
    incident = {"incidentIdentifier": "1", "schoolReference": SCHOOL, "incidentDate": "2022-02-01"}
    part = {
        "studentReference": {"studentUniqueId": "ana"},
        "disciplineIncidentReference": {"incidentIdentifier": "1", **SCHOOL},
    }
    actions = [
        {
            "studentReference": {"studentUniqueId": name},
            "responsibilitySchoolReference": SCHOOL,
            "disciplineDate": day,
        }
        for name, day in (("ben", "2021-09-01"), ("cy", "2021-12-24"))
    ]
    told = stays(
        disciplineIncidents=[incident],
        studentDisciplineIncidentBehaviorAssociations=[part],
        disciplineActions=actions,
    )

    assert told == [("ana", 1, "2022-01-04", "Other"), ("ben", 1, "2021-08-23", "Other")]


def test_strangers_are_not_enrolled() -> None:
    """A record of somebody who is not in the roster enrolls nobody."""
    assert stays(studentSchoolAttendanceEvents=[event("zoe")]) == []


def test_a_grade_level_is_told_only_where_it_is_certain() -> None:
    """A test of the same year tells it; two that disagree, another year's, or one that the school lacks do not."""

    def test_of(student: str, level: str, year: int = 2022) -> dict[str, Any]:
        return {
            "studentReference": {"studentUniqueId": student},
            "schoolYearTypeReference": {"schoolYear": year},
            "whenAssessedGradeLevelDescriptor": f"#{level}",
        }

    tests = [
        test_of("ana", "Ninth"),
        test_of("ben", "Ninth"),
        test_of("ben", "Tenth"),
        test_of("cy", "Ninth", 2021),
    ]
    everybody = [event(name) for name in ("ana", "ben", "cy")]

    assert [stay[3] for stay in stays(studentSchoolAttendanceEvents=everybody, studentAssessments=tests)] == [
        "Ninth",
        "Other",
        "Other",
    ]
    elsewhere = [test_of("ana", "Fifth")]
    assert stays(studentSchoolAttendanceEvents=[event("ana")], studentAssessments=elsewhere)[0][3] == "Other"


def test_graded_work_and_attendance_place_a_child_in_a_section() -> None:
    """Each place is told once, from the first day of the section's term; work on an unknown entry tells none."""
    section = SESSION | {"localCourseCode": "ALG", "sectionIdentifier": "S1"}
    entry = {"gradebookEntryIdentifier": "1", "namespace": "n"}

    def work(student: str, number: str) -> dict[str, Any]:
        reference = entry | {"gradebookEntryIdentifier": number}
        return {"studentReference": {"studentUniqueId": student}, "gradebookEntryReference": reference}

    late = {"studentReference": {"studentUniqueId": "ana"}, "sectionReference": section}
    found = with_derived_enrollments(
        RECORDS
        | {
            "gradebookEntries": [{**entry, "sectionReference": section}],
            "studentGradebookEntries": [work("ana", "1"), work("ben", "1"), work("cy", "2")],
            "studentSectionAttendanceEvents": [late],
        }
    )["studentSectionAssociations"]

    assert [(row["studentReference"]["studentUniqueId"], row["beginDate"]) for row in found] == [
        ("ana", "2021-08-23"),
        ("ben", "2021-08-23"),
    ]
    assert {row["sectionReference"]["sectionIdentifier"] for row in found} == {"S1"}


def test_files_of_stays_are_taken_as_they_are() -> None:
    """Where a folder has stays and places of its own, nothing is derived."""
    own = {"studentSchoolAssociations": [{"id": "1"}], "studentSectionAssociations": []}
    found = with_derived_enrollments(RECORDS | own | {"studentSchoolAttendanceEvents": [event("ana")]})

    assert found["studentSchoolAssociations"] == [{"id": "1"}]
    assert found["studentSectionAssociations"] == []
