"""Enrollments that nobody ended when the school year was over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from student_graph.adapters.model import SchoolEnrollment


def until_next_year(enrollments: Sequence[SchoolEnrollment]) -> Sequence[SchoolEnrollment]:
    """
    A student's enrollments. None lasts into a later school year that has an enrollment of its own.

    Some districts record no exit of a student who goes on to the next year, perhaps at another school. Such an
    enrollment ends when the first one begins that states a later school year. If one of the two states no year,
    it lasts: the system may have one enrollment for all years.
    """
    first_days: dict[int, date] = {}
    for row in enrollments:
        if row.school_year is not None:
            first_days[row.school_year] = min(row.entry_date, first_days.get(row.school_year, row.entry_date))
    if len(first_days) < 2:
        return enrollments
    return [_ended(row, first_days) for row in enrollments]


def _ended(row: SchoolEnrollment, first_days: dict[int, date]) -> SchoolEnrollment:
    if row.exit_withdraw_date is not None or row.school_year is None:
        return row
    later = [day for year, day in first_days.items() if year > row.school_year]
    return replace(row, exit_withdraw_date=max(min(later), row.entry_date)) if later else row
