"""Attendance: what was recorded about a student's days and class periods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import itemgetter
from typing import Annotated, ClassVar

import strawberry

from adapters import model
from adapters.contract import Adapter
from adapters.model import AttendanceScope
from adapters.sources import Key
from resolvers.arguments import After, First, From, To
from resolvers.context import Info
from resolvers.docstrings import described
from resolvers.field import field
from resolvers.load import ask_many, district_calendar, district_of, load_all
from resolvers.lookup import lookup
from resolvers.paging import Cursors, PageInfo, numbered, page_size, sliced
from resolvers.record import fetched, record_type
from resolvers.times import school_years, span

LOOKUPS = {
    AttendanceScope.SCHOOL: Adapter.attendance_events_by_student,
    AttendanceScope.SECTION: Adapter.section_attendance_events_by_student,
}
"""Which lookup answers for which scope."""


@record_type
class AttendanceEvent(model.AttendanceEvent):
    """An event, and where it happened."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    section = lookup(Adapter.sections_by_id, key="section_id")


@described
@strawberry.type
class AttendanceEventEdge:
    """An event's place in a list."""

    cursor: str
    """Give it as `after` to go on behind this event."""
    event: strawberry.Private[model.AttendanceEvent]

    @field
    def node(self) -> model.AttendanceEvent:
        """The event."""
        return self.event


@described
@strawberry.type
class AttendanceEventConnection:
    """A page of a list of attendance events."""

    connects: ClassVar[type[model.Record]] = model.AttendanceEvent

    edges: list[AttendanceEventEdge]
    """Events of this page."""
    page_info: PageInfo
    """Where the page ends."""
    total_count: int
    """How many there are on all pages."""


@field
async def attendance_events(
    student: strawberry.Parent[model.Student],
    info: Info,
    *,
    from_: From = None,
    to: To = None,
    scope: Annotated[
        AttendanceScope | None, strawberry.argument(description="Only school days, or only class periods.")
    ] = None,
    first: First = 25,
    after: After = None,
) -> AttendanceEventConnection | None:
    """Events about the student's school days and class periods, earliest first; this school year's by default."""
    size = page_size(first)
    begin, end = span(district_calendar(info, student), from_, to)
    scopes = [scope] if scope else list(LOOKUPS)
    events = [e for e in await _events(info, student, begin, end, scopes) if begin <= e.date <= end]
    asked = (student.student_unique_id, begin.isoformat(), end.isoformat(), *(s.name for s in scopes))
    cursors = Cursors(info.context.seal, ("attendanceEvents", district_of(student), *asked), parts=6)
    page = sliced(_ordered(events), cursors, size, after)
    return AttendanceEventConnection(
        edges=[AttendanceEventEdge(cursor=cursor, event=event) for cursor, event in page.items],
        page_info=page.info,
        total_count=len(events),
    )


async def _events(
    info: Info, student: model.Student, begin: date, end: date, scopes: Iterable[AttendanceScope]
) -> list[model.AttendanceEvent]:
    """Events of the school years that the span touches."""
    key = Key(district_of(student), student.student_unique_id)
    years = school_years(district_calendar(info, student), begin, end)
    return await load_all(
        info, [ask_many(info, LOOKUPS[scope], key, school_year=year) for scope in scopes for year in years]
    )


def _ordered(events: Iterable[model.AttendanceEvent]) -> list[tuple[tuple[str, ...], model.AttendanceEvent]]:
    """Events by day, each at a position that stays when others come."""
    positions = (
        ((e.date.isoformat(), e.scope.name, e.session_name, fetched(e).source, e.vendor_id), e) for e in events
    )
    return numbered(sorted(positions, key=itemgetter(0)))
