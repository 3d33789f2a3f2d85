"""Tables from counts: complete ones, and ones whose small cells are hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from student_graph.resolvers.cohorts.aggregates.accumulate import (
    NO_GROUP,
    SOME,
    ZERO,
    Atom,
    CompleteCounts,
    GroupName,
    HiddenCounts,
    overlaps,
)
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.aggregates.suppression import ShownCounts, shown_counts
from student_graph.resolvers.cohorts.aggregates.table import (
    GroupKey,
    GroupMetrics,
    LevelCount,
    MetricTable,
    MissingSource,
    QualityCount,
)
from student_graph.resolvers.cohorts.aggregates.tally import Tally
from student_graph.resolvers.metrics.facts import MetricRequest, Part
from student_graph.resolvers.metrics.measure import Definition, Level, Metric, Unit, Window
from student_graph.resolvers.metrics.registry import METRICS

LEVELS = (Level.AT_RISK, Level.WATCH, Level.ON_TRACK, Level.NOT_EVALUATED)
"""The order of levels in a distribution."""


@dataclass(frozen=True, slots=True)
class TableHead:
    """What a table is about."""

    request: MetricRequest
    dimensions: Sequence[Dimension]
    definition: Definition
    window: Window | None
    unit: Unit
    """The unit of the total."""
    crossed: MetricRequest | None = None
    """The metric by whose levels students are grouped; None if they are not."""

    def table(self, total: GroupMetrics, groups: list[GroupMetrics], **rest: Any) -> MetricTable:
        """Return a table with this head."""
        return MetricTable(
            metric=self.request.metric,
            crossed_with=self.crossed.metric if self.crossed else None,
            window=self.window,
            definition=self.definition,
            as_of=self.request.as_of,
            total=total,
            groups=groups,
            **rest,
        )

    def group_of(self, name: GroupName) -> dict[str, Any]:
        """Return the attributes of a row that say which group it is."""
        crossed = Level[name[-1]] if self.crossed is not None and name else None
        keys = [
            GroupKey(dimension=dimension, group=group or None)
            for dimension, group in zip(self.dimensions, name, strict=False)
        ]
        return {"keys": keys, "crossed_level": crossed}

    def unit_of_groups(self) -> Unit:
        """Return the unit of the groups of a complete table: what counts once."""
        return Unit.STUDENT_SCHOOL if Dimension.SCHOOL in self.dimensions else self.unit


def judged_levels(request: MetricRequest) -> tuple[Level, ...]:
    """The levels that a request can give, the most severe first."""
    rules = [rule for rule in request.preset.rules if rule.metric is request.metric]
    thresholds = {threshold.level for rule in rules for threshold in rule.thresholds}
    possible = thresholds | {Level.NOT_EVALUATED} | ({Level.ON_TRACK} if thresholds else set())
    return tuple(level for level in LEVELS if level in possible)


def complete_table(head: TableHead, counts: CompleteCounts) -> MetricTable:
    """The table for a viewer who may see every student."""
    levels = judged_levels(head.request)
    total = _complete_row(head.group_of(()), head.unit, counts.total, levels)
    groups = [
        _complete_row(head.group_of(name), head.unit_of_groups(), counts.groups[name], levels)
        for name in sorted(counts.groups, key=_order)
    ]
    return head.table(total, groups, complete=True, missing_sources=_missing(counts.total, hidden=False))


def _order(name: GroupName) -> list[tuple[bool, str]]:
    """Groups by name; students without a group come last."""
    return [(part == NO_GROUP, part) for part in name]


def _complete_row(position: Mapping[str, Any], unit: Unit, tally: Tally, levels: Iterable[Level]) -> GroupMetrics:
    evaluated = sum(count for level, count in tally.levels.items() if level is not Level.NOT_EVALUATED)
    numerator, denominator = tally.numerator.total(), tally.denominator.total()
    return GroupMetrics(
        **position,
        unit=unit,
        population=tally.population,
        distribution=[LevelCount(level=level, students=tally.levels[level]) for level in levels],
        at_risk_share=tally.levels[Level.AT_RISK] / evaluated if evaluated else None,
        above_zero=tally.above_zero,
        numerator=float(numerator) if tally.shares else None,
        denominator=float(denominator) if tally.shares else None,
        rate=float(numerator / denominator) if denominator else None,
        mean=tally.mean(),
        median=tally.median(),
        missing=tally.missing,
        data_quality=[
            QualityCount(quality=quality, students=count)
            for quality, count in sorted(tally.quality.items(), key=lambda item: item[0].name)
        ],
        suppressed=False,
    )


def hidden_table(head: TableHead, counts: HiddenCounts, *, judged: bool) -> MetricTable:
    """
    The table for a viewer who may not see every student: counts by group and level, without small cells.

    Sums, means and medians are not shown, and how many students lack a source: with the counts, or with what the
    viewer knows about own students, they would reveal values of few students. Days of tests are those of one
    student each.
    """
    if Part.RESULTS in METRICS[head.request.metric].parts:
        head = replace(head, window=None)
    dimension = head.dimensions[0] if head.dimensions else None
    levels = [level.name for level in judged_levels(head.request)] if judged else _unjudged_levels()
    groups = _group_names(head, dimension, counts.atoms)
    if head.crossed is not None:
        shown = _shown_of_crossed(head.request.metric, head.crossed.metric, counts.unseen, groups, levels)
    else:
        shown = shown_counts(
            counts.unseen,
            groups,
            levels,
            overlapping=overlaps(dimension) or not groups,
            first=HIDDEN_FIRST,
            last=HIDDEN_LAST,
        )
    rows = _HiddenRows(head, counts.atoms, shown, levels)
    return head.table(
        rows.total(),
        [rows.group(group) for group in groups],
        complete=False,
        missing_sources=_missing(counts.total, hidden=True),
    )


def _shown_of_crossed(
    metric: Metric, crossed: Metric, atoms: Mapping[Atom, int], groups: list[str], levels: list[str]
) -> ShownCounts:
    """Which counts of two crossed metrics are shown. The result is the same if the two are exchanged."""
    if metric.name > crossed.name:
        turned = {(frozenset((level,)), group): n for (pattern, level), n in atoms.items() for group in pattern}
        shown = _shown_of_crossed(crossed, metric, turned, levels, groups)
        cells = frozenset((group, level) for level, group in shown.cells)
        return ShownCounts(shown.total, shown.levels, shown.groups, cells)
    return shown_counts(atoms, groups, levels, overlapping=False, first=HIDDEN_FIRST, last=HIDDEN_LAST)


HIDDEN_FIRST = frozenset({Level.ON_TRACK.name, ZERO, NO_GROUP, "NONE_RECORDED", "NOT_STATED", "UNMAPPED"})
"""Groups and levels that readers need least, because they collect what is left."""
HIDDEN_LAST = frozenset({Level.AT_RISK.name, SOME})
"""Levels that readers need most."""


def _unjudged_levels() -> list[str]:
    return [SOME, ZERO, Level.NOT_EVALUATED.name]


def _group_names(head: TableHead, dimension: Dimension | None, atoms: Mapping[Atom, int]) -> list[str]:
    """The groups of a table, including empty ones."""
    if head.crossed is not None:
        return [level.name for level in judged_levels(head.crossed)]
    if dimension is None:
        return []
    named = {group for groups, _ in atoms for group in groups} | {*DIMENSIONS[dimension].names}
    return sorted(named, key=lambda name: _order((name,)))


@dataclass(slots=True)
class _HiddenRows:
    """The rows of a table whose small cells are hidden."""

    head: TableHead
    atoms: Mapping[Atom, int]
    shown: ShownCounts
    levels: Sequence[str]

    def total(self) -> GroupMetrics:
        """Return the row of all students."""
        by_level: Counter[str] = Counter()
        for (_, level), count in self.atoms.items():
            by_level[level] += count
        return self._row((), by_level, is_shown=self.shown.total, levels=self.shown.levels)

    def group(self, group: str) -> GroupMetrics:
        """Return the row of a group."""
        by_level: Counter[str] = Counter()
        for (groups, level), count in self.atoms.items():
            if group in groups:
                by_level[level] += count
        levels = frozenset(level for level in self.levels if (group, level) in self.shown.cells)
        return self._row((group,), by_level, is_shown=group in self.shown.groups, levels=levels)

    def _row(
        self, name: GroupName, by_level: Mapping[str, int], *, is_shown: bool, levels: frozenset[str]
    ) -> GroupMetrics:
        visible = {level: count for level, count in by_level.items() if level in levels}
        evaluated = sum(by_level.values()) - by_level.get(Level.NOT_EVALUATED.name, 0)
        has_share = is_shown and {Level.AT_RISK.name, Level.NOT_EVALUATED.name} <= visible.keys()
        return GroupMetrics(
            **self.head.group_of(name),
            unit=Unit.STUDENT,
            population=sum(by_level.values()) if is_shown else None,
            distribution=[
                LevelCount(level=Level[level], students=visible.get(level))
                for level in self.levels
                if level not in (SOME, ZERO)
            ],
            at_risk_share=visible[Level.AT_RISK.name] / evaluated if has_share and evaluated else None,
            above_zero=visible.get(SOME),
            data_quality=[],
            suppressed=not is_shown or len(levels) < len(self.levels),
        )


def _missing(tally: Tally, *, hidden: bool) -> list[MissingSource]:
    """The sources that failed, and for how many students."""
    return [
        MissingSource(source=source, code=code, students=None if hidden else count)
        for (source, code), count in sorted(tally.failures.items())
    ]
