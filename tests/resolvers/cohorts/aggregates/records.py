"""Days, absences and errors for tests of tables."""

from __future__ import annotations

from datetime import date, timedelta

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError

FIRST_DAY = date(2026, 8, 20)
DAYS = [day for n in range(290) if (day := FIRST_DAY + timedelta(n)).weekday() < 5]


def calendar_day(at: str, day: date) -> model.CalendarDay:
    """Return a day of instruction at a school."""
    return model.CalendarDay(
        vendor_id=f"{at}#{day}",
        school_id=model.SchoolId(at),
        calendar_code="1",
        date=day,
        events=[],
        instructional=True,
    )


def absence(number: str, day: date, at: str = "101") -> model.AttendanceEvent:
    """Return a day of absence of a student at a school."""
    return model.AttendanceEvent(
        vendor_id=f"{number}#{day}#{at}",
        student_id=model.StudentId(number),
        school_id=model.SchoolId(at),
        date=day,
        scope=model.AttendanceScope.SCHOOL,
        category=model.AttendanceCategory.UNEXCUSED_ABSENCE,
        raw=model.Descriptor(code_value="Unexcused Absence"),
        duration=1.0,
        school_year=2027,
        session_name="Fall",
    )


def unavailable() -> UnavailableError:
    """Return the error of a source that does not answer."""
    error = UnavailableError("down")
    error.source = "sis"
    return error
