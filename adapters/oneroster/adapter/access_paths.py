"""
Access paths: lookups by student or school that one long list can answer instead of many short reads.

Costs are numbers of calls, estimated from the settings, of a server that supports the filters. A lookup itself
works
around what the server does not support.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.model import SchoolEnrollment, Student, StudentId, StudentIdentity
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.paging import MAX_ROWS


def _student_id(record: Student | StudentIdentity | SchoolEnrollment) -> StudentId:
    return record.student_id


def _student_pages(settings: OneRosterSettings) -> float:
    """Calls that read all students; infinity if there are more than the adapter may read in one list."""
    return settings.pages(settings.students) if settings.students <= MAX_ROWS else math.inf


def _roster_cost(settings: OneRosterSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=_student_pages(settings))


def _identities_cost(settings: OneRosterSettings) -> CallCost:
    """Students and, if the settings say so, their birth dates."""
    collections = 1 + settings.birth_dates
    return CallCost(per_key=collections, per_coarse_key=collections * _student_pages(settings))


def _school_enrollments_cost(settings: OneRosterSettings) -> CallCost:
    """Students, and the schools and sessions that their enrollments refer to."""
    return CallCost(per_key=3, per_coarse_key=_student_pages(settings) + 2)


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.students_by_id: (
        AccessPath(coarse_lookup=Adapter.roster_by_district, key_of=_student_id, cost=_roster_cost),
    ),
    Adapter.student_identities_by_id: (
        AccessPath(
            coarse_lookup=Adapter.student_identities_by_district, key_of=_student_id, cost=_identities_cost
        ),
    ),
    Adapter.school_enrollments_by_student: (
        AccessPath(
            coarse_lookup=Adapter.school_enrollments_by_district, key_of=_student_id, cost=_school_enrollments_cost
        ),
    ),
    Adapter.schools_by_id: (
        AccessPath(
            coarse_lookup=Adapter.schools_by_district,
            key_of=lambda school: school.school_id,
            cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
        ),
    ),
}
"""The lookups that a coarser lookup can answer."""
