"""Access paths: one list of a course, or the rosters of all courses, in place of calls for each student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.google_classroom.adapter.settings import GoogleClassroomSettings
from student_graph.adapters.google_classroom.client.addresses import SectionNames
from student_graph.adapters.google_classroom.mapping.submissions import due_order
from student_graph.adapters.learning.access_paths import (
    COURSES_PER_STUDENT,
    accounts_of_district,
    lists_of_courses,
    names_field,
)

CALLS_FOR_DISTRICT = 150
"""About how many calls the rosters of a district of 1,000 students take."""
_has_email = names_field("email")
"""Whether rosters name a student by a key: they do by the e-mail address."""


def _account_cost(_: GoogleClassroomSettings) -> CallCost:
    return CallCost(per_key=2, per_coarse_key=CALLS_FOR_DISTRICT)


def _work_cost(settings: GoogleClassroomSettings) -> CallCost:
    """For a student the account, and for each course its work and the submissions; for a course four lists."""
    aliases = 1 if SectionNames(settings.section_link).in_aliases else 0
    return CallCost(per_key=2 + COURSES_PER_STUDENT * (2 + aliases), per_coarse_key=4 + aliases)


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    Adapter.lms_accounts_by_student: (accounts_of_district(_account_cost, accepts=_has_email),),
    Adapter.assignment_work_by_student: (
        lists_of_courses(
            Adapter.assignment_work_by_lms_course, _work_cost, sort_key=due_order, accepts=_has_email
        ),
    ),
}
"""The lookups that a coarser lookup can answer."""
