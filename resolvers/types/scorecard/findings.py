"""
The findings about a source, by measure.

Two kinds of readers get two kinds of detail. Operators get counts. Everyone else, and every page that leaves the
district, gets no count of students or of records: a small count is about children, too.
"""

from __future__ import annotations

from collections.abc import Callable

from student_graph.resolvers.types.scorecard.count_findings import (
    coverage,
    errors,
    identity_match,
    mapped_codes,
    readable_rows,
    throttling,
)
from student_graph.resolvers.types.scorecard.interface_findings import (
    authentication,
    availability,
    changes,
    encryption,
    freshness,
    paging,
    standard,
    student_ids,
)
from student_graph.resolvers.types.scorecard.measurements import SourceFigures
from student_graph.resolvers.types.scorecard.values import (
    Detail,
    Measured,
    Missing,
    ScorecardFinding,
    ScorecardMeasure,
)

MAX_DETAILS = 20
"""Maximum number of details of one finding."""

_MEASUREMENTS: dict[ScorecardMeasure, Callable[[SourceFigures, Detail], Measured | Missing]] = {
    ScorecardMeasure.AVAILABILITY: availability,
    ScorecardMeasure.STANDARD: standard,
    ScorecardMeasure.AUTHENTICATION: authentication,
    ScorecardMeasure.ENCRYPTION: encryption,
    ScorecardMeasure.STUDENT_IDS: student_ids,
    ScorecardMeasure.IDENTITY_MATCH: identity_match,
    ScorecardMeasure.COVERAGE: coverage,
    ScorecardMeasure.READABLE_ROWS: readable_rows,
    ScorecardMeasure.MAPPED_CODES: mapped_codes,
    ScorecardMeasure.ERRORS: errors,
    ScorecardMeasure.THROTTLING: throttling,
    ScorecardMeasure.FRESHNESS: freshness,
    ScorecardMeasure.CHANGES: changes,
    ScorecardMeasure.PAGING: paging,
}


def findings_of(figures: SourceFigures, detail: Detail) -> dict[ScorecardMeasure, ScorecardFinding]:
    """The findings about one source, by measure."""
    return {
        measure: _finding(measure, figures.name, measurement(figures, detail))
        for measure, measurement in _MEASUREMENTS.items()
    }


def _finding(measure: ScorecardMeasure, source: str, result: Measured | Missing) -> ScorecardFinding:
    if isinstance(result, Missing):
        text, details, counted = f"not measured: {result.reason}", [], None
    else:
        text, details, counted = result.text, list(result.details)[:MAX_DETAILS], result.counted
    numerator, denominator = counted or (None, None)
    return ScorecardFinding(
        measure=measure,
        source=source,
        measured=isinstance(result, Measured),
        text=text,
        details=details,
        numerator=numerator,
        denominator=denominator,
    )
