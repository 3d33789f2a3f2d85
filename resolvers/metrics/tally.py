"""Turns the count of a metric into a measure with rule, window, level and reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from student_graph.adapters.model import AcademicSubject, Record, Sensitivity
from student_graph.resolvers.metrics.attendance.enrolled import enrolled_schools
from student_graph.resolvers.metrics.attendance.windows import kind_of
from student_graph.resolvers.metrics.exact import text_of
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSpec, Part, StudentFacts
from student_graph.resolvers.metrics.measure import (
    DataQuality,
    Definition,
    Level,
    Measure,
    Metric,
    Parameter,
    Unit,
    Window,
)
from student_graph.resolvers.metrics.presets.preset import Rule, Threshold, WindowKind


@dataclass(slots=True)
class Tally:
    """What a metric counted for one student, before it is judged."""

    value: Fraction | None = None
    """The value; None if there is none, `reasons` says why."""
    numerator: Fraction | None = None
    """What was counted; None for a metric that is not a share."""
    denominator: Fraction | None = None
    """Out of how many; None for a metric that is not a share."""
    is_lower_bound: bool = False
    """Whether the true value may be higher, because some records could not be judged."""
    scale_max: Fraction | None = None
    """Highest possible value as the source states it; None if it states none."""
    quality: set[DataQuality] = field(default_factory=set)
    """What limits how far the value can be trusted."""
    reasons: list[str] = field(default_factory=list)
    """What was counted, as sentences."""
    evidence: list[Record] = field(default_factory=list)
    """The records that were counted."""
    window: Window | None = None
    """The days that the value is about, if they are not those of the request."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one request asks for, with its rule and window."""

    request: MetricRequest
    rule: Rule
    window: Window

    @property
    def subjects(self) -> frozenset[AcademicSubject]:
        """Only courses or tests of these subjects; empty for all."""
        subject = self.request.subject
        return self.rule.subjects if subject is None else frozenset({subject})


Count: TypeAlias = Callable[[StudentFacts, Scope], Tally]


def rule_of(request: MetricRequest, default: Rule) -> Rule:
    """
    The rule by which a metric is measured.

    Of several rules of the preset, one that names subjects is used only for one of them. `default` is used where
    the preset has no rule that fits.
    """
    if request.rule is not None:
        return request.rule
    rules = [rule for rule in request.preset.rules if rule.metric is request.metric]
    if len(rules) == 1 and request.subject is None:
        return rules[0]
    fitting = [rule for rule in rules if request.subject in rule.subjects]
    general = [rule for rule in rules if not rule.subjects]
    return next(iter(fitting + general), default)


def spec(
    metric: Metric,
    description: str,
    count: Count,
    parts: Iterable[Part],
    sensitivity: Sensitivity = Sensitivity.OPEN,
    *,
    high_is_risk: bool = True,
    thresholds: tuple[Threshold, ...] = (),
    has_scopes: bool = False,
) -> MetricSpec:
    """
    Declare a metric: its definition as text, what it counts, the parts that it reads, and its class of data.

    With `has_scopes` it can be about one school or some subjects: only for these it reads sections or courses.
    """
    default = Rule(metric, thresholds, high_is_risk, description)

    def measure(facts: StudentFacts, request: MetricRequest) -> Measure:
        scope = scope_of(facts, request, default)
        return to_measure(scope, count(facts, scope), facts.quality)

    school_parts = frozenset({Part.NAMED_SECTIONS} if has_scopes else ())
    subject_parts = frozenset({Part.COURSES} if has_scopes else ())
    all_parts = school_parts.union(subject_parts, parts)
    return MetricSpec(metric, all_parts, sensitivity, measure, default, school_parts, subject_parts)


def scope_of(facts: StudentFacts, request: MetricRequest, default: Rule) -> Scope:
    """The rule and window of a request, computed once if the window is the same for all students."""
    memo = request.memo.get(scope_of)
    if memo is not None:
        scope: Scope = memo
        return scope
    rule = rule_of(request, default)
    scope = Scope(request, rule, window_of(facts, request, rule))
    if kind_of(request, rule) in _WINDOWS_OF_DATES:
        request.memo[scope_of] = scope
    return scope


_WINDOWS_OF_DATES = (None, WindowKind.YEAR_TO_DATE)
"""Windows that do not depend on the days of a school."""


def window_of(facts: StudentFacts, request: MetricRequest, rule: Rule) -> Window:
    """
    The days of a request.

    Explicit days lie within the school year and end with the day of the computation. A window of days of
    instruction is that of the student's schools: from the earliest to the latest day of any of them.
    """
    if kind_of(request, rule) not in _WINDOWS_OF_DATES:
        windows = [school.window for school in enrolled_schools(facts, request, rule)]
        first = min((window.first for window in windows), default=request.year_start)
        return Window(first=first, last=request.as_of)
    last = request.as_of if request.last is None else min(request.last, request.as_of)
    return Window(first=max(request.first or request.year_start, request.year_start), last=last)


def to_measure(scope: Scope, tally: Tally, quality: Iterable[DataQuality] = ()) -> Measure:
    """Judge a tally by the rule of its request."""
    request, rule = scope.request, scope.rule
    limits = tally.quality.union(quality)
    level, reason = judge(rule, tally)
    if level is Level.ON_TRACK and DataQuality.SOURCE_MISSING in limits:
        level, reason = Level.NOT_EVALUATED, "A source did not answer, so this is not the complete record."
    return Measure(
        metric=request.metric,
        value=_float(tally.value),
        numerator=_float(tally.numerator),
        denominator=_float(tally.denominator),
        level=level,
        unit=Unit.STUDENT if request.school is None else Unit.STUDENT_SCHOOL,
        window=tally.window or scope.window,
        definition=_definition(request, rule),
        as_of=request.as_of,
        data_quality=sorted(limits, key=lambda limit: limit.name) if limits else [],
        reasons=[*tally.reasons, *([reason] if reason else [])],
        evidence=tuple(tally.evidence),
        exact=tally.value,
    )


_LEAVE_RECORDS_OUT = frozenset({DataQuality.PARTICIPATION_MISSING, DataQuality.UNMAPPED_CODES})
"""Limits that leave out records which may have counted."""


def judge(rule: Rule, tally: Tally) -> tuple[Level, str | None]:
    """
    The level of a tally and the reason for it.

    A value that is only a lower bound is never on track, and neither is one on another scale than the thresholds.
    """
    if tally.value is None or not rule.thresholds:
        return Level.NOT_EVALUATED, None
    if None not in (rule.scale_max, tally.scale_max) and rule.scale_max != tally.scale_max:
        return Level.NOT_EVALUATED, "The thresholds are for another scale."
    level = rule.level_of(tally.value)
    may_be_higher = tally.is_lower_bound or not _LEAVE_RECORDS_OUT.isdisjoint(tally.quality)
    if level is Level.ON_TRACK and may_be_higher and rule.high_is_risk:
        return Level.NOT_EVALUATED, "The true number may be higher."
    decisive = [threshold for threshold in rule.thresholds if threshold.level is level]
    return level, edge_sentence(rule, (decisive or [*rule.thresholds[-1:]])[0])


def edge_sentence(rule: Rule, threshold: Threshold) -> str:
    """Where a level begins, such as `At risk from 3.`; the word says whether the edge belongs to it."""
    if rule.high_is_risk:
        preposition = "from" if threshold.includes_edge else "above"
    else:
        preposition = "at or below" if threshold.includes_edge else "below"
    return f"{threshold.level.value} {preposition} {text_of(threshold.at)}."


def _definition(request: MetricRequest, rule: Rule) -> Definition:
    """The definition of a request, the same object for all students."""
    definition: Definition | None = request.memo.get(definition_of)
    if definition is None:
        definition = request.memo[definition_of] = definition_of(request, rule)
    return definition


def definition_of(request: MetricRequest, rule: Rule) -> Definition:
    """The definition of a measure; a rule that is not of the preset names no preset."""
    is_preset = rule in request.preset.rules
    return Definition(
        preset=request.preset.name if is_preset else NO_PRESET,
        description=rule.description,
        parameters=parameters_of(request, rule),
        source=request.preset.source if is_preset else OWN_DEFINITION,
    )


NO_PRESET = "none"
"""Name of the preset in a definition without thresholds."""
OWN_DEFINITION = "The gateway's own definition, docs/metrics.md"


def parameters_of(request: MetricRequest, rule: Rule) -> list[Parameter]:
    """Thresholds and other choices that a value depends on."""
    parameters = [
        Parameter(name=_PARAMETER_NAMES[threshold.level], value=threshold.text(above=rule.high_is_risk))
        for threshold in rule.thresholds
    ]
    parameters += _judging_parameters(rule)
    subjects = frozenset({request.subject}) if request.subject else rule.subjects
    if subjects:
        parameters.append(Parameter(name="subjects", value=", ".join(sorted(row.value for row in subjects))))
    if request.family:
        parameters.append(Parameter(name="family", value=request.family))
    if request.school:
        parameters.append(Parameter(name="school", value=request.school))
    if request.metric in (Metric.FAILING_COURSES, Metric.FAILED_SEMESTER_COURSES):
        parameters += _grade_parameters(request)
    return parameters


_PARAMETER_NAMES = {Level.AT_RISK: "atRisk", Level.WATCH: "watch", Level.ON_TRACK: "onTrack"}


def _judging_parameters(rule: Rule) -> list[Parameter]:
    """What a rule does to a value before it compares it with the thresholds."""
    texts = {
        "minDays": f">= {rule.min_days}" if rule.min_days else None,
        "fullDayFrom": None if rule.full_day_from is None else f">= {float(rule.full_day_from):g}",
        "roundedTo": None if rule.rounded_to is None else f"{rule.rounded_to} decimals of a percentage",
        "judged": "1 - value" if rule.judges_complement else None,
    }
    return [Parameter(name=name, value=text) for name, text in texts.items() if text is not None]


def _grade_parameters(request: MetricRequest) -> list[Parameter]:
    settings = request.settings
    parameters = []
    if settings.failing_below is not None:
        parameters.append(Parameter(name="failingBelow", value=f"< {settings.failing_below:g}"))
    if settings.failing_letters:
        parameters.append(Parameter(name="failingLetters", value=", ".join(sorted(settings.failing_letters))))
    return parameters


def _float(number: Fraction | None) -> float | None:
    return None if number is None else number.numerator / number.denominator
