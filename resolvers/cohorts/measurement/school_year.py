"""The school year that a metric is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from student_graph.adapters.sources import District
from student_graph.resolvers.fields.dates import school_year_start


class SchoolYear(NamedTuple):
    """A school year of a district."""

    name: int
    """The calendar year in which it ends."""
    first_day: date
    last_day: date


def school_year_of(district: District, day: date) -> SchoolYear:
    """Return the school year that contains a day."""
    first = school_year_start(district, day)
    return SchoolYear(district.school_year(day), first, first.replace(year=first.year + 1) - timedelta(days=1))
