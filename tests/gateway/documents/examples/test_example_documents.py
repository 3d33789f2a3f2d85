"""The documents of examples/queries: questions of districts. Each runs on the demo and gives an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from tests.gateway.documents.examples.figures import values_at
from tests.gateway.documents.examples.questions import FOLDER, QUESTIONS
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway
from tests.subcases import subcases

STUDENTS = 120
"""A district in which the demo's teacher has six students or more in a class."""


@pytest.fixture(scope="module")
def district() -> DemoDistrict:
    """The demo's district on Ed-Fi and Canvas."""
    [district] = demo_districts("edfi", students=STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateway(district: DemoDistrict) -> Iterator[DemoGateway]:
    """A gateway over the district."""
    with served(*district.sandboxes.values()), demo_gateway([district]) as running:
        yield running


def test_every_document_is_a_question_of_this_page() -> None:
    """A new document needs a viewer and an answer here."""
    assert {path.stem for path in FOLDER.glob("*.graphql")} == QUESTIONS.keys()
    assert len(QUESTIONS) >= 16


@subcases("path", sorted(FOLDER.glob("*.graphql")), ids=lambda path: path.stem)
def test_a_document_says_what_it_is_for(path: Path) -> None:
    """The first line is its title in GraphiQL; then come an empty comment, notes, and the operation."""
    lines = path.read_text("utf-8").splitlines()

    assert lines[0].startswith("# ")
    assert len(lines[0]) <= 120
    assert lines[1] == "#"
    assert lines[2].startswith("# ")
    assert max(map(len, lines)) <= 130


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_demo_answers_a_question(gateway: DemoGateway, district: DemoDistrict, name: str) -> None:
    """The answer is where the page looks for it, and nothing else is missing than what the demo withholds."""
    question, document = QUESTIONS[name], (FOLDER / f"{name}.graphql").read_text("utf-8")
    response = gateway.post(document, question.viewer, **question.all_variables(document, district))

    codes = {error["extensions"]["code"] for error in response.get("errors", ())}
    assert codes <= question.codes, response["errors"]
    assert next(values_at(response["data"], question.answer), None) is not None, response


def test_failed_courses_are_judged_by_the_grade_scale_of_the_demo(gateway: DemoGateway) -> None:
    """By meals there are students without failed courses, who would not be evaluated without a grade scale."""
    response = gateway.post((FOLDER / "13-buses-and-meals.graphql").read_text("utf-8"))
    assert "ON_TRACK" in values_at(response["data"], "districts.*.meals.groups.*.crossedLevel")


def test_a_list_by_grade_level_has_a_total_for_every_viewer(gateway: DemoGateway) -> None:
    """The vendor does not count the students of a principal; a grade level in `where` is counted here."""
    document = (FOLDER / "15-on-track.graphql").read_text("utf-8")
    for viewer in ("superintendent", "principal", "teacher", "counselor"):
        students = gateway.post(document, viewer)["data"]["viewer"]["students"]
        assert students["totalCount"] is not None
        assert students["totalCount"] >= len(students["edges"])
