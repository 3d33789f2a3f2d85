"""Every metric and every dimension, for every role and cohort, and for viewers who share one cache."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice, product
from typing import Any

import pytest

from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.aggregates.publication import COUNTED_METRIC
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS, presets_of
from tests.long_runs import size
from tests.scenarios.helpers.namesake_districts import DALE, HILL
from tests.scenarios.privacy import test_aggregates as aggregates
from tests.scenarios.privacy import test_mixed_viewers as mixed
from tests.scenarios.privacy.cache_comparison import CacheComparison, codes_of
from tests.scenarios.privacy.test_aggregates import ACCESS, COHORTS, COUNTER, Stage
from tests.scenarios.privacy.test_grid import CLASSES as GRANTED

METRICS_OF_CLASS = {
    "OPEN": "ATTENDANCE_RATE ABSENT_DAYS EXCUSED_ABSENT_DAYS UNEXCUSED_ABSENT_DAYS TARDIES CHRONIC_ABSENCE "
    "ABSENCE_STREAK MAX_ABSENCE_STREAK ATTENDANCE_TREND FIRST_WEEKS_ABSENCE NEWLY_ABSENT AFFORDABLE_DAYS "
    "PERIOD_ABSENCE_RATE PERIOD_TARDIES FIRST_PERIOD_TARDIES FAILING_COURSES FAILED_SEMESTER_COURSES "
    "CURRENT_AVERAGE GRADING_PERIOD_AVERAGE GRADE_POINT_AVERAGE CREDITS_EARNED ON_TRACK MISSING_WORK LATE_WORK "
    "GRADED_WORK WORK_AVERAGE ASSESSMENT_LEVEL ASSESSMENT_PROFICIENT OBJECTIVES_NOT_MET ASSESSMENT_PERCENTILE "
    "ASSESSMENT_GROWTH PAGE_VIEWS PARTICIPATIONS SCHOOL_CHANGES",
    "DISCIPLINE": "INCIDENTS STATE_OFFENSES CONDUCT_VIOLATIONS INCIDENT_DAY_SHARE SUSPENSIONS "
    "SUSPENSION_DAYS_IMPOSED SUSPENSION_DAYS_SERVED",
}
"""Every metric, by its class of data."""
DIMENSIONS_OF_CLASS = {
    "OPEN": "SCHOOL GRADE_LEVEL SECTION",
    "PROGRAM": "PROGRAM ENGLISH_LEARNER",
    "DISABILITY": "SPECIAL_EDUCATION SECTION_504",
    "HOMELESS": "HOMELESS",
    "MEAL": "MEAL_STATUS FREE_OR_REDUCED_MEALS",
    "DEMOGRAPHIC": "RACE_ETHNICITY SEX",
    "LOCATION": "BUS_ROUTE",
}
"""Every dimension, by its class of data."""
METRIC_CLASS = {name: kind for kind, names in METRICS_OF_CLASS.items() for name in names.split()}
DIMENSION_CLASS = {name: kind for kind, names in DIMENSIONS_OF_CLASS.items() for name in names.split()}


def preset_that_judges(metric: str) -> str | None:
    """Return the name of a preset with levels of a metric; None if none has any."""
    for name, preset in presets_of(MetricSettings()).items():
        if any(rule.metric is Metric[metric] and rule.thresholds for rule in preset.rules):
            return name
    return None


CROSSED = {name: preset for name in METRIC_CLASS if (preset := preset_that_judges(name))}
"""Every metric that has levels, with a preset that gives them."""
TABLES = {
    **{name: (f"metric: {name}", {kind}) for name, kind in METRIC_CLASS.items()},
    **{f"by {name}": (f"metric: CHRONIC_ABSENCE, by: [{name}]", {kind}) for name, kind in DIMENSION_CLASS.items()},
    **{
        f"crossed with {name}": (
            f'metric: CHRONIC_ABSENCE, crossedWith: {{metric: {name}, preset: "{preset}"}}',
            {METRIC_CLASS[name]},
        )
        for name, preset in CROSSED.items()
    },
}
"""The arguments of each table, and the classes of data that it reads."""
CHOICE_CODES = {"BAD_INPUT", "SUPPRESSED", "NOT_OFFERED"}
"""Codes of what is not possible, or not for this viewer: they do not depend on any record."""
NUMBERS = """{ complete total { population mean missing suppressed distribution { level students } }
    groups { keys { group } population mean missing suppressed distribution { level students } } }"""
TABLES_PER_REQUEST = 3
"""Tables of one request: its estimated cost is limited."""
RECORDED_TABLES = [
    f"metric: {metric}{by}"
    for metric in ("SCHOOL_CHANGES", "INCIDENTS", "STATE_OFFENSES", "CONDUCT_VIOLATIONS")
    for by in ("", ", by: [SCHOOL]", ", by: [GRADE_LEVEL]", ", by: [SEX]", ", by: [RACE_ETHNICITY]")
]
"""Tables for which the namesake districts have records."""
OPERATIONS = size(40, 1_000)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The district for which `ACCESS` says who gets which numbers, and a service that only counts."""
    yield from aggregates.open_stage(size(500, 1_000))


def test_every_metric_and_dimension_has_its_class_here() -> None:
    """The test fails for a new one, and for one that has another class of data in the registry."""
    assert {metric.name: METRICS[metric].sensitivity.name for metric in Metric} == METRIC_CLASS
    assert {dimension.name: DIMENSIONS[dimension].sensitivity.name for dimension in Dimension} == DIMENSION_CLASS


@pytest.mark.row("K12")
@pytest.mark.long_run
def test_every_viewer_counts_by_granted_classes_only(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    """
    Without the grant a table is FORBIDDEN, and so is one of a cohort that is not the viewer's.

    A viewer who sees some of the students gets no mean and no small number. A sample asks for some of the tables.
    """
    granted = {**GRANTED, COUNTER: GRANTED["superintendent"]}
    checks, turns = 0, cycle(TABLES)
    outcomes: Counter[str] = Counter()
    for viewer, cohort, _ in list(product(ACCESS, COHORTS, range(size(1, 4))))[:: size(3, 1)]:
        names = list(islice(turns, TABLES_PER_REQUEST))
        tables = outcomes_of(stage, viewer, cohort, names)
        for name, (outcome, table) in zip(names, tables, strict=True):
            checks += 1
            expected = ACCESS[viewer].get(cohort, "FORBIDDEN")
            if not TABLES[name][1] <= granted[viewer] | {"OPEN"}:
                expected = "FORBIDDEN"
            possible = {expected} if expected == "FORBIDDEN" else {expected, *CHOICE_CODES}
            assert outcome in possible, (viewer, cohort, name)
            outcomes[outcome] += 1
            if outcome == "hidden":
                assert COUNTED_METRIC.get(Metric["CHRONIC_ABSENCE" if " " in name else name])
                assert_no_small_number(table)
    record_property(
        "counts",
        f"aggregates: {checks} tables of {len(ACCESS)} people x {len(COHORTS)} cohorts by {len(METRIC_CLASS)} "
        f"metrics, {len(DIMENSION_CLASS)} dimensions and {len(CROSSED)} second metrics: "
        f"{dict(sorted(outcomes.items()))}, 0 leaks",
    )


def outcomes_of(stage: Stage, viewer: str, cohort: str, names: list[str]) -> list[tuple[str, Any]]:
    """Return what a viewer gets for each table: `complete`, `hidden` or the code of the error, and the table."""
    fields = " ".join(f"t{n}: metrics({TABLES[name][0]}) {NUMBERS}" for n, name in enumerate(names))
    kind = cohort.rpartition(" ")[2]
    response = stage.gateway.post(
        f"query ($id: ID!) {{ {kind}(id: $id) {{ {fields} }} }}", viewer, id=stage.ids[cohort]
    )
    parent = response["data"][kind]
    codes = {str(error["path"][-1]): str(error["extensions"]["code"]) for error in response.get("errors", ())}
    results: list[tuple[str, Any]] = []
    for n in range(len(names)):
        table = None if parent is None else parent[f"t{n}"]
        if table is None:
            results.append((codes[f"t{n}" if parent is not None else kind], None))
        else:
            results.append(("complete" if table["complete"] else "hidden", table))
    return results


def assert_no_small_number(table: dict[str, Any]) -> None:
    """Check that a table for a viewer who sees some of the students has no mean and no number below ten."""
    for row in [table["total"], *table["groups"]]:
        numbers = [row["population"], *(entry["students"] for entry in row["distribution"])]
        assert all(number is None or number >= 10 for number in numbers)
        assert row["mean"] is None
        assert row["missing"] is None


@pytest.mark.row("K03", "K12")
@pytest.mark.long_run
async def test_tables_of_viewers_who_share_a_cache_are_their_own(
    record_property: Callable[[str, object], None],
) -> None:
    """Each table is as without a cache, whoever asked for it before; so is each refusal."""
    rng, counts = random.Random(20261130), Counter[str]()  # noqa: S311 - the same queries each time
    gateways = CacheComparison()
    for _ in range(OPERATIONS):
        viewer, district = rng.choice(list(mixed.VIEWERS)), rng.choice([HILL, DALE])
        arguments = rng.choice([rng.choice(list(TABLES.values()))[0], rng.choice(RECORDED_TABLES)])
        table = f"metrics({arguments}) {NUMBERS}"
        query = rng.choice(
            [
                f'{{ district(id: "{district}") {{ {table} }} }}',
                f"{{ districts {{ schools {{ schoolId {table} }} }} }}",
            ]
        )
        response = await gateways.post(viewer, query)
        counts["refused"] += "FORBIDDEN" in codes_of(response)
        counts["counted"] += '"population"' in str(response.get("data")).replace("'", '"')
    shared = len(gateways.cached.pipeline.cache.tables)
    record_property(
        "counts", f"mixed viewers: {OPERATIONS} tables, {dict(counts)}, {shared} cached, 0 other than uncached"
    )
    assert counts["refused"] > 0
    assert counts["counted"] > 0
