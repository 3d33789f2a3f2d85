"""A district on Aeries, Schoology and files: the queries and shapes of one on Ed-Fi and Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.aeries.sandbox import AeriesSandbox
from student_graph.gateway.demo.districts import DemoDistrict
from tests.scenarios.districts.test_two_kinds import EXPECTED_CODES, FIELDS, merge_shapes, shape
from tests.scenarios.helpers.demo_gateway import (
    DemoGateway,
    demo_districts,
    gateway_and_usual_gateway,
    missing_parts,
)

STUDENTS = 12
NOT_OFFERED = {"engagement", "transportation"}
"""Fields that neither Aeries nor Schoology has."""
PAGE = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ totalCount edges {{ node {{
    studentUniqueId {" ".join(f"{name} {FIELDS[name]}" for name in FIELDS if name not in NOT_OFFERED)}
}} }} }} }}
"""
ROOT = Path(__file__).parents[3]
TEACHERS_DAY = (ROOT / "examples" / "queries" / "05-teachers-day.graphql").read_text()
WORK = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ edges {{ node {{
    studentUniqueId assignments {{ title }}
}} }} }} }}
"""


@pytest.fixture(scope="module")
def district() -> DemoDistrict:
    """The demo's district on Aeries."""
    [district] = demo_districts("aeries", STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateways(district: DemoDistrict) -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """A gateway over that district, and one over the same people on Ed-Fi and Canvas."""
    with gateway_and_usual_gateway(district) as gateways:
        yield gateways


def test_its_student_information_system_is_aeries(district: DemoDistrict) -> None:
    """With the learning management system and the files that such districts have."""
    assert isinstance(district.sandboxes["aeries"], AeriesSandbox)
    assert [sandbox.kind for sandbox in district.sandboxes.values()] == ["aeries", "schoology", "files"]


def test_it_answers_in_the_same_shape(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """Names and types of all fields are those of a district on Ed-Fi; `merge_shapes` fails where two differ."""
    responses = [gateway.post(PAGE) for gateway in gateways]
    codes = {part["code"] for response in responses for part in missing_parts(response)}
    pages = [shape([edge["node"] for edge in response["data"]["students"]["edges"]]) for response in responses]

    assert codes <= EXPECTED_CODES
    assert None not in merge_shapes(*pages)[0].values()


def roster(response: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """The students of each class of a teacher's day; both terms of a class together."""
    students: dict[tuple[str, str], set[str]] = {}
    for section in response["data"]["viewer"]["sections"]:
        own = students.setdefault((section["courseTitle"], ",".join(section["classPeriods"])), set())
        own |= {entry["student"]["studentUniqueId"] for entry in section["roster"]}
    return students


def test_a_teachers_day_is_the_same(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """The example query names the same classes with the same students, whichever system the district has."""
    first, second = (gateway.post(TEACHERS_DAY, "teacher") for gateway in gateways)

    assert roster(first) == roster(second)
    assert any(roster(first).values())


def test_work_belongs_to_the_same_students(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """Nobody gets another student's work, also where two numbers of the LMS are crossed."""
    edges = [gateway.post(WORK)["data"]["students"]["edges"] for gateway in gateways]
    titles = [
        {
            edge["node"]["studentUniqueId"]: sorted(w["title"] for w in edge["node"]["assignments"] or ())
            for edge in e
        }
        for e in edges
    ]
    of_aeries, of_edfi = titles

    assert of_aeries.keys() <= of_edfi.keys()
    assert of_aeries == {id: of_edfi[id] for id in of_aeries}
    assert any(of_aeries.values())
