"""Assessment results."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from tests.resolvers.metrics.records.oracle.common import Value

PROFICIENT = {"met standard": (2, True), "did not meet standard": (1, False)}
FAMILY_LEVELS = {"ACT": PROFICIENT, "State Assessment": {**PROFICIENT, "advanced": (3, True)}}


def latest_results(facts: StudentFacts, request: MetricRequest) -> list[tuple[str, Any, Any]]:
    """The latest results: family, test and result."""
    groups: dict[object, list[tuple[str, Any, Any]]] = {}
    for result in facts.results:
        test = facts.assessments["", result.assessment_id]
        name = test.assessment_identifier
        family = (
            "ACT" if name.startswith("ACT ") else "State Assessment" if name.startswith("SA-") else test.family
        )
        day = day_of(result)
        if day is None and (request.first or request.last):
            continue
        if day is not None and (day > min(request.last or request.as_of, request.as_of)):
            continue
        if day is not None and request.first is not None and day < request.first:
            continue
        if request.subject is not None and request.subject not in test.subjects:
            continue
        if request.family is not None and (family or "").lower() != request.family.lower():
            continue
        key = (family or name, request.subject or frozenset(test.subjects))
        groups.setdefault(key, []).append((family or name, test, result))
    return [newest(rows) for rows in groups.values()]


def newest(rows: list[tuple[str, Any, Any]]) -> tuple[str, Any, Any]:
    """The latest of the results of one family: the retest, then the later hour, then the later record."""
    last = max(day_of(result) or date.min for _, _, result in rows)
    on_last = [row for row in rows if (day_of(row[2]) or date.min) == last]
    on_last = [row for row in on_last if row[2].retest] or on_last
    if last > date.min:
        hour = max(result.administration_date for _, _, result in on_last)
        on_last = [row for row in on_last if row[2].administration_date == hour]
    return max(on_last, key=lambda row: row[2].vendor_id)


def day_of(result: Any) -> date | None:
    """The day of a result; the year 9999 means none."""
    instant = result.administration_date
    return None if instant is None or instant.year == 9999 else instant.date()


def judged_level(family: str, levels: Iterable[Any]) -> tuple[int, bool] | None:
    """Rank and proficiency of the lowest stated level that the family has."""
    known = FAMILY_LEVELS.get(family, {})
    ranks = [known[row.level.code_value.lower()] for row in levels if row.level.code_value.lower() in known]
    return min(ranks) if ranks else None


def lowest_of_family(pairs: list[tuple[str, Fraction]]) -> Value:
    """The lowest value, if all are of one family."""
    return min(value for _, value in pairs) if len({family for family, _ in pairs}) == 1 else None


def level_rank(facts: StudentFacts, request: MetricRequest) -> Value:
    """The rank of the latest stated level."""
    pairs = []
    for family, _, result in latest_results(facts, request):
        level = judged_level(family, result.performance_levels)
        if level:
            pairs.append((family, Fraction(level[0])))
    return lowest_of_family(pairs)


def proficient(facts: StudentFacts, request: MetricRequest) -> Value:
    """Whether all stated levels are proficient."""
    levels = [judged_level(family, row.performance_levels) for family, _, row in latest_results(facts, request)]
    verdicts = [level[1] for level in levels if level]
    return Fraction(int(False not in verdicts)) if verdicts else None


def objectives_not_met(facts: StudentFacts, request: MetricRequest) -> Value:
    """Parts below proficient."""
    levels = [
        judged_level(family, part.performance_levels)
        for family, _, result in latest_results(facts, request)
        for part in result.objectives
    ]
    verdicts = [level[1] for level in levels if level]
    return Fraction(verdicts.count(False)) if verdicts else None


def percentile(facts: StudentFacts, request: MetricRequest) -> Value:
    """The stated percentile, if it is a number from 0 to 100."""
    pairs = []
    for family, _, result in latest_results(facts, request):
        texts = [score.result for score in result.scores if score.result.replace(".", "").isdigit()]
        pairs += [(family, Fraction(text)) for text in texts if Fraction(text) <= 100]
    return lowest_of_family(pairs)
