"""Adds the school year of a synthetic district: terms, grading periods and days of instruction."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from student_graph.adapters.sandbox.facts import CalendarFact, DistrictFacts, SchoolFact, SessionFact

SCHOOL_YEAR = 2027
"""The school year, named by the calendar year in which it ends."""
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""The current time of the facts, fixed so that they are the same on any day."""
FALL, SPRING = "2026-2027 Fall Semester", "2026-2027 Spring Semester"
FALL_DAYS = date(2026, 8, 24), date(2026, 12, 18)
SPRING_DAYS = date(2027, 1, 5), date(2027, 5, 18)
INSTRUCTION = ("Instructional day", "Make-up day")

_HOLIDAYS = {
    date(2026, 9, 7),
    *(date(2026, 11, day) for day in (25, 26, 27)),
    date(2027, 1, 18),
    date(2027, 2, 15),
    *(date(2027, 3, day) for day in range(15, 20)),
    date(2027, 3, 26),
}
_SNOW_DAY, _MAKE_UP_DAY = date(2027, 1, 27), date(2027, 5, 19)
_SIXTHS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")


def _weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def _calendar_days() -> list[tuple[date, str]]:
    days = []
    for first, last in (FALL_DAYS, (SPRING_DAYS[0], _MAKE_UP_DAY)):
        for day in _weekdays(first, last):
            event = "Holiday" if day in _HOLIDAYS else "Weather day" if day == _SNOW_DAY else "Instructional day"
            days.append((day, "Make-up day" if day == _MAKE_UP_DAY else event))
    return days


DAYS = tuple(_calendar_days())
"""Each weekday of the year with its calendar event."""


def instructional_days(first: date, last: date) -> list[date]:
    """Return the days of instruction from `first` to `last`, both included."""
    return [day for day, event in DAYS if first <= day <= last and event in INSTRUCTION]


def _session(school: int, name: str, term: str, span: tuple[date, date], offset: int) -> SessionFact:
    days = instructional_days(*span)
    cut = [0, len(days) // 3, 2 * len(days) // 3, len(days)]
    periods = tuple(
        (f"{name} Period {part + 1}", f"{_SIXTHS[offset + part]} Six Weeks", offset + part + 1, first, last)
        for part in range(3)
        for first, last in [(days[cut[part]], days[cut[part + 1] - 1])]
    )
    return SessionFact(
        school=school,
        year=SCHOOL_YEAR,
        name=name,
        term=term,
        begin=span[0],
        end=span[1],
        instructional_days=len(days),
        periods=periods,
    )


def calendar_code(school: int) -> str:
    """Return the code of a school's only calendar."""
    return f"{school}-{SCHOOL_YEAR}"


def add_year(facts: DistrictFacts, school: SchoolFact, *, thin: bool) -> None:
    """Add two terms and a calendar to a school; a thin calendar has only two days."""
    facts.sessions.append(_session(school.id, FALL, "Fall Semester", FALL_DAYS, 0))
    facts.sessions.append(_session(school.id, SPRING, "Spring Semester", (SPRING_DAYS[0], _MAKE_UP_DAY), 3))
    days = DAYS[:2] if thin else DAYS
    facts.calendars.append(
        CalendarFact(school=school.id, year=SCHOOL_YEAR, code=calendar_code(school.id), days=days)
    )
