"""Average daily attendance (ADA): a number about many students, and not chronic absence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from student_graph.resolvers.metrics.measure import Measure, Metric


@dataclass(frozen=True, slots=True)
class AverageAttendance:
    """The attendance of many students together."""

    students: int
    """Students with enrolled days."""
    attended: Fraction
    """Days attended, of all students."""
    enrolled: Fraction
    """Enrolled days, of all students."""
    average: Fraction | None
    """Average daily attendance: students present on an average day; None without days of instruction."""
    rate: Fraction | None
    """Share of the enrolled days that were attended, from 0 to 1; None without enrolled days."""


def average_daily_attendance(rates: Iterable[Measure], instructional_days: int) -> AverageAttendance:
    """
    The average daily attendance: the days attended by all students over the days of instruction of the window.

    `rates` are measures of `ATTENDANCE_RATE` of one window. The formula is that of Attendance Works. A school can
    have an average of 95 % and many chronically absent students.
    """
    students, attended, enrolled = 0, Fraction(0), Fraction(0)
    for measure in rates:
        if measure.metric is not Metric.ATTENDANCE_RATE:
            raise ValueError(f"Average daily attendance needs ATTENDANCE_RATE, not {measure.metric.name}.")
        if measure.exact is None or not measure.denominator:
            continue
        days = Fraction(measure.denominator)
        students, attended, enrolled = students + 1, attended + measure.exact * days, enrolled + days
    return AverageAttendance(
        students=students,
        attended=attended,
        enrolled=enrolled,
        average=attended / instructional_days if instructional_days else None,
        rate=attended / enrolled if enrolled else None,
    )
