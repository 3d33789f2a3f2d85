"""Rows of the assessment results profile: assessments with objectives as children, and results of students."""

from __future__ import annotations

import math
from collections.abc import Iterator

from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row, sourced_id
from student_graph.adapters.sandbox.facts import AssessmentFact, DistrictFacts, ResultFact

_MAIN_METHODS = ("Scale score", "RIT scale score", "Composite Score", "Raw score")
"""Reporting methods of the main score, best first; without them it is the first score that is not a percentile."""
_PERCENTILE_METHOD = "Percentile"


def assessment(fact: AssessmentFact) -> Reference:
    """The reference to the line item of an assessment."""
    return Reference("assessmentLineItem", sourced_id("ASM", fact.namespace, fact.id))


def line_items(facts: DistrictFacts) -> Iterator[Row]:
    """The line items of assessments, each followed by those of its objectives."""
    for fact in facts.assessments:
        parent = assessment(fact)
        metadata = {"assessmentFamily": fact.family, "subject": fact.subject, "version": str(fact.version)}
        yield _line_item(parent, fact.title, None, metadata)
        for code, description in fact.objectives:
            yield _line_item(_objective(fact, code), description, parent, {"identificationCode": code})


def results(facts: DistrictFacts, people: People) -> Iterator[Row]:
    """
    The results, each followed by those of its objectives.

    A performance level is the `textScore`. Scores other than the main one and the percentile are in `metadata`.
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
        levels = dict(result.objective_levels)
        for code, score in result.objectives:
            yield _result(
                result, sourced_id("OBJ", result.id, code), _objective(result.assessment, code), people
            ) | {
                "score": _number(score),
                "textScore": levels.get(code) or (score if _number(score) is None else None),
            }


def _line_item(reference: Reference, title: str, parent: Reference | None, metadata: Row) -> Row:
    return {
        "sourcedId": reference.id,
        "title": title,
        "description": None,
        "parentAssessmentLineItem": parent,
        "resultValueMin": None,
        "resultValueMax": None,
        "metadata": metadata,
    }


def _result(result: ResultFact, result_id: str, item: Reference, people: People) -> Row:
    return {
        "sourcedId": result_id,
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
    """The main score with its reporting method, the percentile, and the other scores."""
    scores = {method: score for method, _, score in result.scores}
    names = [*_MAIN_METHODS, *(method for method in scores if method != _PERCENTILE_METHOD)]
    main = next((name for name in names if name in scores), None)
    others = [
        {"reportingMethod": method, "result": score}
        for method, score in scores.items()
        if method not in {main, _PERCENTILE_METHOD}
    ]
    return ((main, scores[main]) if main else None), scores.get(_PERCENTILE_METHOD), others


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
