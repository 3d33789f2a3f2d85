"""Lists of students: nobody lost, nobody twice, whoever pages and whoever filters."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ref
from student_graph.adapters.model import GradeLevel, PersonName
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.student_list.by_id import ID_BATCH_SIZE, MAX_ID_BATCHES
from student_graph.resolvers.student_list.by_vendor_page import MAX_VENDOR_PAGES
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import CEDAR, World, school, stay, student

LIST = """query($filter: StudentFilter!, $first: Int! = 25, $after: String) {
    students(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo {hasNextPage endCursor} edges {cursor node {studentUniqueId name {lastName}}}
    }
}"""
SCHOOL = encode(GlobalId("School", CEDAR, "101"))
LAST = ["Abbot", "Brook", "Cole", "Dale", "Élan", "Ford", "Brookes"]


def people(count: int = 7) -> list[Any]:
    """Students 10, 11, ... with family names of the alphabet."""
    return [student(str(10 + i), "Kim", LAST[i % len(LAST)]) for i in range(count)]


def district(**options: Any) -> tuple[Shelf, World]:
    """A district whose system lists its students, three a page."""
    shelf = Shelf(roster=people(), **options)
    return shelf, World([stranger("sis", shelf)])


def high_school(count: int = 7) -> World:
    """The same students at one school: 10 has left, 11 comes next year, 12 is a tenth grader with two stays."""
    stays = [stay(s.student_id) for s in people(count)]
    stays[0].exit_withdraw_date = date(2027, 3, 1)
    stays[1].entry_date = date(2027, 8, 20)
    stays[2].grade_level = GradeLevel.TENTH
    stays.append(stay("12", grade=GradeLevel.TENTH, entry_date=date(2027, 1, 5)))
    by_id = {s.student_id: s for s in people(count)}
    shelf = Shelf(
        {
            "students_by_id": by_id,
            "school_enrollments_by_school": {"101": stays},
            "school_enrollments_by_student": {n: [e for e in stays if e.student_id == n] for n in by_id},
            "schools_by_id": {"101": school()},
        }
    )
    return World([stranger("sis", shelf)])


async def read_all(world: World, first: int, **filter: Any) -> list[str]:
    """Numbers on all pages, from the cursor of each page's end."""
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
async def test_pages_of_ours_over_pages_of_theirs(first: int, applies: frozenset[str]) -> None:
    """Whatever the sizes of the two, everybody is listed once, and a filter leaves exactly those it names."""
    _, world = district(applies=applies)

    assert await read_all(world, first) == ["10", "11", "12", "13", "14", "15", "16"]
    assert await read_all(world, first, name="Brook") == ["11", "16"]


@pytest.mark.parametrize("first", [1, 2, 5])
async def test_every_edges_cursor_goes_on_behind_it(first: int) -> None:
    """A client may go on behind any edge, also in the middle of a vendor's page, with another page size."""
    _, world = district()
    page = (await world.data(LIST, filter={}, first=7))["students"]
    for index, edge in enumerate(page["edges"]):
        rest = (await world.data(LIST, filter={}, first=first, after=edge["cursor"]))["students"]
        numbers = [e["node"]["studentUniqueId"] for e in rest["edges"]]
        assert numbers == [str(11 + index + i) for i in range(first)][: 6 - index]


async def test_a_vendor_whose_pages_shrink_repeats_nobody() -> None:
    """A cursor in the middle of a page still holds when the vendor now gives shorter pages."""
    shelf, world = district()
    middle = (await world.data(LIST, filter={}, first=3))["students"]["edges"][1]["cursor"]
    shelf.largest_page = 1
    page = (await world.data(LIST, filter={}, first=2, after=middle))["students"]

    assert [edge["node"]["studentUniqueId"] for edge in page["edges"]] == ["12", "13"]


async def test_a_total_is_told_only_where_it_counts_what_was_asked() -> None:
    """The vendor's total counts everybody; once we filter, nobody has counted."""
    shelf, world = district()
    assert (await world.data(LIST, filter={}))["students"]["totalCount"] == 7
    assert (await world.data(LIST, filter={"name": "Brook"}))["students"]["totalCount"] is None
    shelf.applies = frozenset({"name"})
    assert (await world.data(LIST, filter={"name": "Brook"}))["students"]["totalCount"] == 2


async def test_a_search_is_bounded_and_can_go_on() -> None:
    """A rare name costs so many vendor pages a request; the page says that more may follow, and how to go on."""
    shelf = Shelf(roster=[*people(3 * MAX_VENDOR_PAGES), student("999", "Zed", "Zorn")])
    world = World([stranger("sis", shelf)])
    page = (await world.data(LIST, filter={"name": "Zorn"}))["students"]

    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], True)
    assert len(world.desk.asks) == MAX_VENDOR_PAGES
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
    """Every word begins one of a student's names; case and accents do not matter."""
    shelf, world = district()
    last = (shelf.roster or [])[-1]
    last.name.last_name = "Brookes García"
    last.preferred_name = PersonName(first_name="Mimi", last_name="Brookes")

    assert await read_all(world, 25, name=name) == numbers


async def test_grade_levels_of_a_district_come_from_enrollments() -> None:
    """The roster does not hold grade levels: where the vendor does not filter, stays on the day decide."""
    shelf, world = district()
    stays = {"12": [stay("12", grade=GradeLevel.TENTH)], "13": [stay("13")]}
    shelf.answers["school_enrollments_by_student"] = stays
    world = World([stranger("sis", shelf)])

    assert await read_all(world, 25, gradeLevels=["TENTH", "ELEVENTH"]) == ["12"]
    assert await read_all(world, 25, gradeLevels=["TENTH"], asOf="2026-01-01") == []


async def test_a_page_that_fails_in_the_middle_keeps_what_came() -> None:
    """The students of earlier pages are answered, the failure is told, and the cursor goes on where it broke."""
    shelf, world = district()
    shelf.breaks_at = 3
    page = (await world.data(LIST, filter={}, first=7))["students"]
    broken = page["pageInfo"]["endCursor"]

    assert [edge["node"]["studentUniqueId"] for edge in page["edges"]] == ["10", "11", "12"]
    assert page["pageInfo"]["hasNextPage"]
    assert [missing.code for missing in world.operation.traffic.degraded] == ["SOURCE_UNAVAILABLE"]
    assert await world.codes(LIST, filter={}, after=broken) == ["SOURCE_UNAVAILABLE"]
    shelf.breaks_at = None
    rest = (await world.data(LIST, filter={}, after=broken))["students"]
    assert [edge["node"]["studentUniqueId"] for edge in rest["edges"]] == ["13", "14", "15", "16"]


async def test_students_of_a_stale_page_say_so() -> None:
    """A page that was served from an earlier answer marks its students, as any record is marked."""
    shelf, world = district()
    query = "{students(filter: {}, first: 5) {edges {node {provenance {stale}}}}}"
    for stale in (True, False):
        shelf.stale = stale
        told = (await world.data(query))["students"]["edges"]
        assert [edge["node"]["provenance"]["stale"] for edge in told] == [stale] * 5


@pytest.mark.parametrize("first", [1, 2, 3, 100])
async def test_a_schools_students_are_those_enrolled_on_the_day(first: int) -> None:
    """Who left that day is gone, who comes later is not there yet, and two stays are one student."""
    world = high_school()

    assert await read_all(world, first, school=SCHOOL) == ["12", "13", "14", "15", "16"]
    assert await read_all(world, first, school=SCHOOL, asOf="2027-02-28") == ["10", "12", "13", "14", "15", "16"]
    assert await read_all(world, first, school=SCHOOL, gradeLevels=["TENTH"]) == ["12"]
    assert await read_all(world, first, school=SCHOOL, name="Brook") == ["16"]
    assert await read_all(world, first, school=SCHOOL, ids=["10", "13", "99"]) == ["13"]


async def test_a_schools_page_reads_only_the_names_it_shows() -> None:
    """Two of five students are asked for by number, once, and as reached through the school."""
    world = high_school()
    page = (await world.data(LIST, filter={"school": SCHOOL}, first=2))["students"]
    names = [ask for _, ask in world.desk.asks if ask.lookup.name == "students_by_id"]

    assert page["totalCount"] == 5
    assert sorted(key for ask in names for key in ask.keys) == ["12", "13"]
    assert {ref for ask in names for ref in ask.reached_via} == {Ref("school", "101")}


@pytest.mark.parametrize("first", [1, 2, 25])
async def test_numbers_name_those_who_exist(first: int) -> None:
    """Unknown numbers leave no trace; grade level and name narrow the rest."""
    world = high_school()

    assert await read_all(world, first, ids=["16", "12", "12", "99"]) == ["12", "16"]
    assert await read_all(world, first, ids=["16", "12"], gradeLevels=["TENTH"]) == ["12"]
    assert await read_all(world, first, ids=["16", "12"], name="Brookes") == ["16"]


async def test_a_school_lists_its_own_students() -> None:
    """The same list from the school, whose filter must not name another scope."""
    world = high_school()
    query = "query($id: ID!, $filter: StudentFilter) {school(id: $id) {students(filter: $filter) {totalCount}}}"

    assert await world.data(query, id=SCHOOL) == {"school": {"students": {"totalCount": 5}}}
    assert await world.codes(query, id=SCHOOL, filter={"district": "cedar"}) == ["BAD_INPUT"]


@pytest.mark.parametrize("cursor", ["", "!", "AAAA", "WyJzdHVkZW50cyJd"])
async def test_a_cursor_that_we_did_not_make_is_refused(cursor: str) -> None:
    """BAD_ID for a cursor made up, before the vendor is asked."""
    _, world = district()

    assert await world.codes(LIST, filter={}, after=cursor) == ["BAD_ID"]
    assert world.desk.asks == []


async def test_a_cursor_of_another_list_is_refused() -> None:
    """A cursor holds what was asked: another filter, a changed letter or another source make it no cursor."""
    shelf, world = district()
    end = (await world.data(LIST, filter={}, first=3))["students"]["pageInfo"]["endCursor"]
    changed = end[:-2] + ("A" if end[-2] != "A" else "B") + end[-1]
    elsewhere = World([stranger("other", shelf)])

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
async def test_too_much_is_refused_with_the_limit(filter: dict[str, Any], first: int) -> None:
    """BAD_INPUT names what to change, and nothing is asked."""
    _, world = district()

    assert await world.codes(LIST, filter=filter, first=first) == ["BAD_INPUT"]
    assert world.desk.asks == []


async def test_a_district_that_lists_nobody_says_so() -> None:
    """Without a source that lists students, a district's list is NOT_OFFERED."""
    assert await World([stranger("sis", Shelf())]).codes(LIST, filter={}) == ["NOT_OFFERED"]


async def test_a_district_lists_its_own_students() -> None:
    """The same list from the district, whose filter must not name another scope."""
    _, world = district()
    query = 'query($filter: StudentFilter) {district(id: "cedar") {students(filter: $filter) {totalCount}}}'

    assert await world.data(query) == {"district": {"students": {"totalCount": 7}}}
    assert await world.codes(query, filter={"school": SCHOOL}) == ["BAD_INPUT"]


async def test_a_search_in_a_large_school_is_bounded_and_can_go_on() -> None:
    """A rare name costs so many chunks of names a request; the page says so, and its cursor goes on."""
    crowd = [student(f"{n:05}", "Kim", "Zorn" if n == ID_BATCH_SIZE * MAX_ID_BATCHES else "Hill") for n in range(2050)]
    shelf = Shelf(
        {
            "students_by_id": {s.student_id: s for s in crowd},
            "school_enrollments_by_school": {"101": [stay(s.student_id) for s in crowd]},
        }
    )
    world = World([stranger("sis", shelf)])
    page = (await world.data(LIST, filter={"school": SCHOOL, "name": "Zorn"}))["students"]

    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], True)
    assert world.desk.names().count("students_by_id") == MAX_ID_BATCHES
    assert await read_all(world, 5, school=SCHOOL, name="Zorn") == ["02000"]


async def test_nobody_at_a_school_is_an_empty_page() -> None:
    """A school without students has an empty page with nothing behind it."""
    world = World([stranger("sis", Shelf({"school_enrollments_by_school": {}}))])

    assert await world.data(LIST, filter={"school": SCHOOL}) == {
        "students": {"totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "edges": []}
    }
