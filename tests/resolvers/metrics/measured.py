"""Measures of the students of the sample district, and numbers about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Level, Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, WindowKind
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.resolvers.metrics.sample import (
    FIRST_DAY,
    LAST_DAY,
    days_by_school,
    facts_by_student,
    school_of_students,
)

FALL_END = date(2021, 12, 17)
"""Last day of the sample's fall semester."""


def preset_with(rule: Rule) -> Preset:
    """A preset of one rule."""
    return Preset("test", "Test", (rule,), "Test")


def measures(
    metric: Metric,
    preset: Preset | str = "federal_10pct",
    as_of: date = LAST_DAY,
    *,
    window: WindowKind | None = None,
    students: Iterable[str] | None = None,
    first: date | None = None,
    last: date | None = None,
) -> dict[str, Measure]:
    """The measure of each student of the roster, or of some students."""
    chosen = PRESETS[preset] if isinstance(preset, str) else preset
    request = MetricRequest(metric, chosen, as_of, FIRST_DAY, window=window, first=first, last=last)
    facts = facts_by_student()
    measure = METRICS[metric].measure
    return {student: measure(facts[student], request) for student in students or facts}


def flagged(results: dict[str, Measure], level: Level = Level.AT_RISK) -> list[str]:
    """The students with a level, by id."""
    return sorted(student for student, measure in results.items() if measure.level is level)


def by_school(students: Iterable[str]) -> dict[str, int]:
    """How many of the students each school has, by the school of their events."""
    counts = Counter(str(school_of_students()[student]) for student in students if student in school_of_students())
    return {str(school): counts[str(school)] for school in days_by_school()}


def exact_values(results: dict[str, Measure]) -> dict[str, Fraction]:
    """The values as fractions; every student has one."""
    values = {student: measure.exact for student, measure in results.items()}
    assert None not in values.values()
    return {student: value for student, value in values.items() if value is not None}


def number(value: Fraction) -> int:
    """A whole number as an integer."""
    assert value.denominator == 1
    return value.numerator


def half_up(value: Fraction, decimals: int) -> float:
    """A number rounded half up."""
    scale = 10**decimals
    return float(Fraction((value * scale + Fraction(1, 2)).__floor__(), scale))


def total(results: dict[str, Measure]) -> int:
    """The sum of the values."""
    return number(sum(exact_values(results).values(), Fraction(0)))
