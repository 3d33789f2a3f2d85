"""Assessment results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import From, To
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import is_within
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import district_of, load_batch, load_lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Outcomes, map_values, values_of
from student_graph.resolvers.fields.record import fetched, record_type


@record_type
class AssessmentResult(model.AssessmentResult):
    """An assessment result with its assessment."""

    assessment = lookup(Adapter.assessments_by_id, key="assessment_id")
    """The assessment that the student took; null if the source does not describe it."""


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
