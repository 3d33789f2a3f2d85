"""The days on which schools recorded attendance: the same for all viewers, and nothing but days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import NotOfferedError, UnavailableError
from student_graph.adapters.model import AttendanceEvent, DistrictId, SchoolId
from student_graph.adapters.paging import ListTooLongError
from student_graph.adapters.sources import District, Source
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.fetch.recorded_days import MAX_OTHER_SCHOOLS, RecordedDays
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, attendance_event, school

READ_AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
MONDAY, TUESDAY = date(2027, 2, 1), date(2027, 2, 2)


def events(*rows: tuple[str, date]) -> list[AttendanceEvent]:
    """Return an event of some student for each school and day."""
    rows_of_events: list[AttendanceEvent] = []
    for number, (school_id, day) in enumerate(rows):
        event: AttendanceEvent = attendance_event(str(number), day)
        rows_of_events.append(replace(event, school_id=SchoolId(school_id)))
    return rows_of_events


def district_of(*sources: Source) -> District:
    """Return the district of the sources."""
    return District(CEDAR, "Cedar", sources, frozen_on=READ_AT)


def listing(name: str, value: Any = ()) -> Source:
    """Return a source that lists the attendance of the district."""
    return third_party_source(name, VendorData({"attendance_events_by_district": {"cedar": value}}))


def listing_schools() -> Source:
    """Return a source that lists the attendance of the district and of its schools."""
    names = ("schools_by_district", "attendance_events_by_district", "attendance_events_by_school")
    return third_party_source("sis", VendorData({name: {} for name in names}))


async def days_of(district: District, answers: dict[str, Answer[Any]]) -> Any:
    """Return the days by school, in order, with these answers of the sources."""

    async def fetch(source: Source, ask: Ask[Any], /) -> dict[Any, Answer[Any]]:
        assert (ask.lookup.name, ask.keys, ask.arguments) == (
            "attendance_events_by_district",
            (DistrictId("cedar"),),
            {"school_year": 2027},
        )
        return {CEDAR: answers[source.name]} if source.name in answers else {}

    days = await RecordedDays({CEDAR: district}).get(fetch, CEDAR, 2027, ())
    assert days.everywhere == frozenset().union(*days.by_school.values())
    return {school: sorted(dates) for school, dates in days.by_school.items()}


async def test_the_days_of_all_sources_are_joined_by_school() -> None:
    """A day counts once however many students were recorded, and however many sources recorded it."""
    answers = {
        "sis": Answer(events(("101", MONDAY), ("101", MONDAY), ("102", TUESDAY)), "sis", READ_AT),
        "old": Answer(events(("101", TUESDAY)), "old", READ_AT),
    }
    days = await days_of(district_of(listing("sis"), listing("old")), answers)

    assert days == {"101": [MONDAY, TUESDAY], "102": [TUESDAY]}


async def test_a_district_that_lists_nothing_has_no_days() -> None:
    """Neither a missing lookup nor one that the vendor lacks is an error."""
    without = third_party_source("sis", VendorData({}))
    lacking = {"sis": Answer(NotOfferedError("not offered (404)"), "sis", READ_AT)}

    assert await days_of(district_of(without), {}) == {}
    assert await days_of(district_of(listing("sis")), lacking) == {}


async def test_a_source_that_is_down_is_an_error() -> None:
    """Fewer days would be another number for every student of the district."""
    answers = {"sis": Answer(UnavailableError("no answer in time"), "sis", READ_AT)}

    with pytest.raises(UnavailableError):
        await days_of(district_of(listing("sis")), answers)


async def test_some_schools_are_read_if_the_list_of_the_district_is_too_long() -> None:
    """Those in question and others from all parts of the list; the refused list is not asked for again."""
    names = [str(number) for number in range(101, 101 + 2 * MAX_OTHER_SCHOOLS)]
    lists: dict[str, Any] = {
        "attendance_events_by_school": {},
        "schools_by_district": {},
        "attendance_events_by_district": {},
    }
    recorded = RecordedDays({CEDAR: district_of(third_party_source("sis", VendorData(lists)))})
    asks: list[Ask[Any]] = []

    async def fetch(_: Source, ask: Ask[Any], /) -> dict[Any, Answer[Any]]:
        asks.append(ask)
        rows: dict[str, Any] = {
            "attendance_events_by_district": {CEDAR: ListTooLongError(30_000, "rows")},
            "schools_by_district": {CEDAR: list(map(school, names))},
            "attendance_events_by_school": {
                names[0]: events((names[0], MONDAY)),
                names[1]: events((names[1], TUESDAY)),
            },
        }
        answers = rows[ask.lookup.name]
        return {key: Answer(answers[key], "sis", READ_AT) for key in ask.keys if key in answers}

    first = await recorded.get(fetch, CEDAR, 2027, [SchoolId(names[1])])
    assert first.everywhere == {MONDAY}
    assert {name: first.by_school[SchoolId(name)] for name in names[:2]} == {
        names[0]: {MONDAY},
        names[1]: {TUESDAY},
    }
    read = [key for ask in asks if ask.lookup.name == "attendance_events_by_school" for key in ask.keys]
    assert sorted(read) == sorted({*names[::2], names[1]})

    asks.clear()
    assert await recorded.get(fetch, CEDAR, 2027, [SchoolId(names[1])]) == first
    assert "attendance_events_by_district" not in [ask.lookup.name for ask in asks]

    asks.clear()
    own = await recorded.get(fetch, CEDAR, 2027, [SchoolId(names[1])], everywhere=False)
    assert own.by_school == {names[1]: {TUESDAY}}
    assert [ask.keys for ask in asks] == [(names[1],)]


@pytest.mark.parametrize("failing", ["schools_by_district", "attendance_events_by_school"])
async def test_a_school_that_cannot_be_read_is_an_error(failing: str) -> None:
    """Days without those of a school would be another number for every student of the district."""
    lists: dict[str, Any] = {
        "attendance_events_by_school": {},
        "schools_by_district": {},
        "attendance_events_by_district": {},
    }
    recorded = RecordedDays({CEDAR: district_of(third_party_source("sis", VendorData(lists)))})

    async def fetch(_: Source, ask: Ask[Any], /) -> dict[Any, Answer[Any]]:
        value: Any = [school("101")] if ask.lookup.name == "schools_by_district" else []
        if ask.lookup.name == "attendance_events_by_district":
            value = ListTooLongError(30_000, "rows")
        if ask.lookup.name == failing:
            value = UnavailableError("down")
        return {key: Answer(value, "sis", READ_AT) for key in ask.keys}

    with pytest.raises(UnavailableError):
        await recorded.get(fetch, CEDAR, 2027, ())


async def test_a_list_is_collected_again_only_if_it_was_read_again() -> None:
    """The same list has the same object as its days; a list that was read again is collected again."""
    source = listing("sis")
    recorded = RecordedDays({CEDAR: district_of(source)})
    read_at = READ_AT

    async def fetch(_: Source, __: Ask[Any], /) -> dict[Any, Answer[Any]]:
        rows = events(("101", MONDAY)) + events(("101", TUESDAY)) * (read_at > READ_AT)
        return {CEDAR: Answer(rows, "sis", read_at)}

    first = (await recorded.get(fetch, CEDAR, 2027, ())).by_school
    again = (await recorded.get(fetch, CEDAR, 2027, ())).by_school
    read_at += timedelta(minutes=1)
    later = (await recorded.get(fetch, CEDAR, 2027, ())).by_school

    assert first == again == {"101": frozenset({MONDAY})}
    assert later == {"101": frozenset({MONDAY, TUESDAY})}


async def test_a_viewer_without_students_gets_the_days_of_everybody() -> None:
    """Days of instruction are no record of a student: they do not depend on whom the viewer may see."""
    rows = events(("101", MONDAY), ("102", TUESDAY))
    pipeline = FetchPipeline([district_of(listing("sis", rows))], HmacSigner(b"k" * 32))
    days = []
    for role in (ViewerRole.SUPERINTENDENT, ViewerRole.STUDENT):
        viewer = Viewer(role.value, role, frozenset({CEDAR}))
        days.append(await pipeline.start_operation(viewer).recorded_days(CEDAR, 2027, ()))
    await pipeline.close()

    by_school = {"101": frozenset({MONDAY}), "102": frozenset({TUESDAY})}
    assert days == [(frozenset({MONDAY, TUESDAY}), by_school)] * 2
