"""The metrics of assessments."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from student_graph.resolvers.metrics.assessments.latest import latest_standings
from student_graph.resolvers.metrics.assessments.standing import AssessmentStanding
from student_graph.resolvers.metrics.exact import count_of, exact, text_of
from student_graph.resolvers.metrics.facts import Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric, Window
from student_graph.resolvers.metrics.presets.preset import Threshold
from student_graph.resolvers.metrics.tally import Count, Scope, Tally, spec

_PARTS = (Part.RESULTS,)
_BELOW_PROFICIENT = (Threshold(Level.AT_RISK, Fraction(1), includes_edge=False),)
SEVERAL_FAMILIES_REASON = "There are results of several families of tests: ask for one, they are never compared."
LEVEL_LIMITS = frozenset({DataQuality.LEVEL_NOT_STATED, DataQuality.LEVEL_UNKNOWN, DataQuality.DATE_MISSING})
GROWTH_LIMITS = frozenset({DataQuality.NOT_NUMERIC, DataQuality.DATE_MISSING})
PERCENTILE_LIMITS = frozenset({DataQuality.NORM_YEAR_UNKNOWN, DataQuality.NOT_NUMERIC, DataQuality.DATE_MISSING})


def _tally(rows: list[AssessmentStanding], scope: Scope, limits: frozenset[DataQuality]) -> Tally:
    """
    The common parts of all metrics of assessments: the results as evidence, their days, and what limits them.
    """
    days = [row.administered_on for row in rows if row.administered_on is not None]
    return Tally(
        quality={limit for row in rows for limit in row.data_quality if limit in limits},
        evidence=[row.result for row in rows],
        reasons=[] if rows else ["No result is recorded."],
        window=Window(
            first=scope.request.first or min(days, default=scope.window.first),
            last=max([scope.window.last, *days]),
        ),
    )


def _has_several_families(rows: list[AssessmentStanding]) -> bool:
    return len({row.family or row.title for row in rows}) > 1


def _lowest(
    number: Callable[[AssessmentStanding], float | None], limits: frozenset[DataQuality], missing: str
) -> Count:
    """A count that takes the lowest number of the latest results of one family."""

    def count(facts: StudentFacts, scope: Scope) -> Tally:
        rows = latest_standings(facts, scope.request)
        stated = [(row, value) for row in rows if (value := exact(number(row))) is not None]
        if _has_several_families([row for row, _ in stated]):
            tally = _tally(rows, scope, limits)
            tally.reasons.append(SEVERAL_FAMILIES_REASON)
            return tally
        tally = _tally([row for row, _ in stated] or rows, scope, limits)
        if stated:
            row, tally.value = min(stated, key=lambda pair: pair[1])
            tally.reasons.append(_sentence(row))
        elif rows:
            tally.reasons.append(missing)
        return tally

    return count


def _sentence(row: AssessmentStanding) -> str:
    """A result as a sentence, such as `ACT Writing, 2022-04-01: Met Standard`."""
    details = [
        row.level,
        None if row.percentile is None else f"percentile {row.percentile:g} ({row.percentile_method})",
        None if row.growth is None else f"growth {row.growth:g} ({row.growth_method})",
    ]
    day = row.administered_on.isoformat() if row.administered_on else "no date"
    return f"{row.title}, {day}: {', '.join(detail for detail in details if detail)}."


def count_proficient(facts: StudentFacts, scope: Scope) -> Tally:
    """0 if a latest result states a level that does not count as proficient, else 1; None if none states one."""
    rows = latest_standings(facts, scope.request)
    judged = [row for row in rows if row.proficient is not None]
    tally = _tally(rows, scope, LEVEL_LIMITS)
    if judged:
        tally.value = Fraction(all(row.proficient for row in judged))
        tally.reasons += [_sentence(row) for row in judged if row.proficient == bool(tally.value)]
    elif rows:
        tally.reasons.append("No result states a level that the family of tests knows as proficient or not.")
    return tally


def count_objectives(facts: StudentFacts, scope: Scope) -> Tally:
    """Parts of the latest results whose stated level does not count as proficient."""
    rows = latest_standings(facts, scope.request)
    parts = [part for row in rows for part in row.objectives]
    judged = [part for part in parts if part.proficient is not None]
    tally = _tally(rows, scope, frozenset({DataQuality.DATE_MISSING}))
    if len(judged) < len(parts):
        tally.quality.add(DataQuality.LEVEL_NOT_STATED)
        tally.is_lower_bound = True
    if judged:
        unmet = sum(part.proficient is False for part in judged)
        tally.value = Fraction(unmet)
        tally.reasons.append(f"{count_of(unmet, 'objective')} of {text_of(Fraction(len(judged)))} not met.")
    elif rows:
        tally.reasons.append("No result states a level of its parts.")
    return tally


SPECS = (
    spec(
        Metric.ASSESSMENT_LEVEL,
        "Rank of the performance level that the latest result states, in its family of tests: the lowest level is "
        "1. Over several subjects of a family, the lowest rank. A level is never computed from a score.",
        _lowest(
            lambda row: row.rank, LEVEL_LIMITS, "The latest result states no level that the family of tests has."
        ),
        _PARTS,
        high_is_risk=False,
    ),
    spec(
        Metric.ASSESSMENT_PROFICIENT,
        "1 if the levels that the latest results of each family and subject state count as proficient, else 0. A "
        "result without a stated level does not count.",
        count_proficient,
        _PARTS,
        high_is_risk=False,
        thresholds=_BELOW_PROFICIENT,
    ),
    spec(
        Metric.OBJECTIVES_NOT_MET,
        "Parts of the latest results whose stated level does not count as proficient.",
        count_objectives,
        _PARTS,
    ),
    spec(
        Metric.ASSESSMENT_PERCENTILE,
        "Percentile that the latest result states, within its norm year. Over several subjects of a family, "
        "the lowest.",
        _lowest(lambda row: row.percentile, PERCENTILE_LIMITS, "The latest result states no percentile."),
        _PARTS,
        high_is_risk=False,
    ),
    spec(
        Metric.ASSESSMENT_GROWTH,
        "Growth that the vendor states with the latest result. It is never computed from two scores.",
        _lowest(lambda row: row.growth, GROWTH_LIMITS, "The latest result states no growth."),
        _PARTS,
        high_is_risk=False,
    ),
)
"""The metrics of assessments."""
