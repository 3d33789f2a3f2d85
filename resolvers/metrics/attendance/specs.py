"""The metrics of attendance, with the parts of the record that they read."""

from __future__ import annotations

from collections.abc import Iterable

from student_graph.adapters.model import Excusal, Sensitivity
from student_graph.resolvers.metrics.attendance.changes import affordable_days, attendance_trend, newly_absent
from student_graph.resolvers.metrics.attendance.class_periods import period_absence_rate, period_tardies
from student_graph.resolvers.metrics.attendance.rules import DEFAULT_RULES
from student_graph.resolvers.metrics.attendance.shares import (
    Function,
    absence_count,
    absence_share,
    attendance_rate,
    first_weeks_absence,
    tardies,
)
from student_graph.resolvers.metrics.attendance.streaks import absence_streak
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSpec, Part, StudentFacts
from student_graph.resolvers.metrics.measure import Measure, Metric
from student_graph.resolvers.metrics.tally import rule_of

DAYS = frozenset({Part.ENROLLMENTS, Part.CALENDAR, Part.SCHOOL_ATTENDANCE})
"""What metrics of the school day read."""
PERIODS = frozenset({Part.ENROLLMENTS, Part.CALENDAR, Part.CLASS_ATTENDANCE, Part.SECTIONS, Part.NAMED_SECTIONS})
"""What metrics of class periods read."""


def _spec(metric: Metric, function: Function, parts: Iterable[Part] = DAYS) -> MetricSpec:
    """Declare a metric of attendance; its class of data is that of attendance events."""
    default = DEFAULT_RULES[metric]

    def measure(facts: StudentFacts, request: MetricRequest) -> Measure:
        rule = request.memo.get(rule_of)
        if rule is None:
            rule = request.memo[rule_of] = rule_of(request, default)
        return function(facts, request, rule)

    return MetricSpec(metric, frozenset(parts), Sensitivity.OPEN, measure, default)


SPECS: tuple[MetricSpec, ...] = (
    _spec(Metric.ATTENDANCE_RATE, attendance_rate),
    _spec(Metric.ABSENT_DAYS, absence_count(None)),
    _spec(Metric.EXCUSED_ABSENT_DAYS, absence_count(Excusal.EXCUSED)),
    _spec(Metric.UNEXCUSED_ABSENT_DAYS, absence_count(Excusal.UNEXCUSED)),
    _spec(Metric.TARDIES, tardies),
    _spec(Metric.CHRONIC_ABSENCE, absence_share),
    _spec(Metric.ABSENCE_STREAK, absence_streak(longest=False)),
    _spec(Metric.MAX_ABSENCE_STREAK, absence_streak(longest=True)),
    _spec(Metric.ATTENDANCE_TREND, attendance_trend),
    _spec(Metric.FIRST_WEEKS_ABSENCE, first_weeks_absence),
    _spec(Metric.NEWLY_ABSENT, newly_absent),
    _spec(Metric.AFFORDABLE_DAYS, affordable_days),
    _spec(Metric.PERIOD_ABSENCE_RATE, period_absence_rate, PERIODS),
    _spec(Metric.PERIOD_TARDIES, period_tardies(first_only=False), PERIODS),
    _spec(Metric.FIRST_PERIOD_TARDIES, period_tardies(first_only=True), PERIODS),
)
"""The metrics of attendance."""
