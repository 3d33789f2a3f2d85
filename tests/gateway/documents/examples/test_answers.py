"""`make answers`: a line for each document of examples/queries."""

from __future__ import annotations

import json

import pytest

from tests.gateway.documents.examples.answers import HEAD, Answer, main, table_line
from tests.gateway.documents.examples.questions import QUESTIONS
from tests.long_runs import LONG_RUNS

STUDENTS = 12
ALL_NAMES = sorted(QUESTIONS)
NAMES = ALL_NAMES if LONG_RUNS else ALL_NAMES[2::5]
"""Documents that the command answers here."""


@pytest.mark.long_run
def test_documents_have_answers_without_unexpected_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """A tiny district answers all documents; whatever reads students calls vendors, and once only."""
    status = main([*NAMES, "--latency", "0", "--students", str(STUDENTS), "--json"])
    printed = json.loads(capsys.readouterr().out)

    assert status == 0
    assert [answer["document"] for answer in printed] == NAMES
    for answer in printed:
        question = QUESTIONS[answer["document"]]
        assert set(answer["errors"]) <= question.codes
        assert answer["figures"].count(", ") + 1 >= len(question.figures)
        without_vendors = question.after is not None or answer["document"] == "22-definitions"
        assert (answer["calls"] == 0) == without_vendors, answer
        assert answer["calls_again"] == 0, answer


def test_a_line_has_a_cell_under_every_heading() -> None:
    """Errors are counted by code."""
    answer = Answer(
        document="05-teachers-day",
        viewer="teacher",
        question="Who was away lately?",
        calls=64,
        seconds=5.087,
        calls_again=0,
        seconds_again=0.1114,
        figures="classes 3, students 75",
        errors={"NO_IDENTITY_LINK": 2},
        unexpected=False,
    )
    line = table_line(answer)
    cells = ["05-teachers-day", "teacher", "64", "5.09", "0.111", "classes 3, students 75", "2 NO_IDENTITY_LINK"]

    assert [cell.strip() for cell in line.split("  ") if cell.strip()] == [*cells, "Who was away lately?"]
    for heading, cell in (("answer", "classes 3"), ("errors", "2 NO_ID"), ("question", "Who was")):
        assert HEAD.index(heading) == line.index(cell)
