"""Attendance by class period: absences from sections, tardy arrivals, and those at the first period of a day."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from datetime import date
from typing import TypeAlias

from student_graph.adapters.model import AttendanceCategory, AttendanceEvent, SectionId
from student_graph.resolvers.metrics.attendance.enrolled import enrolled_schools, joined
from student_graph.resolvers.metrics.attendance.records import Attendance, schools_by_id
from student_graph.resolvers.metrics.attendance.shares import Function
from student_graph.resolvers.metrics.attendance.verdicts import (
    Wording,
    count_verdict,
    no_verdict,
    share_verdict,
    to_measure,
)
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.meanings import comparable
from student_graph.resolvers.metrics.measure import DataQuality, Measure
from student_graph.resolvers.metrics.presets.preset import Rule

ABSENCES = frozenset({AttendanceCategory.EXCUSED_ABSENCE, AttendanceCategory.UNEXCUSED_ABSENCE})
ABSENT_PERIODS = Wording("Absent", "class periods")

EventsByPeriod: TypeAlias = dict[tuple[SectionId | None, date], AttendanceEvent]
"""The events of a kind by section and day, one for each."""


def period_absence_rate(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
    """
    The share of the class periods from which the student was absent.

    A class period is a section on a day of instruction of its school, within its session and the student's
    enrollment in it. On which days a section meets is not known, so the number is an estimate. None without such
    enrollments.
    """
    attendance = _attendance(facts, request, rule)
    total = sum(_periods(facts, section, attendance) for section in _sections(facts))
    absences = _events(facts, attendance, ABSENCES)
    if total == 0:
        verdict = no_verdict("The student's sections in the window are not known.")
    else:
        attendance.quality.add(DataQuality.ESTIMATED_DENOMINATOR)
        verdict = share_verdict(request, rule, len(absences), max(total, len(absences)), ABSENT_PERIODS)
    attendance.days = total
    return to_measure(attendance, verdict, list(absences.values()))


def period_tardies(*, first_only: bool) -> Function:
    """The metric of tardy arrivals at class periods, or only at the first one of a day."""
    noun = "tardy arrivals at the first class period" if first_only else "tardy arrivals at class periods"

    def count(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Measure:
        attendance = _attendance(facts, request, rule)
        tardies = _events(facts, attendance, {AttendanceCategory.TARDY})
        counted = tardies
        if first_only:
            counted, unknown = _first_period_events(tardies, facts, request)
            if unknown:
                attendance.quality.add(DataQuality.PERIOD_UNKNOWN)
            if unknown and unknown == len(tardies):
                verdict = no_verdict("The class periods of the sections are not known.")
                return to_measure(attendance, verdict)
        verdict = count_verdict(request, rule, len(counted), noun)
        return to_measure(attendance, verdict, list(counted.values()))

    return count


def _attendance(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Attendance:
    """The schools and days of a window, without records of the school day."""
    schools = enrolled_schools(facts, request, rule)
    quality = set(facts.quality).union(*(school.quality for school in schools))
    return Attendance(request, rule, schools, quality, days=sum(school.days for school in schools))


def _events(
    facts: StudentFacts, attendance: Attendance, categories: Container[AttendanceCategory]
) -> EventsByPeriod:
    """The student's events in sections of some categories; several of one section and day count once."""
    schools = schools_by_id(attendance.schools)
    events: EventsByPeriod = {}
    for event in facts.class_attendance:
        school = schools.get(event.school_id, schools.get(None))
        if school is None:
            attendance.leave_out(event)
        elif attendance.is_usable(event, school) and event.category in categories:
            key = (event.section_id, event.date)
            if key in events:
                attendance.quality.add(DataQuality.REPEATED_RECORDS)
            events.setdefault(key, event)
    return events


def is_first_period(name: str, first_periods: Iterable[str]) -> bool:
    """
    Whether a class period is the first of a day: its name, or the name's first word, is one of the names.

    Case does not matter. `01 - Traditional` is a first period if `01` is.
    """
    names = {comparable(first_period) for first_period in first_periods}
    text = comparable(name)
    return text in names or re.split(r"[\s:-]+", text, maxsplit=1)[0] in names


def _first_period_events(
    events: EventsByPeriod, facts: StudentFacts, request: MetricRequest
) -> tuple[EventsByPeriod, int]:
    """The events of the first period of a day, and how many have no known period."""
    counted: EventsByPeriod = {}
    unknown = 0
    for key, event in events.items():
        section = facts.sections.get(key[0]) if key[0] is not None else None
        periods = event.class_periods or (section.class_periods if section is not None else [])
        if not periods:
            unknown += 1
        elif any(is_first_period(period, request.settings.first_periods) for period in periods):
            counted[key] = event
    return counted, unknown


def _sections(facts: StudentFacts) -> set[SectionId]:
    """The student's sections whose record is known."""
    return {row.section_id for row in facts.section_enrollments if row.section_id in facts.sections}


def _periods(facts: StudentFacts, section_id: SectionId, attendance: Attendance) -> int:
    """How many days of instruction the section and the student's enrollment in it have in the window."""
    section = facts.sections[section_id]
    schools = schools_by_id(attendance.schools)
    school = schools.get(section.school_id, schools.get(None))
    if school is None:
        return 0
    window = school.window
    session = next((row for row in window.school.sessions if row.name == section.session_name), None)
    first, last = (session.first, session.last) if session else (window.first, window.last)
    enrolled = school.spans if school.spans is not None else [(school.first, school.last)]
    spans = joined(
        (max(row.begin_date or first, first, begin), min(row.end_date or last, last, end))
        for row in facts.section_enrollments
        if row.section_id == section_id
        for begin, end in enrolled
    )
    return sum(window.count_between(first, last)[0] for first, last in spans)
