"""
Access paths: one list of a course, or the rosters of all courses, in place of calls for each student.

Costs are numbers of calls, and only a first guess: the gateway learns what they really are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.google_classroom.adapter.settings import GoogleClassroomSettings
from student_graph.adapters.google_classroom.client.addresses import SectionNames
from student_graph.adapters.google_classroom.mapping.submissions import due_order
from student_graph.adapters.model import AssignmentWork, LmsAccount, LmsCourseId, StudentId

COURSES_PER_STUDENT = 5
"""About how many active courses a student has."""
CALLS_FOR_DISTRICT = 150
"""About how many calls the rosters of a district of 1,000 students take."""


def _student_id(record: LmsAccount | AssignmentWork) -> StudentId:
    return record.student_id


def _course_ids(account: LmsAccount) -> tuple[LmsCourseId, ...]:
    return account.course_ids


def _has_email(key: StudentId) -> bool:
    """Whether rosters name the student by this key: they do by the e-mail address."""
    return key.startswith("email:")


def _account_cost(_: GoogleClassroomSettings) -> CallCost:
    return CallCost(per_key=2, per_coarse_key=CALLS_FOR_DISTRICT)


def _work_cost(settings: GoogleClassroomSettings) -> CallCost:
    """For a student the account, and for each course its work and the submissions; for a course four lists."""
    aliases = 1 if SectionNames(settings.section_link).in_aliases else 0
    return CallCost(per_key=2 + COURSES_PER_STUDENT * (2 + aliases), per_coarse_key=4 + aliases)


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.lms_accounts_by_student: (
        AccessPath(
            coarse_lookup=Adapter.lms_accounts_by_district,
            key_of=_student_id,
            cost=_account_cost,
            accepts=_has_email,
        ),
    ),
    Adapter.assignment_work_by_student: (
        AccessPath(
            coarse_lookup=Adapter.assignment_work_by_lms_course,
            key_of=_student_id,
            cost=_work_cost,
            coarse_keys_from=Adapter.lms_accounts_by_student,
            coarse_keys_of=_course_ids,
            sort_key=due_order,
            accepts=_has_email,
        ),
    ),
}
"""The lookups that a coarser lookup can answer."""
