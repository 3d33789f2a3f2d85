"""The window of a request at one school, the same for all its students."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

from student_graph.resolvers.metrics.attendance.calendar import count_days, possible_days
from student_graph.resolvers.metrics.facts import MetricRequest, SchoolDays
from student_graph.resolvers.metrics.measure import DataQuality, Window
from student_graph.resolvers.metrics.presets.preset import Rule, WindowKind

DAYS_OF_WINDOW = {
    WindowKind.LAST_4_WEEKS: 20,
    WindowKind.LAST_8_WEEKS: 40,
    WindowKind.FIRST_4_WEEKS: 20,
    WindowKind.FIRST_6_WEEKS: 30,
}
"""Days of instruction of the windows that count days: five to a week."""
LAST_WINDOWS = frozenset({WindowKind.LAST_4_WEEKS, WindowKind.LAST_8_WEEKS})
FIRST_WINDOWS = frozenset({WindowKind.FIRST_4_WEEKS, WindowKind.FIRST_6_WEEKS})
ONE_DAY = timedelta(days=1)
MAX_YEAR = timedelta(days=366)
"""Time after the first day of a school year from which days belong to the next year."""

Span: TypeAlias = tuple[date, date]
"""The first and last day, both included; the last is before the first if there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class SchoolWindow:
    """The days of a window at one school."""

    school: SchoolDays
    shown: Window
    """The first and last day, and the days of instruction, as measures show them."""
    first: date
    last: date
    """The last day: not after the day of the computation, nor after the school's latest record."""
    begins: date
    """
    The first day that matters, of instruction or of a session. A student who is enrolled by then misses no day.
    """
    count: int
    """Days of instruction."""
    possible: frozenset[date]
    """Days on which a record of absence counts."""
    quality: frozenset[DataQuality]
    by_sessions: bool
    """Whether a complete session counts with the days that it states."""
    is_complete: bool
    """Whether all days of the window have passed. Only windows of the first weeks may be incomplete."""
    counts: dict[Span, tuple[int, frozenset[DataQuality]]] = field(default_factory=dict)
    """Days of parts of the window, which many students share."""

    @property
    def days(self) -> tuple[date, ...]:
        """The known days of instruction of the window, earliest first; a session may state more."""
        days = self.school.days
        return days[bisect_left(days, self.first) : bisect_right(days, self.last)]

    def count_between(self, first: date, last: date) -> tuple[int, frozenset[DataQuality]]:
        """Days of instruction of a part of the window, and what limits the number."""
        span = (first, last)
        if span not in self.counts:
            self.counts[span] = count_days(self.school, first, last, by_sessions=self.by_sessions)
        return self.counts[span]


def window_at(school: SchoolDays, request: MetricRequest, rule: Rule, span: Span | None = None) -> SchoolWindow:
    """
    The window of a request at a school, or the days of `span` if that is not None.

    A window, or a rule, that counts days of instruction never uses the days that a session states. A window lies
    within the school year, and ends with the day of the computation or the school's latest record.
    """
    key = (id(school), id(rule), span)
    memo = request.memo.get(key)
    if memo is None:
        memo = request.memo[key] = _window(school, request, rule, span)
    return memo


def last_day(school: SchoolDays, request: MetricRequest) -> date:
    """The latest day that a window can contain: that of the computation, or of the school's latest record."""
    return request.as_of if school.last_recorded is None else min(request.as_of, school.last_recorded)


def kind_of(request: MetricRequest, rule: Rule) -> WindowKind | None:
    """The kind of window of a request; None if it names the days."""
    if request.first is not None or request.last is not None:
        return None
    return request.window or rule.window


def _window(school: SchoolDays, request: MetricRequest, rule: Rule, span: Span | None) -> SchoolWindow:
    kind = None if span else kind_of(request, rule)
    first, last = span or _span(school, request, kind)
    last = min(last, last_day(school, request))
    by_sessions = (rule.window if span else kind) not in DAYS_OF_WINDOW
    count, quality = (
        count_days(school, first, last, by_sessions=by_sessions) if first <= last else (0, frozenset())
    )
    days = school.days[bisect_left(school.days, first) :]
    starts = [max(first, session.first) for session in school.sessions if session.last >= first]
    return SchoolWindow(
        school=school,
        shown=Window(first=min(first, last), last=last, instructional_days=count),
        first=first,
        last=last,
        begins=min([*days[:1], *starts], default=first),
        count=count,
        possible=possible_days(school, first, last),
        quality=quality,
        by_sessions=by_sessions,
        is_complete=kind not in FIRST_WINDOWS or count >= DAYS_OF_WINDOW[kind],
    )


def _span(school: SchoolDays, request: MetricRequest, kind: WindowKind | None) -> Span:
    """The first and last day of a window, before it is clipped to what is recorded."""
    if kind is None:
        return max(request.first or request.year_start, request.year_start), request.last or request.as_of
    if kind in LAST_WINDOWS:
        return last_days(school, request, DAYS_OF_WINDOW[kind], last_day(school, request))
    if kind in FIRST_WINDOWS:
        start = bisect_left(school.days, request.year_start)
        days = school.days[start : start + DAYS_OF_WINDOW[kind]]
        is_full = len(days) == DAYS_OF_WINDOW[kind]
        return request.year_start, days[-1] if is_full else request.as_of
    if kind is WindowKind.TERM:
        begun = [session.first for session in school.sessions if session.first <= last_day(school, request)]
        return max(begun, default=request.year_start), request.as_of
    return request.year_start, request.as_of


def last_days(school: SchoolDays, request: MetricRequest, count: int, end: date) -> Span:
    """The last `count` days of instruction of the school year up to `end`, or all of them if there are fewer."""
    stop = bisect_right(school.days, end)
    start = max(bisect_left(school.days, request.year_start), stop - count)
    return (school.days[start] if start < stop else end + ONE_DAY), end


def year_end(request: MetricRequest) -> date:
    """The latest possible last day of the school year: later sessions and days belong to the next year."""
    return request.year_start + MAX_YEAR - 2 * ONE_DAY
