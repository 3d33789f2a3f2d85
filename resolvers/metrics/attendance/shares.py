"""Shares and numbers of days: attendance rate, chronic absence, days of absence, tardies, the first weeks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from student_graph.adapters.model import Excusal
from student_graph.resolvers.metrics.attendance.enrolled import enrolled_schools
from student_graph.resolvers.metrics.attendance.records import (
    counted_absences,
    days_of_absence,
    read_attendance,
)
from student_graph.resolvers.metrics.attendance.verdicts import (
    Wording,
    count_verdict,
    no_days_verdict,
    share_verdict,
    to_measure,
)
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Level, Measure
from student_graph.resolvers.metrics.presets.preset import Rule

ABSENT = Wording("Absent")
PRESENT = Wording("Present")

Function: TypeAlias = Callable[[StudentFacts, MetricRequest, Rule], Measure]
"""Computes a metric by a rule."""


def absence_share(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """The share of the enrolled days on which the student was absent."""
    attendance = read_attendance(facts, request, rule)
    absences = counted_absences(attendance)
    if attendance.days == 0:
        verdict = no_days_verdict(attendance)
    else:
        verdict = share_verdict(request, rule, days_of_absence(absences, rule), attendance.days, ABSENT)
    return to_measure(attendance, verdict, [status.event for status in absences])


def attendance_rate(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """The share of the enrolled days on which the student was present."""
    attendance = read_attendance(facts, request, rule)
    absences = counted_absences(attendance)
    if attendance.days == 0:
        verdict = no_days_verdict(attendance)
    else:
        attended = attendance.days - days_of_absence(absences, rule)
        verdict = share_verdict(request, rule, attended, attendance.days, PRESENT)
    return to_measure(attendance, verdict, [status.event for status in absences])


def first_weeks_absence(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """The share of the first days of the year on which the student was absent, judged when they are over."""
    measure = absence_share(facts, request, rule)
    schools = enrolled_schools(facts, request, rule)
    if measure.exact is not None and not all(school.window.is_complete for school in schools):
        measure.level = Level.NOT_EVALUATED
        measure.reasons.append("The first weeks are not over yet.")
        qualities = {*measure.data_quality, DataQuality.TOO_FEW_DAYS}
        measure.data_quality = sorted(qualities, key=lambda quality: quality.name)
    return measure


def absence_count(excusal: Excusal | None) -> Function:
    """The metric that counts days of absence, of one excusal or of all."""
    noun = f"{excusal.value.lower()} days of absence" if excusal else "days of absence"

    def count(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
        attendance = read_attendance(facts, request, rule)
        if not attendance.days and not attendance.absences:
            return to_measure(attendance, no_days_verdict(attendance))
        absences = counted_absences(attendance, excusal=excusal)
        verdict = count_verdict(request, rule, days_of_absence(absences, rule), noun)
        return to_measure(attendance, verdict, [status.event for status in absences])

    return count


def tardies(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """The days with a tardy arrival at school. They count as they are recorded, even on a day without school."""
    attendance = read_attendance(facts, request, rule)
    if not attendance.days and not attendance.tardies:
        return to_measure(attendance, no_days_verdict(attendance))
    verdict = count_verdict(request, rule, len(attendance.tardies), "days with a tardy arrival")
    return to_measure(attendance, verdict, attendance.tardies)
