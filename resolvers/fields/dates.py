"""Days and school years that a question spans."""

from __future__ import annotations

from datetime import date

from student_graph.adapters.sources import District
from student_graph.resolvers.fields.errors import bad_input

MOST_YEARS = 10
"""School years that one question may span."""


def school_years(district: District, first: date, last: date) -> range:
    """
    The school years that a span of days touches.

    Raises:
        GraphQLError: the span ends before it begins, or is too long.
    """
    if last < first:
        raise bad_input("from, to: the last day lies before the first.")
    years = range(district.school_year(first), district.school_year(last) + 1)
    if len(years) > MOST_YEARS:
        raise bad_input(f"from, to: ask for at most {MOST_YEARS} school years at once.")
    return years


def span(district: District, first: date | None, last: date | None) -> tuple[date, date]:
    """The days asked for: up to today without an end, from the start of that school year without a start."""
    end = last or max(district.today(), first or date.min)
    return first or year_start(district, end), end


def within(day: date, first: date | None, last: date | None) -> bool:
    """Whether a day lies in a span; a bound that is not named is open."""
    return (first is None or first <= day) and (last is None or day <= last)


def active(begin: date | None, end: date | None, day: date) -> bool:
    """Whether a time that includes its last day includes `day`; a bound that is not recorded is open."""
    return (begin is None or begin <= day) and (end is None or day <= end)


def year_start(district: District, day: date) -> date:
    """First day of the school year that `day` belongs to."""
    month, first = district.school_year_starts
    return date(max(day.year - ((day.month, day.day) < (month, first)), date.min.year), month, first)
