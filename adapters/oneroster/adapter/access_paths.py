"""
Coarser ways to answer lookups by student: one long read instead of many short ones.

Prices are calls, estimated from the settings, of a server that filters by the fields that are asked for. What a
server does not offer is worked around inside a lookup, where it is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.model import SchoolEnrollment, Student, StudentId, StudentIdentity
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.paging import MAX_ROWS


def _student(each: Student | StudentIdentity | SchoolEnrollment) -> StudentId:
    return each.student_id


def _everybody(settings: OneRosterSettings) -> float:
    """Calls of a read of all students; more than are ever read at once is no way at all."""
    return settings.pages(settings.students) if settings.students <= MAX_ROWS else math.inf


def _roster(settings: OneRosterSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=_everybody(settings))


def _identities(settings: OneRosterSettings) -> CallCost:
    """Students, and their birth dates where they are read."""
    times = 1 + settings.birth_dates
    return CallCost(per_key=times, per_coarse_key=times * _everybody(settings))


def _stays(settings: OneRosterSettings) -> CallCost:
    """Students, and the schools and sessions that turn their roles into stays."""
    return CallCost(per_key=3, per_coarse_key=_everybody(settings) + 2)


PATHS: Mapping[LookupMethod, AccessPath[Any]] = {
    Adapter.students_by_id: AccessPath(coarse_lookup=Adapter.roster_by_district, key_of=_student, cost=_roster),
    Adapter.student_identities_by_id: AccessPath(
        coarse_lookup=Adapter.student_identities_by_district, key_of=_student, cost=_identities
    ),
    Adapter.school_enrollments_by_student: AccessPath(
        coarse_lookup=Adapter.school_enrollments_by_district, key_of=_student, cost=_stays
    ),
    Adapter.schools_by_id: AccessPath(
        coarse_lookup=Adapter.schools_by_district,
        key_of=lambda school: school.school_id,
        cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
    ),
}
"""Lookups that a coarser one can answer."""
