"""
Access paths: the lists of courses, or the rosters of all courses, in place of calls for each student.

Costs are numbers of calls, and only a first guess: the gateway learns what they really are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.model import AssignmentWork, CourseGrade, LmsAccount, LmsCourseId, StudentId
from student_graph.adapters.moodle.adapter.settings import MoodleSettings
from student_graph.adapters.moodle.mapping.courses import grade_order
from student_graph.adapters.moodle.mapping.work import due_order

COURSES_PER_STUDENT = 5
"""About how many current courses a student has."""
CALLS_FOR_DISTRICT = 150
"""About how many calls the rosters of a district of 1,000 students take."""


def _student_id(record: LmsAccount | AssignmentWork | CourseGrade) -> StudentId:
    return record.student_id


def _course_ids(account: LmsAccount) -> tuple[LmsCourseId, ...]:
    return account.course_ids


def _has_idnumber(key: StudentId) -> bool:
    """Whether rosters name the student by this key: they do by the idnumber, if there is one."""
    return key.startswith("idnumber:")


def _account_cost(_: MoodleSettings) -> CallCost:
    """The user and the courses; many users take one call."""
    return CallCost(per_key=2, per_coarse_key=CALLS_FOR_DISTRICT)


def _grades_cost(settings: MoodleSettings) -> CallCost:
    """For a student the account; for each course its students and gradebook."""
    return CallCost(per_key=_account_cost(settings).per_key + COURSES_PER_STUDENT * 2, per_coarse_key=2)


def _work_cost(settings: MoodleSettings) -> CallCost:
    """The same, and three lists for all courses together."""
    grades = _grades_cost(settings)
    return CallCost(per_key=grades.per_key + 3, per_coarse_key=grades.per_coarse_key)


def _by_course(
    coarse_lookup: LookupMethod, cost: Callable[[MoodleSettings], CallCost], sort_key: Callable[[Any], Any]
) -> AccessPath[Any]:
    """The path from students over a list of each of their courses."""
    return AccessPath(
        coarse_lookup=coarse_lookup,
        key_of=_student_id,
        cost=cost,
        coarse_keys_from=Adapter.lms_accounts_by_student,
        coarse_keys_of=_course_ids,
        sort_key=sort_key,
        accepts=_has_idnumber,
    )


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.lms_accounts_by_student: (
        AccessPath(
            coarse_lookup=Adapter.lms_accounts_by_district,
            key_of=_student_id,
            cost=_account_cost,
            accepts=_has_idnumber,
        ),
    ),
    Adapter.assignment_work_by_student: (
        _by_course(Adapter.assignment_work_by_lms_course, _work_cost, due_order),
    ),
    Adapter.course_grades_by_student: (
        _by_course(Adapter.course_grades_by_lms_course, _grades_cost, grade_order),
    ),
}
"""The lookups that a coarser lookup can answer."""
