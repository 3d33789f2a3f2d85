"""Measures are computed once while their records are the current ones, and never from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.cohorts.measurement.indicators import indicator_request, profile_students
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.cohorts.measurement.requests import Choices, resolve_choices
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.fields.outcome import Outcomes, Partial
from student_graph.resolvers.metrics.measure import Metric
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, VIEWER, SandboxDistrict, sandbox_district

FACTS = make_district(12)
STUDENTS = [StudentId(student.id) for student in FACTS.students]
USUAL = Choices()
OPEN = (Metric.ATTENDANCE_RATE, Metric.FAILING_COURSES, Metric.MISSING_WORK)


def new_pipeline(district: SandboxDistrict) -> FetchPipeline:
    """Return a pipeline with an empty cache."""
    return FetchPipeline([district.district], HmacSigner(b"0" * 32), Limits(), operation_seconds=OPERATION_SECONDS)


async def measures_in(
    pipeline: FetchPipeline, metrics: Sequence[Metric], choices: Choices = USUAL
) -> Sequence[Outcomes[Any]]:
    """Measure all students in a new operation."""
    [district] = pipeline.districts.values()
    info: Any = SimpleNamespace(context=pipeline.start_operation(VIEWER))
    resolved = resolve_choices(info.context, district, choices)
    requests = [resolved.request(metric) for metric in metrics]
    return await measure_students(info, district, STUDENTS, requests, cached=True)


def measured(outcomes: Outcomes[Any]) -> list[Any]:
    """Return the measures that there are, also those that miss the records of a source."""
    return [row.value if isinstance(row, Partial) else row for row in outcomes if not isinstance(row, Exception)]


async def test_another_operation_gets_the_same_measures() -> None:
    """Measures of cached records are the same objects, and equal to those that are computed without a memory."""
    async with sandbox_district(FACTS, students=len(FACTS.students)) as district:
        pipeline = new_pipeline(district)
        await measures_in(pipeline, OPEN)
        first, second = [await measures_in(pipeline, OPEN) for _ in range(2)]
        anew = await measures_in(new_pipeline(district), OPEN)

    for column, same, computed in zip(first, second, anew, strict=True):
        assert all(old is new for old, new in zip(measured(column), measured(same), strict=True))
        assert [row.value for row in measured(same)] == [row.value for row in measured(computed)]


@pytest.mark.long_run
async def test_measures_of_translated_records_from_lists_and_single_reads_are_the_same() -> None:
    """
    Work in the LMS is read by course for some students and one by one for others, and gets the district's ids.

    Another operation gets the same records of it, and so the same measures.
    """
    async with sandbox_district(FACTS, ("edfi", "canvas"), students=len(FACTS.students)) as district:
        pipeline = new_pipeline(district)
        await measures_in(pipeline, [Metric.MISSING_WORK])
        ways = district.new_calls()
        [first], [second] = [await measures_in(pipeline, [Metric.MISSING_WORK]) for _ in range(2)]

    assert ways["canvas submissions"] > 1
    assert measured(first)
    assert all(old is new for old, new in zip(measured(first), measured(second), strict=True))


async def test_records_that_were_read_again_are_measured_again() -> None:
    """After a purge the records are others, and so is every measure, with the new records as its evidence."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        pipeline = new_pipeline(district)
        await measures_in(pipeline, OPEN[:1])
        [before] = await measures_in(pipeline, OPEN[:1])
        await pipeline.cache.purge(Purge(district=DISTRICT_ID))
        [after] = await measures_in(pipeline, OPEN[:1])

    assert not any(old is new for old, new in zip(before, after, strict=True))
    assert [row.value for row in after] == [row.value for row in before]


@pytest.mark.parametrize("metric", [Metric.INCIDENTS, Metric.SUSPENSIONS])
async def test_measures_of_restricted_data_are_not_cached(metric: Metric) -> None:
    """Discipline is measured again in each operation, also while its records are cached."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        pipeline = new_pipeline(district)
        [first], [second] = [await measures_in(pipeline, [metric]) for _ in range(2)]

    assert not any(old is new for old, new in zip(first, second, strict=True))


async def test_other_choices_are_other_measures() -> None:
    """The same metric in another window, or by another preset, is computed for itself."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        pipeline = new_pipeline(district)
        metric = Metric.ATTENDANCE_RATE
        [usual] = await measures_in(pipeline, [metric])
        [other] = await measures_in(pipeline, [metric], Choices(preset="tsds_90"))

    assert "tsds_90" not in {row.definition.preset for row in usual}
    assert {row.definition.preset for row in other} == {"tsds_90"}


async def test_a_profile_is_cached_with_its_measures() -> None:
    """The profile of the same measures is the same object; with measures of restricted data it is not cached."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        pipeline = new_pipeline(district)
        without = [await profiles_in(pipeline, replace(VIEWER, grants=frozenset())) for _ in range(3)]
        granted = [await profiles_in(pipeline, VIEWER) for _ in range(2)]

    assert all(old is new for old, new in zip(without[1], without[2], strict=True))
    assert not any(old is new for old, new in zip(*granted, strict=True))


async def profiles_in(pipeline: FetchPipeline, viewer: Viewer) -> Outcomes[Any]:
    """Evaluate the indicators of all students in a new operation."""
    [district] = pipeline.districts.values()
    info: Any = SimpleNamespace(context=pipeline.start_operation(viewer), path=None)
    request = indicator_request(resolve_choices(info.context, district, Choices(preset="ews_balfanz")))
    return await profile_students(info, district, STUDENTS, request)
