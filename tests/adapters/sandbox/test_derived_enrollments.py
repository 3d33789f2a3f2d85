"""Tests of enrollments that are derived from other records."""

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


def derived_school_enrollments(**records: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
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
def test_every_derived_enrollment_has_a_record() -> None:
    """For each derived enrollment there is a record with the same student and school."""
    resources = read_records(FOLDER).resources
    recorded = {
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

    assert derived == recorded


def test_an_enrollment_begins_with_the_first_term_of_a_record() -> None:
    """The earliest term of several records is used, and each school is a separate enrollment."""
    enrollments = derived_school_enrollments(
        studentSchoolAttendanceEvents=[event("ana", "Spring"), event("ana", "Fall"), event("ben", "Spring")]
    )

    assert enrollments == [("ana", 1, "2021-08-23", "Other"), ("ben", 1, "2022-01-04", "Other")]


def test_discipline_derives_an_enrollment() -> None:
    """An incident or an action enrolls a student in the term of its date; a date outside all terms does not."""
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
    enrollments = derived_school_enrollments(
        disciplineIncidents=[incident],
        studentDisciplineIncidentBehaviorAssociations=[part],
        disciplineActions=actions,
    )

    assert enrollments == [("ana", 1, "2022-01-04", "Other"), ("ben", 1, "2021-08-23", "Other")]


def test_unknown_students_are_not_enrolled() -> None:
    """A record of a student who is not in the roster derives no enrollment."""
    assert derived_school_enrollments(studentSchoolAttendanceEvents=[event("zoe")]) == []


def test_a_grade_level_is_derived_only_if_it_is_certain() -> None:
    """A test in the same year gives the grade level; contradictory tests, other years and other schools do not."""

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
    events = [event(name) for name in ("ana", "ben", "cy")]

    assert [
        enrollment[3]
        for enrollment in derived_school_enrollments(
            studentSchoolAttendanceEvents=events, studentAssessments=tests
        )
    ] == [
        "Ninth",
        "Other",
        "Other",
    ]
    other_school = [test_of("ana", "Fifth")]
    assert (
        derived_school_enrollments(studentSchoolAttendanceEvents=[event("ana")], studentAssessments=other_school)[
            0
        ][3]
        == "Other"
    )


def test_graded_work_and_attendance_derive_section_enrollments() -> None:
    """Each section enrollment is derived once, from the first day of the term, and not from an unknown entry."""
    section = SESSION | {"localCourseCode": "ALG", "sectionIdentifier": "S1"}
    entry = {"gradebookEntryIdentifier": "1", "namespace": "n"}

    def work(student: str, number: str) -> dict[str, Any]:
        reference = entry | {"gradebookEntryIdentifier": number}
        return {"studentReference": {"studentUniqueId": student}, "gradebookEntryReference": reference}

    late = {"studentReference": {"studentUniqueId": "ana"}, "sectionReference": section}
    derived = with_derived_enrollments(
        RECORDS
        | {
            "gradebookEntries": [{**entry, "sectionReference": section}],
            "studentGradebookEntries": [work("ana", "1"), work("ben", "1"), work("cy", "2")],
            "studentSectionAttendanceEvents": [late],
        }
    )["studentSectionAssociations"]

    assert [(row["studentReference"]["studentUniqueId"], row["beginDate"]) for row in derived] == [
        ("ana", "2021-08-23"),
        ("ben", "2021-08-23"),
    ]
    assert {row["sectionReference"]["sectionIdentifier"] for row in derived} == {"S1"}


def test_recorded_enrollments_are_unchanged() -> None:
    """If a folder has enrollments, none are derived."""
    recorded = {"studentSchoolAssociations": [{"id": "1"}], "studentSectionAssociations": []}
    derived = with_derived_enrollments(RECORDS | recorded | {"studentSchoolAttendanceEvents": [event("ana")]})

    assert derived["studentSchoolAssociations"] == [{"id": "1"}]
    assert derived["studentSectionAssociations"] == []
