"""The latest result of a family and subject, and what it states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from student_graph.adapters.model import (
    AcademicSubject,
    Assessment,
    AssessmentId,
    AssessmentResult,
    PerformanceLevel,
    ResultDatatype,
    Score,
)
from student_graph.resolvers.metrics.assessments.latest import latest_standings
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings, StudentFacts
from student_graph.resolvers.metrics.families import AssessmentFamily, FamilyLevel
from student_graph.resolvers.metrics.measure import DataQuality, Level, Metric
from student_graph.resolvers.metrics.registry import PRESETS
from tests.resolvers.metrics.records.builders import LAST_DAY, STUDENT, YEAR_START, codes, measure, settings
from tests.subcases import subcases

FAMILY = AssessmentFamily(
    "Benchmark",
    (FamilyLevel("Low", 1, is_proficient=False), FamilyLevel("High", 2, is_proficient=True)),
    test_prefixes=("B-",),
    level_methods=("State", "District"),
    growth_methods=("Growth Percentile",),
    norm_year=2020,
)
SETTINGS = settings(families=(FAMILY,))
SUBJECTS = {
    "B-math": [AcademicSubject.MATHEMATICS],
    "B-reading": [AcademicSubject.READING],
    "Other": [AcademicSubject.MATHEMATICS],
}


def result(
    test: str = "B-math",
    day: date | None = date(2022, 4, 1),
    *,
    levels: dict[str, str] | None = None,
    scores: dict[str, str] | None = None,
    **attributes: Any,
) -> AssessmentResult:
    """A result with levels and scores by reporting method."""
    return AssessmentResult(
        vendor_id=f"{test} {day}",
        student_id=STUDENT,
        assessment_id=AssessmentId(test),
        administration_date=datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None,
        scores=[
            Score(
                reporting_method=codes(method)[0],
                result=text,
                numeric=float(text) if text.lstrip("-").isdigit() else None,
                datatype=ResultDatatype.PERCENTILE if "Percentile" in method else ResultDatatype.INTEGER,
            )
            for method, text in (scores or {}).items()
        ],
        performance_levels=[
            PerformanceLevel(reporting_method=codes(method)[0], level=codes(level)[0])
            for method, level in (levels or {}).items()
        ],
        objectives=[],
        **attributes,
    )


def student_with(*results: AssessmentResult) -> StudentFacts:
    """A student with results."""
    tests = {
        ("", test): Assessment(
            vendor_id=test,
            assessment_id=AssessmentId(test),
            assessment_identifier=test,
            title=test,
            subjects=subjects,
            subject_descriptors=[],
        )
        for test, subjects in SUBJECTS.items()
    }
    return StudentFacts(STUDENT, results=results, assessments=tests)


def test_the_latest_result_counts_whatever_earlier_results_state() -> None:
    """A latest result without a level has no rank: it is not recorded, and never not met."""
    of = student_with(result(day=date(2021, 9, 1), levels={"State": "Low"}), result())
    rank = measure(Metric.ASSESSMENT_LEVEL, of, settings=SETTINGS)
    assert (rank.value, rank.data_quality) == (None, [DataQuality.LEVEL_NOT_STATED])
    assert measure(Metric.ASSESSMENT_PROFICIENT, of, settings=SETTINGS).level is Level.NOT_EVALUATED
    earlier = measure(Metric.ASSESSMENT_LEVEL, of, as_of=date(2021, 12, 1), settings=SETTINGS)
    assert earlier.exact == 1


def test_a_result_of_this_evening_counts_although_its_date_in_utc_is_tomorrow() -> None:
    """At present it is the latest; for a day in the past it is not known yet."""
    today, evening = date(2022, 2, 11), datetime(2022, 2, 12, 1, tzinfo=UTC)
    of = student_with(
        result(day=today, levels={"State": "Low"}), result(day=evening.date(), levels={"State": "High"})
    )
    for choices, rank in (
        ({"now": evening}, 2),
        ({"now": evening, "last": today}, 2),
        ({}, 1),
        ({"last": today}, 1),
    ):
        assert measure(Metric.ASSESSMENT_LEVEL, of, as_of=today, settings=SETTINGS, **choices).exact == rank
    newest = measure(
        Metric.ASSESSMENT_LEVEL, student_with(of.results[1]), as_of=today, settings=SETTINGS, now=evening
    )
    assert (newest.window.first, newest.window.last) == (evening.date(), evening.date())


def test_a_result_without_a_date_is_older_than_all_others() -> None:
    """So is one with a placeholder for a date; alone, it counts and says so."""
    undated, placeholder = (result(day=day, levels={"State": "High"}) for day in (None, date(9999, 12, 31)))
    dated = result(day=date(2019, 1, 1), levels={"State": "Low"})
    assert (
        measure(Metric.ASSESSMENT_LEVEL, student_with(undated, placeholder, dated), settings=SETTINGS).exact == 1
    )
    for alone in (undated, placeholder):
        rank = measure(Metric.ASSESSMENT_LEVEL, student_with(alone), settings=SETTINGS)
        assert (rank.value, rank.data_quality) == (2, [DataQuality.DATE_MISSING])


def test_the_level_of_the_first_reporting_method_counts() -> None:
    """A source states levels by several schemes: the family says which one counts, and no other does."""
    of = student_with(result(levels={"District": "Low", "State": "High", "School": "Low"}))
    assert measure(Metric.ASSESSMENT_LEVEL, of, settings=SETTINGS).exact == 2
    only_school = measure(
        Metric.ASSESSMENT_LEVEL, student_with(result(levels={"School": "Low"})), settings=SETTINGS
    )
    assert (only_school.value, only_school.data_quality) == (None, [DataQuality.LEVEL_NOT_STATED])


def test_a_level_that_the_family_does_not_have_has_no_rank() -> None:
    """It is shown, and neither proficient nor not."""
    of = student_with(result(levels={"State": "Middling"}))
    rank = measure(Metric.ASSESSMENT_LEVEL, of, settings=SETTINGS)
    assert (rank.value, rank.data_quality) == (None, [DataQuality.LEVEL_UNKNOWN])
    [standing] = latest_standings(of, _request())
    assert (standing.level, standing.rank, standing.proficient) == ("Middling", None, None)


def test_one_subject_below_is_not_proficient() -> None:
    """Over the subjects of a family the lowest level counts; a subject is one that the test states."""
    of = student_with(result(levels={"State": "High"}), result("B-reading", levels={"State": "Low"}))
    assert measure(Metric.ASSESSMENT_PROFICIENT, of, settings=SETTINGS).level is Level.AT_RISK
    math = measure(Metric.ASSESSMENT_PROFICIENT, of, settings=SETTINGS, subject=AcademicSubject.MATHEMATICS)
    assert (math.value, math.level) == (1, Level.ON_TRACK)
    assert measure(Metric.ASSESSMENT_LEVEL, of, settings=SETTINGS).exact == 1


def test_ranks_and_percentiles_of_two_families_are_never_compared() -> None:
    """Without a family there is no value, and the reason says what to ask for."""
    of = student_with(result(scores={"Percentile": "20"}), result("Other", scores={"Percentile": "90"}))
    both = measure(Metric.ASSESSMENT_PERCENTILE, of, settings=SETTINGS)
    assert (both.value, both.reasons[-1]) == (
        None,
        "There are results of several families of tests: ask for one, they are never compared.",
    )
    assert measure(Metric.ASSESSMENT_PERCENTILE, of, settings=SETTINGS, family="BENCHMARK").exact == 20


@subcases(
    ("text", "percentile", "level"),
    [
        ("29", 29, Level.AT_RISK),
        ("30", 30, Level.WATCH),
        ("70", 70, Level.WATCH),
        ("71", 71, Level.ON_TRACK),
        ("< 5", None, Level.NOT_EVALUATED),
        ("ND", None, Level.NOT_EVALUATED),
        ("A-", None, Level.NOT_EVALUATED),
        ("101", None, Level.NOT_EVALUATED),
        ("-1", None, Level.NOT_EVALUATED),
    ],
)
def test_scores_that_are_no_percentiles_are_no_numbers(text: str, percentile: int | None, level: Level) -> None:
    """Bands begin where their publisher says; a text is never a number."""
    of = student_with(result(scores={"Percentile": text}))
    value = measure(Metric.ASSESSMENT_PERCENTILE, of, "student_insights_star", settings=SETTINGS)
    assert (value.value, value.level) == (percentile, level)
    assert (DataQuality.NOT_NUMERIC in value.data_quality) == (percentile is None)


def test_a_percentile_says_whether_its_norm_year_is_known() -> None:
    """A family may state the year of its norms; a percentile of growth is no percentile of achievement."""
    of = student_with(result(scores={"Growth Percentile": "10", "Percentile": "60"}))
    known = measure(Metric.ASSESSMENT_PERCENTILE, of, settings=SETTINGS)
    assert (known.value, known.data_quality) == (60, [])
    unknown = settings(families=(replace(FAMILY, norm_year=None),))
    assert measure(Metric.ASSESSMENT_PERCENTILE, of, settings=unknown).data_quality == [
        DataQuality.NORM_YEAR_UNKNOWN
    ]


def test_growth_is_what_the_vendor_states() -> None:
    """Two scores make no growth; the reporting method of the family does."""
    scores = [result(day=date(2021, 9, 1), scores={"Scale": "200"}), result(scores={"Scale": "210"})]
    assert measure(Metric.ASSESSMENT_GROWTH, student_with(*scores), settings=SETTINGS).exact is None
    stated = student_with(result(scores={"Growth Percentile": "35"}))
    assert measure(Metric.ASSESSMENT_GROWTH, stated, settings=SETTINGS).exact == 35


def test_a_retest_on_the_same_day_replaces_the_test() -> None:
    """Of two results on a day the retest counts, whatever their order."""
    first = result(levels={"State": "High"}, retest=False)
    retest = replace(result(levels={"State": "Low"}, retest=True), vendor_id="0")
    for order in ((first, retest), (retest, first)):
        assert measure(Metric.ASSESSMENT_LEVEL, student_with(*order), settings=SETTINGS).exact == 1


def test_the_window_of_a_measure_reaches_back_to_the_result() -> None:
    """A result of an earlier year counts, and the window says from when it is."""
    rank = measure(
        Metric.ASSESSMENT_LEVEL,
        student_with(result(day=date(2019, 4, 1), levels={"State": "Low"})),
        settings=SETTINGS,
    )
    assert (rank.value, rank.window.first, rank.window.last) == (1, date(2019, 4, 1), LAST_DAY)


def _request(of: MetricSettings = SETTINGS) -> MetricRequest:
    return MetricRequest(Metric.ASSESSMENT_LEVEL, PRESETS["ews_sample"], LAST_DAY, YEAR_START, settings=of)
