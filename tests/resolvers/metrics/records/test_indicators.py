"""Indicators from measures: levels, points, tiers, the order by risk, and parts that could not be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import product

import pytest

from student_graph.adapters.model import GradePointAverage, Sensitivity
from student_graph.resolvers.metrics.facts import (
    MetricRequest,
    MetricSettings,
    SchoolDays,
    SessionDays,
    StudentFacts,
)
from student_graph.resolvers.metrics.indicators.evaluate import (
    NOT_GRANTED,
    SOURCE_DOWN,
    Unread,
    evaluate,
    indicator_requests,
    indicator_rules,
)
from student_graph.resolvers.metrics.indicators.profile import Indicator, RiskProfile
from student_graph.resolvers.metrics.measure import DataQuality, Domain, Level, Measure, Metric
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.resolvers.metrics.records.builders import (
    FALL,
    LAST_DAY,
    SCHOOL,
    YEAR_START,
    academic_record,
    action,
    codes,
    enrollment,
    facts,
    grade,
    incident,
    settings,
)

SETTINGS = settings(failing_below=60.0)


def profile(
    of: StudentFacts,
    preset: str = "acumened_abc",
    *,
    unread: dict[Sensitivity, Unread] | None = None,
    domains: tuple[Domain, ...] = (),
    configured: MetricSettings = SETTINGS,
) -> RiskProfile:
    """The indicators of a student, with some classes of data that could not be read."""
    request = MetricRequest(Metric.CHRONIC_ABSENCE, PRESETS[preset], LAST_DAY, YEAR_START, settings=configured)
    results: list[Measure | Unread] = []
    for part in indicator_requests(request, domains):
        spec = METRICS[part.metric]
        results.append((unread or {}).get(spec.sensitivity) or spec.measure(of, part))
    return evaluate(request, indicator_rules(request.preset, domains), results)


def indicator(of: RiskProfile, domain: Domain) -> Indicator:
    """The indicator of a domain."""
    return next(row for row in of.indicators if row.domain is domain)


def average(value: float) -> GradePointAverage:
    """An unweighted average on a scale up to 4."""
    return GradePointAverage(type=codes("Unweighted")[0], value=value, max_value=4.0, cumulative=True)


def failing(count: int) -> list[object]:
    """Grades of which some are failing."""
    sections = ("math", "reading", "art")
    return [grade(section, 50.0 if index < count else 90.0) for index, section in enumerate(sections)]


def absent_share(share: Fraction) -> Measure:
    """The measure of chronic absence with a share."""
    request = MetricRequest(Metric.CHRONIC_ABSENCE, PRESETS["acumened_abc"], LAST_DAY, YEAR_START)
    rule = PRESETS["acumened_abc"].rules[0]
    measure = METRICS[Metric.INCIDENTS].measure(facts(), replace(request, metric=Metric.INCIDENTS, memo={}))
    return replace(measure, metric=rule.metric, exact=share, level=rule.level_of(share), reasons=[])


POINTS_OF_GPA = {4.0: 0, 3.0: 0, 2.99: 1, 2.0: 1, 1.99: 2}
SHARES = {Fraction(499, 10000): 0, Fraction(5, 100): 1, Fraction(995, 10000): 1, Fraction(10, 100): 2}


@pytest.mark.parametrize("share", SHARES)
def test_the_tier_follows_from_the_points_of_all_domains(share: Fraction) -> None:
    """Each domain has the points of its worst metric, and the tier follows from their sum, at every edge."""
    request = MetricRequest(Metric.INCIDENTS, PRESETS["acumened_abc"], LAST_DAY, YEAR_START, settings=SETTINGS)
    requests = indicator_requests(request)[1:]
    for incidents, gpa, failed in product(range(4), POINTS_OF_GPA, range(4)):
        of = facts(
            incidents=[incident(str(number)) for number in range(incidents)],
            academic_records=[academic_record(None, average(gpa))],
            grades=failing(failed),
        )
        results = [METRICS[part.metric].measure(of, part) for part in requests]
        risk = evaluate(request, indicator_rules(request.preset), [absent_share(share), *results])
        points = [SHARES[share], {0: 0, 1: 1, 2: 1, 3: 2}[incidents], max(POINTS_OF_GPA[gpa], min(failed, 2))]
        assert [row.points for row in risk.indicators] == points
        assert (risk.risk_score, risk.max_risk_score) == (sum(points), 6)
        tier = Level.AT_RISK if sum(points) >= 5 else Level.WATCH if sum(points) >= 3 else Level.ON_TRACK
        assert risk.level is tier


@pytest.mark.parametrize("reason", [NOT_GRANTED, SOURCE_DOWN])
def test_a_part_that_could_not_be_read_is_never_on_track(reason: Unread) -> None:
    """Behavior without a grant, or with its source down, is not evaluated, says why, and shows no value."""
    of = facts(
        incidents=[incident("1")], grades=failing(0), academic_records=[academic_record(None, average(4.0))]
    )
    risk = profile(of, unread={Sensitivity.DISCIPLINE: reason})
    behavior = indicator(risk, Domain.BEHAVIOR)
    assert (behavior.level, behavior.points, behavior.measures) == (Level.NOT_EVALUATED, None, [])
    assert behavior.reasons == [f"Incidents: not evaluated. {reason.reason}"]
    assert behavior.data_quality == [reason.quality]
    assert risk.level is Level.NOT_EVALUATED
    assert risk.reasons == ["Not evaluated, so the level may be higher: Attendance, Behavior."]


def test_data_without_a_grant_does_not_change_the_score() -> None:
    """With and without incidents, a viewer without the grant gets the same profile: it reveals nothing."""
    closed = {Sensitivity.DISCIPLINE: NOT_GRANTED}
    with_incidents = facts(incidents=[incident(str(number), "State Offense") for number in range(9)])
    for preset in PRESETS.values():
        if preset.domains:
            assert profile(facts(), preset.name, unread=closed) == profile(
                with_incidents, preset.name, unread=closed
            )


def test_a_risk_counts_although_another_part_could_not_be_read() -> None:
    """Behavior is unknown and courses are at risk: the student is at risk, and the score covers what is known."""
    of = facts(grades=failing(3))
    risk = profile(of, "ews_balfanz", unread={Sensitivity.DISCIPLINE: NOT_GRANTED})
    assert (risk.level, risk.risk_score, risk.max_risk_score) == (Level.AT_RISK, 2, 2)


def test_a_failed_source_leaves_no_indicator_on_track() -> None:
    """One of two sources failed: what the other one has may be a risk, but proves no absence of one."""
    missing = frozenset({DataQuality.SOURCE_MISSING})
    quiet = profile(replace(facts(grades=failing(0)), quality=missing), "ews_balfanz")
    assert {row.level for row in quiet.indicators} == {Level.NOT_EVALUATED}
    attended = replace(absent_share(Fraction(0)), data_quality=[DataQuality.SOURCE_MISSING])
    request = MetricRequest(Metric.INCIDENTS, PRESETS["acumened_abc"], LAST_DAY, YEAR_START)
    risk = evaluate(request, indicator_rules(request.preset)[:1], [attended])
    assert indicator(risk, Domain.ATTENDANCE).level is Level.NOT_EVALUATED
    offense = replace(facts(incidents=[incident("1", "State Offense")]), quality=missing)
    assert indicator(profile(offense, "ews_sample"), Domain.BEHAVIOR).level is Level.AT_RISK


def test_a_subject_that_is_not_taken_does_not_hide_the_other() -> None:
    """No grade in English is no risk and no failure to read: mathematics alone decides."""
    courses = indicator(profile(facts(grades=[grade("math", 90.0)]), "ews_sample"), Domain.COURSES)
    assert courses.level is Level.ON_TRACK
    assert courses.reasons[1].endswith("No grade is recorded.")
    nothing = indicator(profile(facts(), "ews_sample"), Domain.COURSES)
    assert nothing.level is Level.NOT_EVALUATED


def test_grades_that_nobody_can_judge_are_not_on_track() -> None:
    """Without a grade scale the preset cannot say whether a course is failed."""
    of = facts(grades=failing(0), academic_records=[academic_record(None, average(4.0))])
    courses = indicator(profile(of, configured=settings()), Domain.COURSES)
    assert (courses.level, courses.data_quality) == (Level.NOT_EVALUATED, [DataQuality.NO_GRADE_SCALE])


def test_reasons_name_metrics_with_counts_and_thresholds() -> None:
    """A reader sees what was counted and where the level begins."""
    behavior = indicator(profile(facts(incidents=[incident("1", "State Offense")]), "ews_sample"), Domain.BEHAVIOR)
    assert behavior.reasons == [
        "State offenses: 1 state offense as a perpetrator. At risk from 1.",
        "Violations of the code of conduct: 0 conduct violations as a perpetrator. Watch from 2.",
    ]


def test_a_state_offense_is_at_risk_by_the_codes_of_the_district() -> None:
    """The district says which behaviors are state offenses; a code that means nothing may be one."""
    of = facts(incidents=[incident("1", "weapon")])
    assert indicator(profile(of, "ews_sample"), Domain.BEHAVIOR).level is Level.NOT_EVALUATED
    mapped = settings(state_offenses=frozenset({"Weapon"}))
    assert indicator(profile(of, "ews_sample", configured=mapped), Domain.BEHAVIOR).level is Level.AT_RISK


def test_assessment_can_be_added() -> None:
    """The preset has no rule for assessments: its own definition is named."""
    risk = profile(facts(), "ews_sample", domains=(Domain.ASSESSMENT,))
    [measure] = indicator(risk, Domain.ASSESSMENT).measures
    assert (measure.metric, measure.definition.preset) == (Metric.ASSESSMENT_PROFICIENT, "none")
    assert [row.domain for row in risk.indicators][-1] is Domain.ASSESSMENT


def test_the_order_by_risk_is_points_then_domains_at_risk_then_absence() -> None:
    """A later criterion never outweighs an earlier one; a student without any indicator has no place."""
    request = MetricRequest(Metric.INCIDENTS, PRESETS["acumened_abc"], LAST_DAY, YEAR_START, settings=SETTINGS)
    rules = indicator_rules(request.preset)

    def order(share: Fraction | None, incidents: int, failed: int) -> Fraction | None:
        of = facts(incidents=[incident(str(number)) for number in range(incidents)], grades=failing(failed))
        results = [METRICS[part.metric].measure(of, part) for part in indicator_requests(request)[1:]]
        absence = SOURCE_DOWN if share is None else absent_share(share)
        return evaluate(request, rules, [absence, *results]).order

    ascending = [
        order(Fraction(0), 0, 0),
        order(Fraction(4, 100), 0, 0),
        order(Fraction(0), 1, 0),
        order(Fraction(4, 100), 1, 1),
        order(Fraction(0), 3, 0),
        order(Fraction(1), 0, 0),
        order(Fraction(0), 1, 2),
        order(Fraction(1), 3, 3),
    ]
    assert None not in ascending
    assert ascending == sorted(ascending, key=lambda position: position or 0)
    assert len(set(ascending)) == len(ascending)
    nothing = evaluate(request, rules, [SOURCE_DOWN] * len(rules))
    assert (nothing.order, nothing.risk_score, nothing.level) == (None, None, Level.NOT_EVALUATED)


def test_flags_of_a_term_do_not_carry_over() -> None:
    """A suspension in the fall is a flag in the fall, and none in the spring."""
    terms = (
        SessionDays("Fall", date(2021, 8, 23), date(2021, 12, 17)),
        SessionDays("Spring", date(2022, 1, 4), LAST_DAY),
    )
    of = facts(
        actions=[action("1", "In School Suspension")],
        enrollments=[enrollment(SCHOOL, YEAR_START)],
        school_days={SCHOOL: SchoolDays(days=(FALL, date(2022, 2, 1)), sessions=terms)},
    )
    request = MetricRequest(Metric.SUSPENSIONS, PRESETS["mtss_term_flags"], LAST_DAY, YEAR_START)
    levels = {}
    for as_of in (date(2021, 12, 1), LAST_DAY):
        part = indicator_requests(replace(request, as_of=as_of))[1]
        levels[as_of] = METRICS[part.metric].measure(of, part).level
    assert list(levels.values()) == [Level.AT_RISK, Level.ON_TRACK]
