"""The presets of a district: published definitions with their thresholds and citations."""

from __future__ import annotations

import strawberry

from student_graph.adapters.model import AcademicSubject
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.requests import metric_settings
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import attribute, field
from student_graph.resolvers.metrics.measure import Domain, Level, Metric, Unit
from student_graph.resolvers.metrics.presets import preset as metrics
from student_graph.resolvers.metrics.registry import presets_of


@described
@strawberry.type
class PresetThreshold:
    """Where a level begins."""

    threshold: strawberry.Private[metrics.Threshold]
    text: str
    """The threshold as a comparison, such as `>= 0.1`."""
    level = attribute("threshold.level", Level)
    """The level."""
    includes_edge = attribute("threshold.includes_edge", bool)
    """Whether a value that equals the edge has the level."""

    @field
    def at(self) -> float:
        """The value at the edge."""
        return float(self.threshold.at)


@described
@strawberry.type
class PresetRule:
    """How one metric is measured and judged."""

    rule: strawberry.Private[metrics.Rule]
    metric = attribute("rule.metric", Metric)
    """The metric."""
    description = attribute("rule.description", str)
    """The definition as text."""
    window = attribute("rule.window", metrics.WindowKind)
    """The window that is used where a query names none."""
    unit = attribute("rule.unit", Unit)
    """What the metric counts once."""
    min_days = attribute("rule.min_days", int)
    """Enrolled days below which a value is not judged; 0 for none."""

    @field
    def subjects(self) -> list[AcademicSubject]:
        """Only courses or tests of these subjects; empty for all."""
        return sorted(self.rule.subjects, key=lambda subject: subject.name)

    @field
    def thresholds(self) -> list[PresetThreshold]:
        """Where levels begin, the most severe first; a value that none covers is on track."""
        return [
            PresetThreshold(threshold=threshold, text=threshold.text(above=self.rule.high_is_risk))
            for threshold in self.rule.thresholds
        ]


@described
@strawberry.type
class Preset:
    """A published set of rules. Arguments take its name."""

    preset: strawberry.Private[metrics.Preset]
    is_default: bool
    """Whether it is among the presets that are used where a query names none."""
    name = attribute("preset.name", str)
    """Name in queries, such as `federal_10pct`."""
    title = attribute("preset.title", str)
    """Name to show to people."""
    source = attribute("preset.source", str)
    """Who published it, and where."""

    @field
    def notes(self) -> list[str]:
        """What one must know to use it, such as a text and a code of one publisher that differ."""
        return list(self.preset.notes)

    @field
    def domains(self) -> list[Domain]:
        """The indicators that it defines, in order; empty if it defines single metrics only."""
        return list(self.preset.domains)

    @field
    def rules(self) -> list[PresetRule]:
        """How each of its metrics is measured and judged."""
        return [PresetRule(rule=rule) for rule in self.preset.rules]


def presets(info: Info, district: District) -> list[Preset]:
    """The presets of a district by name: those that every district has, and its own."""
    settings = metric_settings(info.context, district)
    return [
        Preset(preset=preset, is_default=name in settings.default_presets)
        for name, preset in sorted(presets_of(settings).items())
    ]
