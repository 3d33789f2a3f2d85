"""Verdicts are counted by district and by trouble, and answers after a change wait for the oracle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from student_graph.gateway.cli.rehearsal.command import print_report
from student_graph.gateway.demo.rehearsal.load import Answer
from student_graph.gateway.demo.rehearsal.pages import Page
from student_graph.gateway.demo.rehearsal.vendors.canaries import canary
from student_graph.gateway.demo.rehearsal.verdicts.judge import Judgement, Verdict
from student_graph.gateway.demo.rehearsal.verdicts.report import markdown
from student_graph.gateway.demo.rehearsal.verdicts.result import MemorySample, Result
from student_graph.gateway.demo.rehearsal.verdicts.tally import MAX_CHANGE_AGE_SECONDS, Tally
from tests.gateway.demo.rehearsal.test_judge import TEACHER

PAGE = Page(TEACHER, "05-teachers-day")
OLD, NEW = {"data": {"tardies": 1}}, {"data": {"tardies": 2}}


def answer(body: Any, *, status: int = 200, began_at: float = 0.0) -> Answer:
    """An answer during a trouble."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(PAGE, "vendors lie", began_at, 0.25, status, text, was_repeated=False)


def a_tally(evidence: Path | None = None) -> Tally:
    """A tally for one page."""
    return Tally({PAGE: OLD}, {TEACHER.district: 3}, evidence)


def result_of(tally: Tally) -> Result:
    """The result of a morning in which nothing else happened."""
    plan = {"id": TEACHER.district, "students": 60, "vendors": ("edfi",)}
    return Result(
        options={},
        districts=[plan],
        tally=tally,
        calls={},
        memory=[],
        seconds=60.0,
        notes=[],
        failures=[],
        has_redis=False,
    )


def test_the_report_shows_what_of_the_memory_is_in_caches() -> None:
    """Only the rest shows whether anything grows that has no bound."""
    memory = [
        MemorySample(5.0, 620.4, 20.0, 688.0, "nothing"),
        MemorySample(10.0, 900.0, 310.0, 688.0, "rate limits"),
    ]
    report = markdown(replace(result_of(a_tally()), memory=memory).as_json())
    assert "| 5 | 620 | 20 | 688 | 600 | nothing |\n| 10 | 900 | 310 | 688 | 590 | rate limits |" in report


def test_requests_of_hostile_viewers_are_counted_and_are_no_pages() -> None:
    """They belong to their district and trouble; the report has rows for pages that people open."""
    tally = a_tally()
    attack = replace(answer(OLD), page=Page(TEACHER, "hostile: an id"))
    tally.note(attack, Judgement(Verdict.REFUSED))
    assert tally.by_district[TEACHER.district].pages == tally.by_trouble["vendors lie"].pages == 1
    assert not tally.by_page


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [
        (OLD, 200, Verdict.COMPLETE),
        (NEW, 200, Verdict.WRONG),
        ({"data": {"tardies": 1}, "note": canary(4, 4)}, 200, Verdict.FOREIGN),
        ({"errors": [{"extensions": {"code": "OVERLOADED"}}]}, 503, Verdict.REFUSED),
        ({"errors": [{"extensions": {"code": "INTERNAL"}}]}, 500, Verdict.FAILED),
        ("<html>", 502, Verdict.FAILED),
        ("ReadError", 0, Verdict.FAILED),
    ],
)
def test_an_answer_has_one_verdict(body: Any, status: int, verdict: Verdict) -> None:
    """A status alone is no reason: a refusal has a code. Wrong and foreign pages make the result bad."""
    tally = a_tally()
    tally.add(answer(body, status=status))
    assert dict(tally.by_district[TEACHER.district].verdicts) == {verdict: 1}
    assert dict(tally.by_trouble["vendors lie"].verdicts) == {verdict: 1}
    assert dict(tally.by_page["teacher, 05-teachers-day"].verdicts) == {verdict: 1}
    assert result_of(tally).is_good == (verdict not in (Verdict.WRONG, Verdict.FOREIGN))
    assert verdict.value in markdown(result_of(tally).as_json())


def test_a_report_in_a_pipe_has_all_numbers_of_a_page_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """However wide it is: a pipe has no width, and a table cut to one would not show the numbers."""
    tally = a_tally()
    tally.add(answer(OLD))
    print_report(result_of(tally).as_json())
    [line] = [line for line in capsys.readouterr().out.splitlines() if "05-teachers-day" in line]
    numbers = ["1", "1", "0", "0", "0", "0", "0", "0", "250.0", "100.0"]
    assert line.split() == ["teacher,", "05-teachers-day", *numbers]


def test_answers_after_a_change_are_judged_by_both_pages_of_the_oracle() -> None:
    """The old value may be shown for a while without a mark, and then no longer."""
    tally = a_tally()
    tally.note_change(TEACHER.district)
    changed_at = tally.changed_at(TEACHER.district)
    for seconds, body in (
        (1.0, OLD),
        (1.0, NEW),
        (MAX_CHANGE_AGE_SECONDS + 1, NEW),
        (MAX_CHANGE_AGE_SECONDS + 1, OLD),
    ):
        tally.add(answer(body, began_at=changed_at + seconds))
    assert tally.total().pages == 0
    tally.finish({PAGE: NEW})
    assert tally.total().verdicts == {Verdict.COMPLETE: 3, Verdict.WRONG: 1}


def test_the_expected_and_the_wrong_page_are_saved(tmp_path: Path) -> None:
    """The expected and the seen page are in a folder."""
    tally = a_tally(tmp_path)
    tally.add(answer(NEW))
    pages = [
        json.loads((tmp_path / f"01-{name}.json").read_text(encoding="utf-8")) for name in ("expected", "seen")
    ]
    assert pages == [OLD, NEW]
    assert tally.examples == ["vendors lie: teacher-1.otter-bend, 05-teachers-day: wrong: tardies: another value"]
