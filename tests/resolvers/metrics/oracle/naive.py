"""
Attendance computed naively, day by day, from the raw records and the definitions in `docs/metrics.md`.

Nothing here is shared with the metrics, except for the records and the presets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import isnan

from student_graph.adapters.model import AttendanceCategory, AttendanceEvent, SchoolId, Session
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.presets.preset import Rule, WindowKind
from tests.resolvers.metrics.oracle.generated import GeneratedDistrict, GeneratedSchool, GeneratedStudent

COUNTED = {
    WindowKind.LAST_4_WEEKS: 20,
    WindowKind.LAST_8_WEEKS: 40,
    WindowKind.FIRST_4_WEEKS: 20,
    WindowKind.FIRST_6_WEEKS: 30,
}
ABSENT = {AttendanceCategory.EXCUSED_ABSENCE: "excused", AttendanceCategory.UNEXCUSED_ABSENCE: "unexcused"}


def dates(first: date, last: date) -> list[date]:
    """All dates from the first to the last."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


@dataclass
class Term:
    """A session."""

    name: str
    days: list[date]
    stated: int | None
    covered: bool


class NaiveSchool:
    """The days of a school, one by one."""

    def __init__(self, school: GeneratedSchool, recorded: set[date], last_recorded: date | None) -> None:
        calendar = {day.date for day in school.calendar}
        self.last_recorded = last_recorded
        self.terms = [self._term(session, calendar, recorded) for session in school.sessions]
        self.days: set[date] = set()
        self.possible: set[date] = set()
        for term in self.terms:
            weekdays = {day for day in term.days if day.weekday() < 5}
            known = calendar & set(term.days) if term.covered else recorded & weekdays
            self.days |= known
            self.possible |= known if term.covered else weekdays
        in_terms = {day for term in self.terms for day in term.days}
        self.days |= calendar - in_terms
        self.possible |= calendar - in_terms

    @staticmethod
    def _term(session: Session, calendar: set[date], recorded: set[date]) -> Term:
        days = dates(session.begin_date, session.end_date)
        in_calendar = len(calendar & set(days))
        events = len({day for day in recorded & set(days) if day.weekday() < 5})
        weekdays = sum(day.weekday() < 5 for day in days)
        stated = session.total_instructional_days
        enough = 10 * in_calendar >= 9 * stated if stated is not None else 2 * in_calendar >= weekdays
        covered = in_calendar > 0 and 10 * in_calendar >= 9 * events and enough
        return Term(session.session_name, days, stated, covered)

    def window(self, request: MetricRequest, rule: Rule) -> tuple[list[date], bool]:
        """All dates of the window, and whether it counts days."""
        kind = None if request.first or request.last else request.window or rule.window
        end = min(request.as_of, self.last_recorded or request.as_of)
        so_far = sorted(day for day in self.days if request.year_start <= day <= end)
        in_year = sorted(day for day in self.days if day >= request.year_start)
        if kind in (WindowKind.LAST_4_WEEKS, WindowKind.LAST_8_WEEKS):
            final_days = so_far[-COUNTED[kind] :]
            return (dates(final_days[0], end) if final_days else []), True
        if kind in (WindowKind.FIRST_4_WEEKS, WindowKind.FIRST_6_WEEKS):
            initial_days = in_year[: COUNTED[kind]]
            last = initial_days[-1] if len(initial_days) == COUNTED[kind] else end
            return dates(request.year_start, min(last, end)), True
        if kind is WindowKind.TERM:
            begun = [term.days[0] for term in self.terms if term.days[0] <= end]
            return dates(max(begun, default=request.year_start), end), False
        first = (
            max(request.first or request.year_start, request.year_start) if kind is None else request.year_start
        )
        last = request.last or request.as_of if kind is None else request.as_of
        return dates(first, min(last, end)), False

    def count(self, days: set[date], *, counts_days: bool) -> int:
        """How many of the dates are days of school; complete sessions by what they state."""
        count = len(self.days & days)
        for term in self.terms:
            if not counts_days and not term.covered and term.stated is not None and set(term.days) <= days:
                count += term.stated - len(self.days & set(term.days))
        return count


class Naive:
    """The attendance of one student, computed naively."""

    def __init__(
        self, district: GeneratedDistrict, student: GeneratedStudent, schools: dict[SchoolId, NaiveSchool]
    ) -> None:
        self.district, self.student, self.schools = district, student, schools

    def at_schools(
        self, request: MetricRequest, rule: Rule, days: list[date] | None = None
    ) -> list[tuple[SchoolId, list[date], set[date], bool]]:
        """The student's schools: the window, the enrolled dates in it, and whether the window counts days."""
        rows = []
        ids = {row.school_id for row in self.student.enrollments} or {
            event.school_id for event in self.student.events
        }
        for school_id in sorted(ids):
            if request.school in (None, school_id):
                window, counts_days = self.schools[school_id].window(request, rule)
                if days is not None:
                    end = min(request.as_of, self.schools[school_id].last_recorded or request.as_of)
                    window, counts_days = [day for day in days if day <= end], rule.window in COUNTED
                enrolled = {day for day in window if self.is_enrolled(school_id, day)}
                rows.append((school_id, window, enrolled, counts_days))
        return rows

    def is_enrolled(self, school_id: SchoolId, day: date) -> bool:
        """Whether the student was enrolled on a date."""
        rows = [row for row in self.student.enrollments if row.school_id == school_id]
        if not rows or any(row.entry_type is not None for row in rows):
            return True
        return any(row.entry_date <= day and (row.exit_withdraw_date or date.max) > day for row in rows)

    def day(self, school_id: SchoolId, day: date) -> tuple[Fraction, str, bool, bool]:
        """The worst of a day: the missed share, its excusal, whether anything is recorded, whether tardy."""
        worst, recorded, tardy = (Fraction(0), 0), False, False
        for event in self.student.events:
            if event.school_id != school_id or event.date != day:
                continue
            if event.category is AttendanceCategory.UNMAPPED:
                continue
            tardy |= event.category is AttendanceCategory.TARDY
            missed = missed_of(event)
            if missed and day not in self.schools[school_id].possible:
                continue
            recorded = True
            worst = max(worst, (missed, {"unexcused": 2, "excused": 1}.get(ABSENT.get(event.category, ""), 0)))
        return worst[0], ("", "excused", "unexcused")[worst[1]], recorded, tardy

    def totals(
        self, request: MetricRequest, rule: Rule, days: list[date] | None = None
    ) -> tuple[int, Fraction, Fraction, Fraction, int, int]:
        """Enrolled days, absences in all, excused and unexcused, tardies, and days that were missed in part."""
        enrolled_days, tardies, partly = 0, 0, 0
        sums = {"all": Fraction(0), "excused": Fraction(0), "unexcused": Fraction(0)}
        for school_id, _, enrolled, counts_days in self.at_schools(request, rule, days):
            school, missed_dates, recorded_days = self.schools[school_id], 0, 0
            for day in enrolled:
                missed, excusal, recorded, tardy = self.day(school_id, day)
                tardies += tardy
                partly += missed > 0
                missed_dates += missed > 0
                recorded_days += recorded and day in school.possible
                if rule.full_day_from is not None:
                    missed = Fraction(missed >= rule.full_day_from)
                sums["all"] += missed
                if excusal:
                    sums[excusal] += missed
            count = school.count(enrolled, counts_days=counts_days)
            if school_id in request.settings.positive_attendance:
                count = recorded_days
            elif self.uses_stated(school, enrolled, counts_days=counts_days):
                count = max(count, missed_dates)
            enrolled_days += count
        return enrolled_days, sums["all"], sums["excused"], sums["unexcused"], tardies, partly

    @staticmethod
    def uses_stated(school: NaiveSchool, enrolled: set[date], *, counts_days: bool) -> bool:
        """Whether some session counts with the days that it states."""
        return not counts_days and any(
            not term.covered and term.stated is not None and set(term.days) <= enrolled for term in school.terms
        )


def missed_of(event: AttendanceEvent) -> Fraction:
    """The share of a day that an event says was missed."""
    duration = event.duration
    share = None if duration is None or isnan(duration) or not 0 <= duration <= 1 else Fraction(str(duration))
    if event.category in ABSENT:
        return Fraction(1) if share is None else share
    if event.category in (AttendanceCategory.PARTIAL, AttendanceCategory.EARLY_DEPARTURE):
        return share or Fraction(0)
    return Fraction(0)
