"""Lists of students over several schools and several districts, and by identifiers of other systems."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.model import DistrictId, GradeLevel, Sensitivity, StudentId
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, VIEWER, World, school, school_enrollment, student

LIST = """query($filter: StudentFilter!, $first: Int! = 25, $after: String) {
    students(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo {hasNextPage hasPreviousPage endCursor}
        edges {cursor node {studentUniqueId district {id}}}
    }
}"""
ALDER, JUNIPER = DistrictId("alder"), DistrictId("juniper")
DISTRICTS = (ALDER, CEDAR, JUNIPER)
NAMES = ["alder", "cedar", "juniper"]


def system(numbers: Sequence[str], schools: Sequence[str] = ("101", "102"), **options: Any) -> VendorData:
    """A system whose students go to its schools in turn."""
    at = {number: schools[index % len(schools)] for index, number in enumerate(numbers)}
    return VendorData(
        {
            "students_by_id": {number: student(number) for number in numbers},
            "schools_by_id": {number: school(number) for number in schools},
            "school_enrollments_by_school": {
                name: [school_enrollment(number, name) for number in numbers if at[number] == name]
                for name in schools
            },
            "school_enrollments_by_student": {
                number: [school_enrollment(number, at[number])] for number in numbers
            },
        },
        roster=[student(number) for number in numbers],
        **options,
    )


def three_districts(**systems: VendorData) -> World:
    """Three districts, in two of which a student has the same number."""
    data = {
        "alder": system(["10", "11", "12", "13"]),
        "cedar": system(["10", "20"]),
        "juniper": system(["30", "31", "32"]),
    } | systems
    sources = [third_party_source(f"sis of {name}", data[name], name) for name in NAMES]
    return World(sources).as_viewer(districts=frozenset(DISTRICTS))


def global_id(district: str, number: str) -> str:
    return encode(GlobalId("School", DistrictId(district), number))


async def read_all(world: World, first: int = 25, **filter: Any) -> list[tuple[str, str]]:
    """Return district and number of the students of all pages."""
    listed: list[tuple[str, str]] = []
    after: str | None = None
    for _ in range(40):
        page = (await world.data(LIST, filter=filter, first=first, after=after))["students"]
        assert len(page["edges"]) <= first
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        listed += [(edge["node"]["district"]["id"], edge["node"]["studentUniqueId"]) for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return listed
    raise AssertionError("the list never ends")


def named(*students: tuple[str, str]) -> list[tuple[str, str]]:
    """District ids and numbers as the graph returns them."""
    return [
        (encode(GlobalId("LocalEducationAgency", DistrictId(name), name)), number) for name, number in students
    ]


ALL = named(
    *(("alder", number) for number in ("10", "11", "12", "13")),
    *(("cedar", number) for number in ("10", "20")),
    *(("juniper", number) for number in ("30", "31", "32")),
)


@pytest.mark.parametrize("first", [1, 2, 3, 4, 5, 100])
async def test_students_of_several_districts_are_listed_district_by_district(first: int) -> None:
    """Every student once, with any page size; equal numbers of two districts are two students."""
    world = three_districts()

    assert await read_all(world, first, districts=["juniper", "alder", "cedar"]) == ALL
    assert await read_all(world, first, districts=["cedar"]) == ALL[4:6]


async def test_the_total_is_that_of_all_districts() -> None:
    """Also on later pages, and if every student is listed by number."""
    world = three_districts()
    by_school = {"schools": [global_id("alder", "101"), global_id("juniper", "101"), global_id("juniper", "102")]}
    first = (await world.data(LIST, filter=by_school, first=3))["students"]
    later = (await world.data(LIST, filter=by_school, first=3, after=first["pageInfo"]["endCursor"]))["students"]

    assert [first["totalCount"], later["totalCount"]] == [5, 5]
    assert (await world.data(LIST, filter={"districts": []}))["students"] == {
        "totalCount": 0,
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None},
    }


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_students_of_several_schools_are_listed_once(first: int) -> None:
    """A student of two schools is one student, and other conditions hold at each school."""
    data = system(["10", "11", "12", "13", "14"], ("101", "102", "103"))
    data.answers["school_enrollments_by_school"]["102"].append(
        school_enrollment("10", "102", grade=GradeLevel.TENTH)
    )
    world = World([third_party_source("sis", data)])

    assert [number for _, number in await read_all(world, first, schools=["101", "102"])] == [
        "10",
        "11",
        "13",
        "14",
    ]
    assert [number for _, number in await read_all(world, first, schools=["102"], gradeLevels=["TENTH"])] == ["10"]
    assert [number for _, number in await read_all(world, first, schools=["103"], ids=["10", "12"])] == ["12"]
    assert await read_all(world, first, schools=[]) == []


async def test_a_district_that_fails_takes_no_other_away() -> None:
    """Its students are missing, the total is unknown, and `degraded` says why."""
    dead = system(["10", "20"], failing={"students_by_district": UnavailableError("no answer in time")})
    world = three_districts(cedar=dead)
    result = await world.ask(LIST, filter={"districts": NAMES}, first=25)
    page = (result.data or {})["students"]

    assert await read_all(world, 2, districts=NAMES) == ALL[:4] + ALL[6:]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (None, False)
    assert {missing.code for missing in world.operation.traffic.degraded} == {"SOURCE_UNAVAILABLE"}


async def test_a_district_that_fails_between_two_pages_ends_the_list_of_that_district() -> None:
    """The next page begins with the next district."""
    alder = system(["10", "11", "12", "13"])
    world = three_districts(alder=alder)
    first = (await world.data(LIST, filter={"districts": NAMES}, first=2))["students"]
    alder.failing["students_by_district"] = UnavailableError("no answer in time")
    after = first["pageInfo"]["endCursor"]
    second = (await world.data(LIST, filter={"districts": NAMES}, first=3, after=after))["students"]

    assert [edge["node"]["studentUniqueId"] for edge in second["edges"]] == ["10", "20", "30"]


async def test_the_field_fails_if_every_district_does() -> None:
    """With the error of the first one."""
    failing: dict[str, AdapterError] = {"students_by_district": UnavailableError("no answer in time")}
    world = three_districts(**{name: system([], failing=failing) for name in NAMES})

    assert await world.codes(LIST, filter={"districts": NAMES}) == ["SOURCE_UNAVAILABLE"]


@pytest.mark.parametrize("seed", range(5))
async def test_students_who_come_and_go_shift_no_page(seed: int) -> None:
    """Those who are there all the time are listed once, by school, whatever happens to others between pages."""
    rng = random.Random(seed)  # noqa: S311 - a fixed seed
    numbers = [str(number) for number in range(100, 140)]
    staying = set(rng.sample(numbers, 20))
    systems = {name: system(rng.sample(numbers, 30)) for name in NAMES}
    always = {name: staying & systems[name].answers["students_by_id"].keys() for name in NAMES}
    world = three_districts(**systems)
    schools = [global_id(name, number) for name in NAMES for number in ("101", "102")]
    listed: list[tuple[str, str]] = []
    after, more = None, True
    while more:
        page = (await world.data(LIST, filter={"schools": schools}, first=7, after=after))["students"]
        listed += [(edge["node"]["district"]["id"], edge["node"]["studentUniqueId"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        for data in systems.values():
            for rows in data.answers["school_enrollments_by_school"].values():
                leaving = [row for row in rows if row.student_id not in staying]
                for row in rng.sample(leaving, min(2, len(leaving))):
                    rows.remove(row)

    expected = {pair for name in NAMES for pair in named(*((name, number) for number in always[name]))}
    assert len(listed) == len(set(listed))
    assert expected <= set(listed)


async def test_a_district_that_the_viewer_does_not_have_is_left_out() -> None:
    """Whether or not it exists; if none is left, the list is null as for one such district."""
    world = three_districts().as_viewer(districts=frozenset({CEDAR}))

    assert await read_all(world, districts=["alder", "cedar", "nowhere"]) == ALL[4:6]
    assert (await world.data(LIST, filter={"districts": ["alder", "nowhere"]}))["students"] is None
    assert await read_all(world, schools=[global_id("alder", "101"), global_id("cedar", "101")]) == ALL[4:5]


@pytest.mark.parametrize(
    "filter",
    [
        {"district": "cedar", "districts": ["cedar"]},
        {"school": "101", "schools": ["102"], "district": "cedar"},
        {"schools": ["101"]},
        {"schools": ["101"], "districts": ["alder", "cedar"]},
        {"schools": [global_id("alder", "101")], "districts": ["cedar"]},
        {"schools": [global_id("alder", "101")], "district": "cedar"},
        {"districts": ["cedar"] * 101},
        {"schools": ["101"] * 101, "district": "cedar"},
        {"identifiers": ["1"] * 101, "district": "cedar"},
    ],
)
async def test_a_contradictory_or_ambiguous_filter_is_refused(filter: dict[str, Any]) -> None:
    """Before any source is asked."""
    world = three_districts()

    assert await world.codes(LIST, filter=filter) == ["BAD_INPUT"]
    assert world.fetch.names() == []


async def test_schools_are_named_by_number_within_one_district() -> None:
    """The district's own numbers need exactly one district."""
    world = three_districts()

    assert await read_all(world, schools=["101", "102"], districts=["cedar"]) == ALL[4:6]
    assert await read_all(world, schools=["101"], district="cedar") == ALL[4:5]


async def test_a_cursor_belongs_to_its_districts_and_conditions() -> None:
    """It is refused in a list of other districts, schools or conditions."""
    world = three_districts()
    page = (await world.data(LIST, filter={"districts": ["alder", "cedar"]}, first=1))["students"]
    after = page["pageInfo"]["endCursor"]

    for other in ({"districts": NAMES}, {"districts": ["alder", "cedar"], "name": "a"}, {"district": "alder"}):
        assert await world.codes(LIST, filter=other, after=after) == ["BAD_ID"]


async def test_an_order_of_several_districts_is_refused() -> None:
    """Metrics of two districts are not comparable, and neither are their orders."""
    query = (
        """{students(filter: {districts: ["alder", "cedar"]}, orderBy: {metric: ATTENDANCE_RATE}) {totalCount}}"""
    )

    assert await three_districts().codes(query) == ["BAD_INPUT"]


def identity(number: str, *identifiers: tuple[str, str]) -> model.StudentIdentity:
    return model.StudentIdentity(
        vendor_id=number,
        student_id=StudentId(number),
        identifiers=[model.StudentIdentifier(system=system, value=value) for system, value in identifiers],
    )


def world_with_identifiers() -> World:
    """Students with local and state numbers, one of which has leading zeros."""
    data = system(["10", "11", "12"])
    data.answers["student_identities_by_id"] = {
        "10": identity("10", ("Local", "000412"), ("State", "7300")),
        "11": identity("11", ("Local", "412"), ("Email", "kim@example.org")),
        "12": identity("12"),
    }
    return World([third_party_source("sis", data)])


async def test_students_are_selected_by_identifiers_of_any_system() -> None:
    """Exactly as recorded: leading zeros count."""
    viewer = VIEWER.grants | unlimited_grants(Sensitivity.PII)
    world = world_with_identifiers().as_viewer(grants=viewer)

    async def listed(*identifiers: str, **filter: Any) -> list[str]:
        return [number for _, number in await read_all(world, identifiers=list(identifiers), **filter)]

    assert await listed("000412") == ["10"]
    assert await listed("412", "7300") == ["10", "11"]
    assert await listed("412", ids=["10", "12"]) == await listed("412", schools=[]) == []
    assert await listed("412", "7300", schools=["101"]) == ["10"]
    assert await listed("412", "7300", schools=["101", "102"]) == ["10", "11"]
    assert await listed("nobody") == await listed() == []


@pytest.mark.parametrize("identifiers", [["000412"], ["nobody"], []])
async def test_a_filter_by_identifiers_needs_their_class_of_data(identifiers: list[str]) -> None:
    """The error is the same whether or not somebody has the identifier."""
    world = world_with_identifiers()

    assert await world.codes(LIST, filter={"identifiers": identifiers}) == ["FORBIDDEN"]
    assert "student_identities_by_id" not in world.fetch.names()
