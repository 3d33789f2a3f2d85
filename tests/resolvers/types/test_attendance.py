"""Attendance events: one list from two lookups and several school years."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import NotOfferedError, UnavailableError
from student_graph.adapters.model import AttendanceCategory, AttendanceScope, DistrictId, SectionId
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, attendance_event, student
from tests.resolvers.types.test_viewer import section

EVENTS = """query($from: Date, $to: Date, $scope: AttendanceScope, $first: Int! = 25, $after: String) {
    student(studentUniqueId: "1") {
        attendanceEvents(from: $from, to: $to, scope: $scope, first: $first, after: $after) {
            totalCount pageInfo {hasNextPage endCursor} edges {node {date scope provenance {recordId}}}
        }
    }
}"""


def term(days: int = 5) -> tuple[VendorData, World]:
    """A student with a school event and a section event on each of the first days of February 2027."""
    in_school = [attendance_event("1", date(2027, 2, 1) + timedelta(n)) for n in range(days)]
    in_class = [
        attendance_event("1", date(2027, 2, 1) + timedelta(n), AttendanceScope.SECTION) for n in range(days)
    ]
    sis = VendorData(
        {
            "students_by_id": {"1": student("1")},
            "attendance_events_by_student": {"1": in_school},
            "section_attendance_events_by_student": {"1": in_class},
        }
    )
    return sis, World([third_party_source("sis", sis)])


async def events(world: World, **variables: Any) -> Any:
    return (await world.data(EVENTS, **variables))["student"]["attendanceEvents"]


@pytest.mark.parametrize("first", [1, 3, 10])
async def test_pages_neither_lose_nor_repeat_an_event(first: int) -> None:
    """Events of both scopes are ordered by day with any page size, even if a vendor repeats an id."""
    sis, world = term()
    sis.answers["attendance_events_by_student"]["1"].append(attendance_event("1", date(2027, 2, 2)))
    read: list[tuple[str, str]] = []
    after, more = None, True
    while more:
        page = await events(world, first=first, after=after)
        read += [(edge["node"]["date"], edge["node"]["scope"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["totalCount"] == 11

    assert len(read) == 11
    assert read == sorted(read)


async def test_a_new_event_does_not_shift_the_next_page() -> None:
    """A cursor names its event, not an offset: a new earlier event neither repeats nor hides another event."""
    sis, world = term()
    end = (await events(world, first=2, scope="SCHOOL"))["pageInfo"]["endCursor"]
    sis.answers["attendance_events_by_student"]["1"].insert(0, attendance_event("1", date(2027, 1, 20)))
    rest = await events(world, first=25, scope="SCHOOL", after=end)

    assert [edge["node"]["date"] for edge in rest["edges"]] == ["2027-02-03", "2027-02-04", "2027-02-05"]


async def test_days_and_scope_filter_the_list() -> None:
    """Both days are included, and one scope calls one lookup."""
    _, world = term()
    page = await events(world, **{"from": "2027-02-02", "to": "2027-02-03", "scope": "SECTION"})

    assert [(e["node"]["date"], e["node"]["scope"]) for e in page["edges"]] == [
        ("2027-02-02", "SECTION"),
        ("2027-02-03", "SECTION"),
    ]
    assert "attendance_events_by_student" not in world.fetch.names()


@pytest.mark.parametrize(
    ("days", "years"),
    [
        ({}, {2027}),
        ({"from": "2025-06-30"}, {2025, 2026, 2027}),
        ({"to": "2026-06-30"}, {2026}),
        ({"from": "2026-06-30", "to": "2026-07-01"}, {2026, 2027}),
        ({"from": "2027-09-01"}, {2028}),
    ],
)
async def test_every_school_year_in_the_range_is_read(days: dict[str, str], years: set[int]) -> None:
    """The default is from the start of the school year through today. Each year is read once per scope."""
    _, world = term()
    await events(world, **days)
    reads = [(ask.lookup.name, ask.arguments["school_year"]) for _, ask in world.fetch.asks if ask.arguments]

    assert Counter(year for _, year in reads) == Counter([*years, *years])


@pytest.mark.parametrize(
    "variables",
    [{"from": "2027-02-02", "to": "2027-02-01"}, {"from": "0001-01-01"}, {"first": 0}],
)
async def test_an_invalid_range_is_refused(variables: dict[str, Any]) -> None:
    """A range that ends before it begins, or spans two thousand years, calls no source."""
    _, world = term()

    assert await world.codes(EVENTS, **variables) == ["BAD_INPUT"]
    assert world.fetch.names() == ["students_by_id"]


async def test_a_scope_that_fails_makes_the_field_fail() -> None:
    """Half of the events would look like few absences: the field is null with an error. One scope alone works."""
    sis, world = term()
    sis.failing["section_attendance_events_by_student"] = UnavailableError("no answer in time")

    assert await world.codes(EVENTS) == ["SOURCE_UNAVAILABLE"]
    assert (await events(world, scope="SCHOOL"))["totalCount"] == 5


async def test_a_scope_that_no_source_offers_leaves_the_other() -> None:
    """A district without section attendance returns school events, and `degraded` says what is missing."""
    sis, world = term()
    sis.failing["section_attendance_events_by_student"] = NotOfferedError("not offered by the vendor (404)")

    assert (await events(world))["totalCount"] == 5
    assert [missing.code for missing in world.operation.traffic.degraded] == ["NOT_OFFERED"]


FIRST, THIRD = SectionId("101/2027/ALG 1"), SectionId("101/2027/ART 1")
LISTED = """query($categories: [AttendanceCategory!], $section: ID, $periods: [String!], $scope: AttendanceScope) {
    students(filter: {ids: ["1", "2"]}) {edges {node {
        attendanceEvents(
            categories: $categories, section: $section, classPeriods: $periods, scope: $scope, from: "2027-02-01"
        ) {totalCount edges {node {arrivalTime classPeriods provenance {recordId}}}}
    }}}
}"""


def timetable() -> tuple[VendorData, World]:
    """Two students with tardies in the first and the third period, an absence, and a tardy of the school day."""

    def event(number: str, student_id: str, section_id: SectionId, **changes: Any) -> model.AttendanceEvent:
        in_class = attendance_event(student_id, date(2027, 2, 1), AttendanceScope.SECTION)
        tardy = replace(in_class, vendor_id=number, section_id=section_id, category=AttendanceCategory.TARDY)
        return replace(tardy, **changes)

    late = replace(attendance_event("1", date(2027, 2, 1)), vendor_id="day", category=AttendanceCategory.TARDY)
    sis = VendorData(
        {
            "students_by_id": {"1": student("1"), "2": student("2")},
            "attendance_events_by_student": {"1": [late], "2": []},
            "section_attendance_events_by_student": {
                "1": [
                    event("first", "1", FIRST, arrival_time=time(8, 23)),
                    event("third", "1", THIRD),
                    event("moved", "1", THIRD, class_periods=["Period 1"]),
                    event("away", "1", FIRST, category=AttendanceCategory.UNEXCUSED_ABSENCE),
                ],
                "2": [event("other", "2", THIRD)],
            },
            "sections_by_id": {
                FIRST: replace(section(FIRST), class_periods=["Period 1"]),
                THIRD: replace(section(THIRD), class_periods=["Period 3"]),
            },
        }
    )
    return sis, World([third_party_source("sis", sis)])


async def listed(world: World, **variables: Any) -> list[list[str]]:
    """Return the ids of each student's events."""
    edges = (await world.data(LISTED, **variables))["students"]["edges"]
    lists = [edge["node"]["attendanceEvents"] for edge in edges]
    assert [events["totalCount"] for events in lists] == [len(events["edges"]) for events in lists]
    return [sorted(edge["node"]["provenance"]["recordId"] for edge in events["edges"]) for events in lists]


async def test_events_are_listed_by_category_and_section() -> None:
    """An event must meet every condition; a section leaves events about school days out."""
    _, world = timetable()
    algebra = encode(GlobalId("Section", CEDAR, FIRST))

    assert await listed(world, categories=["TARDY"]) == [["day", "first", "moved", "third"], ["other"]]
    assert await listed(world, categories=[]) == [[], []]
    assert await listed(world, section=algebra) == [["away", "first"], []]
    assert await listed(world, section=algebra, categories=["TARDY"]) == [["first"], []]


async def test_first_period_tardies_are_listed() -> None:
    """The class period is the event's own, or else those of its section, in any case."""
    _, world = timetable()

    assert await listed(world, categories=["TARDY"], periods=[" PERIOD 1"]) == [["first", "moved"], []]
    assert await listed(world, periods=["Period 1", "Period 3"]) == [
        ["away", "first", "moved", "third"],
        ["other"],
    ]
    assert await listed(world, periods=["Period 9"]) == [[], []]
    assert "attendance_events_by_student" not in world.fetch.names()


async def test_the_sections_of_all_students_are_read_at_once() -> None:
    """Sections of events that name their period, or that other conditions leave out, are not read."""
    _, world = timetable()
    await listed(world, categories=["UNEXCUSED_ABSENCE"], periods=["Period 1"])
    reads = {ask.keys for _, ask in world.fetch.asks if ask.lookup.name == "sections_by_id"}

    assert reads == {(FIRST,)}


async def test_a_section_that_cannot_be_read_fails_the_lists_of_its_students_only() -> None:
    """Without its events the list would pass for complete."""
    sis, world = timetable()
    sis.answers["sections_by_id"][FIRST] = UnavailableError("no answer in time")
    result = await world.ask(LISTED, periods=["Period 3"])

    assert result.errors is not None
    assert [error.path for error in result.errors] == [["students", "edges", 0, "node", "attendanceEvents"]]
    assert result.data is not None
    assert result.data["students"]["edges"][1]["node"]["attendanceEvents"]["totalCount"] == 1


async def test_contradictory_conditions_are_refused() -> None:
    """An event about a school day has no section; an id of another type names none."""
    _, world = timetable()
    algebra = encode(GlobalId("Section", CEDAR, FIRST))

    assert set(await world.codes(LISTED, scope="SCHOOL", section=algebra)) == {"BAD_INPUT"}
    assert set(await world.codes(LISTED, scope="SCHOOL", periods=["Period 1"])) == {"BAD_INPUT"}
    assert set(await world.codes(LISTED, section=encode(GlobalId("School", CEDAR, "101")))) == {"BAD_ID"}


async def test_a_section_of_another_district_has_no_events_of_the_student() -> None:
    """Whether or not it exists, and without a read."""
    _, world = timetable()

    assert await listed(world, section=encode(GlobalId("Section", DistrictId("juniper"), FIRST))) == [[], []]
    assert "section_attendance_events_by_student" not in world.fetch.names()


async def test_a_cursor_of_another_list_is_refused() -> None:
    """A cursor holds the student, days and scopes of its list."""
    _, world = term()
    end = (await events(world, first=1))["pageInfo"]["endCursor"]

    assert await world.codes(EVENTS, scope="SCHOOL", after=end) == ["BAD_ID"]
    assert await world.codes(EVENTS, after="made up") == ["BAD_ID"]
