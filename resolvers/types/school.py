"""Schools, and students' enrollments at them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.cohorts.conditions.reads import reads_of_list
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import After, First
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import EXPLAIN_METADATA, LIST_READS_METADATA, field, uses_lookups
from student_graph.resolvers.fields.load import district_of, load_by_district, load_lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.connection import StudentConnection, student_connection
from student_graph.resolvers.student_list.explanation import explain_students_of_school
from student_graph.resolvers.student_list.filter import FilterArgument, OrderBy, StudentFilter
from student_graph.resolvers.types import calendar
from student_graph.resolvers.types.calendar import FirstDay, LastDay, Term, days_between, sections_in, term_of
from student_graph.resolvers.types.district import district
from student_graph.resolvers.types.metrics.tables import school_metrics

SectionsYear: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="School year, named by the calendar year in which it ends. If omitted: the year of `term`, "
        "or the district's current school year without one."
    ),
]


@batched
@uses_lookups(Adapter.sections_by_school)
async def sections(
    schools: Sequence[model.School], info: Info, school_year: SectionsYear = None, term: Term = None
) -> Outcomes[list[model.Section] | None]:
    """Sections of the school in a school year or a term, ordered by identifier."""

    async def load_district(
        district: District, members: Sequence[model.School]
    ) -> Outcomes[list[model.Section] | None]:
        if term is None:
            year = district.school_year(district.today()) if school_year is None else school_year
            return await load_lists(info, Adapter.sections_by_school, members, "school_id", school_year=year)
        key = term_of(term, district.id)
        school_ids = {school.school_id for school in members}
        if key is None or key.school_id not in school_ids or school_year not in (None, key.school_year):
            return [[] for _ in members]
        term_sections = await sections_in(info, district.id, key)
        return [term_sections if school.school_id == key.school_id else [] for school in members]

    return await load_by_district(info, schools, load_district)


@record_type
class School(model.School, Node):
    """A school with its terms, sections, calendar days and students."""

    sessions = lookup(Adapter.sessions_by_school, key="school_id")
    """Terms of the school, earliest first."""
    class_periods = lookup(Adapter.class_periods_by_school, key="school_id")
    """Class periods of the school, with their times of day, by name."""

    district = district
    sections = sections
    metrics = school_metrics

    @field
    @uses_lookups(Adapter.calendar_days_by_school)
    async def calendar_days(self, info: Info, from_: FirstDay, to: LastDay) -> list[model.CalendarDay] | None:
        """Days of all of the school's calendars, earliest first. The range may span at most ten school years."""
        return await days_between(info, self, from_, to)

    @partial(
        field,
        metadata={
            EXPLAIN_METADATA: explain_students_of_school,
            LIST_READS_METADATA: reads_of_list(in_school=True),
        },
    )
    @uses_lookups(Adapter.school_enrollments_by_school, Adapter.students_by_id)
    async def students(
        self,
        info: Info,
        filter: FilterArgument = None,
        first: First = 25,
        after: After = None,
        order_by: OrderBy = None,
    ) -> StudentConnection | None:
        """
        Students enrolled at the school whose records the viewer may see, by student number or by a metric.

        Enrolled means on the `asOf` day of `filter`, or today. `filter` must not name a district or school.
        """
        key = Key(district_of(self), self.school_id)
        return await student_connection(info, filter or StudentFilter(), first, after, key, order=order_by)


@record_type
class SchoolEnrollment(model.SchoolEnrollment):
    """A student's enrollment at a school."""

    calendar = calendar.calendar
    school = lookup(Adapter.schools_by_id, key="school_id")
    """The school at which the student is enrolled."""
    student = lookup(Adapter.students_by_id, key="student_id")
    """The enrolled student."""
