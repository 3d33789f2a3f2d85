"""
What pages of a large district must show, computed from the facts of its sandboxes.

Nothing here is shared with the gateway: neither records nor metrics. Chronic absence is that of the federal
definition, day by day: half a day or more counts as a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from student_graph.adapters.sandbox.facts import AttendanceFact, DistrictFacts, EnrollmentFact
from student_graph.gateway.demo.rehearsal.vendors.plan import DistrictPlan

INSTRUCTION = ("Instructional day", "Make-up day")
ABSENCES = ("Excused Absence", "Unexcused Absence")
HALF_A_DAY, CHRONIC_SHARE = Fraction(1, 2), Fraction(1, 10)
LOCAL = "local"
"""Part of the namespace of codes that no setting maps: they count as nothing."""
MAX_ROUNDING_ERROR = 1e-9


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """The numbers of one school, as the page of schools compared has them."""

    population: int
    numerator: float
    denominator: float
    at_risk_share: float | None

    def equals(self, group: Mapping[str, Any]) -> bool:
        """Whether a group of the page has these numbers."""
        shown = (group["population"], group["numerator"], group["denominator"], group["atRiskShare"])
        own = (self.population, self.numerator, self.denominator, self.at_risk_share)
        return all(
            None not in (a, b) and abs(a - b) <= MAX_ROUNDING_ERROR if a is not b else True
            for a, b in zip(own, shown, strict=True)
        )


def wrong_schools(facts: DistrictFacts, plan: DistrictPlan, page: Mapping[str, Any]) -> tuple[list[str], int]:
    """The schools whose numbers on the page of schools compared are wrong or missing, and how many there are."""
    expected = schools_compared(facts, datetime.now(ZoneInfo(plan.time_zone)).date())
    [district] = page["data"]["districts"]
    groups = {group["keys"][0]["group"]: group for group in district["metrics"]["groups"]}
    wrong = [school for school, row in expected.items() if school not in groups or not row.equals(groups[school])]
    return [*wrong, *(groups.keys() - expected.keys() - {None})], len(expected)


def schools_compared(facts: DistrictFacts, today: date) -> dict[str, SchoolRow]:
    """The numbers of each school with students today."""
    days_of = _days_of_schools(facts, today)
    enrollments: dict[tuple[str, int], list[EnrollmentFact]] = defaultdict(list)
    events: dict[tuple[str, int], list[AttendanceFact]] = defaultdict(list)
    members: dict[int, set[str]] = defaultdict(set)
    for enrollment in facts.enrollments:
        enrollments[enrollment.student, enrollment.school].append(enrollment)
        if _lasts(enrollment, today):
            members[enrollment.school].add(enrollment.student)
    for event in facts.attendance:
        if event.section is None:
            events[event.student, event.school].append(event)
    rows = {}
    for school, students in members.items():
        counts = [
            _counts(days_of[school], enrollments[student, school], events[student, school]) for student in students
        ]
        judged = [(absent, enrolled) for absent, enrolled in counts if enrolled]
        chronic = sum(absent >= CHRONIC_SHARE * enrolled for absent, enrolled in judged)
        rows[str(school)] = SchoolRow(
            population=len(students),
            numerator=float(sum(absent for absent, _ in judged)),
            denominator=float(sum(enrolled for _, enrolled in judged)),
            at_risk_share=chronic / len(judged) if judged else None,
        )
    return rows


def _days_of_schools(facts: DistrictFacts, today: date) -> dict[int, Sequence[date]]:
    """The days of school until today; where a calendar is thin, weekdays on which anybody recorded attendance."""
    recorded = sorted({event.day for event in facts.attendance if event.section is None})
    last: dict[int, date] = {}
    for event in facts.attendance:
        if event.section is None:
            last[event.school] = max(last.get(event.school, event.day), event.day)
    days: dict[int, Sequence[date]] = {}
    for calendar in facts.calendars:
        own = [day for day, kind in calendar.days if kind in INSTRUCTION]
        if calendar.school in map(int, facts.special_cases["thin_calendar"]):
            end = min(today, last.get(calendar.school, today))
            days[calendar.school] = [day for day in recorded if day <= end and day.isoweekday() <= 5]
        else:
            days[calendar.school] = [day for day in own if day <= today]
    return days


def _counts(
    days: Sequence[date], enrollments: Sequence[EnrollmentFact], events: Sequence[AttendanceFact]
) -> tuple[int, int]:
    """The days of absence and of enrollment of one student at one school."""
    enrolled = {day for day in days if any(_lasts(enrollment, day) for enrollment in enrollments)}
    absent = {event.day for event in events if event.day in enrolled and _missed(event) >= HALF_A_DAY}
    return len(absent), len(enrolled)


def _missed(event: AttendanceFact) -> Fraction:
    """The share of a day that an event says was missed."""
    if LOCAL in event.namespace:
        return Fraction(0)
    share = None if event.duration is None else Fraction(str(event.duration))
    if event.category in ABSENCES:
        return Fraction(1) if share is None else share
    return share or Fraction(0) if event.category == "Early departure" else Fraction(0)


def _lasts(enrollment: EnrollmentFact, day: date) -> bool:
    return enrollment.entry <= day and (enrollment.exit is None or day < enrollment.exit)
