"""The documents of examples/queries: questions of districts. Each runs on the demo and gives an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.sandbox.serving import served
from tests.gateway.servers import ROOT
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

FOLDER = ROOT / "examples" / "queries"
STUDENTS = 120
"""A district in which the demo's teacher has six students or more in a class."""
NO_LINK = frozenset({"NO_IDENTITY_LINK", "IDENTITY_CONFLICT"})
"""Codes of students without a certain account in the LMS, which the demo has on purpose."""
ANY = "*"
"""Any item of a list, in a path."""
FIRST_STUDENT = ("viewer", "students", "edges", 0, "node")
FIRST_CLASS = ("viewer", "sections", 0)
FIRST_ROSTER_ENTRY = (*FIRST_CLASS, "roster", 0)


@dataclass(frozen=True)
class Question:
    """Who asks a document, and where its answer is."""

    viewer: str
    answer: tuple[str | int, ...]
    """Path of a value that is not null in the response."""
    codes: frozenset[str] = NO_LINK
    """Error codes that may be in the response."""
    variables: dict[str, Any] = field(default_factory=dict)


QUESTIONS = {
    "01-one-student": Question("superintendent", ("student", "name", "firstName")),
    "02-class-roster": Question(
        "teacher", (*FIRST_STUDENT, "sections", 0, "section", "roster", 0, "courseGrades")
    ),
    "03-sources": Question("superintendent", ("sources", 0, "reachable")),
    "04-find-students": Question("principal", ("students", "edges", 0, "node", "gradeLevel")),
    "05-teachers-day": Question("teacher", (*FIRST_ROSTER_ENTRY, "student", "attendance", "absentDays", "value")),
    "06-reteach": Question(
        "teacher",
        (*FIRST_CLASS, "roster", ANY, "student", "assessments", ANY, "objectives", 0, "identificationCode"),
    ),
    "07-near-chronic-absence": Question("teacher", (*FIRST_STUDENT, "attendance", "affordableDays", "value")),
    "08-newly-absent": Question("principal", ("viewer", "students", "totalCount")),
    "09-early-warning-list": Question("principal", ("viewer", "schools", 0, "students", "totalCount")),
    "10-schools-compared": Question("superintendent", ("districts", 0, "metrics", "groups", 0, "population")),
    "11-subgroups": Question("superintendent", ("districts", 0, "englishLearners", "groups", 0, "population")),
    "12-reading-group": Question("teacher", (*FIRST_STUDENT, "assessments", 0, "scores", 0, "result")),
    "13-buses-and-meals": Question("superintendent", ("districts", 0, "meals", "groups", 0, "population")),
    "14-target-population": Question("principal", ("viewer", "students", "totalCount")),
    "15-on-track": Question("superintendent", (*FIRST_STUDENT, "courses", "onTrack", "reasons", 0)),
    "16-parents-page": Question("parent", (*FIRST_STUDENT, "attendance", "absentDays", "value")),
    "17-what-may-i-see": Question("teacher", (*FIRST_STUDENT, "provenance", "source"), frozenset({"FORBIDDEN"})),
    "18-why-this-number": Question(
        "teacher", (*FIRST_STUDENT, "attendance", "chronicAbsence", "definition", "source")
    ),
    "19-class-periods": Question("teacher", (*FIRST_CLASS, "schedule", 0, "meetingTimes", 0, "startTime")),
    "20-scorecard": Question("superintendent", ("sources", 0, "scorecard", "rows", 0, "findings", 0, "text")),
    "21-caseloads": Question("counselor", ("viewer", "caseloads")),
    "22-definitions": Question("teacher", ("districts", 0, "presets", 0, "rules", 0, "thresholds")),
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[DemoGateway]:
    """A gateway over the demo's district on Ed-Fi and Canvas."""
    [district] = demo_districts("edfi", students=STUDENTS)
    with served(*district.sandboxes.values()), demo_gateway([district]) as running:
        yield running


def value_at(data: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path, where `*` is any item of a list; None if there is none."""
    if not path or data is None:
        return data
    part, *rest = path
    if part == ANY:
        return next((value for item in data if (value := value_at(item, tuple(rest))) is not None), None)
    try:
        return value_at(data[part], tuple(rest))
    except (KeyError, IndexError, TypeError):
        return None


def test_every_document_is_a_question_of_this_page() -> None:
    """A new document needs a viewer and an answer here."""
    assert {path.stem for path in FOLDER.glob("*.graphql")} == QUESTIONS.keys()
    assert len(QUESTIONS) >= 16


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.graphql")), ids=lambda path: path.stem)
def test_a_document_says_what_it_is_for(path: Path) -> None:
    """The first line is its title in GraphiQL; then come an empty comment, notes, and the operation."""
    lines = path.read_text("utf-8").splitlines()

    assert lines[0].startswith("# ")
    assert len(lines[0]) <= 120
    assert lines[1] == "#"
    assert lines[2].startswith("# ")
    assert max(map(len, lines)) <= 130


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_demo_answers_a_question(gateway: DemoGateway, name: str) -> None:
    """The answer is where the page looks for it, and nothing else is missing than what the demo withholds."""
    question, document = QUESTIONS[name], (FOLDER / f"{name}.graphql").read_text("utf-8")
    variables = question.variables | (
        {"studentUniqueId": _number(gateway)} if "$studentUniqueId" in document else {}
    )
    response = gateway.post(document, question.viewer, **variables)

    codes = {error["extensions"]["code"] for error in response.get("errors", ())}
    assert codes <= question.codes, response["errors"]
    assert value_at(response["data"], question.answer) is not None, response


def _number(gateway: DemoGateway) -> str:
    """The number of a student."""
    response = gateway.post("{ students(filter: {}, first: 1) { edges { node { studentUniqueId } } } }")
    return str(response["data"]["students"]["edges"][0]["node"]["studentUniqueId"])
