"""Changes of attendance: the trend, who became chronically absent, and how many days may still be missed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from student_graph.resolvers.metrics.attendance.calendar import days_between, weekdays_between
from student_graph.resolvers.metrics.attendance.enrolled import EnrolledSchool, Share, enrolled_spans
from student_graph.resolvers.metrics.attendance.records import (
    Attendance,
    counted_absences,
    days_of_absence,
    read_attendance,
)
from student_graph.resolvers.metrics.attendance.rules import CHRONIC_ABSENCE_FEDERAL
from student_graph.resolvers.metrics.attendance.verdicts import (
    Verdict,
    no_days_verdict,
    no_verdict,
    percent,
    to_measure,
)
from student_graph.resolvers.metrics.attendance.windows import (
    DAYS_OF_WINDOW,
    FIRST_WINDOWS,
    ONE_DAY,
    Span,
    kind_of,
    last_days,
    year_end,
)
from student_graph.resolvers.metrics.enrollment_years import until_next_year
from student_graph.resolvers.metrics.exact import count_of, text_of
from student_graph.resolvers.metrics.facts import MetricRequest, SessionDays, StudentFacts
from student_graph.resolvers.metrics.measure import Level, Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Rule, WindowKind

DAYS_OF_FOUR_WEEKS = DAYS_OF_WINDOW[WindowKind.LAST_4_WEEKS]
"""Days of instruction within which a student became newly absent."""
OPEN_WINDOWS = FIRST_WINDOWS | {WindowKind.YEAR_TO_DATE, WindowKind.TERM}
"""Windows that begin with the year or the term: there is none of the same length before them."""


def attendance_trend(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """
    The attendance rate of the window minus that of the window before it.

    None if one of the two windows is not full, or if the student was not enrolled for all days of both.
    """
    attendance = read_attendance(facts, request, rule)
    if attendance.days == 0:
        return to_measure(attendance, no_days_verdict(attendance))
    if kind_of(request, rule) in OPEN_WINDOWS:
        verdict = no_verdict("A trend compares two windows of the same length; this window has none before it.")
        return to_measure(attendance, verdict)
    spans = _two_windows(attendance, request, rule)
    rates = [_full_rate(read_attendance(facts, request, rule, span), rule) for span in spans]
    if not rates or None in rates:
        verdict = no_verdict(
            "A trend needs two full windows in the school year, and enrollment on all their days."
        )
        return to_measure(attendance, verdict)
    then, now = (rate for rate in rates if rate is not None)
    sentence = f"Present on {percent(now)} of the days, and on {percent(then)} of as many days before."
    verdict = Verdict(now - then, rule.level_of(now - then), (sentence,), float(now - then), None, None)
    events = [status.event for status in counted_absences(attendance, rule)]
    return to_measure(attendance, verdict, events)


def newly_absent(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """1 if the student is chronically absent by the rule of the preset and was not four weeks ago, else 0."""
    chronic = chronic_rule(request)
    attendance = read_attendance(facts, request, rule, (request.year_start, request.as_of))
    if attendance.days == 0:
        return to_measure(attendance, no_days_verdict(attendance), chronic=chronic)
    windows = [school.window for school in attendance.schools]
    since = min(last_days(row.school, request, DAYS_OF_FOUR_WEEKS, row.last)[0] for row in windows)
    earlier = read_attendance(facts, request, rule, (request.year_start, since - ONE_DAY))
    is_new = level_by(chronic, attendance) is Level.AT_RISK and level_by(chronic, earlier) is not Level.AT_RISK
    sentence = f"Absent on {_share_text(attendance, chronic)} of the days so far"
    if earlier.days:
        sentence += f", and on {_share_text(earlier, chronic)} four weeks of school ago"
    level = Level.AT_RISK if is_new else Level.ON_TRACK
    verdict = Verdict(Fraction(is_new), level, (f"{sentence}.",), float(is_new), None, None)
    events = [row.event for row in counted_absences(attendance, chronic) if row.event.date >= since]
    return to_measure(attendance, verdict, events, chronic)


def affordable_days(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """
    Whole days that the student may still miss without being chronically absent, by the rule of the preset.

    The absences count against the expected days of the complete year, from the student's first day on. The
    numerator is the days of absence so far, the denominator the expected days. None if the length of the year is
    not known.
    """
    chronic = chronic_rule(request)
    attendance = read_attendance(facts, request, rule, (request.year_start, request.as_of))
    if attendance.days == 0:
        return to_measure(attendance, no_days_verdict(attendance), chronic=chronic)
    counts = [_expected_days(facts, request, school) for school in attendance.schools]
    if None in counts:
        verdict = no_verdict("The number of days of the school year is not recorded.")
        return to_measure(attendance, verdict, chronic=chronic)
    expected = sum(count or 0 for count in counts)
    missed = absences_of(attendance, chronic)
    exact = Fraction(_days_left(request, chronic, missed, expected))
    sentence = (
        f"Absent on {_days_text(missed)} of {attendance.days} so far; "
        f"{count_of(int(exact), 'more day')} of the year's {expected} can be missed."
    )
    verdict = Verdict(exact, rule.level_of(exact), (sentence,), float(exact), float(missed), float(expected))
    events = [row.event for row in counted_absences(attendance, chronic)]
    return to_measure(attendance, verdict, events, chronic)


def chronic_rule(request: MetricRequest) -> Rule:
    """By which rule a request judges chronic absence: the preset's, or the federal one if the preset has none."""
    for metric in (Metric.CHRONIC_ABSENCE, Metric.ABSENT_DAYS, Metric.ATTENDANCE_RATE):
        rule = request.preset.rule(metric)
        if rule is not None and any(threshold.level is Level.AT_RISK for threshold in rule.thresholds):
            return rule
    return CHRONIC_ABSENCE_FEDERAL


def absences_of(attendance: Attendance, rule: Rule) -> Share:
    """The days of absence as a rule counts them."""
    return days_of_absence(counted_absences(attendance, rule), rule)


def level_by(rule: Rule, attendance: Attendance) -> Level:
    """How a rule judges the absences of some days."""
    if attendance.days == 0 or attendance.days < rule.min_days:
        return Level.NOT_EVALUATED
    return rule.level_of(_value_by(rule, Fraction(absences_of(attendance, rule)), attendance.days))


def days_left(rule: Rule, missed: Share, expected: int) -> int:
    """The most whole days by which `missed` can grow, of `expected` days, before the rule says at risk."""
    low, high = -1, max(0, math.floor(expected - missed)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        level = rule.level_of(_value_by(rule, Fraction(missed) + middle, expected)) if expected else Level.ON_TRACK
        low, high = (low, middle) if level is Level.AT_RISK else (middle, high)
    return max(0, low)


def _days_left(request: MetricRequest, rule: Rule, missed: Share, expected: int) -> int:
    """The same, computed once for all students of a request with the same days."""
    key = (days_left, missed, expected)
    memo = request.memo.get(key)
    if memo is None:
        memo = request.memo[key] = days_left(rule, missed, expected)
    return memo


def _value_by(rule: Rule, missed: Fraction, days: int) -> Fraction:
    """What a rule judges: days of absence, their share, or the share of the other days."""
    if rule.metric is Metric.ABSENT_DAYS:
        return missed
    return missed / days if rule.metric is Metric.CHRONIC_ABSENCE else 1 - missed / days


def _days_text(days: Share) -> str:
    """Days for a sentence, such as `1 day`."""
    return "1 day" if days == 1 else f"{text_of(Fraction(days))} days"


def _share_text(attendance: Attendance, rule: Rule) -> str:
    """The share of days with absence for a sentence, with enough decimals to tell it from the edges."""
    share = Fraction(absences_of(attendance, rule)) / attendance.days
    edges = [threshold.at for threshold in rule.thresholds]
    return percent(share, [*edges, *(1 - edge for edge in edges)])


def _full_rate(attendance: Attendance, rule: Rule) -> Fraction | None:
    """The attendance rate of a window; None if the student was not enrolled for all of it."""
    if not attendance.days or any(school.days != school.window.count for school in attendance.schools):
        return None
    return 1 - Fraction(absences_of(attendance, rule)) / attendance.days


def _two_windows(attendance: Attendance, request: MetricRequest, rule: Rule) -> list[Span]:
    """A window and the one of as many days before it, the earlier one first; empty if one is not full."""
    if len(attendance.schools) != 1:
        return []
    window = attendance.schools[0].window
    days, kind = window.school.days, kind_of(request, rule)
    in_window = days_between(days, window.first, window.last)
    count = in_window if kind is None else DAYS_OF_WINDOW[kind]
    before = last_days(window.school, request, count, window.first - ONE_DAY)
    if not count or in_window < count or days_between(days, *before) < count:
        return []
    return [before, (window.first, window.last)]


def _expected_days(facts: StudentFacts, request: MetricRequest, enrolled: EnrolledSchool) -> int | None:
    """Days of instruction of the complete year at a school while the student is enrolled; None if not known."""
    school, last = enrolled.window.school, year_end(request)
    sessions = [row for row in school.sessions if request.year_start <= row.last and row.first <= last]
    if not school.covered and not sessions:
        return None
    rows = [row for row in until_next_year(facts.enrollments) if row.school_id == enrolled.school_id]
    spans = enrolled_spans(rows, request, request.year_start, last) if rows else None
    if spans is None:
        spans = [(request.year_start, last)]
    estimated = [row for row in sessions if not row.covered]
    if any(row.stated is None for row in estimated):
        return None
    inside = sum(
        days_between(school.days, max(a, row.first), min(b, row.last)) for row in estimated for a, b in spans
    )
    known = sum(days_between(school.days, first, end) for first, end in spans) - inside
    return known + sum(_stated_days(row, spans) for row in estimated)


def _stated_days(session: SessionDays, spans: Iterable[Span]) -> int:
    """The days that a session states for some spans: of a part of it in proportion to the weekdays."""
    weekdays = weekdays_between(session.first, session.last)
    inside = sum(weekdays_between(max(first, session.first), min(last, session.last)) for first, last in spans)
    return round(Fraction((session.stated or 0) * inside, weekdays)) if weekdays else 0
