"""Gives the sections of a synthetic district their class periods and rooms."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from student_graph.adapters.sandbox.facts import ClassPeriodFact, DistrictFacts, SectionFact

PERIODS = tuple(f"Period {number}" for number in range(1, 9))
_BEGIN = time(8, 10)
_PERIOD_LENGTH, _BREAK_LENGTH = timedelta(minutes=45), timedelta(minutes=5)


def add_schedule(facts: DistrictFacts) -> None:
    """
    Add the class periods of each school, and a period and a room for each section.

    A section meets in a period in which its teacher has no other section of the term, the first
    of those in which the fewest of its students have another.
    """
    times = list(_meeting_times())
    for school in facts.schools:
        facts.class_periods += [
            ClassPeriodFact(school=school.id, name=name, meetings=(meeting,), official=name == PERIODS[0] or None)
            for name, meeting in zip(PERIODS, times, strict=True)
        ]
    students: dict[tuple[int, int, str, str, str], list[str]] = defaultdict(list)
    for enrollment in facts.section_enrollments:
        students[enrollment.section.key].append(enrollment.student)
    busy_students: dict[str, set[str]] = {name: set() for name in PERIODS}
    busy_teachers: dict[str, set[str]] = {name: set() for name in PERIODS}
    # Sections of the fall come with the same section of the spring, which has no students yet.
    for fall, spring in zip(facts.sections[::2], facts.sections[1::2], strict=True):
        members, teachers = students[fall.key], {staff for staff, *_ in fall.staff}
        conflicts = {
            name: (len(teachers & busy_teachers[name]), sum(member in busy_students[name] for member in members))
            for name in PERIODS
        }
        period = min(PERIODS, key=conflicts.__getitem__)
        busy_students[period].update(members)
        busy_teachers[period] |= teachers
        for section in (fall, spring):
            section.periods, section.room = (period,), _room(section)


def start_of(period: str, day: date) -> datetime:
    """The moment at which a period begins on a day, without a time zone."""
    return datetime.combine(day, dict(zip(PERIODS, _meeting_times(), strict=True))[period][0])


def _meeting_times() -> list[tuple[time, time]]:
    first = datetime.combine(date.min, _BEGIN)
    starts = (first + number * (_PERIOD_LENGTH + _BREAK_LENGTH) for number in range(len(PERIODS)))
    return [(start.time(), (start + _PERIOD_LENGTH).time()) for start in starts]


def _room(section: SectionFact) -> str:
    """The teacher's room: a number of three digits."""
    return str(100 + int(section.staff[0][0]) % 400)
