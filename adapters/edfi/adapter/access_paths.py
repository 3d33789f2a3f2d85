"""
Access paths of the adapter: one long list instead of many short ones, for lookups by student and by school.

Costs are calls, estimated from the settings. `AccessPath` says when a coarse list may answer a lookup.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.edfi.adapter.school_life import day_and_student
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
"""Estimated incidents, behaviors and actions of a student in a year, each; prices reads only."""


def _student_of(
    record: Student | StudentIdentity | SchoolEnrollment | AttendanceEvent | DisciplineIncident | DisciplineAction,
) -> StudentId:
    return record.student_id


def _school_of(record: School | SchoolEnrollment) -> SchoolId:
    return record.school_id


def _list_calls(settings: EdFiSettings, rows: float) -> float:
    """Calls for a list of so many rows; infinite if the list is too long to be read."""
    return settings.pages(rows) if rows <= MAX_ROWS else math.inf


def _roster_cost(settings: EdFiSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=_list_calls(settings, settings.students))


def _identities_cost(settings: EdFiSettings) -> CallCost:
    """The cost of students, and of their associations with the agency and with a school."""
    students, associations = settings.students, 2 * settings.students
    return CallCost(
        per_key=2, per_coarse_key=_list_calls(settings, students) + _list_calls(settings, associations)
    )


def _attendance_cost(settings: EdFiSettings) -> CallCost:
    events = settings.school_students * settings.attendance_events_per_student
    return CallCost(per_key=1, per_coarse_key=_list_calls(settings, events))


def _incidents_cost(settings: EdFiSettings) -> CallCost:
    """The cost of a student's behaviors and of rare incidents, or of all behaviors and all incidents."""
    return CallCost(
        per_key=1 + _INCIDENTS_PER_STUDENT,
        per_coarse_key=2 * _list_calls(settings, settings.students * _INCIDENTS_PER_STUDENT),
    )


def _actions_cost(settings: EdFiSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=_list_calls(settings, settings.students * _INCIDENTS_PER_STUDENT))


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.students_by_id: (
        AccessPath(coarse_lookup=Adapter.roster_by_district, key_of=_student_of, cost=_roster_cost),
    ),
    Adapter.student_identities_by_id: (
        AccessPath(
            coarse_lookup=Adapter.student_identities_by_district, key_of=_student_of, cost=_identities_cost
        ),
    ),
    Adapter.school_enrollments_by_student: (
        AccessPath(coarse_lookup=Adapter.school_enrollments_by_district, key_of=_student_of, cost=_roster_cost),
    ),
    Adapter.attendance_events_by_student: (
        AccessPath(
            coarse_lookup=Adapter.attendance_events_by_school,
            key_of=_student_of,
            cost=_attendance_cost,
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=_school_of,
            sort_key=day_and_student,
        ),
    ),
    Adapter.discipline_incidents_by_student: (
        AccessPath(
            coarse_lookup=Adapter.discipline_incidents_by_district, key_of=_student_of, cost=_incidents_cost
        ),
    ),
    Adapter.discipline_actions_by_student: (
        AccessPath(coarse_lookup=Adapter.discipline_actions_by_district, key_of=_student_of, cost=_actions_cost),
    ),
    Adapter.schools_by_id: (
        AccessPath(
            coarse_lookup=Adapter.schools_by_district,
            key_of=_school_of,
            cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
        ),
    ),
}
"""Access path by the lookup that it can answer."""
