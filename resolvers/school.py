"""Schools, and students' stays at them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from adapters import model
from adapters.contract import Adapter
from adapters.sources import Key
from resolvers.arguments import After, First
from resolvers.context import Info
from resolvers.district import LocalEducationAgency, agency
from resolvers.field import field
from resolvers.load import ask_many, district_calendar, district_of, load_all
from resolvers.lookup import lookup
from resolvers.node import Node
from resolvers.record import record_type
from resolvers.scope import Filter, StudentFilter
from resolvers.students import StudentConnection, students_in
from resolvers.times import school_years


@record_type
class School(model.School, Node):
    """A school, and what hangs off it."""

    sections = lookup(Adapter.sections_by_school, key="school_id")
    sessions = lookup(Adapter.sessions_by_school, key="school_id")

    @field
    def district(self, info: Info) -> LocalEducationAgency | None:
        """The district that the school belongs to."""
        return agency(info, district_of(self))

    @field
    async def calendar_days(
        self,
        info: Info,
        from_: Annotated[date, strawberry.argument(name="from", description="First day, included.")],
        to: Annotated[date, strawberry.argument(description="Last day, included.")],
    ) -> list[model.CalendarDay] | None:
        """Days of the school's calendars, earliest first; at most ten school years at once."""
        key = Key(district_of(self), self.school_id)
        years = school_years(district_calendar(info, self), from_, to)
        days = await load_all(
            info, [ask_many(info, Adapter.calendar_days_by_school, key, school_year=year) for year in years]
        )
        return [day for day in days if from_ <= day.date <= to]

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

    school = lookup(Adapter.schools_by_id, key="school_id")
    student = lookup(Adapter.students_by_id, key="student_id")
