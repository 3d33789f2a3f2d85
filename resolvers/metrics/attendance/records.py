"""A student's attendance in a window: one status for each day and school, the worst that is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from student_graph.adapters.model import AttendanceCategory, AttendanceEvent, Excusal, SchoolId
from student_graph.resolvers.metrics.attendance.enrolled import DayStatus, EnrolledSchool, Share, enrolled_schools
from student_graph.resolvers.metrics.attendance.windows import Span
from student_graph.resolvers.metrics.exact import exact
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality
from student_graph.resolvers.metrics.presets.preset import Rule

MAX_CACHED_SHARES = 1024
"""Distinct durations whose exact share is remembered."""

# Python code hashes the members of an enum: comparing them by identity keeps the loop over events fast.
_EXCUSED = AttendanceCategory.EXCUSED_ABSENCE
_UNEXCUSED = AttendanceCategory.UNEXCUSED_ABSENCE
_TARDY = AttendanceCategory.TARDY
_PARTIAL = AttendanceCategory.PARTIAL
_EARLY_DEPARTURE = AttendanceCategory.EARLY_DEPARTURE
_UNMAPPED = AttendanceCategory.UNMAPPED


@dataclass(slots=True)
class Attendance:
    """What is recorded of a student in the window of a request."""

    request: MetricRequest
    rule: Rule
    schools: Sequence[EnrolledSchool]
    quality: set[DataQuality]
    """What limits the days and the records."""
    days: int = 0
    """Enrolled days of instruction, over all schools."""
    unmapped: int = 0
    """Events left out because their code has no canonical value."""
    absences: Sequence[DayStatus] = ()
    """Statuses of days that were missed, at least in part, by school, in the order of the records."""

    @property
    def tardies(self) -> list[AttendanceEvent]:
        """A tardy arrival for each school and day that has one."""
        return [event for school in self.schools for event in school.tardies.values()]

    def add(self, event: AttendanceEvent, school: EnrolledSchool) -> None:
        """Take an event of a school day into account, if it is usable."""
        if not self.is_usable(event, school):
            return
        day, category = event.date, event.category
        missed: Share = 1
        if event.duration != 1 or (category is not _EXCUSED and category is not _UNEXCUSED):
            missed = missed_share(event, self.quality)
            if category is _TARDY:
                school.tardies.setdefault(day, event)
        if missed and day not in school.window.possible:
            self.quality.add(DataQuality.EVENTS_WITHOUT_SCHOOL)
            return
        known = school.statuses.get(day)
        if known is not None:
            self.quality.add(DataQuality.REPEATED_RECORDS)
        if known is None or (missed, rank_of(event)) > (known.missed, rank_of(known.event)):
            school.statuses[day] = DayStatus(missed, event)

    def is_usable(self, event: AttendanceEvent, school: EnrolledSchool) -> bool:
        """Whether an event is in the window and the enrollment, and has a canonical category."""
        day = event.date
        if not school.first <= day <= school.last or (school.spans is not None and not school.is_enrolled(day)):
            if school.window.first <= day <= school.window.last:
                self.quality.add(DataQuality.EVENTS_OUTSIDE_ENROLLMENT)
            return False
        if event.category is _UNMAPPED:
            self.unmapped += 1
            self.quality.add(DataQuality.UNMAPPED_CODES)
            return False
        return True

    def leave_out(self, event: AttendanceEvent) -> None:
        """Note an event at a school where the student was not enrolled."""
        windows = [row.window for row in self.schools] if self.request.school is None else []
        if any(window.first <= event.date <= window.last for window in windows):
            self.quality.add(DataQuality.EVENTS_OUTSIDE_ENROLLMENT)


def excusal_of(event: AttendanceEvent) -> Excusal | None:
    """Whether an absence is excused; None if neither the event nor its category says so."""
    if event.category is _UNEXCUSED:
        return Excusal.UNEXCUSED
    return Excusal.EXCUSED if event.category is _EXCUSED else event.excusal


def rank_of(event: AttendanceEvent) -> int:
    """
    The rank of an event: of two events that miss the same share of a day, the one with the higher rank is worse.
    """
    excusal = excusal_of(event)
    return 0 if excusal is None else 1 if excusal is Excusal.EXCUSED else 2


def missed_share(event: AttendanceEvent, quality: set[DataQuality]) -> Share:
    """
    The share of a school day that an event says was missed, from 0 to 1.

    A duration outside 0 to 1 counts as not recorded. An absence without a duration is a complete day; another
    event without one is none, and the quality says so.
    """
    category = event.category
    if category is _EXCUSED or category is _UNEXCUSED:
        default = 1
    elif category is _PARTIAL or category is _EARLY_DEPARTURE:
        default = 0
    else:
        return 0
    share = share_of(event.duration)
    if share is None and (event.duration is not None or default == 0):
        quality.add(DataQuality.DURATION_MISSING)
    return default if share is None else share


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
    by_id = schools_by_id(schools)
    anywhere = by_id.get(None)
    for event in facts.school_attendance:
        school = by_id.get(event.school_id, anywhere)
        if school is None:
            attendance.leave_out(event)
        else:
            attendance.add(event, school)
    attendance.absences = [status for row in schools for status in row.statuses.values() if status.missed]
    for school in schools:
        attendance.days += _days_at(school, attendance)
        attendance.quality |= school.quality
    return attendance


def schools_by_id(schools: Sequence[EnrolledSchool]) -> Mapping[SchoolId | None, EnrolledSchool]:
    """The schools by id; None is the district as a whole."""
    return {school.school_id: school for school in schools}


def _days_at(school: EnrolledSchool, attendance: Attendance) -> int:
    """
    The enrolled days at a school.

    There are never fewer than days with a record of absence, even if a session states fewer. At a school that
    records presence too, only days with a record count. There are none at a school that records nothing.
    """
    if school.window.school.never_recorded:
        attendance.quality.add(DataQuality.NO_ATTENDANCE_RECORDED)
        return 0
    if school.school_id in attendance.request.settings.positive_attendance:
        recorded = sum(day in school.window.possible for day in school.statuses)
        if recorded < school.days:
            attendance.quality.add(DataQuality.DAYS_WITHOUT_RECORD)
        return recorded
    if attendance.absences and DataQuality.ESTIMATED_DENOMINATOR in school.quality:
        return max(school.days, sum(status.missed > 0 for status in school.statuses.values()))
    return school.days


def counted_absences(
    attendance: Attendance, rule: Rule | None = None, excusal: Excusal | None = None
) -> list[DayStatus]:
    """The days of absence that a rule counts, of one excusal or of all; the rule of the request if it is None."""
    full = (rule or attendance.rule).full_day_from
    absences = list(attendance.absences)
    if full is not None:
        absences = [status for status in absences if status.missed == 1 or status.missed >= full]
    if excusal is not None:
        absences = [status for status in absences if excusal_of(status.event) is excusal]
    return absences


def days_of_absence(counted: Collection[DayStatus], rule: Rule) -> Share:
    """The number of counted days of absence: of all, or the sum of their shares if the rule adds shares."""
    return sum(status.missed for status in counted) if rule.full_day_from is None else len(counted)
