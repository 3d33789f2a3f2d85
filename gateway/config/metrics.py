"""The settings of a district's metrics: its default presets, presets of its own, and what its grades mean."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from student_graph.adapters.model import AcademicSubject, SchoolId
from student_graph.adapters.model.code_mapping import comparable
from student_graph.gateway.config.sections import NAME_PATTERN, Section
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.indicators.evaluate import domain_of
from student_graph.resolvers.metrics.measure import Domain, Level, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, Threshold, WindowKind
from student_graph.resolvers.metrics.registry import METRICS, PRESETS

MAX_DAYS_OF_YEAR = 366
"""Largest number of enrolled days that a rule may ask for."""
MAX_DECIMALS = 6
"""Largest number of decimals to which a percentage is rounded."""
AVERAGES = (Metric.CURRENT_AVERAGE.name, Metric.GRADING_PERIOD_AVERAGE.name)
"""Metrics that are an average of grades."""
METRICS_OF_SUBJECTS = tuple(
    metric.name for metric in METRICS if domain_of(metric) in {Domain.COURSES, Domain.ASSESSMENT}
)
"""Metrics of courses and tests."""
DEFAULTS = MetricSettings()
SHARES = frozenset(
    {
        Metric.ATTENDANCE_RATE,
        Metric.CHRONIC_ABSENCE,
        Metric.NEWLY_ABSENT,
        Metric.FIRST_WEEKS_ABSENCE,
        Metric.PERIOD_ABSENCE_RATE,
        Metric.INCIDENT_DAY_SHARE,
        Metric.ON_TRACK,
        Metric.WORK_AVERAGE,
        Metric.ASSESSMENT_PROFICIENT,
    }
)
"""Metrics whose thresholds are from 0 to 1: one above would be met by everybody or nobody."""
RANGES: Mapping[Metric, tuple[int, int]] = dict.fromkeys(SHARES, (0, 1)) | {
    Metric.ATTENDANCE_TREND: (-1, 1),
    Metric.ASSESSMENT_PERCENTILE: (0, 100),
}
"""The lowest and the highest threshold of a metric; metrics that are not named have no highest one."""


def _names_one_of(enum: type[Enum], names: Iterable[str] | None = None) -> AfterValidator:
    """A check that a text is the name of a member, as the graph spells it."""
    allowed = sorted(enum.__members__ if names is None else names)

    def check(name: str) -> str:
        if name not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return name

    return AfterValidator(check)


class ThresholdConfig(Section):
    """Where a level begins."""

    level: Literal["AT_RISK", "WATCH"]
    """The level."""
    at: Decimal = Field(allow_inf_nan=False)
    """The value at the edge: a share of 10 % is 0.1."""
    includes_edge: bool = True
    """Whether a value that equals the edge has the level."""

    @property
    def threshold(self) -> Threshold:
        """The setting as the metrics take it."""
        return Threshold(Level[self.level], Fraction(self.at), self.includes_edge)


def _check_order(thresholds: Sequence[Threshold], *, high_is_risk: bool) -> None:
    """
    Check that thresholds begin with the most severe one.

    Raises:
        ValueError: they do not.
    """
    for severe, mild in pairwise(thresholds):
        is_beyond = severe.at > mild.at if high_is_risk else severe.at < mild.at
        if severe.level is mild.level or severe.level is not Level.AT_RISK or not is_beyond:
            order = "above" if high_is_risk else "below"
            raise ValueError(f"thresholds that are AT_RISK and then WATCH, AT_RISK {order} WATCH")


class RuleConfig(Section):
    """How one metric is measured and judged."""

    metric: Annotated[str, _names_one_of(Metric, (metric.name for metric in METRICS))]
    """The metric, as in the graph, such as `CHRONIC_ABSENCE`."""
    thresholds: tuple[ThresholdConfig, ...] = Field(min_length=1, max_length=2)
    """Where levels begin, the most severe first; a value that none covers is on track."""
    description: str | None = Field(default=None, min_length=1, max_length=1000)
    """The definition as text; that of the metric if left out."""
    window: Annotated[str, _names_one_of(WindowKind)] | None = None
    """The window, as in the graph, such as `LAST_4_WEEKS`; that of the metric if left out."""
    min_days: int | None = Field(default=None, ge=0, le=MAX_DAYS_OF_YEAR)
    """Enrolled days below which a value is not judged; that of the metric if left out."""
    rounded_to: int | None = Field(default=None, ge=0, le=MAX_DECIMALS)
    """Decimals of a percentage to which a share is rounded half up before it is judged; exact if left out."""
    subjects: frozenset[Annotated[str, _names_one_of(AcademicSubject)]] = frozenset()
    """Only courses or tests of these subjects, as in the graph, such as `MATHEMATICS`; all if left out."""
    letter_values: dict[str, Annotated[Decimal, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    """What letter grades count in an average where a grade has no number; without it they are left out."""

    @model_validator(mode="after")
    def _check_rule(self) -> RuleConfig:
        _check_order([threshold.threshold for threshold in self.thresholds], high_is_risk=self._high_is_risk)
        low, high = RANGES.get(Metric[self.metric], (-math.inf, math.inf))
        if not all(low <= threshold.at <= high for threshold in self.thresholds):
            example = ": 10 % is 0.1" if high == 1 else ""
            raise ValueError(f"thresholds of {self.metric} from {low} to {high}{example}")
        highest = max(self.letter_values.values(), default=Decimal("Infinity"))
        if any(threshold.at > highest for threshold in self.thresholds):
            raise ValueError(
                f"thresholds of {self.metric} of at most {highest:f}, the highest of letter_values: above it "
                "every letter is at risk. Give both on one scale"
            )
        if self.letter_values and self.metric not in AVERAGES:
            raise ValueError(f"letter_values only in a rule for {' or '.join(AVERAGES)}")
        if self.subjects and self.metric not in METRICS_OF_SUBJECTS:
            raise ValueError(f"subjects only in a rule for {', '.join(METRICS_OF_SUBJECTS)}")
        return self

    @property
    def _high_is_risk(self) -> bool:
        return METRICS[Metric[self.metric]].rule.high_is_risk

    @property
    def rule(self) -> Rule:
        """The setting as the metrics take it: the rule of the metric with what the district says."""
        usual = METRICS[Metric[self.metric]].rule
        return replace(
            usual,
            thresholds=tuple(threshold.threshold for threshold in self.thresholds),
            description=self.description or usual.description,
            window=usual.window if self.window is None else WindowKind[self.window],
            min_days=usual.min_days if self.min_days is None else self.min_days,
            rounded_to=self.rounded_to,
            subjects=frozenset(AcademicSubject[subject] for subject in self.subjects),
            letter_values=tuple((letter, Fraction(value)) for letter, value in self.letter_values.items()),
        )


class PresetConfig(Section):
    """A preset of the district's own."""

    name: str = Field(pattern=NAME_PATTERN)
    """Name in queries."""
    title: str = Field(min_length=1, max_length=200)
    """Name to show to people."""
    source: str = Field(min_length=1, max_length=1000)
    """Who decided the definition and where it can be read; every value names it."""
    notes: tuple[str, ...] = ()
    """What one must know to use it."""
    rules: tuple[RuleConfig, ...] = Field(min_length=1)
    """One rule for each metric, or several for different subjects."""
    domains: tuple[Annotated[str, _names_one_of(Domain)], ...] = ()
    """The indicators that it defines, in order, such as `ATTENDANCE`; none if left out."""
    tiers: tuple[ThresholdConfig, ...] = Field(default=(), max_length=2)
    """
    Where levels of the sum of points begin, the most severe first. Watch is 1 point, at risk 2.
    If left out, the overall level is the most severe one of the indicators.
    """

    @model_validator(mode="after")
    def _check_preset(self) -> PresetConfig:
        if self.name in PRESETS:
            raise ValueError("a preset with a name of its own: every district has one with this name")
        metrics = [(rule.metric, rule.subjects) for rule in self.rules]
        if len(set(metrics)) < len(metrics):
            raise ValueError("a preset with one rule for each metric, or for each metric and its subjects")
        if self.tiers and not self.domains:
            raise ValueError("tiers only in a preset with domains: tiers judge the points of its indicators")
        _check_order([tier.threshold for tier in self.tiers], high_is_risk=True)
        return self

    @property
    def preset(self) -> Preset:
        """The setting as the metrics take it."""
        return Preset(
            self.name,
            self.title,
            tuple(rule.rule for rule in self.rules),
            self.source,
            self.notes,
            tuple(Domain[domain] for domain in self.domains),
            tuple(tier.threshold for tier in self.tiers),
        )


def _check_grade_scale(
    grade_scale: Mapping[str, float], failing_below: float | None, failing_letters: Iterable[str]
) -> None:
    """
    Check that numbers and letters of grades are on one scale.

    Raises:
        ValueError: a letter is there twice, or the scale contradicts which grades are failing.
    """
    scale = {comparable(letter): value for letter, value in grade_scale.items()}
    if len(scale) < len(grade_scale):
        raise ValueError("grade_scale with each letter once: capital and small letters are the same")
    if not scale or failing_below is None:
        return
    lowest, highest = min(scale.values()), max(scale.values())
    if not lowest <= failing_below <= highest:
        fails = "no letter" if failing_below < lowest else "every letter"
        raise ValueError(
            f"failing_below from {lowest:g} to {highest:g}, as grade_scale has it: below {failing_below:g} "
            f"{fails} would be failing. Give both on one scale, and the letters that fail in grade_scale"
        )
    passed = sorted(letter for letter in failing_letters if scale.get(comparable(letter), -1.0) >= failing_below)
    if passed:
        raise ValueError(
            f"failing_letters whose value in grade_scale is below failing_below, which is {failing_below:g}: "
            f"{', '.join(passed)} would fail as a letter and pass as a number"
        )


class MetricsConfig(Section):
    """How a district judges its metrics."""

    default_presets: tuple[str, ...] = Field(default=DEFAULTS.default_presets, min_length=1)
    """Presets that are used where a query names none; the first one with a rule for the metric counts."""
    presets: tuple[PresetConfig, ...] = ()
    """Presets of the district's own, in addition to those that every district has."""
    positive_attendance: frozenset[str] = frozenset()
    """Numbers of schools that record presence too: there a day without a record is not a day of presence."""
    failing_below: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Numeric grade below which a course is failed; without it no number means failed."""
    failing_letters: frozenset[str] = frozenset()
    """Letter grades that mean failed; all others mean passed. Without them no letter means failed."""
    grade_scale: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    """Numeric value of each letter grade, on the scale of `failing_below`; without it letters have none."""
    gpa_types: tuple[str, ...] = DEFAULTS.gpa_types
    """Kinds of grade point average, the preferred one first."""

    @model_validator(mode="after")
    def _check_names(self) -> MetricsConfig:
        own = [preset.name for preset in self.presets]
        if len(set(own)) < len(own):
            raise ValueError("settings in which each preset has its own name")
        known = sorted({*PRESETS, *own})
        if "default_presets" in self.model_fields_set and not set(self.default_presets) <= set(known):
            raise ValueError(f"settings whose default_presets are names of presets: {', '.join(known)}")
        return self

    @model_validator(mode="after")
    def _check_grades(self) -> MetricsConfig:
        _check_grade_scale(self.grade_scale, self.failing_below, self.failing_letters)
        return self

    @property
    def settings(self) -> MetricSettings:
        """The settings as the metrics take them."""
        return MetricSettings(
            default_presets=self.default_presets,
            own_presets=tuple(preset.preset for preset in self.presets),
            positive_attendance=frozenset(map(SchoolId, self.positive_attendance)),
            failing_below=self.failing_below,
            failing_letters=self.failing_letters,
            grade_scale=self.grade_scale,
            gpa_types=self.gpa_types,
        )
