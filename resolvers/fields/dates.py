"""Ranges of days and school years in field arguments."""

from __future__ import annotations

from datetime import date

from student_graph.adapters.sources import District
from student_graph.resolvers.fields.errors import bad_input

MAX_SCHOOL_YEARS = 10
"""Maximum number of school years in the date range of one field."""


def school_years(district: District, first: date, last: date) -> range:
    """
    Return the school years that contain some of the days from `first` to `last`.

    Raises:
        GraphQLError: `last` is before `first`, or the range is too long.
    """
    if last < first:
        raise bad_input("from, to: the last day is before the first day.")
    years = range(district.school_year(first), district.school_year(last) + 1)
    if len(years) > MAX_SCHOOL_YEARS:
        raise bad_input(f"from, to: ask for at most {MAX_SCHOOL_YEARS} school years at once.")
    return years


def date_range(district: District, first: date | None, last: date | None) -> tuple[date, date]:
    """
    Return the first and last day of a range.

    Without `last` it ends today, or on `first` if that is later. Without `first` it starts with the school year of
    its last day.
    """
    end = last or max(district.today(), first or date.min)
    return first or school_year_start(district, end), end


def is_within(day: date, first: date | None, last: date | None) -> bool:
    """Return whether a day is from `first` to `last`, both included; a bound that is None is open."""
    return (first is None or first <= day) and (last is None or day <= last)


def is_active(begin: date | None, end: date | None, day: date) -> bool:
    """Return whether `day` is from `begin` to `end`, both included; a bound that is not recorded is open."""
    return is_within(day, begin, end)


def school_year_start(district: District, day: date) -> date:
    """Return the first day of the school year that contains `day`."""
    month, first = district.school_year_starts
    return date(max(day.year - ((day.month, day.day) < (month, first)), date.min.year), month, first)
