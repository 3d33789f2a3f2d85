"""
About how many rows Ed-Fi has for each student, and what lists of them cost in calls.

The gateway uses these estimates until it has seen what the lists hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from student_graph.adapters.contract import CallCost
from student_graph.adapters.edfi.adapter.settings import EdFiSettings
from student_graph.adapters.paging import MAX_ROWS, max_pages_of

GRADES_PER_STUDENT = 20
"""Estimated posted grades of a student in a year."""
SECTIONS_PER_STUDENT = 8
"""Estimated enrollments of a student in sections."""
SECTIONS_PER_CLASSMATE = 0.3
"""Estimated sections for each student of the district: six of 28 students for each."""
COURSES_PER_SECTION = 0.3
"""Estimated courses for each section."""
SECTION_EVENTS_PER_STUDENT = 10
"""Estimated attendance events of a student in sections in a year."""
ACADEMIC_RECORDS_PER_STUDENT = 4
"""Estimated terms with an academic record of a student."""
ASSESSMENT_RESULTS_PER_STUDENT = 6
"""Estimated assessment results of a student."""
ASSESSMENTS_PER_STUDENT = 0.05
"""Estimated assessments for each student of the district."""
CONTACTS_PER_STUDENT = 1.5
"""Estimated contacts of a student."""
ASSOCIATIONS_PER_STUDENT = 2
"""Estimated associations of a student with agencies and schools."""
SECTION_STAFF_PER_STUDENT = 0.4
"""Estimated teachers of sections for each student, one who teaches six sections counted six times."""
STAFF_PER_STUDENT = 0.1
"""Estimated members of staff for each student."""
INCIDENTS_PER_STUDENT = 0.1
"""Estimated incidents, behaviors and actions of a student in a year, each."""
PROGRAMS_PER_STUDENT = 0.1
"""Estimated participations of a student in programs of one kind, other than meals."""
MEALS_PER_STUDENT = 0.5
"""Estimated participations of a student in meals programs."""
BUSES_PER_STUDENT = 0.4
"""Estimated buses of a student."""

Cost: TypeAlias = Callable[[EdFiSettings], CallCost]
"""Estimates the calls of a lookup and of a list, by the settings of the source."""


def list_calls(page_rows: int, rows: float, max_rows: int = MAX_ROWS) -> float:
    """Calls for a list of so many rows; infinite if the list is too long to be read."""
    pages = max(1, math.ceil(rows / page_rows))
    return math.inf if rows > max_rows or pages > max_pages_of(max_rows) else float(pages)


def of_district(*rows_per_student: float, calls: float = 1, max_rows: int = MAX_ROWS) -> Cost:
    """
    The cost of lists of the district with so many rows for each student; a key costs `calls` alone.

    `max_rows` are those of the longest list that is read.
    """
    return lambda settings: CallCost(
        calls, sum(list_calls(settings.page_size, settings.students * rows, max_rows) for rows in rows_per_student)
    )


def of_school(rows_per_student: float) -> Cost:
    """The cost of a list of a school with so many rows for each student."""
    return lambda settings: CallCost(
        1, list_calls(settings.page_size, settings.school_students * rows_per_student)
    )


def events_of_district(settings: EdFiSettings) -> CallCost:
    """The cost of the attendance events of the district in a year."""
    return of_district(settings.attendance_events_per_student)(settings)


def events_of_school(settings: EdFiSettings) -> CallCost:
    """The cost of the attendance events of a school in a year."""
    return of_school(settings.attendance_events_per_student)(settings)


def of_section(_: EdFiSettings) -> CallCost:
    """The cost of a list of a section, which is one page."""
    return CallCost(1, 1)
