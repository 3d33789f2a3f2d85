"""A district with Google Classroom: the same queries and shapes as one with Canvas, over the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from tests.scenarios.districts.test_two_kinds import EXPECTED_CODES, FIELDS, merge_shapes, shape
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway, missing_parts

STUDENTS = 12
PAGE = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ totalCount edges {{ node {{
    studentUniqueId {" ".join(f"{name} {fields}" for name, fields in FIELDS.items())}
}} }} }} }}
"""
WORK = f"""
query {{ students(filter: {{}}, first: {STUDENTS}) {{ edges {{ node {{
    studentUniqueId
    assignments {{ title courseName dueAt pointsPossible status score late missing section {{ id }} }}
    engagement {{ courses {{ courseName onTime late missing }} }}
}} }} }} }}
"""
CLASSROOM_STATUSES = {"EXCUSED": "UNSUBMITTED", "PENDING_REVIEW": "SUBMITTED"}
"""What Classroom says of work whose state it does not have."""


@pytest.fixture(scope="module")
def classroom() -> DemoDistrict:
    """The demo's district with Google Classroom."""
    [district] = demo_districts("classroom", STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateways(classroom: DemoDistrict) -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """A gateway over that district, and one over the same district with Canvas in place of Google Classroom."""
    sandboxes = {"edfi": classroom.sandboxes["edfi"], "canvas": CanvasSandbox(classroom.facts)}
    with (
        served(*classroom.sandboxes.values(), sandboxes["canvas"]),
        demo_gateway([classroom]) as first,
        demo_gateway([replace(classroom, sandboxes=sandboxes)]) as second,
    ):
        yield first, second


def nodes_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The students of a response; only links are missing from it."""
    assert {part["code"] for part in missing_parts(response)} <= EXPECTED_CODES
    return [edge["node"] for edge in response["data"]["students"]["edges"]]


def test_its_learning_management_system_is_google_classroom(classroom: DemoDistrict) -> None:
    """The demo's district reads its courses from the sandbox of Google Classroom."""
    assert isinstance(classroom.sandboxes["classroom"], GoogleClassroomSandbox)


def test_it_answers_in_the_same_shape_as_a_district_with_canvas(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """Names and types of all fields are the same; `merge_shapes` fails where two types differ."""
    pages = [shape(nodes_of(gateway.post(PAGE))) for gateway in gateways]
    engagement = [page[0]["engagement"]["courses"][0] for page in pages]

    assert engagement[0].pop("pageViews") is None  # which Classroom does not count
    assert engagement[1].pop("pageViews") == "number"
    assert pages[0][0].keys() == pages[1][0].keys()
    assert None not in merge_shapes(*pages)[0].values()


def test_it_says_the_same_about_work_as_canvas_over_the_same_facts(
    gateways: tuple[DemoGateway, DemoGateway], classroom: DemoDistrict
) -> None:
    """
    Each student has the same work, with the same grades, due times and sections.

    Students whose accounts are linked by neither system have none. Crossed numbers, which Classroom does not keep,
    withhold two more in Canvas.
    """
    own, canvas = (
        {node["studentUniqueId"]: node for node in nodes_of(gateway.post(WORK))} for gateway in gateways
    )
    cases = classroom.facts.special_cases
    without_link = {*cases["no_lms_link"], *cases["no_email"], *cases["nothing_recorded"]}
    compared = own.keys() - without_link - {*cases["crossed_lms_ids"]}

    assert {number for number, node in own.items() if node["assignments"] is None} == without_link
    assert {number for number, node in canvas.items() if node["assignments"] is None} == own.keys() - compared
    for number in compared:
        assert work_of(own[number]) == work_of(canvas[number])
        assert own[number]["engagement"] == canvas[number]["engagement"]
    assert sum(len(own[number]["assignments"]) for number in compared) > 100


def work_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The work of a student, with the states that both vendors have and in an order that no vendor decides."""
    rows = [{**row, "status": CLASSROOM_STATUSES.get(row["status"], row["status"])} for row in node["assignments"]]
    return sorted(rows, key=lambda row: (row["courseName"], row["title"]))
