"""All metrics and presets, by name."""

from __future__ import annotations

from collections.abc import Mapping

from student_graph.resolvers.metrics.academics.courses import COURSE_SPECS
from student_graph.resolvers.metrics.academics.on_track import ON_TRACK_SPECS
from student_graph.resolvers.metrics.academics.records import RECORD_SPECS
from student_graph.resolvers.metrics.assessments import specs as assessments
from student_graph.resolvers.metrics.attendance import specs as attendance
from student_graph.resolvers.metrics.behavior.incident_days import INCIDENT_DAY_SPECS
from student_graph.resolvers.metrics.behavior.incidents import INCIDENT_SPECS
from student_graph.resolvers.metrics.behavior.suspensions import SUSPENSION_SPECS
from student_graph.resolvers.metrics.engagement import ENGAGEMENT_SPECS
from student_graph.resolvers.metrics.facts import MetricSettings, MetricSpec
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.mobility import MOBILITY_SPECS
from student_graph.resolvers.metrics.presets import academics as academic_presets
from student_graph.resolvers.metrics.presets import attendance as attendance_presets
from student_graph.resolvers.metrics.presets import early_warning
from student_graph.resolvers.metrics.presets.preset import Preset
from student_graph.resolvers.metrics.work import WORK_SPECS

_SPECS: tuple[MetricSpec, ...] = (
    *attendance.SPECS,
    *INCIDENT_SPECS,
    *INCIDENT_DAY_SPECS,
    *SUSPENSION_SPECS,
    *COURSE_SPECS,
    *RECORD_SPECS,
    *ON_TRACK_SPECS,
    *WORK_SPECS,
    *assessments.SPECS,
    *ENGAGEMENT_SPECS,
    *MOBILITY_SPECS,
)

METRICS: Mapping[Metric, MetricSpec] = {spec.metric: spec for spec in _SPECS}
"""How each metric is computed."""
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for presets in (attendance_presets.PRESETS, early_warning.PRESETS, academic_presets.PRESETS)
    for preset in presets
}
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
