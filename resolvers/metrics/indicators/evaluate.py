"""Evaluates the indicators of a preset from the measures of one student."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.indicators.profile import Indicator, RiskProfile
from student_graph.resolvers.metrics.measure import DataQuality, Domain, Level, Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Rule
from student_graph.resolvers.metrics.registry import METRICS

NEVER_ABSENT, ALWAYS_ABSENT = Fraction(0), Fraction(1)
POINTS = ((Level.ON_TRACK, 0), (Level.WATCH, 1), (Level.AT_RISK, 2))
"""Points of a level; a domain that is not evaluated has none."""
MAX_POINTS_PER_DOMAIN = 2
_DOMAINS: dict[Domain, tuple[Metric, ...]] = {
    Domain.BEHAVIOR: (
        Metric.INCIDENTS,
        Metric.STATE_OFFENSES,
        Metric.CONDUCT_VIOLATIONS,
        Metric.INCIDENT_DAY_SHARE,
        Metric.SUSPENSIONS,
        Metric.SUSPENSION_DAYS_IMPOSED,
        Metric.SUSPENSION_DAYS_SERVED,
    ),
    Domain.COURSES: (
        Metric.CURRENT_AVERAGE,
        Metric.GRADING_PERIOD_AVERAGE,
        Metric.FAILING_COURSES,
        Metric.FAILED_SEMESTER_COURSES,
        Metric.GRADE_POINT_AVERAGE,
        Metric.CREDITS_EARNED,
        Metric.ON_TRACK,
        Metric.MISSING_WORK,
        Metric.LATE_WORK,
        Metric.GRADED_WORK,
        Metric.WORK_AVERAGE,
        Metric.PAGE_VIEWS,
        Metric.PARTICIPATIONS,
    ),
    Domain.ASSESSMENT: (
        Metric.ASSESSMENT_LEVEL,
        Metric.ASSESSMENT_PROFICIENT,
        Metric.OBJECTIVES_NOT_MET,
        Metric.ASSESSMENT_PERCENTILE,
        Metric.ASSESSMENT_GROWTH,
    ),
    Domain.MOBILITY: (Metric.SCHOOL_CHANGES,),
}
DOMAIN_OF = {metric: domain for domain, metrics in _DOMAINS.items() for metric in metrics}
"""The domain of each metric; all others are about attendance."""
_RECORDED_BUT_LIMITED = frozenset(
    {
        DataQuality.ENROLLMENT_UNKNOWN,
        DataQuality.ESTIMATED_CALENDAR,
        DataQuality.ESTIMATED_DENOMINATOR,
        DataQuality.REPEATED_RECORDS,
    }
)
"""Limits of a metric without a value that only mean that there is no record. Any other limit may hide a risk."""
_ABSENCE_METRICS = (Metric.CHRONIC_ABSENCE, Metric.FIRST_WEEKS_ABSENCE, Metric.ATTENDANCE_RATE)


@dataclass(frozen=True, slots=True)
class Unread:
    """Replaces a measure that could not be computed because records could not be read."""

    reason: str
    """The reason, as a sentence."""
    quality: DataQuality


NOT_GRANTED = Unread("You have no grant for this class of data.", DataQuality.NOT_GRANTED)
SOURCE_DOWN = Unread("The district's system did not answer.", DataQuality.SOURCE_MISSING)
NOT_OFFERED = Unread("No system of the district has these records.", DataQuality.NOT_OFFERED)


def domain_of(metric: Metric) -> Domain:
    """What a metric is about."""
    return DOMAIN_OF.get(metric, Domain.ATTENDANCE)


def indicator_rules(preset: Preset, domains: Iterable[Domain] = ()) -> list[Rule]:
    """
    The rules of a preset's indicators, by domain in its order.

    `domains` adds indicators that the preset does not define. So far, only assessment can be added. Its rule is
    that the latest results are proficient.
    """
    order = [*preset.domains, *(domain for domain in domains if domain not in preset.domains)]
    rules = [rule for domain in preset.domains for rule in preset.rules if domain_of(rule.metric) is domain]
    if Domain.ASSESSMENT in order and Domain.ASSESSMENT not in preset.domains:
        rules.append(METRICS[Metric.ASSESSMENT_PROFICIENT].rule)
    return rules


def indicator_requests(request: MetricRequest, domains: Iterable[Domain] = ()) -> list[MetricRequest]:
    """The requests whose measures `evaluate` needs, in its order, for the preset and choices of a request."""
    return [
        replace(request, metric=rule.metric, rule=rule, memo={})
        for rule in indicator_rules(request.preset, domains)
    ]


def evaluate(request: MetricRequest, rules: Sequence[Rule], results: Sequence[Measure | Unread]) -> RiskProfile:
    """
    The indicators of one student by a preset.

    `results` has for each rule its measure, or why it could not be read.
    """
    if len(rules) != len(results):
        raise ValueError("each rule needs one result")
    indicators = [
        _indicator(domain, [(name, results[index]) for name, index in named])
        for domain, named in _named_by_domain(request, rules).items()
    ]
    points = [row.points for row in indicators if row.points is not None]
    profile = RiskProfile(
        preset=request.preset.name,
        source=request.preset.source,
        indicators=indicators,
        level=Level.NOT_EVALUATED,
        risk_score=sum(points) if points else None,
        max_risk_score=MAX_POINTS_PER_DOMAIN * len(points),
        reasons=[],
        as_of=request.as_of,
    )
    if points:
        _judge(profile, request.preset, sum(points))
        profile.order = _order(sum(points), points.count(MAX_POINTS_PER_DOMAIN), results)
    return profile


def _named_by_domain(request: MetricRequest, rules: Sequence[Rule]) -> dict[Domain, list[tuple[str, int]]]:
    """By domain, the names and positions of its rules, computed once for all students of a request."""
    key = (evaluate, *map(id, rules))
    memo = request.memo.get(key)
    if memo is None:
        named: dict[Domain, list[tuple[str, int]]] = {}
        for index, rule in enumerate(rules):
            named.setdefault(domain_of(rule.metric), []).append((_name(rule), index))
        # The rules are kept, so that no other objects get their ids.
        memo = request.memo[key] = named, tuple(rules)
    by_domain: dict[Domain, list[tuple[str, int]]] = memo[0]
    return by_domain


def _judge(profile: RiskProfile, preset: Preset, points: int) -> None:
    """Set the overall level: a lower bound, and never on track, if an indicator was not evaluated."""
    unknown = [row.domain.value for row in profile.indicators if row.points is None]
    if preset.tiers:
        tiers = Rule(Metric.INCIDENTS, preset.tiers, high_is_risk=True, description="Sum of the points.")
        profile.level = tiers.level_of(Fraction(points))
    else:
        profile.level = _most_severe([row.level for row in profile.indicators if row.points is not None])
    if unknown and profile.level is not Level.AT_RISK:
        profile.reasons.append(f"Not evaluated, so the level may be higher: {', '.join(unknown)}.")
        if profile.level is Level.ON_TRACK:
            profile.level = Level.NOT_EVALUATED


def _order(points: int, at_risk: int, results: Sequence[Measure | Unread]) -> Fraction:
    """
    First points, then domains at risk, then days absent.

    Each later value weighs less than one step of the value before it.
    """
    absences = [
        1 - result.exact if result.metric is Metric.ATTENDANCE_RATE else result.exact
        for result in results
        if isinstance(result, Measure) and result.exact is not None and result.metric in _ABSENCE_METRICS
    ]
    share = min(max(absences), ALWAYS_ABSENT) if absences else NEVER_ABSENT
    steps = 4 * len(Domain)
    parts = (points * steps + at_risk * 2) * share.denominator + share.numerator
    return Fraction(parts, steps * share.denominator)


def _indicator(domain: Domain, pairs: Iterable[tuple[str, Measure | Unread]]) -> Indicator:
    levels: list[Level] = []
    reasons: list[str] = []
    measures: list[Measure] = []
    quality: set[DataQuality] = set()
    for name, result in pairs:
        if isinstance(result, Unread):
            levels.append(Level.NOT_EVALUATED)
            reasons.append(f"{name}: not evaluated. {result.reason}")
            quality.add(result.quality)
            continue
        measures.append(result)
        if result.data_quality:
            quality.update(result.data_quality)
        reasons.append(f"{name}: {' '.join(result.reasons)}")
        if not _has_no_record(result):
            levels.append(_trusted_level(result))
    level = _most_severe(levels)
    return Indicator(
        domain=domain,
        level=level,
        points=_points(level),
        reasons=reasons,
        measures=measures,
        data_quality=sorted(quality, key=lambda row: row.name) if quality else [],
    )


def _points(level: Level) -> int | None:
    """The points of a level; None if it is not evaluated. To hash a member of an enum is slower."""
    for scored, points in POINTS:
        if scored is level:
            return points
    return None


def _name(rule: Rule) -> str:
    subjects = " or ".join(sorted(subject.value for subject in rule.subjects))
    return f"{rule.metric.value} in {subjects}" if subjects else rule.metric.value


def _has_no_record(measure: Measure) -> bool:
    """Whether a metric has no value only because nothing is recorded, such as no grade in a subject."""
    return measure.exact is None and _RECORDED_BUT_LIMITED.issuperset(measure.data_quality)


def _trusted_level(measure: Measure) -> Level:
    """The level of a measure; not on track if the records of a source are missing."""
    if measure.level is Level.ON_TRACK and DataQuality.SOURCE_MISSING in measure.data_quality:
        return Level.NOT_EVALUATED
    return measure.level


def _most_severe(levels: Sequence[Level]) -> Level:
    """At risk before watch, watch before not evaluated, and on track only if all are; not evaluated if none is."""
    for level in (Level.AT_RISK, Level.WATCH, Level.NOT_EVALUATED, Level.ON_TRACK):
        if level in levels:
            return level
    return Level.NOT_EVALUATED
