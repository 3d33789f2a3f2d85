"""All metrics and presets, by name."""

from __future__ import annotations

from collections.abc import Mapping

from student_graph.resolvers.metrics.attendance import specs as attendance
from student_graph.resolvers.metrics.facts import MetricSettings, MetricSpec
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.presets import attendance as attendance_presets
from student_graph.resolvers.metrics.presets.preset import Preset

METRICS: Mapping[Metric, MetricSpec] = {spec.metric: spec for spec in attendance.SPECS}
"""How each metric is computed."""
PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in attendance_presets.PRESETS}
"""The presets that every district has, by name."""


class UnknownPresetError(ValueError):
    """A preset that a district does not have. The message names those that it has."""


def presets_of(settings: MetricSettings) -> Mapping[str, Preset]:
    """The presets of a district by name: those that every district has, and its own, which replace them."""
    return {**PRESETS, **{preset.name: preset for preset in settings.own_presets}}


def find_preset(settings: MetricSettings, name: str) -> Preset:
    """The preset of a district with a name; raises `UnknownPresetError` if there is none."""
    presets = presets_of(settings)
    if name not in presets:
        raise UnknownPresetError(f"There is no preset of this name. These exist: {', '.join(sorted(presets))}.")
    return presets[name]
