"""Access paths: the lists of courses, or the rosters of all courses, in place of calls for each student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.learning.access_paths import (
    COURSES_PER_STUDENT,
    accounts_of_district,
    lists_of_courses,
    names_field,
)
from student_graph.adapters.moodle.adapter.settings import MoodleSettings
from student_graph.adapters.moodle.mapping.courses import grade_order
from student_graph.adapters.moodle.mapping.work import due_order

CALLS_FOR_DISTRICT = 150
"""About how many calls the rosters of a district of 1,000 students take."""
_has_idnumber = names_field("idnumber")
"""Whether rosters name a student by a key: they do by the idnumber, if there is one."""


def _account_cost(_: MoodleSettings) -> CallCost:
    """The user and the courses; many users take one call."""
    return CallCost(per_key=2, per_coarse_key=CALLS_FOR_DISTRICT)


def _grades_cost(settings: MoodleSettings) -> CallCost:
    """For a student the account; for each course its students and gradebook."""
    return CallCost(per_key=_account_cost(settings).per_key + COURSES_PER_STUDENT * 2, per_coarse_key=2)


def _work_cost(settings: MoodleSettings) -> CallCost:
    """The calls for grades, and three lists for all courses together."""
    grades = _grades_cost(settings)
    return CallCost(per_key=grades.per_key + 3, per_coarse_key=grades.per_coarse_key)


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.lms_accounts_by_student: (accounts_of_district(_account_cost, accepts=_has_idnumber),),
    Adapter.assignment_work_by_student: (
        lists_of_courses(
            Adapter.assignment_work_by_lms_course, _work_cost, sort_key=due_order, accepts=_has_idnumber
        ),
    ),
    Adapter.course_grades_by_student: (
        lists_of_courses(
            Adapter.course_grades_by_lms_course, _grades_cost, sort_key=grade_order, accepts=_has_idnumber
        ),
    ),
}
"""The lookups that a coarser lookup can answer."""
