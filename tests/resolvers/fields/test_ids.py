"""Global ids, and ids and numbers in arguments."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import DistrictId, SchoolId, Staff, StaffId
from student_graph.resolvers.fields.ids import NODE_TYPES, GlobalId, TermKey, decode, encode, parse_term_key
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, school, school_enrollment, student
from tests.subcases import subcases

ADA = encode(GlobalId("Student", CEDAR, "1"))


def base64_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def two_districts() -> World:
    """Return two districts that assigned the same number to two students. The viewer belongs to the first."""
    cedar = VendorData({"students_by_id": {"1": student("1", "Ada")}, "schools_by_id": {"101": school()}})
    birch = VendorData({"students_by_id": {"1": student("1", "Bo")}})
    return World([third_party_source("sis", cedar), third_party_source("sis", birch, "birch")])


KEYS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=400)
"""Everything that a district may number with: any text without control characters."""


@given(KEYS, st.sampled_from(sorted(NODE_TYPES.keys() - {"LocalEducationAgency", "Session"})))
@example("AB 12/3", "Student")
@example("../1", "School")
@example('["Student","cedar","1"]', "Section")
@example("\u202e\u0301\U0001f600", "Staff")
def test_an_encoded_id_decodes_to_itself(key: str, type_name: str) -> None:
    """Every id that the graph gives out is taken back as the same one, and two objects have two ids."""
    global_id = GlobalId(type_name, CEDAR, key)

    assert decode(encode(global_id), type_name) == global_id
    assert encode(GlobalId(type_name, CEDAR, key + "/")) != encode(global_id)


@given(KEYS, st.integers(0, 9999), KEYS | st.just(""))
@example("101/2027", 2027, "")
@example("101", 2027, "Fall/2")
def test_the_id_of_a_term_decodes_to_its_parts(school: str, year: int, name: str) -> None:
    """Also if the school's number or the term's name holds a slash, or the term has no name."""
    key = TermKey(SchoolId(school), year, name)
    global_id = decode(encode(GlobalId("Session", CEDAR, key.text())))

    assert parse_term_key(global_id.key) == key


@subcases(
    "text",
    [
        "",
        "1",
        "not base64!",
        ADA + "=",
        ADA[:-1],
        base64_of('["Student", "cedar", "1"]'),
        base64_of('["Student","cedar"]'),
        base64_of('["Student","cedar",1]'),
        base64_of('["Teacher","cedar","1"]'),
        base64_of('["Student","cedar","1\\n"]'),
        base64_of('["Student","cedar",""]'),
        base64_of('["Session","cedar","101/2027/a/b"]'),
        base64_of('["Session","cedar","10 1/2027/a"]'),
        base64_of('["Student","../cedar","1"]'),
        base64_of('["Section","cedar","a\\u0000"]'),
        base64_of('["Section","cedar",""]'),
        base64_of('["Section","cedar","\\ud800"]'),
        base64_of("[" * 700),
        "A" * 10_000,
    ],
)
def test_text_that_is_not_an_id_is_refused(text: str) -> None:
    """Ids are parsed strictly: another spelling of the same id is refused."""
    with pytest.raises(BadKeyError):
        decode(text)


async def test_a_node_is_loaded_by_its_id() -> None:
    """The id of a student loads the same student, and `nodes` keeps the order of its ids."""
    world = two_districts()
    cedar_high = encode(GlobalId("School", CEDAR, "101"))
    district = encode(GlobalId("LocalEducationAgency", CEDAR, "cedar"))
    query = "query($a: ID!, $ids: [ID!]!) {node(id: $a) {id __typename} nodes(ids: $ids) {id __typename}}"
    data = await world.data(query, a=ADA, ids=[cedar_high, ADA, district])

    assert data["node"] == {"id": ADA, "__typename": "Student"}
    assert [node["__typename"] for node in data["nodes"]] == ["School", "Student", "LocalEducationAgency"]


@pytest.mark.parametrize(
    "bad", [encode(GlobalId("Staff", CEDAR, "7")), "no-id", "", base64_of('["Teacher","cedar","7"]'), "A" * 10_000]
)
async def test_a_node_that_fails_does_not_affect_the_others(bad: str) -> None:
    """Of several ids, one that no source answers or that is no id is null with an error at its index."""
    result = await two_districts().ask("query($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=[bad, ADA])

    assert result.data == {"nodes": [None, {"id": ADA}]}
    assert [error.path for error in result.errors or []] == [["nodes", 0]]


@pytest.mark.parametrize("number", ["a\0b", "a\nb", "1\x85", "", "1" * 5_000])
async def test_an_invalid_student_number_is_refused_without_a_lookup(number: str) -> None:
    """The error is BAD_ID, and no lookup is executed."""
    world = two_districts()
    query = "query($n: String!) {student(studentUniqueId: $n) {id} students(filter: {ids: [$n]}) {totalCount}}"

    assert await world.codes(query, n=number) == ["BAD_ID", "BAD_ID"]
    assert world.fetch.asks == []


async def test_another_district_is_like_one_that_does_not_exist() -> None:
    """By id, by number or in a filter, the result is null without an error, and no lookup is executed."""
    world = two_districts()
    query = """query($s: ID!, $d: ID!) {
        student(id: $s) {id} node(id: $s) {id} district(id: $d) {id}
        byNumber: student(studentUniqueId: "1", district: $d) {id}
        students(filter: {district: $d}) {totalCount}
    }"""
    for name in ("birch", "nowhere"):
        student_id = encode(GlobalId("Student", DistrictId(name), "1"))
        assert set((await world.data(query, s=student_id, d=name)).values()) == {None}
    assert world.fetch.asks == []


async def test_a_viewer_of_two_districts_must_name_one() -> None:
    """The same number in two districts is two students, so a number without a district is refused."""
    world = two_districts().as_viewer(districts=frozenset({CEDAR, DistrictId("birch")}))
    query = '{student(studentUniqueId: "1", district: "birch") {name {firstName}}}'

    assert await world.data(query) == {"student": {"name": {"firstName": "Bo"}}}
    assert await world.codes('{student(studentUniqueId: "1") {id}}') == ["BAD_INPUT"]


@pytest.mark.parametrize("arguments", ["", f'(id: "{ADA}", studentUniqueId: "1")'])
async def test_a_student_is_named_by_exactly_one_argument(arguments: str) -> None:
    """Either the id or the number: neither and both are refused."""
    assert await two_districts().codes(f"{{student{arguments} {{id}}}}") == ["BAD_INPUT"]


@pytest.mark.parametrize("key", [{"id": ADA}, {"studentUniqueId": "1"}])
async def test_a_student_is_named_by_exactly_one_key(key: dict[str, str]) -> None:
    """The input is `@oneOf`: clients' compilers and the gateway refuse none, both, and arguments beside it."""
    world = two_districts()
    query = "query($by: StudentKey!) {student(by: $by) {id}}"

    assert await world.data(query, by=key) == {"student": {"id": ADA}}
    for wrong in ({}, {"id": ADA, "studentUniqueId": "1"}, {"id": None}):
        assert (await world.ask(query, by=wrong)).data is None
    assert await world.codes('query($by: StudentKey!) {student(by: $by, id: "1") {id}}', by=key) == ["BAD_INPUT"]
    assert await world.codes(query, by={"id": "no-id"}) == ["BAD_ID"]


async def test_an_id_of_another_type_is_refused() -> None:
    """The id of a student is not accepted for a school."""
    assert await two_districts().codes("query($id: ID!) {school(id: $id) {id}}", id=ADA) == ["BAD_ID"]


async def test_a_staff_number_is_used_in_one_district_only() -> None:
    """A viewer of several districts has no staff record: the same number may be another person there."""
    name = student("7").name
    data = VendorData({"staff_by_id": {"7": Staff(vendor_id="7", staff_id=StaffId("7"), name=name)}})
    world = World([third_party_source("sis", data), third_party_source("sis", VendorData(), "birch")])
    of_one = world.as_viewer(staff_id=StaffId("7"))
    of_two = of_one.as_viewer(districts=frozenset({CEDAR, DistrictId("birch")}))

    assert (await of_one.data("{viewer {staff {name {firstName}}}}"))["viewer"]["staff"] is not None
    assert await of_two.data("{viewer {staff {id}}}") == {"viewer": {"staff": None}}


async def test_more_than_a_hundred_nodes_are_refused() -> None:
    """A request for 101 ids is BAD_INPUT."""
    assert await two_districts().codes("query($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=[ADA] * 101) == [
        "BAD_INPUT"
    ]


@pytest.mark.parametrize("name", ["../cedar", "ce dar", "", "c#"])
async def test_an_invalid_district_is_refused(name: str) -> None:
    """A district is named by its id or its short name; any other text is BAD_ID."""
    assert await two_districts().codes("query($d: ID!) {district(id: $d) {name}}", d=name) == ["BAD_ID"]


@pytest.mark.parametrize("named", [encode(GlobalId("School", CEDAR, "101")), "101"])
async def test_a_filter_takes_a_school_by_its_id_or_its_number(named: str) -> None:
    """A number belongs to the viewer's district, or to the one that the filter names."""
    enrolled = {"school_enrollments_by_school": {"101": [school_enrollment("1")]}}
    world = World(
        [third_party_source("sis", VendorData(enrolled)), third_party_source("sis", VendorData(), "birch")]
    )
    query = "query($f: StudentFilter!) {students(filter: $f) {totalCount}}"
    of_two = world.as_viewer(districts=frozenset({CEDAR, DistrictId("birch")}))

    assert await world.data(query, f={"school": named}) == {"students": {"totalCount": 1}}
    assert await of_two.data(query, f={"school": named, "district": "cedar"}) == {"students": {"totalCount": 1}}
    if named == "101":
        assert await of_two.codes(query, f={"school": named}) == ["BAD_INPUT"]
    else:
        assert await of_two.codes(query, f={"school": named, "district": "birch"}) == ["BAD_INPUT"]
    assert await world.codes(query, f={"school": ADA}) == ["BAD_ID"]
    assert await world.codes(query, f={"school": "a\0"}) == ["BAD_ID"]
