"""Attendance events: two lookups and several school years as one list."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from student_graph.adapters.errors import NotOfferedError, UnavailableError
from student_graph.adapters.model import AttendanceScope
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import World, event, student

EVENTS = """query($from: Date, $to: Date, $scope: AttendanceScope, $first: Int! = 25, $after: String) {
    student(studentUniqueId: "1") {
        attendanceEvents(from: $from, to: $to, scope: $scope, first: $first, after: $after) {
            totalCount pageInfo {hasNextPage endCursor} edges {node {date scope provenance {recordId}}}
        }
    }
}"""


def term(days: int = 5) -> tuple[Shelf, World]:
    """A student with an event on each of some days of February 2027, in school and in class."""
    in_school = [event("1", date(2027, 2, 1) + timedelta(n)) for n in range(days)]
    in_class = [event("1", date(2027, 2, 1) + timedelta(n), AttendanceScope.SECTION) for n in range(days)]
    shelf = Shelf(
        {
            "students_by_id": {"1": student("1")},
            "attendance_events_by_student": {"1": in_school},
            "section_attendance_events_by_student": {"1": in_class},
        }
    )
    return shelf, World([stranger("sis", shelf)])


async def events(world: World, **variables: Any) -> Any:
    return (await world.data(EVENTS, **variables))["student"]["attendanceEvents"]


@pytest.mark.parametrize("first", [1, 3, 10])
async def test_pages_lose_no_event_and_repeat_none(first: int) -> None:
    """Events of both scopes in order of days, whatever the page size; also when a vendor repeats an id."""
    shelf, world = term()
    shelf.answers["attendance_events_by_student"]["1"].append(event("1", date(2027, 2, 2)))
    read: list[tuple[str, str]] = []
    after, more = None, True
    while more:
        page = await events(world, first=first, after=after)
        read += [(edge["node"]["date"], edge["node"]["scope"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["totalCount"] == 11

    assert len(read) == 11
    assert read == sorted(read)


async def test_an_event_that_comes_between_moves_nothing() -> None:
    """A cursor stands behind its event, not at a number: a new earlier event neither repeats nor hides another."""
    shelf, world = term()
    end = (await events(world, first=2, scope="SCHOOL"))["pageInfo"]["endCursor"]
    shelf.answers["attendance_events_by_student"]["1"].insert(0, event("1", date(2027, 1, 20)))
    rest = await events(world, first=25, scope="SCHOOL", after=end)

    assert [edge["node"]["date"] for edge in rest["edges"]] == ["2027-02-03", "2027-02-04", "2027-02-05"]


async def test_days_and_scope_narrow_the_list() -> None:
    """Both days are included; one scope asks one lookup."""
    _, world = term()
    page = await events(world, **{"from": "2027-02-02", "to": "2027-02-03", "scope": "SECTION"})

    assert [(e["node"]["date"], e["node"]["scope"]) for e in page["edges"]] == [
        ("2027-02-02", "SECTION"),
        ("2027-02-03", "SECTION"),
    ]
    assert "attendance_events_by_student" not in world.desk.names()


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
async def test_the_school_years_that_the_days_touch_are_asked(days: dict[str, str], years: set[int]) -> None:
    """Up to today by default, from the start of that school year; each year once for each scope."""
    _, world = term()
    await events(world, **days)
    asked = [(ask.lookup.name, ask.arguments["school_year"]) for _, ask in world.desk.asks if ask.arguments]

    assert Counter(year for _, year in asked) == Counter([*years, *years])


@pytest.mark.parametrize(
    "variables",
    [{"from": "2027-02-02", "to": "2027-02-01"}, {"from": "0001-01-01"}, {"first": 0}],
)
async def test_spans_that_cannot_be_meant_are_refused(variables: dict[str, Any]) -> None:
    """A span that ends before it begins, or of two thousand years, asks no source."""
    _, world = term()

    assert await world.codes(EVENTS, **variables) == ["BAD_INPUT"]
    assert world.desk.names() == ["students_by_id"]


async def test_a_scope_that_fails_fails_the_field() -> None:
    """Half of the events would read as few absences: the field is null with a reason, the other scope answers."""
    shelf, world = term()
    shelf.failing["section_attendance_events_by_student"] = UnavailableError("no answer in time")

    assert await world.codes(EVENTS) == ["SOURCE_UNAVAILABLE"]
    assert (await events(world, scope="SCHOOL"))["totalCount"] == 5


async def test_a_scope_that_nobody_offers_leaves_the_other() -> None:
    """A district without class periods has school days, and the answer says what is missing."""
    shelf, world = term()
    shelf.failing["section_attendance_events_by_student"] = NotOfferedError("not offered by the vendor (404)")

    assert (await events(world))["totalCount"] == 5
    assert [missing.code for missing in world.operation.degraded] == ["NOT_OFFERED"]


async def test_a_cursor_of_other_days_is_refused() -> None:
    """A cursor holds what was asked."""
    _, world = term()
    end = (await events(world, first=1))["pageInfo"]["endCursor"]

    assert await world.codes(EVENTS, scope="SCHOOL", after=end) == ["BAD_ID"]
    assert await world.codes(EVENTS, after="made up") == ["BAD_ID"]
