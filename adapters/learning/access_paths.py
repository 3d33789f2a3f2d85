"""
Access paths of learning management systems: lists of courses, in place of calls for each student.

Which courses a student is in is read first, from the student's account. Costs are numbers of calls, and only a
first guess: the gateway learns what they really are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.model import AssignmentWork, CourseGrade, LmsAccount, LmsCourseId, StudentId

COURSES_PER_STUDENT = 5
"""About how many current courses a student has."""


def names_field(field: str) -> Callable[[str], bool]:
    """Return whether a key names a field of the vendor: lists name their rows by that one, if there is one."""
    start = vendor_key(field, "")
    return lambda key: key.startswith(start)


def accounts_of_district(
    cost: Callable[[Any], CallCost],
    *,
    accepts: Callable[[StudentId], bool],
    is_complete: Callable[[Any], bool] | None = None,
) -> AccessPath[LmsAccount]:
    """The path from students to their accounts over all accounts of the district; see `AccessPath`."""
    return AccessPath(
        coarse_lookup=Adapter.lms_accounts_by_district,
        key_of=_student_id,
        cost=cost,
        is_complete=is_complete,
        accepts=accepts,
    )


def lists_of_courses(
    coarse_lookup: LookupMethod,
    cost: Callable[[Any], CallCost],
    *,
    sort_key: Callable[[Any], Any],
    accepts: Callable[[StudentId], bool],
    selects: Callable[[Any, Mapping[str, Hashable]], bool] | None = None,
) -> AccessPath[Any]:
    """The path from students over a list of each of their courses; see `AccessPath`."""
    return AccessPath(
        coarse_lookup=coarse_lookup,
        key_of=_student_id,
        cost=cost,
        coarse_keys_from=Adapter.lms_accounts_by_student,
        coarse_keys_of=_course_ids,
        sort_key=sort_key,
        selects=selects,
        accepts=accepts,
    )


def _student_id(record: LmsAccount | AssignmentWork | CourseGrade) -> StudentId:
    return record.student_id


def _course_ids(account: LmsAccount) -> tuple[LmsCourseId, ...]:
    return account.course_ids
