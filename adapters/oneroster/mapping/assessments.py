"""Maps assessment line items to assessments, and results in them to assessment results."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import TypeAlias

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
from student_graph.adapters.oneroster.mapping.codes import grade_level, is_graded, subject
from student_graph.adapters.oneroster.mapping.people import Person

SCORE_METHOD, PERCENTILE_METHOD = "Score", "Percentile"
"""Reporting methods of the two scores of the standard, if the server does not name them."""

LineItems: TypeAlias = Mapping[str, api.AssessmentLineItem]
"""Line items by id."""
Sitting: TypeAlias = tuple[str, dt.datetime | None]
"""The id of an assessment, and when a student took it."""


def assessment(row: api.AssessmentLineItem) -> Assessment:
    """A line item of a complete assessment; most values are in its `metadata`."""
    metadata = row.metadata or api.AssessmentMetadata()
    return Assessment(
        vendor_id=row.sourcedId,
        assessment_id=AssessmentId(row.sourcedId),
        assessment_identifier=row.sourcedId,
        title=row.title or "",
        family=metadata.assessmentFamily,
        subjects=[subject(metadata.subject)] if metadata.subject else [],
        subject_descriptors=[Descriptor(code_value=metadata.subject)] if metadata.subject else [],
        version=_parse_integer(metadata.version),
    )


def assessment_results(
    rows: Iterable[api.AssessmentResult], items: LineItems, person: Person
) -> list[AssessmentResult]:
    """
    The results of one student, the latest first.

    The result of a part of an assessment becomes an objective of the result of the same assessment and date.
    Without such a result, the parts make a result of their own, which has no scores of the complete assessment.
    Rows of tests that the student did not take, that are not graded (see `is_graded`), or whose line item is not
    active are left out.
    """
    sittings: dict[Sitting, list[api.AssessmentResult]] = {}
    for row in rows:
        item = row.assessmentLineItem
        if item and item.sourcedId in items and is_graded(row.scoreStatus, row.score):
            sittings.setdefault((_assessment_of(item.sourcedId, items), row.scoreDate), []).append(row)
    records = [
        record
        for sitting, group in sittings.items()
        for record in _results_of_sitting(sitting, group, items, person)
    ]
    earliest = dt.datetime.min.replace(tzinfo=dt.UTC)
    records.sort(key=lambda record: record.vendor_id)
    return sorted(records, key=lambda record: record.administration_date or earliest, reverse=True)


def _results_of_sitting(
    sitting: Sitting, rows: list[api.AssessmentResult], items: LineItems, person: Person
) -> list[AssessmentResult]:
    """Usually one result. Two results in an assessment on one date stay two; the first gets the parts."""
    assessment_id, _ = sitting
    rows = sorted(rows, key=lambda row: row.sourcedId)
    main_rows: list[api.AssessmentResult | None] = [row for row in rows if _line_item_id(row) == assessment_id]
    parts = [row for row in rows if _line_item_id(row) != assessment_id]
    return [
        _record(sitting, main_row, parts if position == 0 else [], items, person)
        for position, main_row in enumerate(main_rows or [None])
    ]


def _record(
    sitting: Sitting,
    main_row: api.AssessmentResult | None,
    parts: list[api.AssessmentResult],
    items: LineItems,
    person: Person,
) -> AssessmentResult:
    assessment_id, taken_at = sitting
    metadata = (main_row.metadata if main_row else None) or api.ResultMetadata(scores=[])
    return AssessmentResult(
        vendor_id=(main_row or parts[0]).sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        assessment_id=AssessmentId(assessment_id),
        administration_date=taken_at,
        school_year=metadata.schoolYear,
        grade_level_when_assessed=grade_level(metadata.gradeLevel) if metadata.gradeLevel else None,
        norm_year=_parse_integer(metadata.normYear),
        scores=_scores(main_row) if main_row else [],
        performance_levels=_performance_levels(main_row) if main_row else [],
        objectives=[
            ObjectiveResult(
                identification_code=_identification_code(_line_item_id(part), items),
                scores=_scores(part),
                performance_levels=_performance_levels(part),
            )
            for part in sorted(
                parts, key=lambda part: (_identification_code(_line_item_id(part), items), part.sourcedId)
            )
        ],
    )


def _scores(row: api.AssessmentResult) -> list[Score]:
    """The score, the percentile, and the additional scores in `metadata`."""
    metadata = row.metadata or api.ResultMetadata(scores=[])
    standard = [(metadata.reportingMethod or SCORE_METHOD, row.score), (PERCENTILE_METHOD, row.scorePercentile)]
    scores = [_score(name, _text(number)) for name, number in standard if number is not None]
    return scores + [_score(score.reportingMethod, score.result) for score in metadata.scores]


def _score(name: str, text: str) -> Score:
    try:
        number: float | None = float(text)
    except ValueError:
        number = None
    if number is not None and not math.isfinite(number):  # the text is `NaN` or `Infinity`, or has too many digits
        number = None
    if name == PERCENTILE_METHOD:
        datatype = ResultDatatype.PERCENTILE
    elif number is None:
        datatype = ResultDatatype.OTHER
    else:
        datatype = ResultDatatype.INTEGER if number.is_integer() else ResultDatatype.DECIMAL
    return Score(reporting_method=Descriptor(code_value=name), result=text, numeric=number, datatype=datatype)


def _performance_levels(row: api.AssessmentResult) -> list[PerformanceLevel]:
    """OneRoster `textScore`, which is a performance level."""
    return [PerformanceLevel(level=Descriptor(code_value=row.textScore))] if row.textScore else []


def _assessment_of(item: str, items: LineItems) -> str:
    """The assessment to which a line item belongs: itself or its topmost parent. A cycle of parents ends."""
    seen = {item}
    while (row := items.get(item)) and row.parentAssessmentLineItem:
        if (item := row.parentAssessmentLineItem.sourcedId) in seen:
            break
        seen.add(item)
    return item


def _line_item_id(row: api.AssessmentResult) -> str:
    return row.assessmentLineItem.sourcedId if row.assessmentLineItem else ""


def _identification_code(item: str, items: LineItems) -> str:
    row = items.get(item)
    return (row.metadata.identificationCode if row and row.metadata else None) or (row and row.title) or item


def _text(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)


def _parse_integer(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None
