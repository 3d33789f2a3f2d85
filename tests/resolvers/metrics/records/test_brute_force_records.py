"""Metrics of records equal a naive computation over generated students, exactly."""

from __future__ import annotations

import operator
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from student_graph.adapters.model import AcademicSubject, GradeType
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings
from student_graph.resolvers.metrics.measure import Level, Metric
from student_graph.resolvers.metrics.presets.preset import Preset
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.long_runs import size
from tests.resolvers.metrics.records.oracle import courses, naive, work
from tests.resolvers.metrics.records.oracle.generated import LAST_DAY, SCHOOLS, YEAR_START, students

SETTINGS = (
    MetricSettings(),
    MetricSettings(failing_below=65.0),
    MetricSettings(failing_letters=frozenset({"F"})),
    MetricSettings(failing_below=72.0, failing_letters=frozenset({"D", "F"})),
)
THRESHOLDS = {
    ("ews_sample", Metric.STATE_OFFENSES): ((Level.AT_RISK, ">= 1"),),
    ("ews_sample", Metric.CONDUCT_VIOLATIONS): ((Level.AT_RISK, ">= 5"), (Level.WATCH, ">= 2")),
    ("ews_balfanz", Metric.SUSPENSIONS): ((Level.AT_RISK, ">= 1"),),
    ("acumened_abc", Metric.INCIDENTS): ((Level.AT_RISK, ">= 3"), (Level.WATCH, ">= 1")),
    ("acumened_abc", Metric.GRADE_POINT_AVERAGE): ((Level.AT_RISK, "< 2"), (Level.WATCH, "< 3")),
    ("acumened_abc", Metric.FAILING_COURSES): ((Level.AT_RISK, ">= 2"), (Level.WATCH, ">= 1")),
    ("wisconsin_high_school", Metric.SUSPENSION_DAYS_SERVED): ((Level.AT_RISK, ">= 1"),),
    ("wisconsin_high_school", Metric.FAILED_SEMESTER_COURSES): ((Level.AT_RISK, ">= 1"),),
    ("wisconsin_high_school", Metric.GRADE_POINT_AVERAGE): ((Level.AT_RISK, "<= 2"),),
    ("wisconsin_high_school", Metric.SCHOOL_CHANGES): ((Level.AT_RISK, ">= 1"),),
    ("student_insights_star", Metric.ASSESSMENT_PERCENTILE): ((Level.AT_RISK, "< 30"), (Level.WATCH, "<= 70")),
}
"""What the publishers say, once more: the levels of each preset, the most severe first."""
COMPARE = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt}
NO_RULES = Preset("none", "None", (), "None")
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"school": SCHOOLS[0]},
    {"subject": AcademicSubject.MATHEMATICS},
    {"first": date(2021, 9, 1), "last": date(2022, 1, 31)},
    {"family": "act", "subject": AcademicSubject.READING},
)
DAYS = (LAST_DAY, date(2021, 12, 31))

pytestmark = pytest.mark.long_run


@pytest.mark.parametrize("seed", range(3))
def test_values_equal_a_naive_computation(seed: int) -> None:
    """Every metric, for each choice of school, subject, family, days and settings."""
    differences = []
    for facts in students(seed, size(25, 1000)):
        for index, choices in enumerate(CHOICES):
            settings, as_of = SETTINGS[index % len(SETTINGS)], DAYS[index % len(DAYS)]
            for metric, compute in naive.NAIVE.items():
                request = MetricRequest(metric, NO_RULES, as_of, YEAR_START, settings=settings, **choices)
                value = METRICS[metric].measure(facts, request).exact
                if value != compute(facts, request):
                    differences.append((facts.student_id, metric.name, choices, value, compute(facts, request)))
    assert differences == []


@pytest.mark.parametrize("seed", range(3))
def test_levels_equal_the_published_thresholds(seed: int) -> None:
    """A value has the level of its publisher; without a level, it is None, or could be judged only in part."""
    for facts in students(seed, size(60, 1000)):
        for (preset, metric), thresholds in THRESHOLDS.items():
            request = MetricRequest(metric, PRESETS[preset], LAST_DAY, YEAR_START, settings=SETTINGS[3])
            measure = METRICS[metric].measure(facts, request)
            value = naive.NAIVE[metric](facts, request)
            if measure.level is Level.NOT_EVALUATED:
                assert value is None or measure.data_quality or "another scale" in measure.reasons[-1]
            else:
                assert value is not None
                assert measure.level is _level(value, thresholds)


def _level(value: Fraction, thresholds: tuple[tuple[Level, str], ...]) -> Level:
    for level, text in thresholds:
        comparison, _, edge = text.partition(" ")
        if COMPARE[comparison](value, Fraction(edge)):
            return level
    return Level.ON_TRACK


@pytest.mark.parametrize("seed", range(3))
def test_rules_of_presets_equal_a_naive_computation(seed: int) -> None:
    """Averages with letters and subjects, being on track, and missing work by the mark of another publisher."""
    computations = {
        ("ews_sample", Metric.GRADING_PERIOD_AVERAGE, 0): lambda facts, request: courses.average(
            courses.posted(facts, request, courses.MATH, GradeType.GRADING_PERIOD), with_letters=True
        ),
        ("ews_sample", Metric.GRADING_PERIOD_AVERAGE, 1): lambda facts, request: courses.average(
            courses.posted(facts, request, courses.ENGLISH, GradeType.GRADING_PERIOD), with_letters=True
        ),
        ("ews_balfanz", Metric.FAILING_COURSES, 1): lambda facts, request: courses.failing(
            courses.current(facts, request, courses.ENGLISH), request
        ),
        ("freshman_on_track", Metric.ON_TRACK, 0): courses.freshman,
        ("fcps_ky_credits_block", Metric.ON_TRACK, 0): courses.fayette,
        ("schoolytics_missing", Metric.MISSING_WORK, 0): work.missing(returned=True),
    }
    for facts in students(seed, size(60, 1000)):
        for index, ((name, metric, position), compute) in enumerate(computations.items()):
            preset = PRESETS[name]
            rule = [rule for rule in preset.rules if rule.metric is metric][position]
            for as_of in DAYS:
                settings = SETTINGS[index % len(SETTINGS)]
                request = MetricRequest(metric, preset, as_of, YEAR_START, rule=rule, settings=settings)
                assert METRICS[metric].measure(facts, request).exact == compute(facts, request)
