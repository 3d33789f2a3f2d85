"""
`docs/presets.md`: each preset with its source, window, levels, edges and traps.

`python -m student_graph.resolvers.metrics.presets.page` prints the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fractions import Fraction

from student_graph.resolvers.metrics.exact import text_of
from student_graph.resolvers.metrics.measure import Level, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, Threshold
from student_graph.resolvers.metrics.registry import METRICS, PRESETS

HEAD = """\
# Presets

Published definitions of metrics. Every answer names its preset: two numbers with different definitions cannot be
compared. `make presets` writes this page from `resolvers/metrics/presets/`. A district adds presets of its own, or
replaces one of these, in [the settings file](serving.md). [Metrics](metrics.md) says how each value is computed.

The sign says whether a value that equals the edge has the level: `>=` and `<=` include it, `>` and `<` do not. A
value that has none of the levels is on track. Values are compared as exact fractions.
"""
WITHOUT_PRESET = """\
## Without a preset

Where a preset has no rule for a metric, the answer names the preset `none` and has this definition. It has a value
and, but for proficiency, no level.
"""
_SHARES = frozenset(
    {
        Metric.ATTENDANCE_RATE,
        Metric.CHRONIC_ABSENCE,
        Metric.FIRST_WEEKS_ABSENCE,
        Metric.PERIOD_ABSENCE_RATE,
        Metric.INCIDENT_DAY_SHARE,
    }
)
"""Metrics that are shares: their edges are shown as percentages."""
_RECORDS = {
    Metric.GRADE_POINT_AVERAGE: "Latest record",
    Metric.CREDITS_EARNED: "Latest record",
    Metric.ON_TRACK: "Latest record",
    Metric.ASSESSMENT_LEVEL: "Latest result",
    Metric.ASSESSMENT_PROFICIENT: "Latest result",
    Metric.ASSESSMENT_PERCENTILE: "Latest result",
    Metric.ASSESSMENT_GROWTH: "Latest result",
}
"""Metrics that read one record instead of the days of a window."""
_COLUMNS = ("| metric | window | at risk | watch | definition |", "|---|---|---|---|---|")


def page(presets: Iterable[Preset] = tuple(PRESETS.values())) -> str:
    """The page as Markdown."""
    rows = sorted(presets, key=lambda preset: preset.name)
    index = [
        "| preset | title | indicators |",
        "|---|---|---|",
        *(f"| [`{row.name}`](#{row.name}) | {row.title} | {_indicators(row)} |" for row in rows),
    ]
    return "\n".join([HEAD, *index, "", *(_section(row) for row in rows), _without_preset()])


def _indicators(preset: Preset) -> str:
    return ", ".join(domain.value for domain in preset.domains)


def _section(preset: Preset) -> str:
    lines = [f"## {preset.name}", "", f"**{preset.title}.** Source: {preset.source}.", "", *_COLUMNS]
    lines += [_row(rule) for rule in preset.rules]
    if preset.tiers:
        tiers = ", ".join(f"{tier.level.value.lower()} {tier.text(above=True)}" for tier in preset.tiers)
        lines += ["", f"Tiers by the sum of the points (on track 0, watch 1, at risk 2): {tiers}."]
    if preset.notes:
        lines += ["", *(f"- {note}" for note in preset.notes)]
    return "\n".join([*lines, ""])


def _row(rule: Rule) -> str:
    cells = (
        f"`{rule.metric.name}`",
        _RECORDS.get(rule.metric, rule.window.value),
        _edge(rule, Level.AT_RISK),
        _edge(rule, Level.WATCH),
        _definition(rule),
    )
    return f"| {' | '.join(cells)} |"


def _definition(rule: Rule) -> str:
    """The description, and what a reader must know in addition to the thresholds."""
    parts = [rule.description]
    if rule.min_days:
        parts.append(f"Judged from {rule.min_days} enrolled days on.")
    if rule.rounded_to is not None:
        parts.append(f"Rounded half up to {rule.rounded_to} decimals of a percentage first.")
    if rule.judges_complement:
        parts.append("The edges are those of the rate of attendance.")
    if rule.scale_max is not None:
        parts.append(f"Only on a scale up to {text_of(rule.scale_max)}.")
    return " ".join(parts)


def _edge(rule: Rule, level: Level) -> str:
    """Where a level begins, such as `>= 10 %`; empty if the rule does not have the level."""
    return ", ".join(_comparison(rule, threshold) for threshold in rule.thresholds if threshold.level is level)


def _comparison(rule: Rule, threshold: Threshold) -> str:
    sign = threshold.text(above=rule.high_is_risk).partition(" ")[0]
    number: Fraction = threshold.at * 100 if rule.metric in _SHARES else threshold.at
    return f"{sign} {text_of(number)}{' %' if rule.metric in _SHARES else ''}"


def _without_preset() -> str:
    """The definitions that hold where a preset has no rule for a metric."""
    rows = [f"| `{metric.name}` | {METRICS[metric].rule.description} |" for metric in Metric if metric in METRICS]
    return "\n".join([WITHOUT_PRESET, "| metric | definition |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
