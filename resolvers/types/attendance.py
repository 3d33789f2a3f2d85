"""Attendance events of students: about school days and about class periods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Annotated, Any, ClassVar, NamedTuple

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import AttendanceCategory, AttendanceScope, SectionId
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.arguments import After, First, From, To
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import date_range, school_years
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.field import attribute, derived, uses_lookups
from student_graph.resolvers.fields.ids import decode
from student_graph.resolvers.fields.load import load_by_district, load_lists, load_records, value_or_raise
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import (
    Outcomes,
    map_values,
    map_with_parents,
    merge_lists,
    try_map,
    values_of,
)
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


@derived
def cursor(_: Context) -> Callable[[Any], str]:
    """Cursor of this event. Pass it as `after` to get the events that follow."""
    return lambda edge: edge.cursors.encode(*edge.position)


@described
@strawberry.type
class AttendanceEventEdge:
    """An attendance event in a page of a list."""

    cursors: strawberry.Private[Cursors]
    position: strawberry.Private[tuple[str, ...]]
    event: strawberry.Private[model.AttendanceEvent]
    cursor = cursor
    """Cursor of this event; it is computed only if a query selects it."""
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


class _Conditions(NamedTuple):
    """Which events a list has."""

    begin: date
    end: date
    categories: tuple[AttendanceCategory, ...] | None
    section_id: SectionId | None
    class_periods: frozenset[str] | None
    """Names without case; None for all."""

    def match(self, event: model.AttendanceEvent) -> bool:
        """Whether an event meets all conditions but that of the class period, which its section decides."""
        return (
            self.begin <= event.date <= self.end
            and (self.categories is None or event.category in self.categories)
            and (self.section_id is None or event.section_id == self.section_id)
        )

    def list_key(self) -> tuple[str, ...]:
        """The conditions as texts, which bind the cursors of the list."""
        return (
            self.begin.isoformat(),
            self.end.isoformat(),
            "" if self.categories is None else ",".join(sorted({category.name for category in self.categories})),
            self.section_id or "",
            "" if self.class_periods is None else repr(sorted(self.class_periods)),
        )


@batched
@uses_lookups(
    Adapter.attendance_events_by_student,
    Adapter.section_attendance_events_by_student,
    Adapter.sections_by_id,
    list_length=16,
)
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
    categories: Annotated[
        list[AttendanceCategory] | None,
        strawberry.argument(description="Only events of these kinds; all if omitted."),
    ] = None,
    section: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Global id of a section: only events about its class periods."),
    ] = None,
    class_periods: Annotated[
        list[str] | None,
        strawberry.argument(
            description="Only events about class periods with one of these names, in any case, such as `Period 1`."
        ),
    ] = None,
    first: First = 25,
    after: After = None,
) -> Outcomes[AttendanceEventConnection | None]:
    """
    Attendance events of the student, earliest first.

    Without `from`, the list starts on the first day of the school year in which it ends. Without `to`, it ends
    today. A request may span at most ten school years.

    A district may record one tardy twice: for the school day, and for the class period. Those are two events.
    `scope` selects the events that are counted.
    """
    size = page_size(info, first)
    scopes = _scopes(scope, of_sections=section is not None or class_periods is not None)
    section_key = None if section is None else decode(section, "Section")

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[AttendanceEventConnection | None]:
        begin, end = date_range(district, from_, to)
        conditions = _Conditions(
            begin,
            end,
            None if categories is None else tuple(categories),
            None if section_key is None else SectionId(section_key.key),
            None if class_periods is None else frozenset(name.strip().casefold() for name in class_periods),
        )
        is_elsewhere = section_key is not None and section_key.district != district.id
        years = [] if is_elsewhere else school_years(district, begin, end)
        reads = [
            load_lists(info, LOOKUPS[scope_], members, "student_id", school_year=year)
            for scope_ in scopes
            for year in years
        ]
        rows = merge_lists(await asyncio.gather(*reads)) if reads else [[] for _ in members]
        events = map_values(rows, lambda rows: list(filter(conditions.match, rows)))
        if conditions.class_periods is not None:
            events = await _in_class_periods(info, events, conditions.class_periods)

        def page(student: model.Student, rows: list[model.AttendanceEvent]) -> AttendanceEventConnection:
            list_key = (student.student_id, *conditions.list_key(), *(s.name for s in scopes))
            cursors = Cursors(info.context.signer, ("attendanceEvents", district.id, *list_key), parts=6)
            return _connection(rows, cursors, size, after)

        return map_with_parents(members, events, page)

    return await load_by_district(info, students, load_district)


def _scopes(scope: AttendanceScope | None, *, of_sections: bool) -> list[AttendanceScope]:
    """
    The scopes of a list.

    Raises:
        GraphQLError: the list is one of sections and of events about school days.
    """
    if not of_sections:
        return [scope] if scope else list(LOOKUPS)
    if scope is AttendanceScope.SCHOOL:
        raise bad_input("scope: events about school days have no section and no class period.")
    return [AttendanceScope.SECTION]


async def _in_class_periods(
    info: Info, events_by_student: Outcomes[list[model.AttendanceEvent]], names: frozenset[str]
) -> Outcomes[list[model.AttendanceEvent]]:
    """
    Those events that are about a class period with one of the names.

    An event that names no class period is about those of its section.
    """
    unnamed = {
        event.section_id: event
        for events in values_of(events_by_student)
        for event in events
        if event.section_id and not event.class_periods
    }
    sections = await load_records(info, Adapter.sections_by_id, list(unnamed.values()), "section_id")
    section_of = dict(zip(unnamed, sections, strict=True))

    def periods_of(event: model.AttendanceEvent) -> list[str]:
        if event.class_periods or event.section_id is None:
            return event.class_periods
        # If the section cannot be read, the student's list fails: without the event it would pass for complete.
        section = value_or_raise(info, section_of[event.section_id])
        return section.class_periods if section else []

    def is_in_period(event: model.AttendanceEvent) -> bool:
        return any(period.casefold() in names for period in periods_of(event))

    return try_map(events_by_student, lambda events: list(filter(is_in_period, events)))


def _connection(
    events: list[model.AttendanceEvent], cursors: Cursors, size: int, after: str | None
) -> AttendanceEventConnection:
    page = slice_page(_with_positions(events), cursors, size, after)
    return AttendanceEventConnection(
        edges=[
            AttendanceEventEdge(cursors=cursors, position=position, event=event) for position, event in page.items
        ],
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
