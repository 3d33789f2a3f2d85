"""Global ids and the numbers that clients write."""

from __future__ import annotations

import base64

import pytest

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import DistrictId, Staff, StaffId
from student_graph.resolvers.fields.ids import GlobalId, decode, encode
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import CEDAR, World, school, student

ADA = encode(GlobalId("Student", CEDAR, "1"))


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def town() -> World:
    """Two districts that gave the same number to two children."""
    here = Shelf({"students_by_id": {"1": student("1", "Ada")}, "schools_by_id": {"101": school()}})
    there = Shelf({"students_by_id": {"1": student("1", "Bo")}})
    return World([stranger("sis", here), stranger("sis", there, "birch")])


@pytest.mark.parametrize("text", ["1", "604822", "A-7.b_~"])
def test_an_id_reads_back(text: str) -> None:
    """What was encoded is what is decoded, for keys of any allowed form."""
    named = GlobalId("Student", CEDAR, text)

    assert decode(encode(named)) == named


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "not base64!",
        ADA + "=",
        ADA[:-1],
        packed('["Student", "cedar", "1"]'),
        packed('["Student","cedar"]'),
        packed('["Student","cedar",1]'),
        packed('["Teacher","cedar","1"]'),
        packed('["Student","cedar","../1"]'),
        packed('["Student","../cedar","1"]'),
        packed('["Section","cedar","a\\u0000"]'),
        packed('["Section","cedar",""]'),
        packed('["Section","cedar","\\ud800"]'),
        packed("[" * 700),
        "A" * 2000,
    ],
)
def test_text_that_we_cannot_have_made_is_refused(text: str) -> None:
    """Ids are read strictly: another spelling of the same thing is no id."""
    with pytest.raises(BadKeyError):
        decode(text)


async def test_a_node_is_found_by_its_id() -> None:
    """The id of a student leads back to the same student, and `nodes` keeps the order of its ids."""
    world = town()
    [ada, cedar_high] = [ADA, encode(GlobalId("School", CEDAR, "101"))]
    query = "query($a: ID!, $ids: [ID!]!) {node(id: $a) {id __typename} nodes(ids: $ids) {id __typename}}"
    told = await world.data(
        query, a=ada, ids=[cedar_high, ada, encode(GlobalId("LocalEducationAgency", CEDAR, "cedar"))]
    )

    assert told["node"] == {"id": ada, "__typename": "Student"}
    assert [node["__typename"] for node in told["nodes"]] == ["School", "Student", "LocalEducationAgency"]


async def test_one_node_that_fails_leaves_the_others() -> None:
    """Among several ids, the one that no source answers is null with an error at its place."""
    world = town()
    staff = encode(GlobalId("Staff", CEDAR, "7"))
    result = await world.ask("query($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=[staff, ADA])

    assert result.data == {"nodes": [None, {"id": ADA}]}
    assert [error.path for error in result.errors or []] == [["nodes", 0]]


@pytest.mark.parametrize("number", ["../1", "1#", "a'b", 'a"b', "a\0b", "", " 1", "1" * 33, "-1", "ä"])
async def test_a_number_that_cannot_be_one_asks_nothing(number: str) -> None:
    """BAD_ID, before any source hears of it."""
    world = town()
    query = "query($n: String!) {student(studentUniqueId: $n) {id} students(filter: {ids: [$n]}) {totalCount}}"

    assert await world.codes(query, n=number) == ["BAD_ID", "BAD_ID"]
    assert world.desk.asks == []


async def test_a_district_of_others_is_like_none() -> None:
    """By id, by number or as the scope of a list: null, no error, and nothing is asked."""
    world = town()
    query = """query($s: ID!, $d: ID!) {
        student(id: $s) {id} node(id: $s) {id} district(id: $d) {id}
        byNumber: student(studentUniqueId: "1", district: $d) {id}
        students(filter: {district: $d}) {totalCount}
    }"""
    for name in ("birch", "nowhere"):
        there = encode(GlobalId("Student", DistrictId(name), "1"))
        assert set((await world.data(query, s=there, d=name)).values()) == {None}
    assert world.desk.asks == []


async def test_a_viewer_of_two_districts_names_one() -> None:
    """The same number in two districts is two children; without a district it is a question that we refuse."""
    world = town().seen_by(districts=frozenset({CEDAR, DistrictId("birch")}))
    query = '{student(studentUniqueId: "1", district: "birch") {name {firstName}}}'

    assert await world.data(query) == {"student": {"name": {"firstName": "Bo"}}}
    assert await world.codes('{student(studentUniqueId: "1") {id}}') == ["BAD_INPUT"]


@pytest.mark.parametrize("arguments", ["", f'(id: "{ADA}", studentUniqueId: "1")'])
async def test_a_student_is_named_in_one_way(arguments: str) -> None:
    """By id or by number: neither and both are refused with what to change."""
    assert await town().codes(f"{{student{arguments} {{id}}}}") == ["BAD_INPUT"]


async def test_an_id_of_another_type_is_refused() -> None:
    """A student's id is no school."""
    assert await town().codes("query($id: ID!) {school(id: $id) {id}}", id=ADA) == ["BAD_ID"]


async def test_a_staff_number_counts_in_one_district_only() -> None:
    """A viewer of several districts is nobody's staff: the same number may be another person there."""
    named = student("7").name
    shelf = Shelf({"staff_by_id": {"7": Staff(vendor_id="7", staff_id=StaffId("7"), name=named)}})
    world = World([stranger("sis", shelf), stranger("sis", Shelf(), "birch")])
    one = world.seen_by(staff_id=StaffId("7"))
    both = one.seen_by(districts=frozenset({CEDAR, DistrictId("birch")}))

    assert (await one.data("{viewer {staff {name {firstName}}}}"))["viewer"]["staff"] is not None
    assert await both.data("{viewer {staff {id}}}") == {"viewer": {"staff": None}}


async def test_so_many_nodes_and_no_more() -> None:
    """A hundred and one ids are refused with the limit."""
    assert await town().codes("query($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=[ADA] * 101) == ["BAD_INPUT"]


@pytest.mark.parametrize("name", ["../cedar", "ce dar", "", "c#"])
async def test_text_that_names_no_district_is_refused(name: str) -> None:
    """A district is named by its id or its short name, and by nothing else."""
    assert await town().codes("query($d: ID!) {district(id: $d) {name}}", d=name) == ["BAD_ID"]
