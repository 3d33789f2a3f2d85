"""A student's attendance in a window: one status for each day and school, the worst that is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from student_graph.adapters.model import AttendanceCategory, AttendanceEvent, Excusal, SchoolId
from student_graph.resolvers.metrics.attendance.enrolled import EnrolledSchool, enrolled_schools
from student_graph.resolvers.metrics.attendance.windows import Span
from student_graph.resolvers.metrics.exact import exact
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality
from student_graph.resolvers.metrics.presets.preset import Rule

MAX_CACHED_SHARES = 1024
"""Distinct durations of which the exact share is kept."""

Share: TypeAlias = int | Fraction
"""A number of days or a share of one; whole numbers are integers, which are faster."""

RANKS: Mapping[Excusal | None, int] = {None: 0, Excusal.EXCUSED: 1, Excusal.UNEXCUSED: 2}
"""Which of two statuses with the same share of the day is worse: the higher one."""
_ABSENCES = {
    AttendanceCategory.EXCUSED_ABSENCE: Excusal.EXCUSED,
    AttendanceCategory.UNEXCUSED_ABSENCE: Excusal.UNEXCUSED,
}
_PARTS_OF_DAYS = frozenset({AttendanceCategory.PARTIAL, AttendanceCategory.EARLY_DEPARTURE})
_UNMAPPED = AttendanceCategory.UNMAPPED
_TARDY = AttendanceCategory.TARDY


class DayStatus(NamedTuple):
    """The worst that is recorded of a student for one day at one school."""

    missed: Share
    """Share of the day that was missed."""
    rank: int
    """2 for an unexcused absence, 1 for an excused one, 0 if it is not recorded."""
    event: AttendanceEvent


Key: TypeAlias = tuple[SchoolId | None, date]
"""A day at a school; the school is None for the district as a whole."""


@dataclass(slots=True)
class Attendance:
    """What is recorded of a student in the window of a request."""

    request: MetricRequest
    rule: Rule
    schools: Sequence[EnrolledSchool]
    quality: set[DataQuality]
    """What limits the days and the records."""
    statuses: dict[Key, DayStatus] = field(default_factory=dict)
    """By school and day, for days with a usable record."""
    tardies: dict[Key, AttendanceEvent] = field(default_factory=dict)
    """By school and day, for days with a tardy arrival."""
    days: int = 0
    """Enrolled days of instruction, over all schools."""
    unmapped: int = 0
    """Events left out because their code has no canonical value."""
    absences: Sequence[DayStatus] = ()
    """Statuses of days that were missed, at least in part, in the order of the records."""

    def school_of(
        self, event: AttendanceEvent, schools: Mapping[SchoolId | None, EnrolledSchool]
    ) -> EnrolledSchool | None:
        """The school at which an event counts; None if it is not in the window, or not in the enrollment."""
        school = schools.get(event.school_id) or schools.get(None)
        day = event.date
        if school is None:
            windows = [row.window for row in self.schools] if self.request.school is None else []
            if any(window.first <= day <= window.last for window in windows):
                self.quality.add(DataQuality.EVENTS_OUTSIDE_ENROLLMENT)
            return None
        if not school.window.first <= day <= school.window.last:
            return None
        if not school.is_enrolled(day):
            self.quality.add(DataQuality.EVENTS_OUTSIDE_ENROLLMENT)
            return None
        if event.category is _UNMAPPED:
            self.unmapped += 1
            self.quality.add(DataQuality.UNMAPPED_CODES)
            return None
        return school

    def add(self, event: AttendanceEvent, school: EnrolledSchool) -> None:
        """Take a usable event of a school day into account."""
        key = (school.school_id, event.date)
        if event.category is _TARDY:
            self.tardies.setdefault(key, event)
        missed = missed_share(event, self.quality)
        if missed and event.date not in school.window.possible:
            self.quality.add(DataQuality.EVENTS_WITHOUT_SCHOOL)
            return
        status = DayStatus(missed, RANKS[event.excusal or _ABSENCES.get(event.category)], event)
        known = self.statuses.get(key)
        if known is not None:
            self.quality.add(DataQuality.REPEATED_RECORDS)
        if known is None or status[:2] > known[:2]:
            self.statuses[key] = status


def missed_share(event: AttendanceEvent, quality: set[DataQuality]) -> Share:
    """
    The share of a school day that an event says was missed, from 0 to 1.

    A duration outside 0 to 1 counts as not recorded. An absence without a duration is a complete day; another
    event without one is none, and the quality says so.
    """
    category = event.category
    if category in _ABSENCES:
        if event.duration is None or event.duration == 1:
            return 1
        share = share_of(event.duration)
        if share is None:
            quality.add(DataQuality.DURATION_MISSING)
        return 1 if share is None else share
    if category in _PARTS_OF_DAYS:
        share = share_of(event.duration)
        if share is None:
            quality.add(DataQuality.DURATION_MISSING)
        return share or 0
    return 0


@lru_cache(MAX_CACHED_SHARES)
def share_of(duration: float | None) -> Share | None:
    """A recorded duration as an exact share of a day; None if it is not recorded, or not from 0 to 1."""
    share = exact(duration)
    if share is None or not 0 <= share <= 1:
        return None
    return share.numerator if share.denominator == 1 else share


def read_attendance(
    facts: StudentFacts, request: MetricRequest, rule: Rule, span: Span | None = None
) -> Attendance:
    """
    A student's attendance in the window of a request, or within `span`.

    Events outside the enrollment, absences on days without school, and events without a canonical category are
    left out, and the quality says so.
    """
    schools = enrolled_schools(facts, request, rule, span)
    attendance = Attendance(request, rule, schools, set(facts.quality))
    by_id = {school.school_id: school for school in schools}
    for event in facts.school_attendance:
        school = attendance.school_of(event, by_id)
        if school is not None:
            attendance.add(event, school)
    if attendance.statuses:
        attendance.absences = [status for status in attendance.statuses.values() if status.missed]
    _count_days(attendance)
    return attendance


def _count_days(attendance: Attendance) -> None:
    """
    Count the enrolled days, and collect what limits the number.

    There are at least as many as days with a record of absence, also if a session states fewer. At a school that
    records presence too, only days with a record count.
    """
    positive = attendance.request.settings.positive_attendance
    for school in attendance.schools:
        days = school.days
        if school.school_id in positive:
            possible = school.window.possible
            recorded = sum(key[0] == school.school_id and key[1] in possible for key in attendance.statuses)
            if recorded < days:
                attendance.quality.add(DataQuality.DAYS_WITHOUT_RECORD)
            days = recorded
        elif attendance.absences and DataQuality.ESTIMATED_DENOMINATOR in school.quality:
            statuses = attendance.statuses.items()
            days = max(days, sum(key[0] == school.school_id and status.missed > 0 for key, status in statuses))
        if school.window.school.never_recorded:
            attendance.quality.add(DataQuality.NO_ATTENDANCE_RECORDED)
            days = 0
        attendance.days += days
        attendance.quality |= school.quality


def absent_days(absences: Iterable[DayStatus], full_day_from: Fraction | None) -> Share:
    """The days of absence: the sum of the missed shares, or the days of which `full_day_from` was missed."""
    if full_day_from is None:
        return sum(status.missed for status in absences)
    return sum(status.missed >= full_day_from for status in absences)
