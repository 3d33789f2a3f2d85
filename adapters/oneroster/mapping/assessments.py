"""Assessment line items and their results as assessments and what students reached in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from student_graph.adapters.model import (
    Assessment,
    AssessmentId,
    AssessmentResult,
    Descriptor,
    ObjectiveResult,
    PerformanceLevel,
    ResultDatatype,
    Score,
)
from student_graph.adapters.oneroster.api import gradebook as api
from student_graph.adapters.oneroster.mapping.codes import grade_level, subject
from student_graph.adapters.oneroster.mapping.people import Person

SCORE, PERCENTILE = "Score", "Percentile"
"""Names of the standard's two scores, where a server does not name them."""

Items = Mapping[str, api.AssessmentLineItem]
Sitting = tuple[str, dt.datetime | None]
"""A test and when it was taken."""


def assessment(row: api.AssessmentLineItem) -> Assessment:
    """A line item that stands for a whole test."""
    about = row.metadata or api.AboutTest()
    return Assessment(
        vendor_id=row.sourcedId,
        assessment_id=AssessmentId(row.sourcedId),
        assessment_identifier=row.sourcedId,
        title=row.title or "",
        family=about.assessmentFamily,
        subjects=[subject(about.subject)] if about.subject else [],
        subject_descriptors=[Descriptor(code_value=about.subject)] if about.subject else [],
        version=_whole(about.version),
    )


def assessment_results(
    rows: Iterable[api.AssessmentResult], items: Items, person: Person
) -> list[AssessmentResult]:
    """
    Results of one student, latest first.

    Results in parts of a test belong to the result in the test itself that has the same day; without one they
    make a result of their own, which has no scores of the whole.
    """
    sittings: dict[Sitting, list[api.AssessmentResult]] = {}
    for row in rows:
        if row.assessmentLineItem:
            sittings.setdefault((_root(row.assessmentLineItem.sourcedId, items), row.scoreDate), []).append(row)
    found = [record for sitting, told in sittings.items() for record in _of_sitting(sitting, told, items, person)]
    first = dt.datetime.min.replace(tzinfo=dt.UTC)
    found.sort(key=lambda each: each.vendor_id)
    return sorted(found, key=lambda each: each.administration_date or first, reverse=True)


def _of_sitting(
    sitting: Sitting, rows: list[api.AssessmentResult], items: Items, person: Person
) -> list[AssessmentResult]:
    """Mostly one; two results in the same test on one day stay two, the parts with the first."""
    test, _ = sitting
    rows = sorted(rows, key=lambda row: row.sourcedId)
    heads: list[api.AssessmentResult | None] = [row for row in rows if _named(row) == test]
    parts = [row for row in rows if _named(row) != test]
    return [
        _record(sitting, head, parts if number == 0 else [], items, person)
        for number, head in enumerate(heads or [None])
    ]


def _record(
    sitting: Sitting,
    head: api.AssessmentResult | None,
    parts: list[api.AssessmentResult],
    items: Items,
    person: Person,
) -> AssessmentResult:
    test, day = sitting
    about = (head.metadata if head else None) or api.AboutResult(scores=[])
    return AssessmentResult(
        vendor_id=(head or parts[0]).sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        assessment_id=AssessmentId(test),
        administration_date=day,
        school_year=_whole(about.schoolYear),
        grade_level_when_assessed=grade_level(about.gradeLevel) if about.gradeLevel else None,
        scores=_scores(head) if head else [],
        performance_levels=_levels(head) if head else [],
        objectives=[
            ObjectiveResult(
                identification_code=_code(_named(part), items),
                scores=_scores(part),
                performance_levels=_levels(part),
            )
            for part in sorted(parts, key=lambda part: (_code(_named(part), items), part.sourcedId))
        ],
    )


def _scores(row: api.AssessmentResult) -> list[Score]:
    """The score, the percentile, and whatever the server tells beside them."""
    about = row.metadata or api.AboutResult(scores=[])
    told = [(about.reportingMethod or SCORE, row.score), (PERCENTILE, row.scorePercentile)]
    found = [_score(name, _text(number)) for name, number in told if number is not None]
    return found + [_score(each.reportingMethod, each.result) for each in about.scores]


def _score(name: str, text: str) -> Score:
    try:
        number = float(text)
    except ValueError:
        number = None
    if name == PERCENTILE:
        datatype = ResultDatatype.PERCENTILE
    elif number is None:
        datatype = ResultDatatype.OTHER
    else:
        datatype = ResultDatatype.INTEGER if number.is_integer() else ResultDatatype.DECIMAL
    return Score(reporting_method=Descriptor(code_value=name), result=text, numeric=number, datatype=datatype)


def _levels(row: api.AssessmentResult) -> list[PerformanceLevel]:
    """OneRoster `textScore`, which is the level of a scale."""
    return [PerformanceLevel(level=Descriptor(code_value=row.textScore))] if row.textScore else []


def _root(item: str, items: Items) -> str:
    """The test that a part belongs to, itself included."""
    seen = {item}
    while (row := items.get(item)) and row.parentAssessmentLineItem:
        if (item := row.parentAssessmentLineItem.sourcedId) in seen:
            break
        seen.add(item)
    return item


def _named(row: api.AssessmentResult) -> str:
    return row.assessmentLineItem.sourcedId if row.assessmentLineItem else ""


def _code(item: str, items: Items) -> str:
    row = items.get(item)
    return (row.metadata.identificationCode if row and row.metadata else None) or (row and row.title) or item


def _text(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None
