"""The schools and days for which a student was enrolled in the window of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from student_graph.adapters.model import AttendanceEvent, SchoolEnrollment, SchoolId
from student_graph.resolvers.metrics.attendance.calendar import district_days
from student_graph.resolvers.metrics.attendance.windows import ONE_DAY, SchoolWindow, Span, window_at
from student_graph.resolvers.metrics.enrollment_years import until_next_year
from student_graph.resolvers.metrics.facts import MetricRequest, SchoolDays, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality
from student_graph.resolvers.metrics.presets.preset import Rule

Share: TypeAlias = int | Fraction
"""A number of days or a share of one; whole numbers are integers, which are faster."""

NO_DAYS = SchoolDays(days=(), covered=False)
"""The days of a school that nobody read."""
_UNKNOWN = frozenset({DataQuality.ENROLLMENT_UNKNOWN})


class DayStatus(NamedTuple):
    """The worst record of a student for one day at one school."""

    missed: Share
    """Share of the day that was missed, from 0 to 1."""
    event: AttendanceEvent


@dataclass(slots=True)
class EnrolledSchool:
    """A student's days at one school within a window."""

    school_id: SchoolId | None
    """The school; None for the whole district, if it is not known when the student was at which school."""
    window: SchoolWindow
    first: date
    """First enrolled day of the window."""
    last: date
    """Last enrolled day of the window; it is before the first if there is none."""
    spans: Sequence[Span] | None
    """Enrolled days as spans, if the student left and came back; None if there is no gap."""
    days: int
    """Enrolled days of instruction."""
    quality: frozenset[DataQuality]
    statuses: dict[date, DayStatus] = field(default_factory=dict)
    """By day, for days with a usable record."""
    tardies: dict[date, AttendanceEvent] = field(default_factory=dict)
    """By day, for days with a tardy arrival."""

    def is_enrolled(self, day: date) -> bool:
        """Whether the student was enrolled on a day of the window."""
        return self.first <= day <= self.last and (
            self.spans is None or any(first <= day <= last for first, last in self.spans)
        )


def enrolled_schools(
    facts: StudentFacts, request: MetricRequest, rule: Rule, span: Span | None = None
) -> list[EnrolledSchool]:
    """
    The schools of a request at which the student is enrolled, with the days within the window, or within `span`.

    Several enrollments at one school count as one. A day counts once, even if the student left and came back on
    it. An enrollment that other records show has a school, and no dates. If no enrollment is recorded, the student
    counts as enrolled for the complete window at the school where events are recorded. If there are no events, or
    events at several schools, the student counts as enrolled in the district as a whole.
    """
    if not facts.enrollments:
        return _unknown(facts, request, rule, span)
    by_school: Mapping[SchoolId, Sequence[SchoolEnrollment]]
    if len(facts.enrollments) == 1:
        by_school = {facts.enrollments[0].school_id: facts.enrollments}
    else:
        by_school = _by_school(until_next_year(facts.enrollments))
    return [
        _at_school(school_id, rows, window_at(days_of(facts, school_id, rows), request, rule, span), request)
        for school_id, rows in by_school.items()
        if request.school is None or school_id == request.school
    ]


def days_of(facts: StudentFacts, school_id: SchoolId, enrollments: Iterable[SchoolEnrollment] = ()) -> SchoolDays:
    """The days of a school, by the calendar of the student's latest enrollment that names one."""
    school = facts.school_days.get(school_id, NO_DAYS)
    if school.by_calendar:
        dated = [row for row in enrollments if row.calendar_code in school.by_calendar]
        if dated:
            code = max(dated, key=lambda row: row.entry_date).calendar_code
            return school.by_calendar[code or ""]
    return school


def is_derived(enrollment: SchoolEnrollment, request: MetricRequest) -> bool:
    """Whether an enrollment only follows from other records, so that its dates are not known."""
    entry = enrollment.entry_type
    return entry is not None and entry.code_value in request.settings.derived_entry_types


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap, earliest first, with the same days."""
    result: list[Span] = []
    for first, last in sorted(spans):
        if last < first:
            continue
        if result and first <= result[-1][1] + ONE_DAY:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def _by_school(enrollments: Iterable[SchoolEnrollment]) -> dict[SchoolId, list[SchoolEnrollment]]:
    by_school: dict[SchoolId, list[SchoolEnrollment]] = {}
    for row in enrollments:
        by_school.setdefault(row.school_id, []).append(row)
    return by_school


def enrolled_spans(
    enrollments: Iterable[SchoolEnrollment], request: MetricRequest, first: date, last: date
) -> list[Span] | None:
    """Enrolled days from `first` to `last` as spans, earliest first; None if the dates are not known."""
    spans = []
    for row in enrollments:
        if is_derived(row, request):
            return None
        exit_day = row.exit_withdraw_date
        end = last if exit_day is None else min(exit_day - ONE_DAY, last)
        spans.append((max(row.entry_date, first), end))
    return joined(spans)


def _at_school(
    school_id: SchoolId, enrollments: Sequence[SchoolEnrollment], window: SchoolWindow, request: MetricRequest
) -> EnrolledSchool:
    """The student's days at a school with enrollments."""
    spans = enrolled_spans(enrollments, request, window.first, window.last)
    if spans is None:
        return _complete(school_id, window, window.quality | _UNKNOWN)
    if not spans:
        return EnrolledSchool(school_id, window, window.first, window.first - ONE_DAY, None, 0, frozenset())
    first, last = spans[0][0], spans[-1][1]
    if len(spans) > 1:
        counts = [window.count_between(*span) for span in spans]
        quality: frozenset[DataQuality] = frozenset().union(*(quality for _, quality in counts))
        return EnrolledSchool(school_id, window, first, last, spans, sum(days for days, _ in counts), quality)
    if first <= window.begins and last == window.last:
        return EnrolledSchool(school_id, window, first, last, None, window.count, window.quality)
    days, quality = window.count_between(first, last)
    return EnrolledSchool(school_id, window, first, last, None, days, quality)


def _complete(school_id: SchoolId | None, window: SchoolWindow, quality: frozenset[DataQuality]) -> EnrolledSchool:
    """The days of a student who counts as enrolled on the complete window."""
    return EnrolledSchool(school_id, window, window.first, window.last, None, window.count, quality)


def _unknown(facts: StudentFacts, request: MetricRequest, rule: Rule, span: Span | None) -> list[EnrolledSchool]:
    """The days of a student without a recorded enrollment."""
    schools = {event.school_id for event in facts.school_attendance}
    schools = schools or {event.school_id for event in facts.class_attendance}
    school_id = request.school
    if school_id is not None and schools and school_id not in schools:
        return []
    if school_id is None:
        school_id = next(iter(schools)) if len(schools) == 1 else None
    days = _district(facts, request) if school_id is None else days_of(facts, school_id)
    window = window_at(days, request, rule, span)
    return [_complete(school_id, window, window.quality | _UNKNOWN)]


def _district(facts: StudentFacts, request: MetricRequest) -> SchoolDays:
    """The days of the schools of the facts together, computed once for a request."""
    schools = tuple(facts.school_days.values())
    key = (_district, frozenset(map(id, schools)))
    memo = request.memo.get(key)
    if memo is None:
        memo = request.memo[key] = (district_days(schools), schools)
    return memo[0]
