"""Rows of the assessment results profile: tests with their objectives as children, and what students reached."""

from __future__ import annotations

import math
from collections.abc import Iterator

from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row, sourced_id
from student_graph.adapters.sandbox.facts import AssessmentFact, DistrictFacts, ResultFact

_MAIN = ("Scale score", "RIT scale score", "Composite Score", "Raw score")
"""Reporting methods of the score that stands for the result, best first; else it is the first that is no rank."""
_PERCENTILE = "Percentile"


def assessment(fact: AssessmentFact) -> Reference:
    """The line item of a test."""
    return Reference("assessmentLineItem", sourced_id("ASM", fact.namespace, fact.id))


def line_items(facts: DistrictFacts) -> Iterator[Row]:
    """Tests, each followed by its objectives."""
    for fact in facts.assessments:
        parent = assessment(fact)
        about = {"assessmentFamily": fact.family, "subject": fact.subject, "version": str(fact.version)}
        yield _line_item(parent, fact.title, None, about)
        for code, description in fact.objectives:
            yield _line_item(_objective(fact, code), description, parent, {"identificationCode": code})


def results(facts: DistrictFacts, people: People) -> Iterator[Row]:
    """
    Results, each followed by those in its objectives.

    A performance level is the `textScore`; scores beside the main one and the percentile are in `metadata`.
    """
    for result in facts.results:
        main, percentile, others = _scores(result)
        level = result.level[1] if result.level else None
        yield _result(result, sourced_id("RES", result.id), assessment(result.assessment), people) | {
            "score": _number(main[1]) if main else None,
            "textScore": level or (main[1] if main and _number(main[1]) is None else None),
            "scorePercentile": _number(percentile) if percentile else None,
            "metadata": {
                "schoolYear": str(result.year),
                "gradeLevel": result.grade,
                **({"reportingMethod": main[0]} if main else {}),
                **({"scores": others} if others else {}),
            },
        }
        for code, score in result.objectives:
            yield _result(
                result, sourced_id("OBJ", result.id, code), _objective(result.assessment, code), people
            ) | {"score": _number(score), "textScore": None if _number(score) is not None else score}


def _line_item(reference: Reference, title: str, parent: Reference | None, about: Row) -> Row:
    return {
        "sourcedId": reference.id,
        "title": title,
        "description": None,
        "parentAssessmentLineItem": parent,
        "resultValueMin": None,
        "resultValueMax": None,
        "metadata": about,
    }


def _result(result: ResultFact, sourced: str, item: Reference, people: People) -> Row:
    return {
        "sourcedId": sourced,
        "assessmentLineItem": item,
        "student": people.taker(result),
        "score": None,
        "textScore": None,
        "scoreDate": result.at.date().isoformat(),
        "scorePercentile": None,
        "scoreStatus": "fully graded",
        "metadata": None,
    }


def _objective(fact: AssessmentFact, code: str) -> Reference:
    return Reference("assessmentLineItem", sourced_id("OBJ", fact.namespace, fact.id, code))


def _scores(result: ResultFact) -> tuple[tuple[str, str] | None, str | None, list[Row]]:
    """The main score with its reporting method, the percentile, and the others."""
    told = {method: score for method, _, score in result.scores}
    names = [*_MAIN, *(method for method in told if method != _PERCENTILE)]
    main = next((name for name in names if name in told), None)
    others = [
        {"reportingMethod": method, "result": score}
        for method, score in told.items()
        if method not in {main, _PERCENTILE}
    ]
    return ((main, told[main]) if main else None), told.get(_PERCENTILE), others


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
