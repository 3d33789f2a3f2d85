"""A district on PowerSchool, Google Classroom and files: the queries and shapes of one on Ed-Fi and Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.powerschool.sandbox import PowerSchoolSandbox
from student_graph.gateway.demo.districts import DemoDistrict
from tests.scenarios.districts.test_two_kinds import EXPECTED_CODES, FIELDS, merge_shapes, shape
from tests.scenarios.helpers.demo_gateway import (
    DemoGateway,
    demo_districts,
    gateway_and_usual_gateway,
    missing_parts,
)

STUDENTS = 12
NOT_IN_POWERSCHOOL = {"contacts"}
PAGE = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ totalCount edges {{ node {{
    studentUniqueId {" ".join(f"{name} {FIELDS[name]}" for name in FIELDS if name not in NOT_IN_POWERSCHOOL)}
}} }} }} }}
"""
ROOT = Path(__file__).parents[3]
TEACHERS_DAY = (ROOT / "examples" / "queries" / "05-teachers-day.graphql").read_text()


@pytest.fixture(scope="module")
def district() -> DemoDistrict:
    """The demo's district on PowerSchool."""
    [district] = demo_districts("powerschool", STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateways(district: DemoDistrict) -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """A gateway over that district, and one over the same people on Ed-Fi and Canvas."""
    with gateway_and_usual_gateway(district) as gateways:
        yield gateways


def test_its_student_information_system_is_powerschool(district: DemoDistrict) -> None:
    """With the learning management system and the files that such districts have."""
    assert isinstance(district.sandboxes["powerschool"], PowerSchoolSandbox)
    assert [sandbox.kind for sandbox in district.sandboxes.values()] == [
        "powerschool",
        "google_classroom",
        "files",
    ]


def test_it_answers_in_the_same_shape(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """Names and types of all fields are those of a district on Ed-Fi; `merge_shapes` fails where two differ."""
    responses = [gateway.post(PAGE) for gateway in gateways]
    codes = {part["code"] for response in responses for part in missing_parts(response)}
    pages = [shape([edge["node"] for edge in response["data"]["students"]["edges"]]) for response in responses]

    assert codes <= EXPECTED_CODES
    assert None not in merge_shapes(*pages)[0].values()
    assert {name for name, value in pages[0][0].items() if value is None} == set()


def roster(response: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """The students of each class of a teacher's day."""
    return {
        (section["courseTitle"], ",".join(section["classPeriods"])): {
            entry["student"]["studentUniqueId"] for entry in section["roster"]
        }
        for section in response["data"]["viewer"]["sections"]
    }


def days_away(response: dict[str, Any]) -> dict[str, Any]:
    """The attendance of each student of a teacher's day."""
    return {
        entry["student"]["studentUniqueId"]: entry["student"]["attendance"]
        for section in response["data"]["viewer"]["sections"]
        for entry in section["roster"]
    }


def test_a_teachers_day_is_the_same(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """The example query names the same classes with the same students, whichever system the district has."""
    first, second = (gateway.post(TEACHERS_DAY, "teacher") for gateway in gateways)

    assert roster(first) == roster(second)
    assert days_away(first) == days_away(second)
    assert any(roster(first).values())
