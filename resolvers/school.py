"""Schools, and students' stays at them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from adapters import model
from adapters.contract import Adapter
from adapters.sources import Key
from resolvers import calendar
from resolvers.arguments import After, First
from resolvers.calendar import FirstDay, LastDay, Term, days_between, sections_in, term_of
from resolvers.context import Info
from resolvers.district import LocalEducationAgency, agency
from resolvers.field import field
from resolvers.load import district_calendar, district_of, key_of, load_many
from resolvers.lookup import lookup
from resolvers.node import Node
from resolvers.record import record_type
from resolvers.scope import Filter, StudentFilter
from resolvers.students import StudentConnection, students_in

SectionsYear: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="School year by the calendar year in which it ends; when left out, that of the term named, "
        "else the district's current one."
    ),
]


@record_type
class School(model.School, Node):
    """A school, and what hangs off it."""

    sessions = lookup(Adapter.sessions_by_school, key="school_id")

    @field
    def district(self, info: Info) -> LocalEducationAgency | None:
        """The district that the school belongs to."""
        return agency(info, district_of(self))

    @field
    async def sections(
        self, info: Info, school_year: SectionsYear = None, term: Term = None
    ) -> list[model.Section] | None:
        """Sections of the school, by identifier: of a school year, or of a term of the school."""
        district = district_calendar(info, self)
        if term is None:
            year = district.school_year(district.today()) if school_year is None else school_year
            return await load_many(info, Adapter.sections_by_school, key_of(self, "school_id"), school_year=year)
        named = term_of(term, district.id)
        if named is None or named.school_id != self.school_id or school_year not in (None, named.school_year):
            return []
        return await sections_in(info, district.id, named)

    @field
    async def calendar_days(self, info: Info, from_: FirstDay, to: LastDay) -> list[model.CalendarDay] | None:
        """Days of the school's calendars, earliest first; at most ten school years at once."""
        return await days_between(info, self, from_, to)

    @field
    async def students(
        self, info: Info, filter: Filter = None, first: First = 25, after: After = None
    ) -> StudentConnection | None:
        """Students enrolled at the school on the day, by number."""
        key = Key(district_of(self), self.school_id)
        return await students_in(info, filter or StudentFilter(), first, after, key)


@record_type
class SchoolEnrollment(model.SchoolEnrollment):
    """A stay at a school."""

    calendar = calendar.calendar
    school = lookup(Adapter.schools_by_id, key="school_id")
    student = lookup(Adapter.students_by_id, key="student_id")
