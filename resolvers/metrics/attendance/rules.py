"""How attendance is measured where a preset has no rule for it: the window, and no thresholds."""

from __future__ import annotations

from fractions import Fraction

from student_graph.resolvers.metrics.measure import Level, Metric
from student_graph.resolvers.metrics.presets.preset import Rule, Threshold, WindowKind

HALF_A_DAY = Fraction(1, 2)
"""Share of a day missed from which the federal rule counts a day of absence (ED, EDFacts FS195)."""

CHRONIC_ABSENCE_FEDERAL = Rule(
    metric=Metric.CHRONIC_ABSENCE,
    thresholds=(Threshold(Level.AT_RISK, Fraction(1, 10), includes_edge=True),),
    high_is_risk=True,
    description=(
        "Absent on 10 % or more of the enrolled days of instruction, excused or not. "
        "A day counts as missed if half of it or more was missed."
    ),
    full_day_from=HALF_A_DAY,
)
"""Chronic absence by the federal definition; also what `NEWLY_ABSENT` and others use if a preset has no rule."""


def _without_thresholds(metric: Metric, description: str, window: WindowKind = WindowKind.YEAR_TO_DATE) -> Rule:
    return Rule(
        metric, (), high_is_risk=metric is not Metric.ATTENDANCE_RATE, description=description, window=window
    )


DEFAULT_RULES = {
    rule.metric: rule
    for rule in (
        _without_thresholds(
            Metric.ATTENDANCE_RATE, "Share of the enrolled days of instruction on which the student was present."
        ),
        _without_thresholds(
            Metric.CHRONIC_ABSENCE, "Share of the enrolled days of instruction on which the student was absent."
        ),
        _without_thresholds(
            Metric.ABSENT_DAYS, "Days of absence, excused or not; a day that was missed in part counts in part."
        ),
        _without_thresholds(
            Metric.EXCUSED_ABSENT_DAYS, "Days of excused absence; a day that was missed in part counts in part."
        ),
        _without_thresholds(
            Metric.UNEXCUSED_ABSENT_DAYS,
            "Days of unexcused absence; a day that was missed in part counts in part.",
        ),
        _without_thresholds(Metric.TARDIES, "Days with a record of a tardy arrival at school."),
        _without_thresholds(
            Metric.ABSENCE_STREAK,
            "Days of instruction in a row, up to the last one. The student missed at least half of each.",
        ),
        _without_thresholds(
            Metric.MAX_ABSENCE_STREAK,
            "The most days of instruction in a row. The student missed at least half of each.",
        ),
        _without_thresholds(
            Metric.ATTENDANCE_TREND,
            "Attendance rate of the window minus that of the window of as many days of instruction before it.",
            WindowKind.LAST_4_WEEKS,
        ),
        _without_thresholds(
            Metric.FIRST_WEEKS_ABSENCE,
            "Share of the first 20 days of instruction of the school year on which the student was absent.",
            WindowKind.FIRST_4_WEEKS,
        ),
        _without_thresholds(
            Metric.NEWLY_ABSENT,
            "1 if the student is chronically absent over the year to date, and was not 20 school days ago.",
        ),
        _without_thresholds(
            Metric.AFFORDABLE_DAYS,
            "Whole days that may still be missed before chronic absence, by the expected days of the year.",
        ),
        _without_thresholds(
            Metric.PERIOD_ABSENCE_RATE,
            "Share of the class periods from which the student was absent: one for each section and school day.",
        ),
        _without_thresholds(Metric.PERIOD_TARDIES, "Tardy arrivals at sections, one for each section and day."),
        _without_thresholds(
            Metric.FIRST_PERIOD_TARDIES, "Tardy arrivals at sections of the first class period of a day."
        ),
    )
}
"""By metric."""
