"""Lists with a condition or an order: their pages, their counts, and what is refused."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import GradeLevel
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.cohorts.conditions.generated import FIRST_DAY, SCHOOL_DAYS, Child, vendor_data, world
from tests.resolvers.cohorts.conditions.test_brute_force import LIST, all_pages
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World

DAY = date(2027, 3, 1)
CHRONIC = {"metric": "CHRONIC_ABSENCE", "preset": "federal_10pct", "level": "AT_RISK"}
BY_ABSENCE = {"metric": "ABSENT_DAYS", "direction": "DESCENDING"}


def child(number: str, absences: int = 0, **facts: Any) -> Child:
    """Return a child of sixth grade at school 101 with so many days of absence."""
    default: dict[str, Any] = {
        "last_name": "Hill",
        "school": "101",
        "grade": GradeLevel.SIXTH,
        "entered": FIRST_DAY,
        "left": None,
        "programs": {},
        "meal": None,
        "route": None,
        "incidents": 0,
        "sections": set(),
    }
    days = dict.fromkeys(SCHOOL_DAYS[:absences], False)
    return Child(number=number, absences=days, **{**default, **facts})


async def numbers(district: World, where: dict[str, Any], **filter: Any) -> list[str]:
    """Return the numbers of the students who meet a condition."""
    answer = await all_pages(district, {"where": where, **filter})
    listed: list[str] = answer["numbers"]
    return listed


async def test_conditions_combine_with_the_other_parts_of_a_filter() -> None:
    """School, grade levels, ids and name narrow the list as they do without a condition."""
    district = world(
        [
            child("1", programs={"TITLE_I": (FIRST_DAY, None)}),
            child("2", programs={"TITLE_I": (FIRST_DAY, None)}, school="102"),
            child("3", programs={"TITLE_I": (FIRST_DAY, None)}, grade=GradeLevel.EIGHTH, last_name="Brook"),
            child("4"),
        ]
    )
    title_i = {"program": {"kind": "TITLE_I"}}

    assert await numbers(district, title_i) == ["1", "2", "3"]
    assert await numbers(district, title_i, school="101") == ["1", "3"]
    assert await numbers(district, title_i, gradeLevels=["EIGHTH"]) == ["3"]
    assert await numbers(district, title_i, ids=["2", "4", "77"]) == ["2"]
    assert await numbers(district, title_i, name="broo") == ["3"]
    assert await numbers(district, title_i, asOf="2026-08-19") == []


async def test_the_documented_population_is_listed() -> None:
    """Chronically absent students in a language program, without those who are known to be proficient."""
    in_program = {"LANGUAGE_INSTRUCTION": (FIRST_DAY, None)}
    district = world([child("1", 20, programs=in_program), child("2", 20), child("3", 2, programs=in_program)])
    proficient = {"assessment": {"subject": "MATHEMATICS", "family": "ACT", "proficient": True}}
    where = {"all": [{"metric": CHRONIC}, {"program": {"kind": "LANGUAGE_INSTRUCTION"}}, {"not": proficient}]}

    answer = await district.ask(LIST, filter={"school": "101", "where": where})

    # No source offers results, so that nobody is known to lack one: student 1 is undecided and not listed.
    assert answer.data is not None
    assert answer.data["students"]["undecided"] == 1
    assert [part.code for part in district.operation.traffic.degraded] == ["NOT_OFFERED"]


async def test_a_student_whose_data_cannot_be_read_is_undecided_also_when_negated() -> None:
    """Neither a condition nor its opposite lists the student; the count and the reason say that one is missing."""
    district = world([child("1", route="North"), child("2"), child("3", unreadable={"transportation_by_student"})])

    for where, listed in (({"bus": {}}, ["1"]), ({"not": {"bus": {}}}, ["2"])):
        answer = await all_pages(district, {"where": where})
        assert answer == {"numbers": listed, "totalCount": 1, "undecided": 1}
        assert [part.code for part in district.operation.traffic.degraded] == ["SOURCE_UNAVAILABLE"]


async def test_another_condition_decides_a_student_whose_data_cannot_be_read() -> None:
    """Whatever the bus is, `any` is met by a grade level, and `all` is not met without it."""
    unreadable = {"transportation_by_student"}
    district = world(
        [child("1", unreadable=unreadable), child("2", unreadable=unreadable, grade=GradeLevel.EIGHTH)]
    )
    sixth, bus = {"gradeLevels": ["SIXTH"]}, {"bus": {}}

    assert await all_pages(district, {"where": {"any": [bus, sixth]}}) == {
        "numbers": ["1"],
        "totalCount": 1,
        "undecided": 1,
    }
    assert (await all_pages(district, {"where": {"all": [bus, sixth]}}))["undecided"] == 1


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_pages_are_stable_while_values_change(first: int) -> None:
    """A student whose own value does not change is on exactly one page, whatever happens to the others."""
    population = [child(str(n), n % 4) for n in range(1, 9)]
    district = world(population)
    seen: list[str] = []
    after = None
    for step in range(20):
        data = await district.data(LIST, filter={}, first=first, after=after, orderBy=BY_ABSENCE)
        page = data["students"]
        seen += [edge["node"]["studentUniqueId"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        events = district.sources[0].adapter.data.answers["attendance_events_by_student"]  # type: ignore[attr-defined]
        moving = str(step % 2 + 1)  # students 1 and 2 change places all the time
        events[moving] = [] if events[moving] else events["7"][:2]
    stable = [number for number in seen if number not in ("1", "2")]
    assert stable == ["3", "7", "6", "5", "4", "8"]


async def test_a_cursor_of_an_order_shows_no_value() -> None:
    """The text of a cursor holds neither the number of the student nor the value in clear."""
    district = world([child("987654321", 3)])
    query = "query($o: StudentOrder) { students(filter: {}, orderBy: $o) { edges { cursor } } }"
    data = await district.data(query, o=BY_ABSENCE)
    cursor = data["students"]["edges"][0]["cursor"]
    content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_")
    assert b"987654321" not in content
    assert b"students" not in content


async def test_a_cursor_of_another_order_or_condition_is_refused() -> None:
    """A position in one list says nothing about a place in another one."""
    district = world([child("1", 3), child("2", 1)])
    query = """query($w: StudentCondition, $o: StudentOrder, $a: String) {
        students(filter: {where: $w}, orderBy: $o, first: 1, after: $a) { pageInfo { endCursor } }
    }"""
    page = await district.data(query, o=BY_ABSENCE)
    after = page["students"]["pageInfo"]["endCursor"]

    assert await district.codes(query, o=BY_ABSENCE, a=after) == []
    assert await district.codes(query, o={**BY_ABSENCE, "direction": "ASCENDING"}, a=after) == ["BAD_ID"]
    assert await district.codes(query, o=BY_ABSENCE, w={"bus": {}}, a=after) == ["BAD_ID"]
    assert await district.codes(query, w={"bus": {}}, a=after) == ["BAD_ID"]


async def test_risk_comes_first_by_level_and_value() -> None:
    """High shares of absence are first, and the lowest rates of attendance."""
    district = world([child("1", 0), child("2", 40), child("3", 20), child("4", 20)])
    for metric in ("CHRONIC_ABSENCE", "ATTENDANCE_RATE"):
        answer = await all_pages(district, {}, {"metric": metric})
        assert answer["numbers"] == ["2", "3", "4", "1"], metric


async def test_a_short_list_names_the_candidates() -> None:
    """A section's list is read in place of the district's students, and only its students are judged."""
    population = [child(str(n), n, sections={"a"} if n < 3 else set()) for n in range(1, 9)]
    district = world(population)
    where = {"all": [{"metric": {"metric": "ABSENT_DAYS", "atLeast": 2}}, {"section": encode_section("a")}]}

    assert await numbers(district, where) == ["2"]

    keys = {ask.lookup.name: ask.keys for _, ask in district.fetch.asks}
    assert "roster_by_district" not in keys
    assert keys["section_enrollments_by_section"] == ("a",)
    assert keys["attendance_events_by_student"] == ("1", "2")


async def test_a_condition_is_judged_only_for_students_that_are_not_decided() -> None:
    """Attendance is read for the students of the grade level only."""
    population = [child(str(n), n, grade=GradeLevel.SIXTH if n < 3 else GradeLevel.EIGHTH) for n in range(1, 9)]
    district = world(population)
    metric = {"metric": {"metric": "ABSENT_DAYS", "atLeast": 2}}

    assert await numbers(district, {"all": [metric, {"gradeLevels": ["SIXTH"]}]}) == ["2"]

    asks = [ask.keys for _, ask in district.fetch.asks if ask.lookup.name == "attendance_events_by_student"]
    assert asks == [("1", "2")]


def encode_section(name: str) -> str:
    """Return the global id of a section."""
    return encode(GlobalId("Section", CEDAR, name))


@pytest.mark.parametrize("applies", [frozenset(), frozenset({"name"})], ids=["here", "by the vendor"])
async def test_a_vendor_applies_the_condition_on_names_that_it_can(applies: frozenset[str]) -> None:
    """The list is the same; a vendor that filters by name sends fewer students, and no roster is read."""
    population = [child(str(n), last_name="Brook" if n % 3 else "Hill", route="North") for n in range(1, 10)]
    data = vendor_data(population)
    data.roster = list(data.answers["students_by_id"].values())
    data.applies = applies
    district = world(population, data)

    assert await numbers(district, {"bus": {}}, name="Brook") == ["1", "2", "4", "5", "7", "8"]

    asks = [ask for _, ask in district.fetch.asks]
    assert "roster_by_district" not in {ask.lookup.name for ask in asks}
    filters = [ask.arguments["filter"].name for ask in asks if ask.lookup.name == "students_by_district"]
    assert set(filters) == {"Brook"}
    assert len(filters) == (2 if applies else 3)


async def test_a_partial_list_decides_what_it_shows() -> None:
    """If one of two sources fails, a record of the other is enough to meet a condition, and its absence is not."""
    population = [child("1", route="North"), child("2")]
    district = world(population)
    other = vendor_data(population)
    other.failing["transportation_by_student"] = UnavailableError("no answer in time")
    only_buses = VendorData({"transportation_by_student": {}}, failing=other.failing)
    district.sources = [*district.sources, third_party_source("buses", only_buses)]

    assert await all_pages(district, {"where": {"bus": {}}}) == {"numbers": ["1"], "totalCount": 1, "undecided": 1}
    assert (await all_pages(district, {"where": {"not": {"bus": {}}}}))["numbers"] == []
