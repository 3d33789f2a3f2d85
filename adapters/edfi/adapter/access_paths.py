"""
Coarser ways to answer lookups by student: one long read instead of many short ones.

Prices are calls, estimated from the settings; see `AccessPath` for when a coarse answer may stand in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
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
from student_graph.adapters.paging import MAX_ROWS

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
    return settings.pages(rows) if rows <= MAX_ROWS else math.inf


def _roster(settings: EdFiSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=_long(settings, settings.students))


def _identities(settings: EdFiSettings) -> CallCost:
    """Students, and their associations with agency and school."""
    return CallCost(
        per_key=2, per_coarse_key=_long(settings, settings.students) + _long(settings, 2 * settings.students)
    )


def _attendance(settings: EdFiSettings) -> CallCost:
    events = settings.school_students * settings.attendance_events_per_student
    return CallCost(per_key=1, per_coarse_key=_long(settings, events))


def _incidents(settings: EdFiSettings) -> CallCost:
    """A student's associations and now and then an incident, or all of both."""
    return CallCost(
        per_key=1 + _INCIDENTS_PER_STUDENT,
        per_coarse_key=2 * _long(settings, settings.students * _INCIDENTS_PER_STUDENT),
    )


def _actions(settings: EdFiSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=_long(settings, settings.students * _INCIDENTS_PER_STUDENT))


PATHS: Mapping[LookupMethod, AccessPath[Any]] = {
    Adapter.students_by_id: AccessPath(coarse_lookup=Adapter.roster_by_district, key_of=_student, cost=_roster),
    Adapter.student_identities_by_id: AccessPath(
        coarse_lookup=Adapter.student_identities_by_district, key_of=_student, cost=_identities
    ),
    Adapter.school_enrollments_by_student: AccessPath(
        coarse_lookup=Adapter.school_enrollments_by_district, key_of=_student, cost=_roster
    ),
    Adapter.attendance_events_by_student: AccessPath(
        coarse_lookup=Adapter.attendance_events_by_school,
        key_of=_student,
        cost=_attendance,
        coarse_keys_from=Adapter.school_enrollments_by_student,
        coarse_key_of=_school,
        sort_key=by_day_and_student,
    ),
    Adapter.discipline_incidents_by_student: AccessPath(
        coarse_lookup=Adapter.discipline_incidents_by_district, key_of=_student, cost=_incidents
    ),
    Adapter.discipline_actions_by_student: AccessPath(
        coarse_lookup=Adapter.discipline_actions_by_district, key_of=_student, cost=_actions
    ),
    Adapter.schools_by_id: AccessPath(
        coarse_lookup=Adapter.schools_by_district,
        key_of=_school,
        cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
    ),
}
"""Lookups that a coarser one can answer."""
