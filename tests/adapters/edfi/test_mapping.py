"""From Ed-Fi payloads to records: what differs between Data Standards, and what must not get through."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters.edfi.api import people, school_life, schools
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.mapping import people as to_people
from student_graph.adapters.edfi.mapping import school_life as to_school_life
from student_graph.adapters.edfi.mapping import schools as to_schools
from student_graph.adapters.model import AttendanceCategory, Descriptor, Excusal, PersonName, StudentIdentifier
from tests.adapters.edfi.payloads import CODES, STUDENT, row


def student(**properties: Any) -> people.Student:
    named = {"studentUniqueId": "604822", "firstName": "Lisa", "lastSurname": "Woods", "birthDate": "2008-09-13"}
    return row(people.Student, **(named | properties))


def association(organization: int, **properties: Any) -> people.StudentEducationOrganizationAssociation:
    where = {"educationOrganizationReference": {"educationOrganizationId": organization}}
    return row(people.StudentEducationOrganizationAssociation, **(STUDENT | where | properties))


def code(system: str, value: str) -> dict[str, str]:
    name = f"uri://ed-fi.org/StudentIdentificationSystemDescriptor#{system}"
    return {"studentIdentificationSystemDescriptor": name, "identificationCode": value}


def test_half_a_preferred_name_is_completed_by_the_other_name() -> None:
    """Data Standard 5 lets a student prefer one half; earlier standards have no preferred name."""
    assert to_people.student(student()).preferred_name is None
    assert PersonName(first_name="Lisarae", last_name="Woods") == (
        to_people.student(student(preferredFirstName="Lisarae")).preferred_name
    )


def test_a_national_number_never_leaves_the_adapter() -> None:
    """Whatever the district calls the system."""
    numbers = [
        code("SSN", "1"),
        code("ssn-last4", "2"),
        code("Social Security Number", "3"),
        code("Canadian SIN", "4"),
    ]
    kept = to_people.identity(
        student(), [association(1, studentIdentificationCodes=[*numbers, code("State", "9")])]
    )

    assert [StudentIdentifier(system="State", value="9")] == kept.identifiers


def test_two_associations_that_disagree_are_both_told() -> None:
    """To choose would be to hide a conflict from whoever links; what they agree on is told once."""
    agency = association(255901, studentIdentificationCodes=[code("State", "1"), code("District", "7")])
    school = association(
        255901001,
        studentIdentificationCodes=[code("State", "2"), code("District", "7")],
        electronicMails=[{"electronicMailAddress": "lisa@example.org"}],
    )
    told = to_people.identity(student(), [school, agency]).identifiers

    assert [(each.system, each.value) for each in told] == [
        ("State", "1"),
        ("District", "7"),
        ("State", "2"),
        ("Email", "lisa@example.org"),
    ]


def test_demographics_are_the_agencys_before_the_schools() -> None:
    """Whatever the order of the rows and the size of the numbers."""
    school = association(100, hispanicLatinoEthnicity=True)
    agency = association(255901, hispanicLatinoEthnicity=False)

    assert to_people.demographics(student(), [school, agency], {255901}).hispanic_latino_ethnicity is False
    assert to_people.demographics(student(), [school, agency], set()).hispanic_latino_ethnicity is True


def test_demographics_without_an_association_are_what_the_student_row_has() -> None:
    """Birth date and sex at birth."""
    told = to_people.demographics(student(birthSexDescriptor="uri://ed-fi.org/SexDescriptor#Female"), [], set())

    assert date(2008, 9, 13) == told.birth_date
    assert Descriptor(code_value="Female", namespace="uri://ed-fi.org/SexDescriptor") == told.sex
    assert told.races == []


def test_an_enrollment_without_a_year_has_its_calendars() -> None:
    """The year is optional in every Data Standard."""
    entry = {
        "entryDate": "2021-08-23",
        "entryGradeLevelDescriptor": "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade",
    }
    where = {"schoolReference": {"schoolId": 1}, "calendarReference": {"calendarCode": "A", "schoolYear": 2022}}
    told = to_people.school_enrollment(CODES, row(people.StudentSchoolAssociation, **(STUDENT | entry | where)))

    assert (told.school_year, told.calendar_code) == (2022, "A")


@pytest.mark.parametrize(
    "subjects",
    [
        {"academicSubjectDescriptor": "uri://ed-fi.org/AcademicSubjectDescriptor#Mathematics"},
        {
            "academicSubjects": [
                {"academicSubjectDescriptor": "uri://ed-fi.org/AcademicSubjectDescriptor#Mathematics"}
            ]
        },
    ],
    ids=["Data Standard 3.3 and 4", "Data Standard 5"],
)
def test_the_subjects_of_a_course_are_read_in_either_shape(subjects: dict[str, Any]) -> None:
    """One subject became a list of them."""
    where = {"educationOrganizationReference": {"educationOrganizationId": 1}}
    payload = row(schools.Course, courseCode="ALG-1", courseTitle="Algebra I", **(where | subjects))
    told = to_schools.course(CODES, section_id(1, 2022, "Fall", "ALG-1", "a"), payload)

    assert [subject.value for subject in told.subjects] == ["Mathematics"]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (["Instructional day"], True),
        (["Make-up day"], True),
        (["Weather day", "make-up DAY"], True),
        (["Holiday"], False),
        ([], False),
    ],
)
def test_only_two_kinds_of_days_are_instruction(events: list[str], expected: bool) -> None:
    """Instructional days and make-up days."""
    named = [{"calendarEventDescriptor": f"uri://ed-fi.org/CalendarEventDescriptor#{event}"} for event in events]
    calendar = {"calendarCode": "A", "schoolId": 1, "schoolYear": 2022}
    payload = row(schools.CalendarDate, date="2021-08-23", calendarReference=calendar, calendarEvents=named)

    assert expected is to_schools.calendar_day(payload).instructional


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("Excused Absence", Excusal.EXCUSED),
        ("Unexcused Absence", Excusal.UNEXCUSED),
        ("Tardy", None),
        ("Truant", None),
    ],
)
def test_an_excusal_is_what_the_category_says(category: str, expected: Excusal | None) -> None:
    """A category that does not say leaves it open; the vendor's spelling is kept."""
    uri = f"uri://ed-fi.org/AttendanceEventCategoryDescriptor#{category}"
    session = {"schoolId": 1, "schoolYear": 2022, "sessionName": "Fall"}
    event = {"eventDate": "2021-08-31", "attendanceEventCategoryDescriptor": uri, "sessionReference": session}
    payload = row(school_life.SchoolAttendanceEvent, **(STUDENT | event | {"schoolReference": {"schoolId": 1}}))
    told = to_school_life.school_attendance_event(CODES, payload)

    assert expected is told.excusal
    assert category == told.raw.code_value
    assert (told.category is AttendanceCategory.UNMAPPED) is (category == "Truant")


def test_an_action_names_each_incident_once_in_any_standard() -> None:
    """Data Standards 3.3 and 4 name the incident with and without the behavior."""
    incident = {"incidentIdentifier": "18", "schoolId": 1}
    payload = row(
        school_life.DisciplineAction,
        **STUDENT,
        disciplineActionIdentifier="7",
        disciplineDate="2022-01-18",
        studentDisciplineIncidentAssociations=[{"studentDisciplineIncidentAssociationReference": incident}],
        studentDisciplineIncidentBehaviorAssociations=[
            {"studentDisciplineIncidentBehaviorAssociationReference": incident}
        ],
    )

    assert to_school_life.discipline_action(payload).incident_identifiers == ["18"]
