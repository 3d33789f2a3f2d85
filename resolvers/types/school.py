"""Schools, and students' stays at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import After, First
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import asks, field
from student_graph.resolvers.fields.load import by_district, district_of, lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import Told
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.connection import StudentConnection, students_in
from student_graph.resolvers.student_list.filter import Filter, StudentFilter
from student_graph.resolvers.types import calendar
from student_graph.resolvers.types.calendar import FirstDay, LastDay, Term, days_between, sections_in, term_of
from student_graph.resolvers.types.district import district

SectionsYear: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="School year by the calendar year in which it ends; when left out, that of the term named, "
        "else the district's current one."
    ),
]


@batched
@asks(Adapter.sections_by_school)
async def sections(
    schools: Sequence[model.School], info: Info, school_year: SectionsYear = None, term: Term = None
) -> Told[list[model.Section] | None]:
    """Sections of the school, by identifier: of a school year, or of a term of the school."""

    async def ask(where: District, some: Sequence[model.School]) -> Told[list[model.Section] | None]:
        if term is None:
            year = where.school_year(where.today()) if school_year is None else school_year
            return await lists(info, Adapter.sections_by_school, some, "school_id", school_year=year)
        named = term_of(term, where.id)
        meant = {school.school_id for school in some}
        if named is None or named.school_id not in meant or school_year not in (None, named.school_year):
            return [[] for _ in some]
        taught = await sections_in(info, where.id, named)
        return [taught if school.school_id == named.school_id else [] for school in some]

    return await by_district(info, schools, ask)


@record_type
class School(model.School, Node):
    """A school, and what hangs off it."""

    sessions = lookup(Adapter.sessions_by_school, key="school_id")

    district = district
    sections = sections

    @field
    @asks(Adapter.calendar_days_by_school)
    async def calendar_days(self, info: Info, from_: FirstDay, to: LastDay) -> list[model.CalendarDay] | None:
        """Days of the school's calendars, earliest first; at most ten school years at once."""
        return await days_between(info, self, from_, to)

    @field
    @asks(Adapter.school_enrollments_by_school, Adapter.students_by_id)
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
