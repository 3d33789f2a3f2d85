"""The sample district's files as records, read without the adapters: what metrics are compared with."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.model import (
    AttendanceCategory,
    AttendanceEvent,
    AttendanceScope,
    CalendarDay,
    Descriptor,
    SchoolId,
    Section,
    SectionId,
    Session,
    StudentId,
)
from student_graph.resolvers.metrics.attendance.calendar import school_days
from student_graph.resolvers.metrics.facts import SchoolDays, StudentFacts

SHARED = Path(__file__).parents[3].parent / "shared"
RECORDS = SHARED / "data" / "derived-grand-bend"
GOLDEN = SHARED / "domain" / "golden.json"
LAST_DAY = date(2022, 5, 27)
"""Last day of the sample's school year."""
FIRST_DAY = date(2021, 7, 1)
"""First day of the sample's school year, as districts count."""

needs_sample = pytest.mark.skipif(not RECORDS.is_dir(), reason="the sample district is not at ../shared/data")


@cache
def golden() -> dict[str, Any]:
    """The golden numbers by id."""
    numbers: dict[str, Any] = json.loads(GOLDEN.read_text())
    return numbers


@cache
def rows(resource: str) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in (RECORDS / f"{resource}.jsonl").read_text().splitlines()]


def code_of(descriptor: str) -> str:
    """The code of a descriptor, such as `Tardy`."""
    return descriptor.rpartition("#")[2]


@cache
def roster() -> list[str]:
    """All students, by id."""
    return sorted(row["studentUniqueId"] for row in rows("students"))


@cache
def school_events() -> list[AttendanceEvent]:
    """The attendance events of school days."""
    return [_event(row, AttendanceScope.SCHOOL) for row in rows("studentSchoolAttendanceEvents")]


@cache
def section_events() -> list[AttendanceEvent]:
    """The attendance events of sections."""
    return [_event(row, AttendanceScope.SECTION) for row in rows("studentSectionAttendanceEvents")]


def section_id(reference: dict[str, Any]) -> SectionId:
    """The key of a section: its five parts."""
    parts = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")
    return SectionId("|".join(str(reference[part]) for part in parts))


@cache
def sections() -> dict[SectionId, Section]:
    """The sections by key."""
    result = {}
    for row in rows("sections"):
        offering = row["courseOfferingReference"]
        key = section_id({**offering, "sectionIdentifier": row["sectionIdentifier"]})
        periods = [period["classPeriodReference"]["classPeriodName"] for period in row.get("classPeriods", [])]
        result[key] = Section(
            vendor_id=row["id"],
            section_id=key,
            school_id=SchoolId(str(offering["schoolId"])),
            section_identifier=row["sectionIdentifier"],
            session_name=offering["sessionName"],
            school_year=offering["schoolYear"],
            local_course_code=offering["localCourseCode"],
            class_periods=periods,
        )
    return result


@cache
def days_by_school() -> dict[SchoolId, SchoolDays]:
    """The days of instruction of the schools."""
    last: dict[str, date] = {}
    for event in school_events():
        last[event.school_id] = max(event.date, last.get(event.school_id, event.date))
    recorded = {event.date for event in school_events()}
    schools = sorted({SchoolId(str(row["schoolId"])) for row in rows("schools")})
    return {
        school: school_days(
            [_calendar_day(row) for row in rows("calendarDates") if _school(row["calendarReference"]) == school],
            [_session(row) for row in rows("sessions") if _school(row["schoolReference"]) == school],
            recorded,
            last.get(school),
        )
        for school in schools
    }


@cache
def facts_by_student() -> dict[str, StudentFacts]:
    """The facts of each student of the roster: no enrollment is recorded in the files."""
    events: dict[str, list[AttendanceEvent]] = defaultdict(list)
    for event in school_events():
        events[event.student_id].append(event)
    in_sections: dict[str, list[AttendanceEvent]] = defaultdict(list)
    for event in section_events():
        in_sections[event.student_id].append(event)
    return {
        student: StudentFacts(
            StudentId(student),
            school_days=days_by_school(),
            school_attendance=events[student],
            class_attendance=in_sections[student],
            sections=sections(),
        )
        for student in roster()
    }


@cache
def school_of_students() -> dict[str, SchoolId]:
    """The school of each student with an event; no student has two."""
    return {event.student_id: event.school_id for event in school_events()}


def _school(reference: dict[str, Any]) -> SchoolId:
    return SchoolId(str(reference["schoolId"]))


def _event(row: dict[str, Any], scope: AttendanceScope) -> AttendanceEvent:
    reference = row["schoolReference"] if scope is AttendanceScope.SCHOOL else row["sectionReference"]
    session = row["sessionReference"] if scope is AttendanceScope.SCHOOL else row["sectionReference"]
    code = code_of(row["attendanceEventCategoryDescriptor"])
    return AttendanceEvent(
        vendor_id=row["id"],
        student_id=StudentId(row["studentReference"]["studentUniqueId"]),
        school_id=_school(reference),
        section_id=None if scope is AttendanceScope.SCHOOL else section_id(reference),
        date=date.fromisoformat(row["eventDate"]),
        scope=scope,
        category=AttendanceCategory(code),
        raw=Descriptor(code_value=code),
        duration=row.get("eventDuration"),
        school_year=session["schoolYear"],
        session_name=session["sessionName"],
    )


def _session(row: dict[str, Any]) -> Session:
    return Session(
        vendor_id=row["id"],
        school_id=_school(row["schoolReference"]),
        school_year=row["schoolYearTypeReference"]["schoolYear"],
        session_name=row["sessionName"],
        term=Descriptor(code_value=code_of(row["termDescriptor"])),
        begin_date=date.fromisoformat(row["beginDate"]),
        end_date=date.fromisoformat(row["endDate"]),
        total_instructional_days=row["totalInstructionalDays"],
    )


def _calendar_day(row: dict[str, Any]) -> CalendarDay:
    events = [Descriptor(code_value=code_of(event["calendarEventDescriptor"])) for event in row["calendarEvents"]]
    return CalendarDay(
        vendor_id=row["id"],
        school_id=_school(row["calendarReference"]),
        calendar_code=row["calendarReference"]["calendarCode"],
        date=date.fromisoformat(row["date"]),
        events=events,
        instructional=any(event.code_value == "Instructional day" for event in events),
    )
