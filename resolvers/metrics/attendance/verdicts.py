"""Turns a student's attendance into a measure: value, level, and reasons that a teacher understands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from student_graph.adapters.model import Record
from student_graph.resolvers.metrics.attendance.enrolled import EnrolledSchool, Share
from student_graph.resolvers.metrics.attendance.records import Attendance
from student_graph.resolvers.metrics.exact import count_of, text_of
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import (
    DataQuality,
    Definition,
    Level,
    Measure,
    Parameter,
    Unit,
    Window,
)
from student_graph.resolvers.metrics.presets.preset import Rule, Threshold
from student_graph.resolvers.metrics.tally import definition_of

NO_DAYS_REASON = "The window has no day of school on which the student was enrolled."
NEVER_RECORDED_REASON = "The school has recorded no attendance this year."
FEDERAL_PRESET = "federal_10pct"
"""The preset whose rule of chronic absence is used where a preset has none."""
MAX_DECIMALS = 4
"""Decimals of a percentage in a sentence, at most: enough to tell a value from an edge."""


class Verdict(NamedTuple):
    """A value and how it is judged; the same for all students with the same counts."""

    exact: Fraction | None
    level: Level
    reasons: tuple[str, ...]
    value: float | None
    numerator: float | None
    denominator: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The words that describe a share in sentences."""

    adjective: str
    """What the student was on the counted days, such as `Absent`."""
    things: str = "days"
    """What is counted, such as `days`."""


def percent(share: Fraction, edges: Iterable[Fraction] = ()) -> str:
    """A share as a percentage, such as `11.2 %`, with enough decimals to distinguish it from the edges."""
    percentage = share * 100
    for decimals in range(1, MAX_DECIMALS + 1):
        rounded = Fraction(round(percentage, decimals))
        if rounded == percentage or not any(rounded == edge * 100 for edge in edges):
            break
    return f"{float(rounded):.{decimals}f}".rstrip("0").rstrip(".") + " %"


def edge_text(rule: Rule, threshold: Threshold, edge: str) -> str:
    """Where a level begins, such as `at risk from 10 %`; the word says whether the edge belongs to it."""
    if rule.high_is_risk:
        preposition = "from" if threshold.includes_edge else "above"
    else:
        preposition = "at or below" if threshold.includes_edge else "below"
    return f"{threshold.level.value.lower()} {preposition} {edge}"


def decisive_threshold(rule: Rule, level: Level) -> Threshold | None:
    """The threshold of a level, or the mildest one if the value reached none."""
    matching = [threshold for threshold in rule.thresholds if threshold.level is level]
    return matching[0] if matching else (rule.thresholds[-1] if rule.thresholds else None)


def share_verdict(request: MetricRequest, rule: Rule, counted: Share, total: int, wording: Wording) -> Verdict:
    """The verdict on a share of days or periods; students of a request with equal counts share it."""
    key = (share_verdict, counted, total, wording, id(rule))
    memo = request.memo.get(key)
    if memo is None:
        memo = request.memo[key] = _share_verdict(rule, counted, total, wording)
    return memo


def _share_verdict(rule: Rule, counted: Share, total: int, wording: Wording) -> Verdict:
    exact = Fraction(counted) / total
    level = Level.NOT_EVALUATED if total < rule.min_days else rule.level_of(exact)
    shown = 1 - exact if rule.judges_complement else exact
    edges = [threshold.at for threshold in rule.thresholds]
    counts = f"{wording.adjective} on {text_of(Fraction(counted))} of {total} {wording.things}"
    threshold = decisive_threshold(rule, level)
    if rule.judges_complement:
        sentence = f"{counts}, so present on {percent(shown, edges)}"
    else:
        sentence = f"{counts} ({percent(shown, edges)})"
    if threshold is not None:
        sentence += f"; {edge_text(rule, threshold, percent(threshold.at))}"
    reasons = [f"{sentence}."]
    if total < rule.min_days:
        reasons.append(f"Enrolled for {total} days so far; the preset judges from {rule.min_days} days on.")
    return Verdict(exact, level, tuple(reasons), float(exact), float(counted), float(total))


def count_verdict(request: MetricRequest, rule: Rule, counted: Share, noun: str) -> Verdict:
    """The verdict on a number, such as days of absence."""
    key = (count_verdict, counted, noun, id(rule))
    memo = request.memo.get(key)
    if memo is None:
        exact = Fraction(counted)
        level = rule.level_of(exact)
        threshold = decisive_threshold(rule, level)
        sentence = f"{text_of(exact)} {noun}"
        if threshold is not None:
            sentence += f"; {edge_text(rule, threshold, text_of(threshold.at))}"
        memo = request.memo[key] = Verdict(exact, level, (f"{sentence}.",), float(exact), None, None)
    return memo


def no_verdict(*reasons: str) -> Verdict:
    """The verdict where there is no value."""
    return Verdict(None, Level.NOT_EVALUATED, reasons, None, None, None)


def no_days_verdict(attendance: Attendance) -> Verdict:
    """The verdict where there is no enrolled day of school."""
    is_unrecorded = DataQuality.NO_ATTENDANCE_RECORDED in attendance.quality
    return no_verdict(NEVER_RECORDED_REASON if is_unrecorded else NO_DAYS_REASON)


def to_measure(
    attendance: Attendance,
    verdict: Verdict,
    evidence: Sequence[Record] = (),
    chronic: Rule | None = None,
) -> Measure:
    """The measure of a verdict. `chronic` is the rule of chronic absence that the metric follows, if any."""
    request, rule = attendance.request, attendance.rule
    reasons = list(verdict.reasons)
    if attendance.unmapped:
        reasons.append(f"Left out: {count_of(attendance.unmapped, 'record')} with a code that is not mapped.")
    if verdict.denominator is not None and attendance.days < rule.min_days:
        attendance.quality.add(DataQuality.TOO_FEW_DAYS)
    return Measure(
        metric=request.metric,
        value=verdict.value,
        numerator=verdict.numerator,
        denominator=verdict.denominator,
        level=verdict.level,
        unit=Unit.STUDENT if request.school is None else Unit.STUDENT_SCHOOL,
        window=_window(attendance.schools, request),
        definition=_definition(request, rule, chronic),
        as_of=request.as_of,
        data_quality=_qualities(request, attendance.quality),
        reasons=reasons,
        evidence=evidence,
        exact=verdict.exact,
    )


def _window(schools: Sequence[EnrolledSchool], request: MetricRequest) -> Window:
    """The days that a measure is about. Students of one school share the object."""
    if len(schools) != 1:
        first = min((row.window.first for row in schools), default=request.first or request.year_start)
        last = max((row.window.last for row in schools), default=request.last or request.as_of)
        return Window(first=min(first, last), last=last)
    return schools[0].window.shown


def _definition(request: MetricRequest, rule: Rule, chronic: Rule | None) -> Definition:
    """The definition of a request, the same for all students; with the rule of chronic absence that it follows."""
    memo = request.memo.get(definition_of)
    if memo is None:
        memo = definition_of(request, rule)
        if chronic is not None:
            memo = _with_chronic_absence(memo, request, chronic)
        request.memo[definition_of] = memo
    return memo


def _with_chronic_absence(definition: Definition, request: MetricRequest, chronic: Rule) -> Definition:
    """A definition that also names the preset, the threshold and the source of chronic absence."""
    of_preset = definition_of(request, chronic)
    is_preset = chronic in request.preset.rules
    threshold = next(row for row in of_preset.parameters if row.name == "atRisk")
    others = [row for row in of_preset.parameters if row.name not in ("atRisk", "watch", "school")]
    edge = Parameter(name="chronicFrom", value=f"{chronic.metric.name} {threshold.value}")
    return Definition(
        preset=of_preset.preset if is_preset else FEDERAL_PRESET,
        description=f"{definition.description} Chronic absence: {chronic.description}",
        parameters=[*definition.parameters, edge, *others],
        source=of_preset.source if is_preset else definition.source,
    )


def _qualities(request: MetricRequest, quality: set[DataQuality]) -> list[DataQuality]:
    """What limits a value, in the order of the names."""
    if not quality:
        return []
    key = frozenset(quality)
    memo = request.memo.get(key)
    if memo is None:
        memo = request.memo[key] = sorted(key, key=lambda limit: limit.name)
    return memo
