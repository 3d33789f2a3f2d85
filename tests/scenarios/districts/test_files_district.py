"""A district whose roster and test results are files: the same queries and shapes as one with servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.files.sandbox import FilesSandbox, RosterFilesSandbox
from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.sandbox.records.assessment_takers import own_users
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.demo.links import LINK_BY_TWO_NUMBERS
from tests.scenarios.districts.test_two_kinds import EXPECTED_CODES, FIELDS, merge_shapes, shape
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway, missing_parts

STUDENTS = 12
PAGE = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ totalCount edges {{ node {{
    studentUniqueId {" ".join(f"{name} {fields}" for name, fields in FIELDS.items())}
}} }} }} }}
"""
RESULTS = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ edges {{ node {{
    studentUniqueId
    assessments {{ administrationDate schoolYear scores {{ result }} provenance {{ source fileWrittenAt }} }}
}} }} }} }}
"""
SOURCES = """{ sources { name identity { matched conflicted }
    files { name content modifiedAt rows unreadableRows { reason count } problem } } }"""


@pytest.fixture(scope="module")
def district() -> DemoDistrict:
    """The demo's district with files."""
    [district] = demo_districts("files", STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateways(district: DemoDistrict) -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """A gateway over that district, and one over the same facts on servers."""
    roster = replace(district.facts, assessments=[], results=[], assignments=[], submissions=[])
    sandboxes = {
        "roster": OneRosterSandbox(roster),
        "canvas": district.sandboxes["canvas"],
        "assessments": OneRosterSandbox(own_users(district.facts)),
    }
    on_servers = replace(district, sandboxes=sandboxes, identity_rules={"assessments": LINK_BY_TWO_NUMBERS})
    with (
        served(*district.sandboxes.values(), sandboxes["roster"], sandboxes["assessments"]),
        demo_gateway([district]) as first,
        demo_gateway([on_servers]) as second,
    ):
        yield first, second


def nodes_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The students of a response; only links are missing from it."""
    assert {part["code"] for part in missing_parts(response)} <= EXPECTED_CODES
    return [edge["node"] for edge in response["data"]["students"]["edges"]]


def test_its_roster_and_its_results_are_files(district: DemoDistrict) -> None:
    """The demo's district reads OneRoster CSV and exports of assessment vendors."""
    assert isinstance(district.sandboxes["roster"], RosterFilesSandbox)
    assert isinstance(district.sandboxes["assessments"], FilesSandbox)


def test_it_answers_in_the_same_shape_as_a_district_on_servers(
    gateways: tuple[DemoGateway, DemoGateway],
) -> None:
    """Names and types of all fields are the same; `merge_shapes` fails where two types differ."""
    pages = [shape(nodes_of(gateway.post(PAGE))) for gateway in gateways]

    assert pages[0][0].keys() == pages[1][0].keys()
    merge_shapes(*pages)


def test_no_student_lacks_a_result(gateways: tuple[DemoGateway, DemoGateway], district: DemoDistrict) -> None:
    """Every student has one result for each of the facts, from a file that says when it was written."""
    nodes = nodes_of(gateways[0].post(RESULTS))
    expected = {student.id: 0 for student in district.facts.students}
    for result in district.facts.results:
        expected[result.student] += 1
    listed = {node["studentUniqueId"]: node["assessments"] for node in nodes}

    assert listed.keys() == expected.keys()
    assert {number: len(results or []) for number, results in listed.items()} == expected
    assert all(
        result["provenance"]["source"] == "assessments" and result["provenance"]["fileWrittenAt"]
        for results in listed.values()
        for result in results or []
    )


def test_operators_see_the_files_and_when_they_were_written(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """Who may see the health of sources sees each file with its content and time; a teacher gets an error."""
    gateway = gateways[0]
    nodes_of(gateway.post(RESULTS))
    sources = gateway.post(SOURCES)["data"]["sources"]
    files = {source["name"]: source["files"] for source in sources}
    names = {file["name"] for file in files["assessments"]}

    assert names == {"map_growth/reading.csv", "map_growth/mathematics.csv", "district_tests.txt"}
    assert {file["content"] for file in files["assessments"]} == {"MAP Growth results", "district test results"}
    assert {file["name"].rpartition("/")[0] for file in files["roster"]} == {"oneroster.zip"}
    assert files["canvas"] == []
    assert all(file["modifiedAt"] and file["rows"] is not None for own in files.values() for file in own)
    assert "FORBIDDEN" in str(gateway.post(SOURCES, viewer="teacher")["errors"])
