"""Grade point average and credits, as the SIS states them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from student_graph.adapters.model import AcademicRecord, GradePointAverage
from student_graph.resolvers.metrics.academics.grades import school_year_of
from student_graph.resolvers.metrics.exact import exact, text_of
from student_graph.resolvers.metrics.facts import MetricRequest, Part, StudentFacts
from student_graph.resolvers.metrics.meanings import comparable
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.tally import Scope, Tally, spec

_TERM_ORDER = {
    word: position
    for position, words in enumerate(
        (("fall", "first"), ("winter", "second"), ("spring", "third"), ("fourth",), ("summer",), ("year", "full"))
    )
    for word in words
}
"""Where a term is in its school year, by the first word of its code."""


def records_latest_first(facts: StudentFacts, request: MetricRequest) -> list[AcademicRecord]:
    """The student's academic records up to the school year of the request, the latest first."""
    school_year = school_year_of(request.year_start)
    return latest_first(row for row in facts.academic_records if row.school_year <= school_year)


def latest_first(records: Iterable[AcademicRecord]) -> list[AcademicRecord]:
    """
    Academic records, the latest first.

    Terms of one year are in the order of the year as far as their codes say it, else in the order of the source.
    """
    rows = [(row.school_year, _term_position(row), index, row) for index, row in enumerate(records)]
    return [row for *_, row in sorted(rows, key=lambda entry: entry[:3], reverse=True)]


def _term_position(row: AcademicRecord) -> int:
    words = comparable(row.term.code_value).split()
    return _TERM_ORDER.get(words[0], -1) if words else -1


def cumulative_average(averages: Sequence[GradePointAverage], types: Sequence[str]) -> GradePointAverage | None:
    """
    The cumulative average of the preferred kind; None if no average is said to be cumulative.

    A kind that is not among the types comes after them, in the order of the source.
    """
    order = {comparable(kind): position for position, kind in enumerate(types)}
    cumulative = [row for row in averages if row.cumulative]
    return min(
        cumulative,
        key=lambda row: order.get(comparable(row.type.code_value), len(order)) if row.type else len(order),
        default=None,
    )


def count_average(facts: StudentFacts, scope: Scope) -> Tally:
    """The latest cumulative grade point average that is recorded; 0 over no attempted credits is none."""
    for row in records_latest_first(facts, scope.request):
        average = cumulative_average(row.grade_point_averages, scope.request.settings.gpa_types)
        value = exact(average.value) if average else None
        is_of_nothing = value == 0 and row.cumulative_attempted_credits == 0
        if average is not None and value is not None and not is_of_nothing:
            kind = average.type.code_value if average.type else "kind not stated"
            limit = exact(average.max_value)
            scale = "highest value not stated" if limit is None else f"of at most {text_of(limit)}"
            return Tally(
                value=value,
                scale_max=limit,
                reasons=[f"{kind}, {scale}, {row.term.code_value} of school year {row.school_year}."],
                evidence=[row],
            )
    return Tally(reasons=["No cumulative grade point average is recorded."])


def count_credits(facts: StudentFacts, scope: Scope) -> Tally:
    """The credits that the latest record states."""
    for row in records_latest_first(facts, scope.request):
        earned = exact(row.cumulative_earned_credits)
        if earned is not None:
            return Tally(
                value=earned,
                reasons=[f"As of {row.term.code_value} of school year {row.school_year}."],
                evidence=[row],
            )
    return Tally(reasons=["No cumulative credits are recorded."])


RECORD_SPECS = (
    spec(
        Metric.GRADE_POINT_AVERAGE,
        "Latest cumulative grade point average as the SIS states it; it is never computed from grades. The "
        "reasons name its kind and its highest possible value.",
        count_average,
        (Part.ACADEMIC_RECORDS,),
        high_is_risk=False,
    ),
    spec(
        Metric.CREDITS_EARNED,
        "Cumulative credits of the latest academic record that states them.",
        count_credits,
        (Part.ACADEMIC_RECORDS,),
        high_is_risk=False,
    ),
)
"""The metrics of academic records."""
