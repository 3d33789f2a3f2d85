"""A made-up school year of 100 days and students in it, for tests of attendance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from student_graph.adapters.model import (
    AttendanceCategory,
    AttendanceEvent,
    AttendanceScope,
    CalendarDay,
    Descriptor,
    GradeLevel,
    SchoolEnrollment,
    SchoolId,
    Session,
    StudentId,
)
from student_graph.resolvers.metrics.attendance.calendar import school_days
from student_graph.resolvers.metrics.facts import MetricRequest, SchoolDays, StudentFacts
from student_graph.resolvers.metrics.measure import Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Preset
from student_graph.resolvers.metrics.registry import METRICS, PRESETS

YEAR_START = date(2021, 7, 1)
DAYS = [day for offset in range(140) if (day := date(2021, 8, 23) + timedelta(days=offset)).weekday() < 5]
"""The days of school: 100 weekdays."""
HILL, LAKE = SchoolId("hill"), SchoolId("lake")
ABSENT = AttendanceCategory.UNEXCUSED_ABSENCE


def calendar(days: Iterable[date] = DAYS, code: str = "main") -> list[CalendarDay]:
    """A calendar with these days of instruction."""
    return [
        CalendarDay(vendor_id="day", school_id=HILL, calendar_code=code, date=day, events=[], instructional=True)
        for day in days
    ]


def session(first: date, last: date, stated: int | None, name: str = "Fall") -> Session:
    """A session."""
    return Session(
        vendor_id="session",
        school_id=HILL,
        school_year=2022,
        session_name=name,
        term=Descriptor(code_value=name),
        begin_date=first,
        end_date=last,
        total_instructional_days=stated,
    )


def event(
    day: date,
    category: AttendanceCategory = ABSENT,
    duration: float | None = None,
    school: SchoolId = HILL,
) -> AttendanceEvent:
    """An event of a school day."""
    return AttendanceEvent(
        vendor_id=f"{school} {day} {category.name}",
        student_id=StudentId("1"),
        school_id=school,
        date=day,
        scope=AttendanceScope.SCHOOL,
        category=category,
        raw=Descriptor(code_value=category.value),
        duration=duration,
        school_year=2022,
        session_name="Fall",
    )


def absences(days: Iterable[date], **options: Any) -> list[AttendanceEvent]:
    """An absence on each day."""
    return [event(day, **options) for day in days]


def enrollment(entry: date = DAYS[0], leaves: date | None = None, school: SchoolId = HILL) -> SchoolEnrollment:
    """An enrollment."""
    return SchoolEnrollment(
        vendor_id="enrollment",
        student_id=StudentId("1"),
        school_id=school,
        entry_date=entry,
        exit_withdraw_date=leaves,
        grade_level=GradeLevel.NINTH,
        grade_level_descriptor=Descriptor(code_value="Ninth grade"),
    )


def complete_year() -> SchoolDays:
    """The days of a school with a complete calendar."""
    return school_days(calendar(), [], DAYS, DAYS[-1])


def facts(
    events: Sequence[AttendanceEvent] = (),
    enrollments: Sequence[SchoolEnrollment] | None = None,
    schools: dict[SchoolId, SchoolDays] | None = None,
) -> StudentFacts:
    """The facts of a student, who is enrolled at one school all year if nothing else is said."""
    return StudentFacts(
        StudentId("1"),
        enrollments=[enrollment()] if enrollments is None else enrollments,
        school_days={HILL: complete_year()} if schools is None else schools,
        school_attendance=events,
    )


def measured(
    metric: Metric,
    student: StudentFacts,
    preset: Preset | str = "federal_10pct",
    as_of: date = DAYS[-1],
    **options: Any,
) -> Measure:
    """The measure of a student."""
    chosen = PRESETS[preset] if isinstance(preset, str) else preset
    return METRICS[metric].measure(student, MetricRequest(metric, chosen, as_of, YEAR_START, **options))
