"""Terms and calendars: when a school is in session, and which of its calendars counts for a stay."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import DistrictId, SchoolId
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.dates import school_years
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import asks, field
from student_graph.resolvers.fields.ids import GlobalId, TermKey, decode, term_key
from student_graph.resolvers.fields.load import (
    district_calendar,
    district_of,
    joined,
    key_of,
    lists,
    load_many,
    settle,
)
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.record import record_type

Term: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only sections taught in this term: the global id of a `Session`."),
]
FirstDay: TypeAlias = Annotated[date, strawberry.argument(name="from", description="First day, included.")]
LastDay: TypeAlias = Annotated[date, strawberry.argument(description="Last day, included.")]


@record_type
class Session(model.Session, Node):
    """A term, and where it is held."""

    school = lookup(Adapter.schools_by_id, key="school_id")


@described
@strawberry.type
class Calendar:
    """One of a school's calendars."""

    code: str
    """The school's name of it."""
    district_id: strawberry.Private[DistrictId]
    school_id: strawberry.Private[SchoolId]

    @field
    @asks(Adapter.calendar_days_by_school)
    async def days(self, info: Info, from_: FirstDay, to: LastDay) -> list[model.CalendarDay] | None:
        """Days of this calendar, earliest first; at most ten school years at once."""
        days = await days_between(info, self, from_, to)
        return [day for day in days if day.calendar_code == self.code]


@field
@asks(Adapter.calendar_days_by_school)
async def calendar(stay: strawberry.Parent[model.SchoolEnrollment], info: Info) -> Calendar | None:
    """
    The calendar that counts for the stay: the one recorded with it, else the school's own.

    Null when none is recorded and the school has none, or has several, in the year of the stay.
    """
    code = stay.calendar_code or await _only_calendar(info, stay)
    if code is None:
        return None
    return Calendar(code=code, district_id=district_of(stay), school_id=stay.school_id)


async def days_between(
    info: Info, school: model.School | Calendar, first: date, last: date
) -> list[model.CalendarDay]:
    """
    Days of all of a school's calendars, earliest first.

    Raises:
        AdapterError: no source could say.
        GraphQLError: the span ends before it begins, or is too long.
    """
    years = school_years(district_calendar(info, school), first, last)
    parts = await asyncio.gather(
        *(lists(info, Adapter.calendar_days_by_school, [school], "school_id", school_year=year) for year in years)
    )
    [days] = joined(parts)
    return [day for day in settle(info, days) if first <= day.date <= last]


def term_of(term: str, district: DistrictId) -> TermKey | None:
    """
    The term that a global id names; None when it is of another district.

    Raises:
        BadKeyError: the text is no id of a term.
    """
    named = decode(term, "Session")
    return term_key(named.key) if named.district == district else None


async def sections_in(info: Info, district: DistrictId, term: TermKey) -> list[model.Section]:
    """
    Sections taught in a term, by identifier.

    Raises:
        AdapterError: no source could say.
    """
    key = Key(district, term.school_id)
    sections = await load_many(info, Adapter.sections_by_school, key, school_year=term.school_year)
    return [section for section in sections if TermKey.of(section) == term]


async def session(info: Info, named: GlobalId) -> model.Session | None:
    """
    The term that a global id names; None when its school has no such term.

    Raises:
        AdapterError: no source could say.
    """
    key = term_key(named.key)
    assert key is not None, "decoded strictly"
    sessions = await load_many(info, Adapter.sessions_by_school, Key(named.district, key.school_id))
    return next((each for each in sessions if TermKey.of(each) == key), None)


async def _only_calendar(info: Info, stay: model.SchoolEnrollment) -> str | None:
    """The school's calendar in the year of the stay, where it has just one."""
    year = stay.school_year or district_calendar(info, stay).school_year(stay.entry_date)
    days = await load_many(info, Adapter.calendar_days_by_school, key_of(stay, "school_id"), school_year=year)
    codes = {day.calendar_code for day in days}
    return codes.pop() if len(codes) == 1 else None
