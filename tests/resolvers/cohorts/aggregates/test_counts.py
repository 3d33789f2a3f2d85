"""Counts of groups equal a naive computation over all students, whatever the order and the parts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from statistics import median
from typing import Any

import pytest

from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.model import SchoolId
from student_graph.resolvers.cohorts.aggregates.accumulate import CompleteCounts, CountedStudent, HiddenCounts
from student_graph.resolvers.cohorts.aggregates.build import complete_table, hidden_table
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.metrics.measure import DataQuality, Measure, Metric, Unit, Window
from tests.resolvers.cohorts.aggregates.rows import WINDOW, head, levels, measure, row, student

SCHOOLS = ("101", "102", "103")
PROGRAMS = ("ESL", "GIFTED", "TITLE_I")
STUDENTS = 1_000


@pytest.fixture(autouse=True)
def executor_name() -> None:
    """Nothing is executed here: once is enough."""


def failed() -> AdapterError:
    error = UnavailableError("down")
    error.source = "sis"
    return error


def random_measure(rng: random.Random) -> Any:
    """A measure with half days, at the edges of levels, without days, of a failed source, or in part."""
    kind = rng.random()
    if kind < 0.02:
        return failed()
    days = rng.choice([0, 20, 40, 81, 169, 180])
    absent = Fraction(rng.randint(0, days), rng.choice([1, 2, 4, 5, 10]))
    quality = [DataQuality.DURATION_MISSING] if rng.random() < 0.1 else []
    measured = measure(absent, days, quality)
    return Partial(measured, (failed(),)) if kind < 0.04 else measured


def random_students(seed: int) -> list[CountedStudent]:
    """Students at one or two schools or none, in some programs or none."""
    rng = random.Random(seed)  # noqa: S311 - a seeded generator is the point
    students = []
    for _ in range(STUDENTS):
        schools = rng.sample(SCHOOLS, rng.choice([0, 1, 1, 1, 1, 2]))
        programs = [name for name in PROGRAMS if rng.random() < 0.2]
        by_school = {SchoolId(school): random_measure(rng) for school in schools}
        students.append(
            student(
                [schools, programs],
                random_measure(rng),
                by_school=by_school,
                main_school=schools[0] if schools else "",
                is_visible=rng.random() < 0.5,
            )
        )
    return students


def is_incomplete(outcome: Any) -> bool:
    """Whether a source failed."""
    return value_of(outcome) is None or isinstance(outcome, Partial)


def value_of(outcome: Any) -> Measure | None:
    return (
        None if isinstance(outcome, AdapterError) else outcome.value if isinstance(outcome, Partial) else outcome
    )


def naive(outcomes: list[Any]) -> dict[str, Any]:
    """Everything about a group, from all of its measures at once."""
    measures = [value for outcome in outcomes if (value := value_of(outcome)) is not None]
    values = [value.exact for value in measures if value.exact is not None]
    absent = sum((Fraction(value.numerator or 0) for value in measures), Fraction(0))
    days = sum((Fraction(value.denominator or 0) for value in measures), Fraction(0))
    names = Counter(value.level.name for value in measures)
    evaluated = sum(count for name, count in names.items() if name != "NOT_EVALUATED")
    return {
        "population": len(outcomes),
        "levels": {name: names[name] for name in ("AT_RISK", "WATCH", "ON_TRACK", "NOT_EVALUATED")},
        "share": names["AT_RISK"] / evaluated if evaluated else None,
        "above": sum(value > 0 for value in values),
        "rate": float(absent / days) if days else None,
        "mean": float(sum(values) / len(values)) if values else None,
        "median": median(map(float, values)) if values else None,
        "missing": len(outcomes) - len(measures),
        "quality": sum(DataQuality.DURATION_MISSING in value.data_quality for value in measures),
    }


def shown(group: Any) -> dict[str, Any]:
    return {
        "population": group.population,
        "levels": levels(group),
        "share": group.at_risk_share,
        "above": group.above_zero,
        "rate": group.rate,
        "mean": group.mean,
        "median": group.median,
        "missing": group.missing,
        "quality": sum(entry.students for entry in group.data_quality),
    }


def test_a_source_that_failed_only_for_a_group_is_named() -> None:
    """A number of a school, or the level of the crossed metric, is not missing without a reason."""
    complete = measure(Fraction(1), 20, [])
    for of_groups in ({"by_school": {SchoolId("101"): failed()}}, {"crossed": failed()}):
        counts = CompleteCounts()
        counts.add(student([["101"]], complete, **of_groups))
        [missing] = complete_table(head(Dimension.SCHOOL), counts).missing_sources
        assert (missing.source, missing.code, missing.students) == ("sis", "SOURCE_UNAVAILABLE", 1)


def test_a_route_with_the_number_of_a_school_is_not_that_school() -> None:
    """A student of two schools counts on the route with the number of each school, not with that of one."""
    by_school = {SchoolId("101"): measure(2, 20), SchoolId("102"): measure(0, 20)}
    counts = CompleteCounts()
    counts.add(student([["101"], ["101", "102"]], measure(2, 40), by_school=by_school, school_position=1))
    table = complete_table(head(Dimension.BUS_ROUTE, Dimension.SCHOOL), counts)
    assert [row(table, "101", school).mean for school in ("101", "102")] == [0.1, 0.0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_number_of_every_group_equals_a_naive_computation(seed: int) -> None:
    """1,000 students: half days, edges of levels, two schools, several programs, failed sources."""
    students = random_students(seed)
    counts = CompleteCounts()
    for member in students:
        counts.add(member)
    table = complete_table(head(Dimension.SCHOOL, Dimension.PROGRAM), counts)
    groups: dict[tuple[str | None, str | None], list[Any]] = {}
    for member in students:
        for school in member.groups[0] or [None]:
            for program in member.groups[1] or [None]:
                outcome = member.measure if school is None else member.by_school[SchoolId(school)]
                groups.setdefault((school, program), []).append(outcome)
    assert shown(table.total) == naive([member.measure for member in students])
    assert table.total.unit is Unit.STUDENT
    assert {tuple(key.group for key in group.keys) for group in table.groups} == groups.keys()
    for group in table.groups:
        assert shown(group) == naive(groups[group.keys[0].group, group.keys[1].group])
        assert group.unit is Unit.STUDENT_SCHOOL
    failures = sum(any(map(is_incomplete, (s.measure, *s.by_school.values()))) for s in students)
    assert [(m.source, m.code, m.students) for m in table.missing_sources] == [
        ("sis", "SOURCE_UNAVAILABLE", failures)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shown_counts_of_a_hidden_table_are_true(seed: int) -> None:
    """What is shown counts all students, also those that the viewer may see; no mean and no sum is shown."""
    students = random_students(seed)
    counts = HiddenCounts(Dimension.PROGRAM, judged=True)
    for member in students:
        counts.add(student([member.groups[1]], member.measure, is_visible=member.is_visible))
    table = hidden_table(head(Dimension.PROGRAM), counts, judged=True)
    assert table.total.population == STUDENTS
    assert any(group.population for group in table.groups)
    for group in table.groups:
        name = group.keys[0].group
        members = [s for s in students if (name in s.groups[1] if name else not s.groups[1])]
        unseen = [s for s in members if not s.is_visible]
        assert group.population in (None, len(members))
        assert group.population is None or len(unseen) >= 10
        for level, count in levels(group).items():
            if count is not None and level != "NOT_EVALUATED":
                at_level = [s for s in members if (v := value_of(s.measure)) and v.level.name == level]
                assert count == len(at_level)
                assert sum(not s.is_visible for s in at_level) >= 10
        numbers = (group.numerator, group.denominator, group.rate, group.mean, group.median, group.missing)
        assert numbers == (None,) * 6
        assert group.data_quality == []


def test_a_hidden_table_decides_by_the_students_that_the_viewer_cannot_see() -> None:
    """Of twelve students at risk the viewer sees eight: the other four must not follow by subtraction."""
    counts = HiddenCounts(None, judged=True)
    for index in range(100):
        absent = 40 if index < 12 else 0
        counts.add(student([], measure(absent, 100), is_visible=index < 8))
    table = hidden_table(head(), counts, judged=True)
    assert table.total.population == 100
    assert levels(table.total)["AT_RISK"] is None


def test_a_hidden_table_does_not_say_how_many_students_lack_a_source() -> None:
    """The teacher sees 20 of the 23 without one: three others would follow by subtraction."""
    counts = HiddenCounts(None, judged=True)
    for index in range(100):
        counts.add(student([], failed() if index < 23 else measure(0, 100), is_visible=index < 20))
    [missing] = hidden_table(head(), counts, judged=True).missing_sources
    assert (missing.source, missing.code, missing.students) == ("sis", "SOURCE_UNAVAILABLE", None)


@pytest.mark.parametrize(("metric", "window"), [(Metric.CHRONIC_ABSENCE, WINDOW), (Metric.ASSESSMENT_LEVEL, None)])
def test_a_hidden_table_does_not_show_the_day_of_one_students_test(metric: Metric, window: Window | None) -> None:
    """Its window would begin on the day of the earliest one; the days of school are those of all students."""
    counts = HiddenCounts(None, judged=True)
    counts.add(student([], measure(0, 100)))
    of_metric = replace(head(), request=replace(head().request, metric=metric))
    assert hidden_table(of_metric, counts, judged=True).window == window


def test_the_result_does_not_depend_on_the_order_of_students() -> None:
    """Sums are exact: no rounding on the way."""
    students = random_students(4)
    tables = []
    for ordered in (students, students[::-1]):
        counts = CompleteCounts()
        for member in ordered:
            counts.add(member)
        tables.append(complete_table(head(Dimension.SCHOOL, Dimension.PROGRAM), counts))
    assert tables[0] == tables[1]
    assert row(tables[0], "101", "ESL").population
