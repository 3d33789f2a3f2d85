"""
The days of instruction of a school: from its calendar where that covers the year, else estimated.

A calendar covers a session if it has enough days of instruction in it: nine tenths as many as there are weekdays
with recorded attendance, and nine tenths of the days that the session states, or half of its weekdays if it
states none. Where the calendar does not cover a session, its days are the weekdays on which any school of the
district recorded attendance; only a complete session may use the number of days that it states. Outside sessions
only days of the calendar count. If no session is recorded, the year is one session that states nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from student_graph.adapters.model import CalendarDay, Session
from student_graph.resolvers.metrics.facts import SchoolDays, SessionDays
from student_graph.resolvers.metrics.measure import DataQuality

MIN_SHARE_OF_DAYS = Fraction(9, 10)
"""
Share of a session's stated days, or of the weekdays with recorded attendance, that a complete calendar has:
closures for weather cost fewer, and so do days on which another school of the district was open.
"""
MIN_SHARE_OF_WEEKDAYS = Fraction(1, 2)
"""Share of a session's weekdays below which a calendar is incomplete, if the session states no days."""
MIN_DAYS_OF_YEAR = 100
"""Days of instruction below which a calendar is incomplete, if no session is recorded; years have 140 or more."""
MAX_KEPT_SPANS = 1024
"""Spans whose weekdays are kept: the sessions of many schools, and the parts that windows and enrollments cut."""
MAX_SHARED_TIME = timedelta(weeks=1)
"""Time up to which a session may overlap others: from a border day that both have to a week of examinations."""
FIRST_WEEKEND_DAY = 5
"""Number of Saturday in a week that begins with 0 for Monday."""


def school_days(
    calendar: Iterable[CalendarDay],
    sessions: Iterable[Session],
    recorded_in_district: Iterable[date] | None = None,
    last_recorded: date | None = None,
) -> SchoolDays:
    """
    The days of instruction of one school in one school year.

    `recorded_in_district` has the days on which any school of the district recorded attendance, None if nobody
    read them; `last_recorded` is the last one of this school. The calendar is the one with most days of
    instruction, the first by code if several have as many; all are in `by_calendar`.
    """
    by_code: dict[str, set[date]] = defaultdict(set)
    for day in calendar:
        if day.instructional:
            by_code[day.calendar_code].add(day.date)
    recorded = sorted(day for day in set(recorded_in_district or ()) if is_weekday(day))
    terms = disjoint_sessions(sessions)
    never_recorded = recorded_in_district is not None and last_recorded is None
    calendars = {
        code: _merged(sorted(days), terms, recorded, last_recorded, never_recorded=never_recorded)
        for code, days in by_code.items()
    }
    if not calendars:
        return _merged([], terms, recorded, last_recorded, never_recorded=never_recorded)
    main = min(by_code, key=lambda code: (-len(by_code[code]), code))
    return SchoolDays(
        days=calendars[main].days,
        sessions=calendars[main].sessions,
        covered=calendars[main].covered,
        by_calendar=calendars,
        last_recorded=last_recorded,
        never_recorded=never_recorded,
    )


def district_days(schools: Collection[SchoolDays]) -> SchoolDays:
    """
    The days of a district as a whole: those of any of its schools.

    Sessions count only if all schools have them with the same number of days.
    """
    common = set.intersection(*(set(school.sessions) for school in schools)) if schools else set()
    recorded = [school.last_recorded for school in schools if school.last_recorded is not None]
    return SchoolDays(
        days=tuple(sorted({day for school in schools for day in school.days})),
        sessions=tuple(sorted(common, key=lambda session: session.first)),
        covered=not any(school.is_estimated for school in schools),
        last_recorded=max(recorded, default=None),
        never_recorded=bool(schools) and all(school.never_recorded for school in schools),
    )


def disjoint_sessions(sessions: Iterable[Session]) -> list[Session]:
    """
    Sessions that do not overlap, earliest first: semesters rather than the year that they make up.

    A session that shares a week or less with others begins after them, or ends before them: some systems write the
    first day of the next term as the end of a term. Sessions that state no days only fill what the others leave.
    """
    candidates = sorted(
        sessions,
        key=lambda session: (stated_days(session) is None, session.end_date, -session.begin_date.toordinal()),
    )
    chosen: list[Session] = []
    for session in candidates:
        if (fitting := _beside(session, chosen)) is not None:
            chosen.append(fitting)
            chosen.sort(key=lambda other: other.begin_date)
    return chosen


def stated_days(session: Session) -> int | None:
    """The days of instruction that a session states; None for none, and for 0, which stands for no number."""
    stated = session.total_instructional_days
    return stated if stated is not None and stated > 0 else None


def _beside(session: Session, others: Iterable[Session]) -> Session | None:
    """A session without the days that it shares with others, earliest first; None if these are too many or all."""
    begin, end = session.begin_date, session.end_date
    for other in others:
        if other.begin_date <= begin <= other.end_date:
            begin = other.end_date + timedelta(days=1)
        elif begin < other.begin_date <= end:
            end = other.begin_date - timedelta(days=1)
    shared = (begin - session.begin_date) + (session.end_date - end)
    if begin > end or shared > MAX_SHARED_TIME:
        return None
    return replace(session, begin_date=begin, end_date=end) if shared else session


def is_weekday(day: date) -> bool:
    """Whether a day is one from Monday to Friday."""
    return day.weekday() < FIRST_WEEKEND_DAY


def days_between(days: Sequence[date], first: date, last: date) -> int:
    """How many of the days, earliest first, are from `first` to `last`, both included."""
    return max(0, bisect_right(days, last) - bisect_left(days, first))


def count_days(
    school: SchoolDays, first: date, last: date, *, by_sessions: bool
) -> tuple[int, frozenset[DataQuality]]:
    """
    How many days of instruction a school has from `first` to `last`, both included, and what limits the number.

    With `by_sessions`, a session that lies within these days completely, and that the calendar does not cover,
    counts with the number of days that it states.
    """
    count = days_between(school.days, first, last)
    quality: set[DataQuality] = set()
    for session in school.sessions:
        begin, end = max(first, session.first), min(last, session.last)
        if session.covered or begin > end:
            continue
        is_complete = first <= session.first and session.last <= last
        if by_sessions and is_complete and session.stated is not None:
            count += session.stated - days_between(school.days, begin, end)
            quality.add(DataQuality.ESTIMATED_DENOMINATOR)
        else:
            quality.add(DataQuality.ESTIMATED_CALENDAR)
    if not school.covered and not school.sessions:
        quality.add(DataQuality.ESTIMATED_CALENDAR)
    return count, frozenset(quality)


def possible_days(school: SchoolDays, first: date, last: date) -> frozenset[date]:
    """The days on which a record of absence counts: known days of school, and weekdays of estimated sessions."""
    start, end = bisect_left(school.days, first), bisect_right(school.days, last)
    days = set(school.days[start:end])
    for session in school.sessions:
        if not session.covered:
            days |= _weekdays(max(first, session.first), min(last, session.last))
    return frozenset(days)


def weekdays_between(first: date, last: date) -> int:
    """How many weekdays there are from `first` to `last`, both included."""
    return len(_weekdays(first, last))


@lru_cache(MAX_KEPT_SPANS)
def _weekdays(first: date, last: date) -> frozenset[date]:
    """The weekdays from `first` to `last`, both included."""
    span = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return frozenset(day for day in span if is_weekday(day))


def _merged(
    calendar: Sequence[date],
    sessions: Sequence[Session],
    recorded: Sequence[date],
    last_recorded: date | None,
    *,
    never_recorded: bool,
) -> SchoolDays:
    """One calendar, completed with estimated days in the sessions that it does not cover."""
    terms = tuple(
        SessionDays(
            name=session.session_name,
            first=session.begin_date,
            last=session.end_date,
            stated=stated_days(session),
            covered=_covers(calendar, session, recorded),
        )
        for session in sessions
    )
    if terms:
        covered = all(term.covered for term in terms)
        estimated = [term for term in terms if not term.covered]
        days = {day for day in calendar if not _is_in(day, estimated)}
        days |= {day for day in recorded if _is_in(day, estimated)}
    else:
        covered = len(calendar) >= MIN_DAYS_OF_YEAR and len(calendar) >= MIN_SHARE_OF_DAYS * len(recorded)
        days = set(calendar if covered else recorded)
    return SchoolDays(
        days=tuple(sorted(days)),
        sessions=terms,
        covered=covered,
        last_recorded=last_recorded,
        never_recorded=never_recorded,
    )


def _is_in(day: date, sessions: Iterable[SessionDays]) -> bool:
    """Whether a day belongs to one of the sessions."""
    return any(session.first <= day <= session.last for session in sessions)


def _covers(calendar: Sequence[date], session: Session, recorded: Sequence[date]) -> bool:
    """Whether a calendar covers a session."""
    days = days_between(calendar, session.begin_date, session.end_date)
    if days == 0 or days < MIN_SHARE_OF_DAYS * days_between(recorded, session.begin_date, session.end_date):
        return False
    if (stated := stated_days(session)) is not None:
        return days >= MIN_SHARE_OF_DAYS * stated
    return days >= MIN_SHARE_OF_WEEKDAYS * weekdays_between(session.begin_date, session.end_date)
