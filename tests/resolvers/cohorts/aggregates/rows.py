"""Measures and students for tests of counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from student_graph.resolvers.cohorts.aggregates.accumulate import CountedStudent
from student_graph.resolvers.cohorts.aggregates.build import TableHead
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.table import GroupMetrics, MetricTable
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import DataQuality, Definition, Level, Measure, Metric, Unit, Window
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, Threshold

DAY = date(2022, 5, 27)
RULE = Rule(
    Metric.CHRONIC_ABSENCE,
    (Threshold(Level.AT_RISK, Fraction(1, 10), True), Threshold(Level.WATCH, Fraction(1, 20), True)),
    high_is_risk=True,
    description="absent on 5 or 10 % of the days",
)
PRESET = Preset("test", "Test", (RULE,), "the test")
DEFINITION = Definition(preset="test", description=RULE.description, parameters=[], source=PRESET.source)
WINDOW = Window(first=date(2021, 8, 23), last=DAY)


def measure(absent: Fraction | int, days: int, quality: Sequence[DataQuality] = ()) -> Measure:
    """The measure of a student who was absent on so many of so many days."""
    exact = Fraction(absent) / days if days else None
    return Measure(
        metric=Metric.CHRONIC_ABSENCE,
        value=None if exact is None else float(exact),
        numerator=float(absent),
        denominator=float(days),
        level=RULE.level_of(exact),
        unit=Unit.STUDENT,
        window=WINDOW,
        definition=DEFINITION,
        as_of=DAY,
        data_quality=list(quality),
        reasons=[],
        exact=exact,
    )


def student(groups: Sequence[Iterable[str]], of: Any, **more: Any) -> CountedStudent:
    """A student in some groups of each dimension."""
    return CountedStudent([frozenset(names) for names in groups], of, **more)


def head(*dimensions: Dimension) -> TableHead:
    """The head of a table of absence."""
    request = MetricRequest(Metric.CHRONIC_ABSENCE, PRESET, DAY, date(2021, 7, 1))
    return TableHead(request, dimensions, DEFINITION, WINDOW, Unit.STUDENT)


def row(table: MetricTable, *names: str | None) -> GroupMetrics:
    """The row of a group."""
    return next(group for group in table.groups if tuple(key.group for key in group.keys) == names)


def levels(group: GroupMetrics) -> dict[str, int | None]:
    """The distribution of a group by the names of levels."""
    return {entry.level.name: entry.students for entry in group.distribution}
