"""Representations of another subgraph: which object each of them names, and how often the sources are asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from strawberry.types import ExecutionResult

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import DistrictId, SchoolId, StaffId
from student_graph.gateway.execution import BreadthExecutor, StockExecutor
from student_graph.resolvers.fields.ids import GlobalId, encode
from student_graph.resolvers.schema import make_schema
from student_graph.resolvers.types.federation.entities import MAX_REPRESENTATIONS
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, CODE, World, executor, school, student

SCHEMAS = {
    "breadth": make_schema(BreadthExecutor, federation=True),
    "stock": make_schema(StockExecutor, federation=True),
}
ENTITIES = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Student { studentUniqueId }
    ... on School { schoolId }
    ... on Staff { staffUniqueId }
    ... on Session { sessionName }
    ... on LocalEducationAgency { shortName }
  }
}"""
NUMBERS = [str(number) for number in range(1, 31)]


def district_world() -> World:
    """A district with thirty students, a school and a teacher, and one of another viewer."""
    teacher = model.Staff(vendor_id="7", staff_id=StaffId("7"), name=student("7", "Sam", "Vale").name)
    sis = VendorData(
        {
            "students_by_id": {number: student(number) for number in NUMBERS},
            "schools_by_id": {"101": school()},
            "staff_by_id": {"7": teacher},
        }
    )
    other = VendorData({"students_by_id": {"1": student("1")}})
    return World([third_party_source("sis", sis), third_party_source("sis", other, "maple")])


def term(school_id: str, name: str) -> model.Session:
    """A term of a school in 2026-27."""
    return model.Session(
        vendor_id=f"{school_id}-{name}",
        school_id=SchoolId(school_id),
        school_year=2027,
        session_name=name,
        term=CODE,
        begin_date=date(2026, 8, 20),
        end_date=date(2027, 6, 10),
    )


async def ask(world: World, representations: list[Any]) -> ExecutionResult:
    """Execute `_entities` with the executor of the test."""
    result = await SCHEMAS[executor.get()].execute(
        ENTITIES, variable_values={"representations": representations}, context_value=world.context()
    )
    assert isinstance(result, ExecutionResult)
    return result


def by_id(type_: str, key: str, district: str = CEDAR) -> dict[str, str]:
    """A representation by global id."""
    return {"__typename": type_, "id": encode(GlobalId(type_, DistrictId(district), key))}


def by_number(number: Any, district: Any = CEDAR, **more: Any) -> dict[str, Any]:
    """A representation of a student by number and district."""
    return {
        "__typename": "Student",
        "studentUniqueId": number,
        "district": {"__typename": "LocalEducationAgency", "shortName": district},
        **more,
    }


def codes_by_index(result: ExecutionResult) -> dict[Any, Any]:
    """The code of each error, by the index that it is at."""
    errors = result.errors or []
    assert all(error.path is not None and error.path[0] == "_entities" for error in errors)
    return {error.path[1]: (error.extensions or {})["code"] for error in errors if error.path}


async def test_a_type_needs_one_lookup() -> None:
    """Thirty students, a school and a teacher are three batches, whatever keys name them in which order."""
    world = district_world()
    students = [by_id("Student", number) if int(number) % 2 else by_number(number) for number in NUMBERS]
    result = await ask(world, [*students[:15], by_id("School", "101"), by_id("Staff", "7"), *students[15:]])

    assert result.errors is None
    assert sorted(world.fetch.names()) == ["schools_by_id", "staff_by_id", "students_by_id"]
    [of_students] = [ask for _, ask in world.fetch.asks if ask.lookup.name == "students_by_id"]
    assert sorted(of_students.keys, key=int) == NUMBERS


async def test_terms_need_one_lookup_too() -> None:
    """Their schools are asked at once for their terms; a term that a school does not have is not there."""
    schools = {number: [term(number, "Fall"), term(number, "Spring")] for number in ("101", "102")}
    world = World([third_party_source("sis", VendorData({"sessions_by_school": schools}))])
    keys = ["102/2027/Fall", "101/2027/Spring", "101/2027/Summer", "101/2027/Fall"]
    result = await ask(world, [by_id("Session", key) for key in keys])

    assert codes_by_index(result) == {2: "NOT_FOUND"}
    assert result.data is not None
    assert [entity and entity["sessionName"] for entity in result.data["_entities"]] == [
        "Fall", "Spring", None, "Fall",
    ]  # fmt: skip
    assert [sorted(set(ask.keys)) for _, ask in world.fetch.asks] == [["101", "102"]]


async def test_entities_have_the_order_of_their_representations() -> None:
    """Also if types alternate and the same object is named several times, by several keys."""
    district = {"__typename": "LocalEducationAgency", "shortName": CEDAR}
    named = [
        by_id("Student", "3"), by_id("School", "101"), by_id("Student", "1"), by_number("3"), district,
        by_id("Staff", "7"), by_id("Student", "3"),
    ]  # fmt: skip
    result = await ask(district_world(), named)

    assert result.errors is None
    assert result.data is not None
    assert [tuple(entity.values()) for entity in result.data["_entities"]] == [
        ("Student", "3"), ("School", "101"), ("Student", "1"), ("Student", "3"), ("LocalEducationAgency", "cedar"),
        ("Staff", "7"), ("Student", "3"),
    ]  # fmt: skip


async def test_a_representation_may_hold_more_than_its_key() -> None:
    """Gateways send what other subgraphs know; a key that is null does not count."""
    named = [
        by_number("2", id=None, loans=[{"title": "Kindred"}], name={"firstName": "Somebody else"}),
        {**by_id("Student", "2"), "studentUniqueId": None, "district": None},
    ]
    result = await ask(district_world(), named)

    assert result.errors is None
    assert result.data is not None
    assert [entity["studentUniqueId"] for entity in result.data["_entities"]] == ["2", "2"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"__typename": "Student"}, "BAD_INPUT"),
        ({"__typename": "Student", "studentUniqueId": "1"}, "BAD_INPUT"),
        ({"__typename": "Course", "id": "1"}, "BAD_INPUT"),
        ({"__typename": ["Student"], "id": "1"}, "BAD_INPUT"),
        ({"id": "1"}, "BAD_INPUT"),
        ("Student", "BAD_INPUT"),
        ({"__typename": "Student", "id": "1"}, "BAD_ID"),
        ({"__typename": "Student", "id": 1}, "BAD_ID"),
        ({**by_id("School", "101"), "__typename": "Student"}, "BAD_ID"),
        (by_number(1), "BAD_ID"),
        (by_number("1\n"), "BAD_ID"),
        (by_number("1", district=["cedar"]), "BAD_ID"),
        (by_number("1", district="no district"), "BAD_ID"),
        ({"__typename": "Student", "studentUniqueId": "1", "district": "cedar"}, "BAD_ID"),
        ({"__typename": "School", "schoolId": "101", "district": {"id": "cedar"}}, "BAD_ID"),
    ],
)
async def test_a_wrong_representation_fails_alone(wrong: Any, code: str) -> None:
    """Its entry is null and has an error; the ones beside it are there."""
    result = await ask(district_world(), [by_id("Student", "1"), wrong, by_id("Student", "2")])

    assert codes_by_index(result) == {1: code}
    assert result.data is not None
    assert [bool(entity) for entity in result.data["_entities"]] == [True, False, True]


async def test_unknown_and_foreign_objects_look_alike() -> None:
    """A district that is not the viewer's is not asked at all."""
    world = district_world()
    result = await ask(
        world, [by_number("999"), by_number("1", district="maple"), by_number("1", district="none")]
    )

    assert codes_by_index(result) == dict.fromkeys(range(3), "NOT_FOUND")
    assert len({error.message for error in result.errors or []}) == 1
    assert [(source, list(ask.keys)) for source, ask in world.fetch.asks] == [("sis", ["999"])]


async def test_a_failing_lookup_costs_its_type_only() -> None:
    """The error says what it says at any other field."""
    world = district_world()
    world.sources[0].adapter.data.failing["students_by_id"] = UnavailableError("down")  # type: ignore[attr-defined]
    result = await ask(world, [by_id("Student", "1"), by_id("School", "101"), by_id("Student", "2")])

    assert codes_by_index(result) == dict.fromkeys((0, 2), "SOURCE_UNAVAILABLE")
    assert result.data is not None
    assert result.data["_entities"][1] == {"__typename": "School", "schoolId": "101"}


async def test_too_many_representations_are_refused_without_a_lookup() -> None:
    """The message says how many are allowed; as many are answered."""
    world = district_world()
    allowed = await ask(world, [by_id("Student", "1")] * MAX_REPRESENTATIONS)
    world.fetch.asks.clear()
    refused = await ask(world, [by_id("Student", "1")] * (MAX_REPRESENTATIONS + 1))

    assert allowed.errors is None
    assert [error.message for error in refused.errors or []] == ["representations: pass at most 300."]
    assert world.fetch.asks == []
