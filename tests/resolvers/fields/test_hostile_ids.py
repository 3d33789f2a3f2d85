"""Every id and cursor that the graph gives out is taken back, whatever the district's numbers hold."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.model import SchoolId, SectionId, Staff, StaffId
from student_graph.resolvers.fields.ids import MAX_ID_CHARACTERS, NODE_TYPES, GlobalId, TermKey, decode, encode
from tests import long_runs
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, CODE, World, school, student

NUMBERS = long_runs.size(100, 3_000)
"""
Hostile numbers. Each one is tried for a student, a member of staff, a school, a section and a term.

In a long run every character is used about 450 times, and every pair of neighbors about four times.
"""
PAGE = 100
ASCII = "".join(map(chr, range(0x20, 0x7F)))
CHARACTERS = ASCII + "\u00a0\u00df\u00e9\u0301\u0130\u4e2d\u200d\u202e\U0001f600\ufffe"
KNOWN = [" ", ".", "..", "../1", "AB 12/3", "_7002", "994:High", "O Brien-7", "%2F", "a%00b", "null", '["a"]']


def hostile_numbers(count: int) -> list[str]:
    """Different texts of characters that mean something in addresses, in JSON or to those who compare texts."""
    chance = random.Random(14)  # noqa: S311 - the same numbers in every run
    numbers = dict.fromkeys(KNOWN)
    while len(numbers) < count:
        numbers["".join(chance.choices(CHARACTERS, k=chance.randint(1, 32)))] = None
    return list(numbers)


def section(number: str) -> model.Section:
    """A section with an id and a term of that name."""
    return model.Section(
        vendor_id="row",
        section_id=SectionId(number),
        school_id=SchoolId("101"),
        section_identifier=number,
        session_name=number,
        school_year=2027,
        local_course_code="ALG",
    )


def session(number: str) -> model.Session:
    """A term of that name at the school of that number."""
    return model.Session(
        vendor_id="row",
        school_id=SchoolId(number),
        school_year=2027,
        session_name=number,
        term=CODE,
        begin_date=date(2027, 1, 5),
        end_date=date(2027, 6, 1),
    )


def world(numbers: list[str]) -> World:
    """A district in which one of everything has each of these numbers."""
    name = student("1").name
    data = VendorData(
        {
            "students_by_id": {number: student(number) for number in numbers},
            "staff_by_id": {n: Staff(vendor_id="row", staff_id=StaffId(n), name=name) for n in numbers},
            "schools_by_id": {number: school(number) for number in numbers},
            "sections_by_id": {number: section(number) for number in numbers},
            "sessions_by_school": {number: [session(number)] for number in numbers},
        },
        roster=[student(number) for number in numbers],
        max_page_size=37,
    )
    return World([third_party_source("sis", data)])


@pytest.mark.long_run
async def test_every_id_leads_back_to_its_object() -> None:
    """For each type of node, `node` of the id of an object is the object, whatever its number is."""
    numbers = hostile_numbers(NUMBERS)
    graph = world(numbers)
    for start in range(0, len(numbers), PAGE):
        page = numbers[start : start + PAGE]
        for type_name in sorted(NODE_TYPES.keys() - {"LocalEducationAgency", "Session"}):
            ids = [encode(GlobalId(type_name, CEDAR, number)) for number in page]
            data = await graph.data("query($ids: [ID!]!) {nodes(ids: $ids) {__typename id}}", ids=ids)
            assert data["nodes"] == [{"__typename": type_name, "id": id_} for id_ in ids]
        ids = [encode(GlobalId("Session", CEDAR, TermKey.of(session(number)).text())) for number in page]
        query = "query($ids: [ID!]!) {nodes(ids: $ids) {id ... on Session {sessionName}}}"
        data = await graph.data(query, ids=ids)
        assert data["nodes"] == [{"id": id_, "sessionName": number} for id_, number in zip(ids, page, strict=True)]


@pytest.mark.long_run
async def test_every_cursor_leads_to_the_next_page() -> None:
    """All students are listed once, page by page; each can be asked for by the number that the list says."""
    numbers = hostile_numbers(NUMBERS)
    graph, listed, after = world(numbers), [], None
    query = """query($after: String) {students(filter: {}, first: 41, after: $after) {
        pageInfo {hasNextPage hasPreviousPage startCursor endCursor} edges {cursor node {id studentUniqueId}}
    }}"""
    more = True
    while more:
        page: Any = (await graph.data(query, after=after))["students"]
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        listed += [edge["node"] for edge in page["edges"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert [node["studentUniqueId"] for node in listed] == numbers
    for node in listed[:20]:
        by_number = "query($number: String!) {student(studentUniqueId: $number) {id}}"
        assert (await graph.data(by_number, number=node["studentUniqueId"]))["student"] == {"id": node["id"]}


def test_the_longest_key_of_a_vendor_has_an_id() -> None:
    """An Ed-Fi section with names of the greatest length in a script of three bytes is taken back."""
    key = "/".join([str(2**63), "2027", "%E4%B8%AD" * 60, "%E4%B8%AD" * 60, "%E4%B8%AD" * 255])
    text = encode(GlobalId("Section", CEDAR, key))

    assert len(text) <= MAX_ID_CHARACTERS
    assert decode(text).key == key
