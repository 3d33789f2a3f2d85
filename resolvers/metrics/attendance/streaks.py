"""Streaks: days of instruction in a row on which a student was absent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from student_graph.adapters.model import Excusal
from student_graph.resolvers.metrics.attendance.enrolled import DayStatus
from student_graph.resolvers.metrics.attendance.records import Attendance, excusal_of, read_attendance
from student_graph.resolvers.metrics.attendance.rules import HALF_A_DAY
from student_graph.resolvers.metrics.attendance.shares import Function
from student_graph.resolvers.metrics.attendance.verdicts import Verdict, no_days_verdict, to_measure
from student_graph.resolvers.metrics.exact import count_of
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import Measure
from student_graph.resolvers.metrics.presets.preset import Rule


class Day(NamedTuple):
    """A day of instruction of a student, over all schools."""

    date: date
    absences: Sequence[DayStatus]
    """Absences of half a day or more, one for each school; empty if the student was present at a school."""


def absence_streak(*, longest: bool) -> Function:
    """The metric of the streak up to the last day of instruction, or of the longest one in the window."""

    def streak(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
        attendance = read_attendance(facts, request, rule)
        if attendance.days == 0:
            return to_measure(attendance, no_days_verdict(attendance))
        days = longest_streak(attendance, request) if longest else current_streak(attendance, request)
        exact = Fraction(len(days))
        verdict = Verdict(
            exact, rule.level_of(exact), (_sentence(days, longest=longest),), float(exact), None, None
        )
        events = [status.event for day in days for status in day.absences]
        return to_measure(attendance, verdict, events)

    return streak


def current_streak(attendance: Attendance, request: MetricRequest) -> list[Day]:
    """The days of absence in a row up to the last day of instruction on which the student was enrolled."""
    streak: list[Day] = []
    for day in reversed(_days(attendance, request)):
        if not day.absences:
            break
        streak.append(day)
    return streak[::-1]


def longest_streak(attendance: Attendance, request: MetricRequest) -> list[Day]:
    """The longest run of days of absence; the latest one if several are as long."""
    longest: list[Day] = []
    streak: list[Day] = []
    for day in _days(attendance, request):
        streak = [*streak, day] if day.absences else []
        if streak and len(streak) >= len(longest):
            longest = streak
    return longest


def _days(attendance: Attendance, request: MetricRequest) -> list[Day]:
    """
    The student's days of instruction, earliest first.

    With two schools on one day, the day is one of absence if the student was absent from both. At a school that
    records presence too, days without a record are left out.
    """
    schools_by_day: dict[date, list[DayStatus | None]] = {}
    for school in attendance.schools:
        is_positive = school.school_id in request.settings.positive_attendance
        missed = {day for day, status in school.statuses.items() if status.missed}
        for day in missed.union(school.window.days):
            if school.is_enrolled(day) and (day in school.statuses or not is_positive):
                schools_by_day.setdefault(day, []).append(school.statuses.get(day))
    result = []
    for day in sorted(schools_by_day):
        absences = [status for status in schools_by_day[day] if status is not None and status.missed >= HALF_A_DAY]
        is_absent = len(absences) == len(schools_by_day[day])
        result.append(Day(day, absences if is_absent else ()))
    return result


def _sentence(days: Sequence[Day], *, longest: bool) -> str:
    """A streak as a sentence, with its days and how much of it is unexcused."""
    if not days:
        return "No day of absence." if longest else "Not absent on the last day of school."
    unexcused = sum(any(excusal_of(status.event) is Excusal.UNEXCUSED for status in day.absences) for day in days)
    return (
        f"Absent on {count_of(len(days), 'day')} of school in a row, "
        f"from {days[0].date} to {days[-1].date}, {unexcused} of them unexcused."
    )
