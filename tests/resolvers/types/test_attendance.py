"""Attendance events: one list from two lookups and several school years."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from student_graph.adapters.errors import NotOfferedError, UnavailableError
from student_graph.adapters.model import AttendanceScope
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import World, attendance_event, student

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


async def test_a_cursor_of_another_list_is_refused() -> None:
    """A cursor holds the student, days and scopes of its list."""
    _, world = term()
    end = (await events(world, first=1))["pageInfo"]["endCursor"]

    assert await world.codes(EVENTS, scope="SCHOOL", after=end) == ["BAD_ID"]
    assert await world.codes(EVENTS, after="made up") == ["BAD_ID"]
