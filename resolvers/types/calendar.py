"""Terms and calendars of schools, and the calendar that applies to an enrollment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import DistrictId, SchoolId
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.dates import school_years
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import field, uses_lookups
from student_graph.resolvers.fields.ids import GlobalId, TermKey, decode, parse_term_key
from student_graph.resolvers.fields.load import (
    district_for,
    district_of,
    load_lists,
    load_many,
    parent_key,
    value_or_raise,
)
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.outcome import Outcomes, map_with_parents, merge_lists
from student_graph.resolvers.fields.record import record_type

Term: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only sections taught in this term, given as the `id` of a `Session`."),
]
FirstDay: TypeAlias = Annotated[
    date, strawberry.argument(name="from", description="First day of the range, included.")
]
LastDay: TypeAlias = Annotated[date, strawberry.argument(description="Last day of the range, included.")]


@record_type
class Session(model.Session, Node):
    """A term with its school."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    """The school that holds the term."""


@described
@strawberry.type
class Calendar:
    """A calendar of a school."""

    code: str
    """Code that identifies the calendar within its school."""
    district_id: strawberry.Private[DistrictId]
    school_id: strawberry.Private[SchoolId]

    @field
    @uses_lookups(Adapter.calendar_days_by_school)
    async def days(self, info: Info, from_: FirstDay, to: LastDay) -> list[model.CalendarDay] | None:
        """Days of this calendar, earliest first. The range may span at most ten school years."""
        days = await days_between(info, self, from_, to)
        return [day for day in days if day.calendar_code == self.code]


@field
@uses_lookups(Adapter.calendar_days_by_school)
async def calendar(enrollment: strawberry.Parent[model.SchoolEnrollment], info: Info) -> Calendar | None:
    """
    The calendar that applies to the enrollment: the one recorded with it, otherwise the school's only calendar.

    Null if none is recorded and the school has no calendar, or several, in the year of the enrollment.
    """
    code = enrollment.calendar_code or await _only_calendar(info, enrollment)
    if code is None:
        return None
    return Calendar(code=code, district_id=district_of(enrollment), school_id=enrollment.school_id)


async def days_between(
    info: Info, school: model.School | Calendar, first: date, last: date
) -> list[model.CalendarDay]:
    """
    Days of all calendars of a school, earliest first.

    Raises:
        AdapterError: no source could answer.
        GraphQLError: the range ends before it begins, or is too long.
    """
    years = school_years(district_for(info, school), first, last)
    parts = await asyncio.gather(
        *(
            load_lists(info, Adapter.calendar_days_by_school, [school], "school_id", school_year=year)
            for year in years
        )
    )
    [days] = merge_lists(parts)
    return [day for day in value_or_raise(info, days) if first <= day.date <= last]


def term_of(term: str, district: DistrictId) -> TermKey | None:
    """
    The key of the term with a global id; None if the term belongs to another district.

    Raises:
        BadKeyError: the text is not the id of a term.
    """
    global_id = decode(term, "Session")
    return parse_term_key(global_id.key) if global_id.district == district else None


async def sections_in(info: Info, district: DistrictId, term: TermKey) -> list[model.Section]:
    """
    Sections taught in a term, by identifier.

    Raises:
        AdapterError: no source could answer.
    """
    key = Key(district, term.school_id)
    sections = await load_many(info, Adapter.sections_by_school, key, school_year=term.school_year)
    return [section for section in sections if TermKey.of(section) == term]


async def sessions_by_ids(info: Info, ids: Sequence[GlobalId]) -> Outcomes[model.Session | None]:
    """The term with each global id, read for all schools at once; None if the school has no such term."""
    schools = [_School.of_term(global_id) for global_id in ids]
    terms = await load_lists(info, Adapter.sessions_by_school, schools, "school_id")

    def with_id(global_id: GlobalId, terms: list[model.Session]) -> model.Session | None:
        return next((term for term in terms if TermKey.of(term).text() == global_id.key), None)

    return map_with_parents(ids, terms, with_id)


class _School(NamedTuple):
    """A school that is known by its key alone."""

    district_id: DistrictId
    school_id: SchoolId

    @classmethod
    def of_term(cls, global_id: GlobalId) -> _School:
        """Return the school of the term with a global id."""
        key = parse_term_key(global_id.key)
        assert key is not None, "decode() accepts complete term keys only"
        return cls(global_id.district, key.school_id)


async def _only_calendar(info: Info, enrollment: model.SchoolEnrollment) -> str | None:
    """Code of the school's calendar in the year of the enrollment; None if it has none or several."""
    year = enrollment.school_year or district_for(info, enrollment).school_year(enrollment.entry_date)
    school = parent_key(enrollment, "school_id")
    days = await load_many(info, Adapter.calendar_days_by_school, school, school_year=year)
    codes = {day.calendar_code for day in days}
    return codes.pop() if len(codes) == 1 else None
