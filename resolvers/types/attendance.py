"""Attendance events of students: about school days and about class periods."""

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
from student_graph.resolvers.fields.dates import date_range, school_years
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import attribute, uses_lookups
from student_graph.resolvers.fields.load import load_by_district, load_lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Outcomes, map_with_parents, merge_lists
from student_graph.resolvers.fields.paging import Cursors, PageInfo, page_size, slice_page, with_unique_positions
from student_graph.resolvers.fields.record import fetched, record_type

LOOKUPS = {
    AttendanceScope.SCHOOL: Adapter.attendance_events_by_student,
    AttendanceScope.SECTION: Adapter.section_attendance_events_by_student,
}
"""The lookup for each scope."""


@record_type
class AttendanceEvent(model.AttendanceEvent):
    """An attendance event with its school and section."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    """The school where the event was recorded."""
    section = lookup(Adapter.sections_by_id, key="section_id")
    """The section whose class period the event is about; null for an event about a school day."""


@described
@strawberry.type
class AttendanceEventEdge:
    """An attendance event in a page of a list."""

    cursor: str
    """Cursor of this event. Pass it as `after` to get the events that follow."""
    event: strawberry.Private[model.AttendanceEvent]
    node = attribute("event", model.AttendanceEvent)
    """The attendance event."""


@described
@strawberry.type
class AttendanceEventConnection:
    """A page of a student's attendance events."""

    connects: ClassVar[type[model.Record]] = model.AttendanceEvent

    edges: list[AttendanceEventEdge]
    """Events on this page, earliest first."""
    page_info: PageInfo
    """End cursor of this page, and whether another page follows."""
    total_count: int
    """Number of events on all pages."""


@batched
@uses_lookups(Adapter.attendance_events_by_student, Adapter.section_attendance_events_by_student, list_length=16)
async def attendance_events(
    students: Sequence[model.Student],
    info: Info,
    *,
    from_: From = None,
    to: To = None,
    scope: Annotated[
        AttendanceScope | None,
        strawberry.argument(
            description="Only events about school days, or only about class periods; both if omitted."
        ),
    ] = None,
    first: First = 25,
    after: After = None,
) -> Outcomes[AttendanceEventConnection | None]:
    """
    Attendance events of the student, earliest first.

    Without `from`, the list starts on the first day of the school year in which it ends. Without `to`, it ends
    today. A request may span at most ten school years.
    """
    size = page_size(info, first)
    scopes = [scope] if scope else list(LOOKUPS)

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[AttendanceEventConnection | None]:
        begin, end = date_range(district, from_, to)
        parts = await asyncio.gather(
            *(
                load_lists(info, LOOKUPS[scope_], members, "student_id", school_year=year)
                for scope_ in scopes
                for year in school_years(district, begin, end)
            )
        )

        def page(student: model.Student, rows: list[model.AttendanceEvent]) -> AttendanceEventConnection | None:
            events = [event for event in rows if begin <= event.date <= end]
            list_key = (student.student_id, begin.isoformat(), end.isoformat(), *(s.name for s in scopes))
            cursors = Cursors(info.context.signer, ("attendanceEvents", district.id, *list_key), parts=6)
            return _connection(events, cursors, size, after)

        return map_with_parents(members, merge_lists(parts), page)

    return await load_by_district(info, students, load_district)


def _connection(
    events: list[model.AttendanceEvent], cursors: Cursors, size: int, after: str | None
) -> AttendanceEventConnection:
    page = slice_page(_with_positions(events), cursors, size, after)
    return AttendanceEventConnection(
        edges=[AttendanceEventEdge(cursor=cursor, event=event) for cursor, event in page.items],
        page_info=page.info,
        total_count=len(events),
    )


def _with_positions(
    events: Iterable[model.AttendanceEvent],
) -> list[tuple[tuple[str, ...], model.AttendanceEvent]]:
    """Events by day, each with a sort position that stays the same when other events are added."""
    positions = (
        ((e.date.isoformat(), e.scope.name, e.session_name, fetched(e).source, e.vendor_id), e) for e in events
    )
    return with_unique_positions(sorted(positions, key=itemgetter(0)))
