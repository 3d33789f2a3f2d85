"""Assessment results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, TypeVar

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import Key
from student_graph.resolvers.cohorts.measurement.requests import metric_settings
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.arguments import From, To
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import is_within
from student_graph.resolvers.fields.field import derived, uses_lookups
from student_graph.resolvers.fields.load import district_for, district_of, load_batch, load_lists, load_records
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Outcomes, map_values, map_with_parents, values_of
from student_graph.resolvers.fields.record import fetched, record_type, value_type
from student_graph.resolvers.metrics.assessments.standing import ResultBand
from student_graph.resolvers.metrics.families import AssessmentFamily, FamilyLevel, family_of

T = TypeVar("T")


@model.value
class _StatedLevel(model.PerformanceLevel):
    """A performance level with the result that states it."""

    result: model.AssessmentResult = model.internal()


async def _family_levels(
    info: Info, levels: Sequence[_StatedLevel], value: Callable[[FamilyLevel], T | None]
) -> Outcomes[T | None]:
    """Return for each level what its family of tests says about it; None if the family does not have it."""
    results = [level.result for level in levels]
    assessments = await load_records(info, Adapter.assessments_by_id, results, "assessment_id")

    def of_family(level: _StatedLevel, assessment: model.Assessment | None) -> T | None:
        family = _family(info, level.result, assessment)
        known = family.level(level.level.code_value) if family is not None else None
        return value(known) if known is not None else None

    return map_with_parents(levels, assessments, of_family)


@batched
@uses_lookups(Adapter.assessments_by_id, list_length=1)
async def score_bands(results: Sequence[model.AssessmentResult], info: Info) -> Outcomes[list[ResultBand] | None]:
    """
    The bands that scores of the complete test are in, with the ends that the family of tests states.

    Empty if the family has no bands for the scores, or nobody knows the family.
    """
    assessments = await load_records(info, Adapter.assessments_by_id, results, "assessment_id")

    def bands(result: model.AssessmentResult, assessment: model.Assessment | None) -> list[ResultBand]:
        family = _family(info, result, assessment)
        pairs = [(score, family.band(score)) for score in result.scores] if family is not None else []
        return [
            ResultBand(reporting_method=score.reporting_method, level=band.level, rank=_rank(family, band.level))
            for score, band in pairs
            if band is not None
        ]

    return map_with_parents(results, assessments, bands)


def _rank(family: AssessmentFamily | None, code: str) -> int | None:
    level = family.level(code) if family is not None else None
    return None if level is None else level.rank


def _family(
    info: Info, result: model.AssessmentResult, assessment: model.Assessment | None
) -> AssessmentFamily | None:
    """Return the family of a result's test in its district; None if nobody knows it."""
    if assessment is None:
        return None
    return family_of(assessment, metric_settings(info.context, district_for(info, result)).families)


@batched
@uses_lookups(Adapter.assessments_by_id)
async def rank(levels: Sequence[_StatedLevel], info: Info) -> Outcomes[int | None]:
    """
    Position of the level in its family of tests, the lowest is 1.

    Null if the family does not have the level, or nobody knows the family. Never compare ranks of two families.
    """
    return await _family_levels(info, levels, lambda level: level.rank)


@batched
@uses_lookups(Adapter.assessments_by_id)
async def proficient(levels: Sequence[_StatedLevel], info: Info) -> Outcomes[bool | None]:
    """Whether the level counts as proficient in its family of tests; null if that is not known."""
    return await _family_levels(info, levels, lambda level: level.is_proficient)


@value_type
class PerformanceLevel(model.PerformanceLevel):
    """A performance level with its position in the family of tests."""

    rank = rank
    proficient = proficient


@derived
def performance_levels(_: Context) -> Callable[[model.AssessmentResult], list[model.PerformanceLevel]]:
    """Levels for the complete test."""
    return _levels_of_result


@derived
def objectives(_: Context) -> Callable[[model.AssessmentResult], list[model.ObjectiveResult]]:
    """Results for the parts of the test."""
    return _objectives_of_result


def _levels_of_result(result: model.AssessmentResult) -> list[model.PerformanceLevel]:
    return _stated_levels(result, result.performance_levels)


def _objectives_of_result(result: model.AssessmentResult) -> list[model.ObjectiveResult]:
    return [
        replace(part, performance_levels=_stated_levels(result, part.performance_levels))
        if part.performance_levels
        else part
        for part in result.objectives
    ]


def _stated_levels(
    result: model.AssessmentResult, levels: Iterable[model.PerformanceLevel]
) -> list[model.PerformanceLevel]:
    return [
        _StatedLevel(reporting_method=level.reporting_method, level=level.level, result=result) for level in levels
    ]


@record_type
class AssessmentResult(model.AssessmentResult):
    """An assessment result with its assessment."""

    assessment = lookup(Adapter.assessments_by_id, key="assessment_id")
    """The assessment that the student took; null if the source does not describe it."""
    performance_levels = performance_levels
    score_bands = score_bands
    objectives = objectives


@batched
@uses_lookups(Adapter.assessment_results_by_student, Adapter.assessments_by_id)
async def assessments(
    students: Sequence[model.Student],
    info: Info,
    *,
    subject: Annotated[
        list[model.AcademicSubject] | None,
        strawberry.argument(description="Only assessments in at least one of these subjects."),
    ] = None,
    families: Annotated[
        list[str] | None,
        strawberry.argument(
            description="Only assessments of these families, such as `ACT`; case does not matter."
        ),
    ] = None,
    from_: From = None,
    to: To = None,
    latest_only: Annotated[
        bool, strawberry.argument(description="Only the latest result of each assessment.")
    ] = False,
) -> Outcomes[list[model.AssessmentResult] | None]:
    """
    The student's assessment results, latest first.

    With `from` or `to`, results without a date are left out.
    """
    results = await load_lists(info, Adapter.assessment_results_by_student, students, "student_id")

    def in_period(student_results: list[model.AssessmentResult]) -> list[model.AssessmentResult]:
        return [
            result
            for result in student_results
            if result.administration_date and is_within(result.administration_date.date(), from_, to)
        ]

    if from_ or to:
        results = map_values(results, in_period)
    if subject is not None or families is not None:
        matching = await _matching_assessments(info, results, subject, families)
        results = map_values(
            results, lambda rows: [result for result in rows if _assessment_key(result) in matching]
        )
    return map_values(results, _latest_by_assessment) if latest_only else results


async def _matching_assessments(
    info: Info,
    results: Outcomes[list[model.AssessmentResult]],
    subjects: list[model.AcademicSubject] | None,
    families: list[str] | None,
) -> set[Key]:
    """Keys of the assessments that are in one of the subjects and of one of the families."""
    keys = sorted({_assessment_key(result) for rows in values_of(results) for result in rows})
    assessments = await load_batch(info, Adapter.assessments_by_id, keys)
    folded_families = {family.casefold() for family in families or ()}
    return {
        key
        for key, assessment in zip(keys, assessments, strict=True)
        if assessment is not None
        and (subjects is None or not set(subjects).isdisjoint(assessment.subjects))
        and (families is None or (assessment.family or "").casefold() in folded_families)
    }


def _latest_by_assessment(results: Iterable[model.AssessmentResult]) -> list[model.AssessmentResult]:
    """The latest result of each assessment; a result without a date is older than all others."""
    by_assessment: dict[Key, model.AssessmentResult] = {}
    for result in results:
        key = _assessment_key(result)
        latest = by_assessment.get(key)
        if latest is None or _date_order(result) > _date_order(latest):
            by_assessment[key] = result
    return list(by_assessment.values())


def _assessment_key(result: model.AssessmentResult) -> Key:
    """Key of a result's assessment at the source of the result: each source has its own assessment ids."""
    return Key(district_of(result), result.assessment_id, fetched(result).source)


def _date_order(result: model.AssessmentResult) -> tuple[date, str]:
    administered = result.administration_date
    return (administered.date(), administered.isoformat()) if administered else (date.min, "")
