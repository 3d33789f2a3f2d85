"""A district with Moodle: the same queries and shapes as one with Canvas, over the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from tests.scenarios.districts.test_classroom_district import WORK
from tests.scenarios.districts.test_two_kinds import EXPECTED_CODES, merge_shapes, shape
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway, missing_parts

STUDENTS = 12
ROOT = Path(__file__).parents[3]
TEACHERS_DAY = (ROOT / "examples" / "queries" / "05-teachers-day.graphql").read_text()
MOODLE_STATUSES = {"PENDING_REVIEW": "SUBMITTED", "EXCUSED": "UNSUBMITTED"}
"""What Moodle says of work whose state it does not have."""


@pytest.fixture(scope="module")
def moodle() -> DemoDistrict:
    """The demo's district with Moodle."""
    [district] = demo_districts("moodle", STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateways(moodle: DemoDistrict) -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """A gateway over that district, and one over the same district with Canvas in place of Moodle."""
    sandboxes = {"edfi": moodle.sandboxes["edfi"], "canvas": CanvasSandbox(moodle.facts)}
    with (
        served(*moodle.sandboxes.values(), sandboxes["canvas"]),
        demo_gateway([moodle]) as first,
        demo_gateway([replace(moodle, sandboxes=sandboxes)]) as second,
    ):
        yield first, second


def nodes_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The students of a response; only links are missing from it."""
    assert {part["code"] for part in missing_parts(response)} <= EXPECTED_CODES
    return [edge["node"] for edge in response["data"]["students"]["edges"]]


def test_its_learning_management_system_is_moodle(moodle: DemoDistrict) -> None:
    """The demo's district reads its courses from the sandbox of Moodle."""
    assert isinstance(moodle.sandboxes["moodle"], MoodleSandbox)


def test_a_teachers_day_has_the_same_shape_as_with_canvas(gateways: tuple[DemoGateway, DemoGateway]) -> None:
    """The teacher's classes with attendance, missing work and grades; each roster has students with both."""
    shapes = []
    for gateway in gateways:
        response = gateway.post(TEACHERS_DAY, "teacher")
        assert {part["code"] for part in missing_parts(response)} <= EXPECTED_CODES
        shapes.append(shape(response["data"]["viewer"]["sections"]))
    [entry] = merge_shapes(*shapes)[0]["roster"]

    assert shapes[0][0].keys() == shapes[1][0].keys()
    assert shapes[0][0]["roster"][0]["student"].keys() == entry["student"].keys()
    assert shapes[0][0]["roster"][0]["student"]["coursework"]["missing"]["value"] == "number"
    assert entry["courseGrades"][0]["numeric"] == "number"


def test_it_says_the_same_about_work_as_canvas_over_the_same_facts(
    gateways: tuple[DemoGateway, DemoGateway], moodle: DemoDistrict
) -> None:
    """
    Each student has the same work, with the same grades, due times and sections.

    Students whose accounts are not linked have none. Work that is excused is not missing in Canvas; Moodle, in
    which teachers exclude it from grading, does not say.
    """
    own, canvas = (
        {node["studentUniqueId"]: node for node in nodes_of(gateway.post(WORK))} for gateway in gateways
    )
    cases = moodle.facts.special_cases
    without_link = {*cases["no_lms_link"], *cases["crossed_lms_ids"]}
    compared = {number for number, node in own.items() if node["assignments"] is not None} & {
        number for number, node in canvas.items() if node["assignments"] is not None
    }

    assert {number for number, node in own.items() if node["assignments"] is None} == without_link & own.keys()
    for number in compared:
        assert work_of(own[number]) == work_of(canvas[number])
    assert sum(len(own[number]["assignments"]) for number in compared) > 100


def work_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The work of a student, with the states that both vendors have and in an order that no vendor decides."""
    rows = [
        {**row, "status": MOODLE_STATUSES.get(row["status"], row["status"]), "missing": bool(row["missing"])}
        for row in node["assignments"]
    ]
    return sorted(rows, key=lambda row: (row["courseName"], row["title"]))
