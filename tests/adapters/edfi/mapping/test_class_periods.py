"""Ed-Fi payloads of class periods, rooms and times of arrival become records, whatever is odd about them."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import httpx
import pytest

from student_graph.adapters.edfi.api import school_life, schools
from student_graph.adapters.edfi.mapping import school_life as to_school_life
from student_graph.adapters.edfi.mapping import schools as to_schools
from student_graph.adapters.model import MeetingTime
from student_graph.adapters.reading import collecting_unreadable_rows
from tests.adapters.edfi.payloads import CODES, SECTION, STUDENT, row
from tests.subcases import subcases

OFFERING = {"localCourseCode": "ALG-1", "schoolId": 255901001, "schoolYear": 2022, "sessionName": "Fall"}
SCHOOL = {"schoolReference": {"schoolId": 255901001}}


def section(**properties: Any) -> dict[str, Any]:
    """A row of `sections` as JSON."""
    return {"id": "a1", "sectionIdentifier": "Trad220", "courseOfferingReference": OFFERING, **properties}


def periods(*names: str | None) -> list[dict[str, Any]]:
    """Class periods of a section as JSON."""
    return [{"classPeriodReference": {"classPeriodName": name, "schoolId": 255901001}} for name in names]


def response(rows: list[dict[str, Any]]) -> httpx.Response:
    """A response with rows."""
    return httpx.Response(200, json=rows, request=httpx.Request("GET", "https://ods.gbisd.example"))


def sections_in(rows: list[dict[str, Any]]) -> tuple[list[list[str]], int]:
    """The class periods of each section that can be read, and how many parts were left out and reported."""
    with collecting_unreadable_rows() as unreadable:
        read = schools.SECTIONS.read(response(rows))
    return [to_schools.section(row).class_periods for row in read], len(unreadable)


@subcases(
    ("sent", "names"),
    [
        ({}, []),
        ({"classPeriods": None}, []),
        ({"classPeriods": periods("02 - Traditional")}, ["02 - Traditional"]),
        ({"classPeriods": periods("B", "A ", "B")}, ["A", "B"]),
        ({"classPeriods": periods(" ", "A")}, ["A"]),
    ],
)
def test_class_periods_of_a_section_are_named_once(sent: dict[str, Any], names: list[str]) -> None:
    """Ed-Fi sends them in no defined order; a name of blanks is none."""
    assert to_schools.section(row(schools.Section, **section(**sent))).class_periods == names


def test_an_unreadable_class_period_hides_neither_another_nor_the_section() -> None:
    """It is left out and reported."""
    odd = section(classPeriods=[*periods(None, "A"), 7])

    assert sections_in([odd, section(classPeriods=periods("B"))]) == ([["A"], ["B"]], 2)


@pytest.mark.parametrize(
    ("location", "room"),
    [
        ({"classroomIdentificationCode": "220", "schoolId": 255901001}, "220"),
        ({"classroomIdentificationCode": "  "}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_room_is_the_code_of_the_location(location: dict[str, Any] | None, room: str | None) -> None:
    """A location without a code is no room."""
    assert to_schools.section(row(schools.Section, **section(locationReference=location))).room == room


def test_equal_meeting_times_are_kept_once_in_their_order() -> None:
    """A period may meet at other times on some days, and past midnight; a time zone is ignored."""
    times = [
        ("13:00:00", "13:45:00"),
        ("08:10:00Z", "08:55:00-06:00"),
        ("13:00", "13:45"),
        ("23:30:00", "00:15:00"),
    ]
    meetings = [{"startTime": start, "endTime": end} for start, end in times]
    period = to_schools.class_period(
        row(schools.ClassPeriod, classPeriodName="A ", meetingTimes=meetings, **SCHOOL)
    )

    assert period.name == "A"
    assert period.official_attendance is None
    assert period.meeting_times == [
        MeetingTime(start_time=time(8, 10), end_time=time(8, 55)),
        MeetingTime(start_time=time(13), end_time=time(13, 45)),
        MeetingTime(start_time=time(23, 30), end_time=time(0, 15)),
    ]


def test_an_unreadable_meeting_time_hides_no_other() -> None:
    """Neither a number, which could be read as seconds, nor a time that a clock does not show is a time of day."""
    meetings = [
        {"startTime": 29400, "endTime": "08:55:00"},
        {"startTime": "25:00:00", "endTime": "26:00:00"},
        {"startTime": "08:10:00"},
        {"startTime": "09:00:00", "endTime": "09:45:00"},
    ]
    rows = [{"id": "1", "classPeriodName": "A", "meetingTimes": meetings, **SCHOOL}]
    with collecting_unreadable_rows() as unreadable:
        [period] = schools.CLASS_PERIODS.read(response(rows))

    assert [meeting.startTime for meeting in period.meetingTimes] == [time(9)]
    assert len(unreadable) == 3


@pytest.mark.parametrize(
    ("sent", "arrival"),
    [({}, None), ({"arrivalTime": ""}, None), ({"arrivalTime": "08:23:00"}, time(8, 23))],
)
def test_an_attendance_event_has_the_times_of_arrival_and_departure(
    sent: dict[str, Any], arrival: time | None
) -> None:
    """Both resources have them; they are null if not recorded."""
    event = {"eventDate": "2022-03-04", "attendanceEventCategoryDescriptor": "Tardy", **STUDENT, **sent}
    session = {"schoolId": 255901001, "schoolYear": 2022, "sessionName": "Fall"}
    of_day = to_school_life.school_attendance_event(
        CODES,
        row(
            school_life.SchoolAttendanceEvent,
            **event,
            **SCHOOL,
            sessionReference=session,
            departureTime="14:05:00",
        ),
    )
    of_section = to_school_life.section_attendance_event(
        CODES, row(school_life.SectionAttendanceEvent, **event, sectionReference=SECTION)
    )

    assert of_day.date == date(2022, 3, 4)
    assert (of_day.arrival_time, of_day.departure_time) == (arrival, time(14, 5))
    assert (of_section.arrival_time, of_section.departure_time) == (arrival, None)
