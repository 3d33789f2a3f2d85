"""Lists of students: every student exactly once, whatever the page sizes and whoever applies the filter."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ref
from student_graph.adapters.model import GradeLevel, PersonName
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.student_list.by_id import ID_BATCH_SIZE, MAX_ID_BATCHES
from student_graph.resolvers.student_list.by_vendor_page import MAX_VENDOR_PAGES
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, school, school_enrollment, student

LIST = """query($filter: StudentFilter!, $first: Int! = 25, $after: String) {
    students(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo {hasNextPage endCursor} edges {cursor node {studentUniqueId name {lastName}}}
    }
}"""
SCHOOL = encode(GlobalId("School", CEDAR, "101"))
LAST_NAMES = ["Abbot", "Brook", "Cole", "Dale", "Élan", "Ford", "Brookes"]


def make_students(count: int = 7) -> list[Any]:
    """Return the students 10, 11, ... with last names in alphabetical order."""
    return [student(str(10 + i), "Kim", LAST_NAMES[i % len(LAST_NAMES)]) for i in range(count)]


def district(**options: Any) -> tuple[VendorData, World]:
    """Return a district whose system lists its students, three per page."""
    data = VendorData(roster=make_students(), **options)
    return data, World([third_party_source("sis", data)])


def high_school(count: int = 7) -> World:
    """Return the students at a school: 10 has left, 11 starts next year, 12 has two enrollments in grade 10."""
    enrollments = [school_enrollment(s.student_id) for s in make_students(count)]
    enrollments[0].exit_withdraw_date = date(2027, 3, 1)
    enrollments[1].entry_date = date(2027, 8, 20)
    enrollments[2].grade_level = GradeLevel.TENTH
    enrollments.append(school_enrollment("12", grade=GradeLevel.TENTH, entry_date=date(2027, 1, 5)))
    by_id = {s.student_id: s for s in make_students(count)}
    data = VendorData(
        {
            "students_by_id": by_id,
            "school_enrollments_by_school": {"101": enrollments},
            "school_enrollments_by_student": {n: [e for e in enrollments if e.student_id == n] for n in by_id},
            "schools_by_id": {"101": school()},
        }
    )
    return World([third_party_source("sis", data)])


async def read_all(world: World, first: int, **filter: Any) -> list[str]:
    """Return the student numbers of all pages, each read from the end cursor of the page before."""
    numbers: list[str] = []
    after: str | None = None
    for _ in range(40):
        page = (await world.data(LIST, filter=filter, first=first, after=after))["students"]
        assert len(page["edges"]) <= first
        numbers += [edge["node"]["studentUniqueId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return numbers
    raise AssertionError("the list never ends")


@pytest.mark.parametrize("first", [1, 2, 3, 4, 7, 100])
@pytest.mark.parametrize("applies", [frozenset(), frozenset({"name"})], ids=["here", "by the vendor"])
async def test_page_sizes_and_vendor_page_sizes_are_independent(first: int, applies: frozenset[str]) -> None:
    """Whatever the two sizes are, every student is listed once, and a filter keeps exactly those who match."""
    _, world = district(applies=applies)

    assert await read_all(world, first) == ["10", "11", "12", "13", "14", "15", "16"]
    assert await read_all(world, first, name="Brook") == ["11", "16"]


@pytest.mark.parametrize("first", [1, 2, 5])
async def test_a_list_continues_after_the_cursor_of_any_edge(first: int) -> None:
    """It also continues in the middle of a vendor's page, and with another page size."""
    _, world = district()
    page = (await world.data(LIST, filter={}, first=7))["students"]
    for index, edge in enumerate(page["edges"]):
        rest = (await world.data(LIST, filter={}, first=first, after=edge["cursor"]))["students"]
        numbers = [e["node"]["studentUniqueId"] for e in rest["edges"]]
        assert numbers == [str(11 + index + i) for i in range(first)][: 6 - index]


async def test_a_vendor_whose_pages_become_shorter_repeats_no_student() -> None:
    """A cursor in the middle of a page stays valid when the vendor now sends shorter pages."""
    data, world = district()
    middle = (await world.data(LIST, filter={}, first=3))["students"]["edges"][1]["cursor"]
    data.max_page_size = 1
    page = (await world.data(LIST, filter={}, first=2, after=middle))["students"]

    assert [edge["node"]["studentUniqueId"] for edge in page["edges"]] == ["12", "13"]


async def test_a_total_is_null_if_the_gateway_filters() -> None:
    """The vendor's total counts all students, so it is used only if the vendor applied the whole filter."""
    data, world = district()
    assert (await world.data(LIST, filter={}))["students"]["totalCount"] == 7
    assert (await world.data(LIST, filter={"name": "Brook"}))["students"]["totalCount"] is None
    data.applies = frozenset({"name"})
    assert (await world.data(LIST, filter={"name": "Brook"}))["students"]["totalCount"] == 2


async def test_a_search_reads_a_limited_number_of_vendor_pages_and_can_continue() -> None:
    """A page without a match says that there may be more, and its cursor continues after the pages read."""
    data = VendorData(roster=[*make_students(3 * MAX_VENDOR_PAGES), student("999", "Zed", "Zorn")])
    world = World([third_party_source("sis", data)])
    page = (await world.data(LIST, filter={"name": "Zorn"}))["students"]
    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], True)
    assert len(world.fetch.asks) == MAX_VENDOR_PAGES
    assert await read_all(world, 5, name="Zorn") == ["999"]


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("élan", ["14"]),
        ("ELAN", ["14"]),
        ("ford kim", ["15"]),
        ("rook", []),
        ("mimi", ["16"]),
        ("garcia", ["16"]),
        ("  ", ["10", "11", "12", "13", "14", "15", "16"]),
    ],
)
async def test_names_are_matched_by_their_beginnings(name: str, numbers: list[str]) -> None:
    """Every word must be the beginning of one of a student's names; case and accents are ignored."""
    data, world = district()
    last = (data.roster or [])[-1]
    last.name.last_name = "Brookes García"
    last.preferred_name = PersonName(first_name="Mimi", last_name="Brookes")

    assert await read_all(world, 25, name=name) == numbers


async def test_grade_levels_of_a_district_come_from_enrollments() -> None:
    """The roster has no grade levels. If the vendor does not filter by them, enrollments on the day decide."""
    data, world = district()
    enrollments = {"12": [school_enrollment("12", grade=GradeLevel.TENTH)], "13": [school_enrollment("13")]}
    data.answers["school_enrollments_by_student"] = enrollments
    world = World([third_party_source("sis", data)])

    assert await read_all(world, 25, gradeLevels=["TENTH", "ELEVENTH"]) == ["12"]
    assert await read_all(world, 25, gradeLevels=["TENTH"], asOf="2026-01-01") == []


async def test_a_vendor_page_that_fails_does_not_lose_the_pages_before() -> None:
    """The students of earlier pages are returned, the failure is in `degraded`, and the cursor continues there."""
    data, world = district()
    data.breaks_at = 3
    page = (await world.data(LIST, filter={}, first=7))["students"]
    broken = page["pageInfo"]["endCursor"]

    assert [edge["node"]["studentUniqueId"] for edge in page["edges"]] == ["10", "11", "12"]
    assert page["pageInfo"]["hasNextPage"]
    assert [degraded.code for degraded in world.operation.traffic.degraded] == ["SOURCE_UNAVAILABLE"]
    assert await world.codes(LIST, filter={}, after=broken) == ["SOURCE_UNAVAILABLE"]
    data.breaks_at = None
    rest = (await world.data(LIST, filter={}, after=broken))["students"]
    assert [edge["node"]["studentUniqueId"] for edge in rest["edges"]] == ["13", "14", "15", "16"]


async def test_students_of_a_stale_page_are_stale() -> None:
    """The students of a page from an older answer have `stale: true` in their provenance."""
    data, world = district()
    query = "{students(filter: {}, first: 5) {edges {node {provenance {stale}}}}}"
    for stale in (True, False):
        data.stale = stale
        edges = (await world.data(query))["students"]["edges"]
        assert [edge["node"]["provenance"]["stale"] for edge in edges] == [stale] * 5


@pytest.mark.parametrize("first", [1, 2, 3, 100])
async def test_a_school_lists_the_students_enrolled_on_the_day(first: int) -> None:
    """Students who left on that day or start later are not listed; two enrollments are one student."""
    world = high_school()

    assert await read_all(world, first, school=SCHOOL) == ["12", "13", "14", "15", "16"]
    assert await read_all(world, first, school=SCHOOL, asOf="2027-02-28") == ["10", "12", "13", "14", "15", "16"]
    assert await read_all(world, first, school=SCHOOL, gradeLevels=["TENTH"]) == ["12"]
    assert await read_all(world, first, school=SCHOOL, name="Brook") == ["16"]
    assert await read_all(world, first, school=SCHOOL, ids=["10", "13", "99"]) == ["13"]


async def test_a_page_of_a_school_loads_only_the_records_it_shows() -> None:
    """Of five students two are loaded, once, with the hint that they were reached from the school."""
    world = high_school()
    page = (await world.data(LIST, filter={"school": SCHOOL}, first=2))["students"]
    asks = [ask for _, ask in world.fetch.asks if ask.lookup.name == "students_by_id"]

    assert page["totalCount"] == 5
    assert sorted(key for ask in asks for key in ask.keys) == ["12", "13"]
    assert {ref for ask in asks for ref in ask.reached_via} == {Ref("school", "101")}


@pytest.mark.parametrize("first", [1, 2, 25])
async def test_students_are_listed_by_their_numbers(first: int) -> None:
    """Unknown numbers are ignored; grade level and name apply to the others."""
    world = high_school()

    assert await read_all(world, first, ids=["16", "12", "12", "99"]) == ["12", "16"]
    assert await read_all(world, first, ids=["16", "12"], gradeLevels=["TENTH"]) == ["12"]
    assert await read_all(world, first, ids=["16", "12"], name="Brookes") == ["16"]


async def test_a_school_lists_its_own_students() -> None:
    """A school has the same list; its filter must not name a district or school."""
    world = high_school()
    query = "query($id: ID!, $filter: StudentFilter) {school(id: $id) {students(filter: $filter) {totalCount}}}"

    assert await world.data(query, id=SCHOOL) == {"school": {"students": {"totalCount": 5}}}
    assert await world.codes(query, id=SCHOOL, filter={"district": "cedar"}) == ["BAD_INPUT"]


@pytest.mark.parametrize("cursor", ["", "!", "AAAA", "WyJzdHVkZW50cyJd"])
async def test_a_forged_cursor_is_refused(cursor: str) -> None:
    """The error is BAD_ID, and no lookup is executed."""
    _, world = district()

    assert await world.codes(LIST, filter={}, after=cursor) == ["BAD_ID"]
    assert world.fetch.asks == []


async def test_a_cursor_of_another_list_is_refused() -> None:
    """A cursor is valid for one filter and one source, and a changed letter is detected."""
    data, world = district()
    end = (await world.data(LIST, filter={}, first=3))["students"]["pageInfo"]["endCursor"]
    changed = end[:-2] + ("A" if end[-2] != "A" else "B") + end[-1]
    elsewhere = World([third_party_source("other", data)])

    assert await world.codes(LIST, filter={"name": "Brook"}, after=end) == ["BAD_ID"]
    assert await world.codes(LIST, filter={}, after=changed) == ["BAD_ID"]
    assert await elsewhere.codes(LIST, filter={}, after=end) == ["BAD_ID"]


@pytest.mark.parametrize(
    ("filter", "first"),
    [
        ({}, 0),
        ({}, 101),
        ({}, -1),
        ({"ids": ["1"] * 101}, 25),
        ({"name": "x" * 101}, 25),
        ({"school": SCHOOL, "district": "birch"}, 25),
    ],
)
async def test_an_invalid_filter_or_page_size_is_refused(filter: dict[str, Any], first: int) -> None:
    """The error is BAD_INPUT, and no lookup is executed."""
    _, world = district()

    assert await world.codes(LIST, filter=filter, first=first) == ["BAD_INPUT"]
    assert world.fetch.asks == []


async def test_a_district_without_a_roster_offers_no_list() -> None:
    """If no source lists students, the list of a district is NOT_OFFERED."""
    assert await World([third_party_source("sis", VendorData())]).codes(LIST, filter={}) == ["NOT_OFFERED"]


async def test_a_district_lists_its_own_students() -> None:
    """A district has the same list; its filter must not name a district or school."""
    _, world = district()
    query = 'query($filter: StudentFilter) {district(id: "cedar") {students(filter: $filter) {totalCount}}}'

    assert await world.data(query) == {"district": {"students": {"totalCount": 7}}}
    assert await world.codes(query, filter={"school": SCHOOL}) == ["BAD_INPUT"]


async def test_a_search_in_a_school_loads_a_limited_number_of_batches_and_can_continue() -> None:
    """A page without a match says that there may be more, and its cursor continues after the batches loaded."""
    students = [
        student(f"{n:05}", "Kim", "Zorn" if n == ID_BATCH_SIZE * MAX_ID_BATCHES else "Hill") for n in range(2050)
    ]
    data = VendorData(
        {
            "students_by_id": {s.student_id: s for s in students},
            "school_enrollments_by_school": {"101": [school_enrollment(s.student_id) for s in students]},
        }
    )
    world = World([third_party_source("sis", data)])
    page = (await world.data(LIST, filter={"school": SCHOOL, "name": "Zorn"}))["students"]
    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], True)
    assert world.fetch.names().count("students_by_id") == MAX_ID_BATCHES
    assert await read_all(world, 5, school=SCHOOL, name="Zorn") == ["02000"]


async def test_a_school_without_students_has_an_empty_page() -> None:
    """The page has no edges and no next page."""
    world = World([third_party_source("sis", VendorData({"school_enrollments_by_school": {}}))])

    assert await world.data(LIST, filter={"school": SCHOOL}) == {
        "students": {"totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "edges": []}
    }
