"""All metrics and presets, by name."""

from __future__ import annotations

from collections.abc import Mapping

from student_graph.resolvers.metrics.facts import MetricSettings, MetricSpec
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.presets.preset import Preset

METRICS: Mapping[Metric, MetricSpec] = {}
"""How each metric is computed."""
PRESETS: Mapping[str, Preset] = {}
"""The presets that every district has, by name."""


def presets_of(settings: MetricSettings) -> Mapping[str, Preset]:
    """The presets of a district by name: those that every district has, and its own."""
    return {**PRESETS, **{preset.name: preset for preset in settings.own_presets}}
