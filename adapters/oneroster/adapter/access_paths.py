"""
Coarser ways to answer lookups by student: one long read instead of many short ones.

Prices are calls, estimated from the settings, of a server that filters by the fields that are asked for. What a
server does not offer is worked around inside a lookup, where it is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import Adapter, Calls, LookupMethod, Split
from student_graph.adapters.model import SchoolEnrollment, Student, StudentId, StudentIdentity
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.paging import MAX_ITEMS


def _student(each: Student | StudentIdentity | SchoolEnrollment) -> StudentId:
    return each.student_id


def _everybody(settings: OneRosterSettings) -> float:
    """Calls of a read of all students; more than are ever read at once is no way at all."""
    return settings.pages(settings.students) if settings.students <= MAX_ITEMS else math.inf


def _roster(settings: OneRosterSettings) -> Calls:
    return Calls(point=1, coarse=_everybody(settings))


def _identities(settings: OneRosterSettings) -> Calls:
    """Students, and their birth dates where they are read."""
    times = 1 + settings.birth_dates
    return Calls(point=times, coarse=times * _everybody(settings))


def _stays(settings: OneRosterSettings) -> Calls:
    """Students, and the schools and sessions that turn their roles into stays."""
    return Calls(point=3, coarse=_everybody(settings) + 2)


PATHS: Mapping[LookupMethod, Split[Any]] = {
    Adapter.students_by_id: Split(via=Adapter.roster_by_district, by=_student, calls=_roster),
    Adapter.student_identities_by_id: Split(
        via=Adapter.student_identities_by_district, by=_student, calls=_identities
    ),
    Adapter.school_enrollments_by_student: Split(
        via=Adapter.school_enrollments_by_district, by=_student, calls=_stays
    ),
    Adapter.schools_by_id: Split(
        via=Adapter.schools_by_district,
        by=lambda school: school.school_id,
        calls=lambda _: Calls(point=1, coarse=1),
    ),
}
"""Lookups that a coarser one can answer."""
