"""
Coarser ways to answer lookups by student: one long read instead of many short ones.

Prices are calls, estimated from the settings; see `Split` for when a coarse answer may stand in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import Adapter, Calls, LookupMethod, Split
from student_graph.adapters.edfi.adapter.school_life import by_day_and_student
from student_graph.adapters.edfi.adapter.settings import EdFiSettings
from student_graph.adapters.model import (
    AttendanceEvent,
    DisciplineAction,
    DisciplineIncident,
    School,
    SchoolEnrollment,
    SchoolId,
    Student,
    StudentId,
    StudentIdentity,
)
from student_graph.adapters.paging import MAX_ITEMS

_INCIDENTS_PER_STUDENT = 0.1
"""Incidents, behaviors and actions are rare: about so many of each in a year. It prices, it bounds nothing."""


def _student(
    each: Student | StudentIdentity | SchoolEnrollment | AttendanceEvent | DisciplineIncident | DisciplineAction,
) -> StudentId:
    return each.student_id


def _school(each: School | SchoolEnrollment) -> SchoolId:
    return each.school_id


def _long(settings: EdFiSettings, rows: float) -> float:
    """Calls of a read of so many rows; more than are ever read at once is no way at all."""
    return settings.pages(rows) if rows <= MAX_ITEMS else math.inf


def _roster(settings: EdFiSettings) -> Calls:
    return Calls(point=1, coarse=_long(settings, settings.students))


def _identities(settings: EdFiSettings) -> Calls:
    """Students, and their associations with agency and school."""
    return Calls(point=2, coarse=_long(settings, settings.students) + _long(settings, 2 * settings.students))


def _attendance(settings: EdFiSettings) -> Calls:
    events = settings.school_students * settings.attendance_events_per_student
    return Calls(point=1, coarse=_long(settings, events))


def _incidents(settings: EdFiSettings) -> Calls:
    """A student's associations and now and then an incident, or all of both."""
    return Calls(
        point=1 + _INCIDENTS_PER_STUDENT, coarse=2 * _long(settings, settings.students * _INCIDENTS_PER_STUDENT)
    )


def _actions(settings: EdFiSettings) -> Calls:
    return Calls(point=1, coarse=_long(settings, settings.students * _INCIDENTS_PER_STUDENT))


PATHS: Mapping[LookupMethod, Split[Any]] = {
    Adapter.students_by_id: Split(via=Adapter.roster_by_district, by=_student, calls=_roster),
    Adapter.student_identities_by_id: Split(
        via=Adapter.student_identities_by_district, by=_student, calls=_identities
    ),
    Adapter.school_enrollments_by_student: Split(
        via=Adapter.school_enrollments_by_district, by=_student, calls=_roster
    ),
    Adapter.attendance_events_by_student: Split(
        via=Adapter.attendance_events_by_school,
        by=_student,
        calls=_attendance,
        covers=Adapter.school_enrollments_by_student,
        key=_school,
        order=by_day_and_student,
    ),
    Adapter.discipline_incidents_by_student: Split(
        via=Adapter.discipline_incidents_by_district, by=_student, calls=_incidents
    ),
    Adapter.discipline_actions_by_student: Split(
        via=Adapter.discipline_actions_by_district, by=_student, calls=_actions
    ),
    Adapter.schools_by_id: Split(
        via=Adapter.schools_by_district, by=_school, calls=lambda _: Calls(point=1, coarse=1)
    ),
}
"""Lookups that a coarser one can answer."""
