"""Ed-Fi payloads of students and schools become records, in each Data Standard and without national ids."""

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
from student_graph.adapters.reading import EndDate
from tests.adapters.edfi.payloads import CODES, STUDENT, row
from tests.subcases import subcases


def student(**properties: Any) -> people.Student:
    """A row of `students`."""
    defaults = {
        "studentUniqueId": "604822",
        "firstName": "Lisa",
        "lastSurname": "Woods",
        "birthDate": "2008-09-13",
    }
    return row(people.Student, **(defaults | properties))


def association(organization: int, **properties: Any) -> people.StudentEducationOrganizationAssociation:
    """A row of `studentEducationOrganizationAssociations`."""
    reference = {"educationOrganizationReference": {"educationOrganizationId": organization}}
    return row(people.StudentEducationOrganizationAssociation, **(STUDENT | reference | properties))


def recorded(organization: int, **properties: Any) -> people.StudentDemographics:
    """A row of `studentDemographics`."""
    reference = {"educationOrganizationReference": {"educationOrganizationId": organization}}
    return row(people.StudentDemographics, **(STUDENT | reference | properties))


def code(system: str, value: str) -> dict[str, str]:
    """An identification code."""
    name = f"uri://ed-fi.org/StudentIdentificationSystemDescriptor#{system}"
    return {"studentIdentificationSystemDescriptor": name, "identificationCode": value}


def test_half_a_preferred_name_is_completed_by_the_legal_name() -> None:
    """Data Standard 5 has both halves of a preferred name as optional; older standards have none."""
    assert to_people.student(student()).preferred_name is None
    assert PersonName(first_name="Lisarae", last_name="Woods") == (
        to_people.student(student(preferredFirstName="Lisarae")).preferred_name
    )


def test_a_national_id_never_leaves_the_adapter() -> None:
    """Codes of social security and social insurance are dropped, whatever the name of the system."""
    numbers = [
        code("SSN", "1"),
        code("ssn-last4", "2"),
        code("Social Security Number", "3"),
        code("Canadian SIN", "4"),
    ]
    identity = to_people.identity(
        student(), [association(1, studentIdentificationCodes=[*numbers, code("State", "9")])]
    )

    assert [StudentIdentifier(system="State", value="9")] == identity.identifiers


def test_identifiers_of_conflicting_associations_are_all_kept() -> None:
    """The linking of identities must see a conflict; an identifier in both associations is kept once."""
    agency = association(255901, studentIdentificationCodes=[code("State", "1"), code("District", "7")])
    school = association(
        255901001,
        studentIdentificationCodes=[code("State", "2"), code("District", "7")],
        electronicMails=[{"electronicMailAddress": "lisa@example.org"}],
    )
    identifiers = to_people.identity(student(), [school, agency]).identifiers

    assert [(identifier.system, identifier.value) for identifier in identifiers] == [
        ("State", "1"),
        ("District", "7"),
        ("State", "2"),
        ("Email", "lisa@example.org"),
    ]


def test_demographics_of_the_agency_come_before_a_schools() -> None:
    """Neither the order of the rows nor the numbers of the organizations matter."""
    school = recorded(100, hispanicLatinoEthnicity=True)
    agency = recorded(255901, hispanicLatinoEthnicity=False)

    assert to_people.demographics(student(), [school, agency], {255901}).hispanic_latino_ethnicity is False
    assert to_people.demographics(student(), [school, agency], set()).hispanic_latino_ethnicity is True


def test_demographics_without_an_association_come_from_the_student() -> None:
    """The row of the student has birth date and sex at birth."""
    demographics = to_people.demographics(
        student(birthSexDescriptor="uri://ed-fi.org/SexDescriptor#Female"), [], set()
    )

    assert date(2008, 9, 13) == demographics.birth_date
    assert Descriptor(code_value="Female", namespace="uri://ed-fi.org/SexDescriptor") == demographics.sex
    assert demographics.races == []


def test_an_enrollment_without_a_school_year_has_that_of_its_calendar() -> None:
    """The school year of an enrollment is optional in every Data Standard."""
    entry = {
        "entryDate": "2021-08-23",
        "entryGradeLevelDescriptor": "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade",
    }
    references = {
        "schoolReference": {"schoolId": 1},
        "calendarReference": {"calendarCode": "A", "schoolYear": 2022},
    }
    payload = row(people.StudentSchoolAssociation, **(STUDENT | entry | references))
    enrollment = to_people.school_enrollment(CODES, "day_after", payload)

    assert (enrollment.school_year, enrollment.calendar_code) == (2022, "A")


@pytest.mark.parametrize(
    ("written", "exit_day", "last_day"),
    [("day_after", date(2021, 12, 17), date(2021, 12, 16)), ("last_day", date(2021, 12, 18), date(2021, 12, 17))],
)
def test_end_dates_are_what_the_settings_say(written: EndDate, exit_day: date, last_day: date) -> None:
    """An exit is the first day without enrollment; a section ends with its last day."""
    entry = {
        "entryDate": "2021-08-23",
        "entryGradeLevelDescriptor": "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade",
    }
    days = {"beginDate": "2021-08-23", "endDate": "2021-12-17"}
    section = {
        "schoolId": 1,
        "schoolYear": 2022,
        "sessionName": "F",
        "localCourseCode": "M",
        "sectionIdentifier": "1",
    }
    school = {"schoolReference": {"schoolId": 1}, "exitWithdrawDate": "2021-12-17"}
    at_school = row(people.StudentSchoolAssociation, **(STUDENT | entry | school))
    in_section = row(people.StudentSectionAssociation, **(STUDENT | days | {"sectionReference": section}))
    teacher = {"staffReference": {"staffUniqueId": "9"}, "sectionReference": section}
    teaching = row(people.StaffSectionAssociation, **(teacher | days))

    assert to_people.school_enrollment(CODES, written, at_school).exit_withdraw_date == exit_day
    assert to_people.section_enrollment(written, in_section).end_date == last_day
    assert to_people.section_staff(written, teaching).end_date == last_day


@pytest.mark.parametrize(
    ("written", "begin", "last_day"),
    [
        ("last_day", "2021-08-23", date(2021, 12, 17)),
        ("day_after", "2021-08-23", date(2021, 12, 16)),
        ("day_after", "2021-12-17", date(2021, 12, 17)),
    ],
)
def test_a_session_ends_as_the_settings_say(written: EndDate, begin: str, last_day: date) -> None:
    """A session of a single date is of that day."""
    term = {"termDescriptor": "uri://ed-fi.org/TermDescriptor#Fall Semester", "sessionName": "Fall"}
    references = {"schoolReference": {"schoolId": 1}, "schoolYearTypeReference": {"schoolYear": 2022}}
    session = row(schools.Session, beginDate=begin, endDate="2021-12-17", **(term | references))

    assert to_schools.session(written, session).end_date == last_day


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
    """Data Standard 5 replaces the one subject of a course by a list."""
    agency = {"educationOrganizationReference": {"educationOrganizationId": 1}}
    payload = row(schools.Course, courseCode="ALG-1", courseTitle="Algebra I", **(agency | subjects))
    course = to_schools.course(CODES, section_id(1, 2022, "Fall", "ALG-1", "a"), payload)

    assert [subject.value for subject in course.subjects] == ["Mathematics"]


@subcases(
    ("events", "expected"),
    [
        (["Instructional day"], True),
        (["Make-up day"], True),
        (["Weather day", "make-up DAY"], True),
        (["Student late arrival/early dismissal"], True),
        (["Emergency day"], False),
        (["Holiday"], False),
        (["Non-instructional day"], False),
        (["Strike"], False),
        (["Teacher only day"], False),
        (["Weather day"], False),
        ([], False),
    ],
)
def test_only_three_calendar_events_are_instructional(events: list[str], expected: bool) -> None:
    """
    Instructional days, abbreviated ones and make-up days; case does not matter.

    The Data Standard describes a late arrival or early dismissal as an abbreviated instructional day.
    """
    calendar_events = [
        {"calendarEventDescriptor": f"uri://ed-fi.org/CalendarEventDescriptor#{event}"} for event in events
    ]
    calendar = {"calendarCode": "A", "schoolId": 1, "schoolYear": 2022}
    payload = row(
        schools.CalendarDate, date="2021-08-23", calendarReference=calendar, calendarEvents=calendar_events
    )

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
def test_an_excusal_comes_from_the_category(category: str, expected: Excusal | None) -> None:
    """A category without an excusal gives None; the descriptor of the vendor is kept."""
    uri = f"uri://ed-fi.org/AttendanceEventCategoryDescriptor#{category}"
    session = {"schoolId": 1, "schoolYear": 2022, "sessionName": "Fall"}
    event = {"eventDate": "2021-08-31", "attendanceEventCategoryDescriptor": uri, "sessionReference": session}
    payload = row(school_life.SchoolAttendanceEvent, **(STUDENT | event | {"schoolReference": {"schoolId": 1}}))
    record = to_school_life.school_attendance_event(CODES, payload)

    assert expected is record.excusal
    assert category == record.raw.code_value
    assert (record.category is AttendanceCategory.UNMAPPED) is (category == "Truant")


def test_an_action_names_an_incident_once() -> None:
    """Data Standards 3.3 and 4 name an incident twice, with and without the behavior."""
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
