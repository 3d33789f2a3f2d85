"""Attendance: what was recorded about a student's days and class periods."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Annotated, ClassVar

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import AttendanceScope
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import After, First, From, To
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import school_years, span
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import asks, attribute
from student_graph.resolvers.fields.load import by_district, joined, lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Told, zipped
from student_graph.resolvers.fields.paging import Cursors, PageInfo, numbered, page_size, sliced
from student_graph.resolvers.fields.record import fetched, record_type

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
    node = attribute("event", model.AttendanceEvent)
    """The event."""


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


@batched
@asks(Adapter.attendance_events_by_student, Adapter.section_attendance_events_by_student)
async def attendance_events(
    students: Sequence[model.Student],
    info: Info,
    *,
    from_: From = None,
    to: To = None,
    scope: Annotated[
        AttendanceScope | None, strawberry.argument(description="Only school days, or only class periods.")
    ] = None,
    first: First = 25,
    after: After = None,
) -> Told[AttendanceEventConnection | None]:
    """Events about the student's school days and class periods, earliest first; this school year's by default."""
    size = page_size(info, first)
    scopes = [scope] if scope else list(LOOKUPS)

    async def ask(where: District, some: Sequence[model.Student]) -> Told[AttendanceEventConnection | None]:
        begin, end = span(where, from_, to)
        parts = await asyncio.gather(
            *(
                lists(info, LOOKUPS[each], some, "student_id", school_year=year)
                for each in scopes
                for year in school_years(where, begin, end)
            )
        )

        def page(student: model.Student, told: list[model.AttendanceEvent]) -> AttendanceEventConnection | None:
            events = [event for event in told if begin <= event.date <= end]
            asked = (student.student_id, begin.isoformat(), end.isoformat(), *(s.name for s in scopes))
            cursors = Cursors(info.context.signer, ("attendanceEvents", where.id, *asked), parts=6)
            return _page(events, cursors, size, after)

        return zipped(some, joined(parts), page)

    return await by_district(info, students, ask)


def _page(
    events: list[model.AttendanceEvent], cursors: Cursors, size: int, after: str | None
) -> AttendanceEventConnection:
    page = sliced(_ordered(events), cursors, size, after)
    return AttendanceEventConnection(
        edges=[AttendanceEventEdge(cursor=cursor, event=event) for cursor, event in page.items],
        page_info=page.info,
        total_count=len(events),
    )


def _ordered(events: Iterable[model.AttendanceEvent]) -> list[tuple[tuple[str, ...], model.AttendanceEvent]]:
    """Events by day, each at a position that stays when others come."""
    positions = (
        ((e.date.isoformat(), e.scope.name, e.session_name, fetched(e).source, e.vendor_id), e) for e in events
    )
    return numbered(sorted(positions, key=itemgetter(0)))
