"""
The example values of the vendor's articles become the records that they describe.

The rows are those of the articles "Aeries API - ... end points", shortened to what the adapter reads.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from student_graph.adapters.aeries.adapter import Aeries
from student_graph.adapters.model import (
    AttendanceCategory,
    GradeLevel,
    ProgramType,
    SectionId,
    StudentId,
)

ONE = StudentId("99400001")
RESPONSES: dict[str, Any] = {
    "/api/v5/enrollment/99400001": [
        {"StudentID": 99400001, "SchoolCode": 994, "AcademicYear": "2020", "Grade": 12,
         "EnterDate": "2021-03-23T00:00:00", "LeaveDate": None, "ExitReasonCode": ""},
    ],
    "/api/v5/schools/994/AbsenceCodes": [{"SchoolCode": 994, "AbsenceCode": "Q", "TypeCode": 3}],
    "/api/v5/schools/994/attendance/99400001?DatabaseYear=2020": {
        "StudentID": 99400001,
        "AttendanceDays": [
            {"CalendarDate": "2020-07-06T00:00:00", "AllDayAttendanceCode": "Q", "Classes": [
                {"SectionNumber": 1118, "Period": "1", "AttendanceCode": "Q"},
                {"SectionNumber": 2166, "Period": "2", "AttendanceCode": "Q"},
            ]},
        ],
    },
    "/api/v5/students/99400001/tests": [
        {"StudentID": 99400001,
         "Scores": [{"Type": "ScaleScore", "Score": 491.0}, {"Type": "Other", "Score": 3.0}], "SequenceNumber": 1,
         "TestID": "CELDT", "TestPart": "0", "TestDescription": "CA Eng.Lang.Dev. Test",
         "GradeLevel": 4.0, "TestDate": "2012-11-17T00:00:00"},
    ],
    "/api/v5/schools/994/AssertiveDiscipline/99400001": [
        {"StudentID": 99400001, "AssertiveDisciplines": [
            {"AdministrativeDecisions": [
                {"StudentID": 99400001, "AssignedDays": 0.0, "ActionDecisionDate": None, "SequenceNumber": 1,
                 "DispositionCode": "SS", "Days": 2.0, "StartDate": "2021-05-16T00:00:00"}],
             "SequenceNumber": 4, "IncidentDate": "2021-05-15T00:00:00", "IncidentID": 17041, "ExactTime": None,
             "SchoolOfIncidentCode": 0, "LocationCode": "O", "ViolationCode1": "56", "ViolationCode2": ""},
        ]},
    ],
    "/api/v5/schools/994/students/99400001/programs": [
        {"StudentID": 99400001, "ProgramCode": "127", "ProgramDescription": "Gifted and Talented Education (GATE)",
         "EligibilityStartDate": "2017-01-11T00:00:00", "ParticipationStartDate": "2017-03-15T00:00:00",
         "ParticipationEndDate": None},
        {"StudentID": 99400001, "ProgramCode": "101", "ProgramDescription": "504 Accommodation Plan",
         "EligibilityStartDate": "2020-07-15T00:00:00", "ParticipationStartDate": "2020-07-15T00:00:00",
         "ParticipationEndDate": "2020-08-05T00:00:00"},
        {"StudentID": 99400001, "ProgramCode": "SDC", "ProgramDescription": "Special Day Class",
         "EligibilityStartDate": "2020-07-15T00:00:00", "ParticipationStartDate": "2020-07-15T00:00:00",
         "ParticipationEndDate": None},
    ],
    "/api/v5/schools/994/sections/1038/students": [
        {"StudentID": 99400156, "SchoolCode": 994, "SequenceNumber": 8, "SectionNumber": 1038, "CourseID": "0726",
         "DateStarted": "2020-07-06T00:00:00", "DateEnded": "2021-08-06T00:00:00"},
    ],
}  # fmt: skip


def aeries() -> Any:
    """The adapter of a server that answers with the examples."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        return httpx.Response(200, json=RESPONSES[path]) if path in RESPONSES else httpx.Response(404)

    settings = Aeries.settings_type().model_validate({"base_url": "https://demo.example", "certificate": "c"})
    http = httpx.AsyncClient(base_url="https://demo.example", transport=httpx.MockTransport(answer))
    return Aeries("sis", settings, http)


async def test_an_enrollment_names_the_year_in_which_the_school_year_ends() -> None:
    """The vendor names it by the year in which it begins."""
    [enrollment] = (await aeries().school_enrollments_by_student([ONE]))[ONE]

    assert (enrollment.school_year, enrollment.grade_level) == (2021, GradeLevel.TWELFTH)
    assert (enrollment.entry_date, enrollment.exit_withdraw_date) == (date(2021, 3, 23), None)


async def test_a_student_is_enrolled_on_the_leave_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The article on withdrawals says to select the last day that the student attended school.

    https://support.aeries.com/support/solutions/articles/14000069483-student-withdrawals
    """
    path = "/api/v5/enrollment/99400001"
    monkeypatch.setitem(RESPONSES, path, [RESPONSES[path][0] | {"LeaveDate": "2021-05-28T00:00:00"}])
    [enrollment] = (await aeries().school_enrollments_by_student([ONE]))[ONE]

    assert enrollment.exit_withdraw_date == date(2021, 5, 29)


async def test_attendance_of_a_day_is_an_event_of_its_own_besides_the_events_of_classes() -> None:
    """The letter means what its type in the school's list says."""
    adapter = aeries()

    [day] = (await adapter.attendance_events_by_student([ONE], school_year=2021))[ONE]
    classes = (await adapter.section_attendance_events_by_student([ONE], school_year=2021))[ONE]

    assert (day.date, day.category) == (date(2020, 7, 6), AttendanceCategory.UNEXCUSED_ABSENCE)
    assert day.raw.code_value == "Q"
    assert [(event.section_id, event.class_periods) for event in classes] == [
        ("994:1118", ["1"]), ("994:2166", ["2"]),
    ]  # fmt: skip


async def test_a_test_has_all_of_its_scores() -> None:
    """Each with what the vendor calls it."""
    [result] = (await aeries().assessment_results_by_student([ONE]))[ONE]

    assert (result.assessment_id, result.administration_date) == ("CELDT:0", datetime(2012, 11, 17, tzinfo=UTC))
    assert result.grade_level_when_assessed is GradeLevel.FOURTH
    assert [(score.reporting_method.code_value, score.result, score.numeric) for score in result.scores] == [
        ("ScaleScore", "491.0", 491.0), ("Other", "3.0", 3.0),
    ]  # fmt: skip


async def test_a_decision_names_its_incident() -> None:
    """A decision without a date of its own has the day on which it begins."""
    adapter = aeries()

    [incident] = (await adapter.discipline_incidents_by_student([ONE]))[ONE]
    [action] = (await adapter.discipline_actions_by_student([ONE]))[ONE]

    assert [behavior.code_value for behavior in incident.behaviors] == ["56"]
    assert action.incident_identifiers == [incident.incident_identifier] == ["17041"]
    assert (action.date, action.length, action.actual_length) == (date(2021, 5, 16), 0.0, 2.0)


@pytest.mark.parametrize(("code", "school"), [(994, "994"), (0, None)])
async def test_a_decision_is_of_the_school_of_its_incident(
    code: int, school: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the suspensions of a school are counted; 0 is the district."""
    path = "/api/v5/schools/994/AssertiveDiscipline/99400001"
    [part] = RESPONSES[path]
    [incident] = part["AssertiveDisciplines"]
    changed = part | {"AssertiveDisciplines": [incident | {"SchoolOfIncidentCode": code}]}
    monkeypatch.setitem(RESPONSES, path, [changed])
    [action] = (await aeries().discipline_actions_by_student([ONE]))[ONE]

    assert action.school_id == school


async def test_programs_of_another_class_of_data_are_left_out() -> None:
    """A plan under Section 504 is in its own lookup; a code that nobody knows may say as much, and is in none."""
    adapter = aeries()

    [program] = (await adapter.program_participations_by_student([ONE]))[ONE]
    [plan] = (await adapter.section_504_by_student([ONE]))[ONE]

    assert (program.program_type, program.begin_date) == (ProgramType.GIFTED_AND_TALENTED, date(2017, 3, 15))
    assert (plan.program_name, plan.end_date) == ("504 Accommodation Plan", date(2020, 8, 5))


async def test_a_section_is_its_school_and_its_number() -> None:
    """A key with fewer or more parts is no section."""
    section, short, long = SectionId("994:1038"), SectionId("994"), SectionId("994:1038:1")

    answers = await aeries().section_enrollments_by_section([section, short, long])

    assert [(record.student_id, record.begin_date) for record in answers[section]] == [
        ("99400156", date(2020, 7, 6)),
    ]
    assert all(isinstance(answers[key], Exception) for key in (short, long))
