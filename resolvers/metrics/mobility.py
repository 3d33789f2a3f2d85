"""Changes of school."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from student_graph.adapters.model import SchoolEnrollment
from student_graph.resolvers.metrics.attendance.enrolled import is_derived
from student_graph.resolvers.metrics.exact import count_of
from student_graph.resolvers.metrics.facts import Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.tally import Scope, Tally, spec


@dataclass(frozen=True, slots=True)
class SchoolChange:
    """A student left one school and entered another."""

    left: SchoolEnrollment
    entered: SchoolEnrollment


def school_changes(enrollments: Iterable[SchoolEnrollment], first: date, last: date) -> list[SchoolChange]:
    """
    The changes of school from the first to the last day, both included, in the order of the entries.

    A change is an entry at a school after the student left another one, both within these days. The school that
    counts as left is the one with the latest exit up to the entry. Coming back to the same school is no change. A
    second school in addition to the first is no change either. Enrollments that are said not to be at the primary
    school, and those that never lasted a day, do not count.
    """
    rows = sorted(_lasting(enrollments), key=lambda row: (row.entry_date, row.vendor_id))
    changes = []
    for entered in rows:
        if not first <= entered.entry_date <= last:
            continue
        exits = [row for row in rows if row.exit_withdraw_date and row.exit_withdraw_date <= entered.entry_date]
        latest = max((row.exit_withdraw_date or date.min for row in exits), default=None)
        if latest is None or latest < first:
            continue
        left = [row for row in exits if row.exit_withdraw_date == latest]
        is_return = any(row.school_id == entered.school_id for row in left)
        if not is_return and not _is_enrolled_before(rows, entered):
            changes.append(SchoolChange(left[0], entered))
    return changes


def _lasting(enrollments: Iterable[SchoolEnrollment]) -> list[SchoolEnrollment]:
    return [
        row
        for row in enrollments
        if row.primary_school is not False
        and (row.exit_withdraw_date is None or row.exit_withdraw_date > row.entry_date)
    ]


def _is_enrolled_before(rows: Sequence[SchoolEnrollment], entered: SchoolEnrollment) -> bool:
    """Whether another enrollment at the same school covers the entry, so that the entry is a repeated record."""
    return any(
        row is not entered
        and row.school_id == entered.school_id
        and row.entry_date <= entered.entry_date
        and (row.exit_withdraw_date is None or row.exit_withdraw_date > entered.entry_date)
        and (row.entry_date, row.vendor_id) < (entered.entry_date, entered.vendor_id)
        for row in rows
    )


def count_changes(facts: StudentFacts, scope: Scope) -> Tally:
    """Changes of school within the window."""
    if not facts.enrollments:
        return Tally(quality={DataQuality.ENROLLMENT_UNKNOWN}, reasons=["No enrollment is recorded."])
    if any(is_derived(row, scope.request) for row in facts.enrollments):
        return Tally(
            quality={DataQuality.ENROLLMENT_UNKNOWN}, reasons=["The dates of the enrollments are not recorded."]
        )
    changes = [
        change
        for change in school_changes(facts.enrollments, scope.window.first, scope.window.last)
        if scope.request.school in (None, change.left.school_id, change.entered.school_id)
    ]
    return Tally(
        value=Fraction(len(changes)),
        reasons=[f"{count_of(len(changes), 'change')} of school."],
        evidence=[row for change in changes for row in (change.left, change.entered)],
    )


MOBILITY_SPECS = (
    spec(
        Metric.SCHOOL_CHANGES,
        "Entries at a school after the student left another school of the district, both within the window. To "
        "come back to the same school is no change, and neither is a second school beside the first.",
        count_changes,
        (Part.ENROLLMENTS, Part.CALENDAR),
    ),
)
"""Mobility."""
