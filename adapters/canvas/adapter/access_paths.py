"""
Access paths: one list of a course, or of the district, in place of calls for each student or section.

Which course a section belongs to is read first, from the section.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from student_graph.adapters.canvas.adapter.settings import CanvasSettings
from student_graph.adapters.canvas.mapping.courses import grade_order
from student_graph.adapters.canvas.mapping.submissions import due_order
from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.learning.access_paths import (
    COURSES_PER_STUDENT,
    accounts_of_district,
    lists_of_courses,
    names_field,
)
from student_graph.adapters.model import AssignmentWork, CourseGrade, LmsCourse, LmsCourseId, SectionId

CALLS_FOR_DISTRICT = 30
"""About how many calls the accounts of a district of 1,500 students take."""
_has_sis_id, _has_sis_section_id = names_field("sis_user_id"), names_field("sis_section_id")
"""Whether lists of courses and users name a student, or a section, by a key: by the SIS id, if there is one."""


def _section_id(record: AssignmentWork | CourseGrade) -> SectionId | None:
    return record.section_id


def _course_id(course: LmsCourse) -> LmsCourseId | None:
    return course.lms_course_id


def _is_first(work: AssignmentWork, _: Mapping[str, Hashable]) -> bool:
    """Whether a student's work is taken from this row, and not from an earlier section of the same course."""
    return not work.is_repeated


def _can_list_accounts(settings: CanvasSettings) -> bool:
    return settings.graphql


def _account_cost(_: CanvasSettings) -> CallCost:
    return CallCost(per_key=1, per_coarse_key=CALLS_FOR_DISTRICT)


def _grades_cost(settings: CanvasSettings) -> CallCost:
    """For a student the enrollments and the names of courses; for a course its students and its name."""
    per_course = 1 / settings.courses_per_call if settings.graphql else 2
    names = 1 if settings.graphql else COURSES_PER_STUDENT
    return CallCost(per_key=1 + names, per_coarse_key=per_course)


def _work_cost(settings: CanvasSettings) -> CallCost:
    """The calls for grades, for the work in each course, and by the REST API for the assignments of each."""
    grades, rest = _grades_cost(settings), 0 if settings.graphql else 1
    return CallCost(
        per_key=grades.per_key + COURSES_PER_STUDENT * (1 + rest), per_coarse_key=grades.per_coarse_key + 1 + rest
    )


def _section_grades_cost(settings: CanvasSettings) -> CallCost:
    """
    For a section its students, and the name of the course; for a course its students.

    A course counts one call more: its name, if it is not known yet which course the section has.
    """
    return CallCost(per_key=2, per_coarse_key=_grades_cost(settings).per_coarse_key + 1)


def _section_work_cost(settings: CanvasSettings) -> CallCost:
    """The calls for grades of a section or course, its assignments, and the work of up to 100 students."""
    rest = 0 if settings.graphql else 1
    return CallCost(per_key=3 + rest, per_coarse_key=_work_cost(settings).per_coarse_key + 1)


def _section_by_course(
    coarse_lookup: LookupMethod, cost: Callable[[CanvasSettings], CallCost], sort_key: Callable[[Any], Any]
) -> AccessPath[Any]:
    """The path from sections over a list of their course."""
    return AccessPath(
        coarse_lookup=coarse_lookup,
        key_of=_section_id,
        cost=cost,
        coarse_keys_from=Adapter.lms_courses_by_section,
        coarse_key_of=_course_id,
        names_all_keys=True,
        sort_key=sort_key,
        accepts=_has_sis_section_id,
    )


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.lms_accounts_by_student: (
        accounts_of_district(_account_cost, accepts=_has_sis_id, is_complete=_can_list_accounts),
    ),
    Adapter.course_grades_by_section: (
        _section_by_course(Adapter.course_grades_by_lms_course, _section_grades_cost, grade_order),
    ),
    Adapter.assignment_work_by_section: (
        _section_by_course(Adapter.assignment_work_by_lms_course, _section_work_cost, due_order),
    ),
    Adapter.course_grades_by_student: (
        lists_of_courses(
            Adapter.course_grades_by_lms_course, _grades_cost, sort_key=grade_order, accepts=_has_sis_id
        ),
    ),
    Adapter.assignment_work_by_student: (
        lists_of_courses(
            Adapter.assignment_work_by_lms_course,
            _work_cost,
            sort_key=due_order,
            selects=_is_first,
            accepts=_has_sis_id,
        ),
    ),
}
"""The lookups that a coarser lookup can answer."""
