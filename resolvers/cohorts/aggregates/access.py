"""Who may count which students: everything for viewers who see them all, hidden small cells for other staff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from student_graph.adapters.errors import ForbiddenError
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.access import Reach
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.aggregates.members import Cohort, Members, members_of
from student_graph.resolvers.context import Context, Info, ViewerRole
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS

STAFF_ROLES = frozenset({ViewerRole.TEACHER, ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR})
"""Roles that may count the students of a school at which they reach enough."""
MIN_OWN_STUDENTS = 10
"""
Fewest students of a school that a viewer must reach to count all of them: one student of two schools is not enough
for the second one.
"""


@dataclass(frozen=True, slots=True)
class Access:
    """Which students of a cohort a viewer may see."""

    members: Members
    """All students of the cohort."""
    is_complete: bool
    """Whether the viewer may see all of these students, in all classes of data that are counted."""
    reach: Reach

    def sees(self, student: StudentId) -> bool:
        """Return whether the viewer may see a student."""
        return self.is_complete or self.reach.contains(student)


def refuse_unless_granted(
    context: Context, district: District, metrics: Iterable[Metric], dimensions: Iterable[Dimension]
) -> None:
    """
    Check that the viewer has the classes of data that a table reads, of at least some students.

    The answer depends on the viewer only, not on what is recorded.

    Raises:
        ForbiddenError: a class is not granted, or the request uses break-glass, which opens no count.
    """
    if context.viewer.emergency is not None:
        raise ForbiddenError("break-glass gives access to students, not to counts")
    rights = context.viewer.rights_in(district)
    missing = [kind for kind in classes_of(metrics, dimensions) if not rights.allow(kind)]
    if missing:
        _note_denied(context, district)
        raise context.viewer.not_granted(district, missing[0])


def classes_of(metrics: Iterable[Metric], dimensions: Iterable[Dimension]) -> list[Sensitivity]:
    """Return the classes of data that a table reads, by name."""
    classes = {METRICS[metric].sensitivity for metric in metrics}
    classes |= {DIMENSIONS[dimension].sensitivity for dimension in dimensions}
    return sorted(classes, key=lambda kind: kind.name)


def refuse_unless_counting(context: Context, cohort: Cohort, reach: Reach) -> None:
    """
    Check that a viewer may count students at all.

    Students of a district may be counted only by a service, or by viewers who may see all of them.

    Raises:
        ForbiddenError: the viewer may not.
    """
    viewer = context.viewer
    may_count_all = reach.everybody or viewer.counts_only
    if not may_count_all and viewer.role not in STAFF_ROLES:
        raise _refused(context, cohort.district, "only staff and services may count students")
    if not may_count_all and cohort.is_district:
        reason = "only superintendents and services may count the students of a district"
        raise _refused(context, cohort.district, reason)


async def access_to(info: Info, cohort: Cohort, day: date, classes: Sequence[Sensitivity], reach: Reach) -> Access:
    """
    Return which students of a cohort the viewer may see, who may count students.

    Raises:
        AdapterError: the viewer may not count these students, or they could not be read.
    """
    context, district = info.context, cohort.district
    members = await members_of(info, cohort, day, for_counts=not reach.everybody)
    rights = context.viewer.rights_in(district)
    visible = [rights.visible_students(kind, reach) for kind in (Sensitivity.OPEN, *classes)]
    if all(students is None or members.keys() <= students for students in visible):
        return Access(members, is_complete=True, reach=reach)
    if limited := [kind for kind in classes if kind not in rights.for_all]:
        error = _refused(context, district, "granted for other students")
        error.sensitivity, error.limited = limited[0].name, True
        raise error
    is_own_school = cohort.school is not None and sum(map(reach.contains, members)) >= MIN_OWN_STUDENTS
    if not is_own_school and not (cohort.is_district and context.viewer.counts_only):
        raise _refused(context, district, "the viewer sees too few of these students to count them")
    return Access(members, is_complete=False, reach=reach)


def _refused(context: Context, district: District, reason: str) -> ForbiddenError:
    _note_denied(context, district)
    return ForbiddenError(reason)


def _note_denied(context: Context, district: District) -> None:
    denied = context.operation.disclosures.denied
    denied[district.id] = denied.get(district.id, 0) + 1
