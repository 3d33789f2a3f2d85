"""
Access paths: lookups by student or section that one long list can answer instead of many short reads.

Costs are numbers of calls, estimated from the settings, of a server that supports the filters and routes of the
standard. A lookup itself works around what the server does not support.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.oneroster.adapter.gradebook import LINE_ITEMS_PER_STUDENT
from student_graph.adapters.oneroster.adapter.schools import STUDENTS_PER_CLASS, STUDENTS_PER_COURSE
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.adapter.users import USERS_PER_STUDENT
from student_graph.adapters.oneroster.client.keys import is_district_id
from student_graph.adapters.oneroster.mapping.enrollments import begin_date_and_section
from student_graph.adapters.oneroster.mapping.gradebook import due_time, section_and_date
from student_graph.adapters.paging import MAX_ROWS

CLASSES_PER_STUDENT = 7
"""Estimated number of classes in which a student is or was enrolled this year."""
ASSESSMENT_RESULTS_PER_STUDENT = 10
"""Estimated number of assessment results of a student, with those in parts of assessments."""
GRADED_CLASSES_PER_STUDENT = 4
"""Estimated number of classes in which a student has results."""
LINE_ITEM_CALLS_PER_STUDENT_11 = 15
"""Estimated calls for the line items of a student in version 1.1, whose results do not name their class."""
RESULTS_PER_CLASS = 500
"""Estimated number of results of a class in assignments and course grades."""


def _calls(settings: OneRosterSettings, rows: float) -> float:
    """Calls that read a list of so many rows; infinity if the adapter may not read so many."""
    return settings.pages(rows) if rows <= MAX_ROWS else math.inf


def _students(settings: OneRosterSettings, rows_per_student: float = 1) -> float:
    """Calls that read all students, or so many rows of each."""
    return _calls(settings, settings.students * rows_per_student)


def _identities(settings: OneRosterSettings) -> float:
    """Calls that read all students and, if the settings say so, their birth dates."""
    return (1 + settings.birth_dates) * _students(settings)


def _enrollments(settings: OneRosterSettings) -> float:
    """Calls that read all students and enrollments."""
    return _students(settings) + _students(settings, CLASSES_PER_STUDENT)


def _school_enrollments(settings: OneRosterSettings) -> float:
    """Calls that read the schools, and the students and enrollments of one of them."""
    students = settings.school_students
    return 1 + _calls(settings, students) + _calls(settings, students * CLASSES_PER_STUDENT)


def _classes(settings: OneRosterSettings) -> float:
    """Calls that read all classes and their courses."""
    students = settings.students
    return _calls(settings, students / STUDENTS_PER_CLASS) + _calls(settings, students / STUDENTS_PER_COURSE)


def _class_results(settings: OneRosterSettings) -> float:
    """Calls that read the line items, results and students of a class."""
    return 2 + _calls(settings, RESULTS_PER_CLASS)


def _student_results(settings: OneRosterSettings) -> float:
    """Calls that read a student, the results and their line items, and the categories."""
    all_items = settings.pages(settings.students * LINE_ITEMS_PER_STUDENT)
    own_items = LINE_ITEM_CALLS_PER_STUDENT_11 if settings.version == "1.1" else GRADED_CLASSES_PER_STUDENT
    return 3 + min(own_items, all_items)


def _path(
    coarse_lookup: LookupMethod,
    key: str,
    coarse_calls: Callable[[OneRosterSettings], float],
    *,
    calls: float | Callable[[OneRosterSettings], float],
    **options: Any,
) -> AccessPath[Any]:
    """
    The path of a lookup through a coarse lookup. It does not answer keys that identity rules have made.

    Args:
        coarse_lookup: The coarse lookup.
        key: The attribute of its records that holds the key.
        coarse_calls: Calls for one key of the coarse lookup.
        calls: Calls for one key of the lookup itself.
        options: Other attributes of the path.
    """

    def cost(settings: OneRosterSettings) -> CallCost:
        return CallCost(calls(settings) if callable(calls) else calls, coarse_calls(settings))

    return AccessPath(
        coarse_lookup=coarse_lookup, key_of=attrgetter(key), cost=cost, accepts=is_district_id, **options
    )


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.students_by_id: (_path(Adapter.roster_by_district, "student_id", _students, calls=1),),
    Adapter.student_identities_by_id: (
        _path(
            Adapter.student_identities_by_district,
            "student_id",
            _identities,
            calls=lambda settings: 1 + settings.birth_dates,
        ),
    ),
    Adapter.demographics_by_student: (
        _path(Adapter.demographics_by_district, "student_id", lambda settings: 2 * _students(settings), calls=2),
    ),
    Adapter.contacts_by_student: (
        _path(
            Adapter.contacts_by_district,
            "student_id",
            lambda settings: _students(settings) + _students(settings, USERS_PER_STUDENT),
            calls=2,
        ),
    ),
    Adapter.school_enrollments_by_student: (
        _path(
            Adapter.school_enrollments_by_district,
            "student_id",
            lambda settings: _students(settings) + 2,  # the schools and sessions that they name
            calls=3,
        ),
    ),
    Adapter.section_enrollments_by_student: (
        _path(
            Adapter.section_enrollments_by_school,
            "student_id",
            _school_enrollments,
            calls=2,
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=attrgetter("school_id"),
            sort_key=begin_date_and_section,
            is_complete=attrgetter("roles_name_all_schools"),
        ),
        _path(
            Adapter.section_enrollments_by_district,
            "student_id",
            _enrollments,
            calls=2,
            sort_key=begin_date_and_section,
        ),
    ),
    Adapter.section_enrollments_by_section: (
        _path(
            Adapter.section_enrollments_by_school,
            "section_id",
            _school_enrollments,
            calls=2,
            coarse_keys_from=Adapter.sections_by_id,
            coarse_keys_of=lambda section: (section.school_id,),
            is_complete=attrgetter("roles_name_all_schools"),
        ),
        _path(Adapter.section_enrollments_by_district, "section_id", _enrollments, calls=2),
    ),
    Adapter.course_grades_by_student: (
        _path(
            Adapter.course_grades_by_section,
            "student_id",
            _class_results,
            calls=lambda settings: _student_results(settings) + 1,  # and the sessions
            coarse_keys_from=Adapter.section_enrollments_by_student,
            coarse_key_of=attrgetter("section_id"),
            sort_key=section_and_date,
            selects=lambda grade, arguments: grade.school_year in (None, arguments["school_year"]),
            is_complete=attrgetter("enrollments_name_all_classes"),
        ),
    ),
    Adapter.assignment_work_by_student: (
        _path(
            Adapter.assignment_work_by_section,
            "student_id",
            _class_results,
            calls=_student_results,
            coarse_keys_from=Adapter.section_enrollments_by_student,
            coarse_key_of=attrgetter("section_id"),
            sort_key=due_time,
            is_complete=attrgetter("enrollments_name_all_classes"),
        ),
    ),
    Adapter.assessment_results_by_student: (
        _path(
            Adapter.assessment_results_by_district,
            "student_id",
            lambda settings: _students(settings) + _students(settings, ASSESSMENT_RESULTS_PER_STUDENT) + 1,
            calls=3,
        ),
    ),
    Adapter.sections_by_id: (
        _path(
            Adapter.sections_by_district,
            "section_id",
            lambda settings: _classes(settings) + 2,  # the schools and sessions that they name
            calls=4,
        ),
    ),
    Adapter.courses_by_section: (_path(Adapter.courses_by_district, "section_id", _classes, calls=2),),
    Adapter.schools_by_id: (_path(Adapter.schools_by_district, "school_id", lambda _: 1, calls=1),),
}
"""The lookups that coarser lookups can answer."""
