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
from student_graph.resolvers.fields.dates import within
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import district_of, lists, load_each
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Told, mapped, present
from student_graph.resolvers.fields.record import fetched, record_type


@record_type
class AssessmentResult(model.AssessmentResult):
    """A result, and the test it was reached in."""

    assessment = lookup(Adapter.assessments_by_id, key="assessment_id")


@batched
@asks(Adapter.assessment_results_by_student, Adapter.assessments_by_id)
async def assessments(
    students: Sequence[model.Student],
    info: Info,
    *,
    subject: Annotated[
        list[model.AcademicSubject] | None, strawberry.argument(description="Only tests about one of these.")
    ] = None,
    families: Annotated[
        list[str] | None, strawberry.argument(description="Only tests of these families, such as ACT.")
    ] = None,
    from_: From = None,
    to: To = None,
    latest_only: Annotated[bool, strawberry.argument(description="Only the latest result of each test.")] = False,
) -> Told[list[model.AssessmentResult] | None]:
    """
    What the student reached in tests, latest first.

    A result without a date is left out where `from` or `to` is named.
    """
    told = await lists(info, Adapter.assessment_results_by_student, students, "student_id")

    def dated(results: list[model.AssessmentResult]) -> list[model.AssessmentResult]:
        return [r for r in results if r.administration_date and within(r.administration_date.date(), from_, to)]

    if from_ or to:
        told = mapped(told, dated)
    if subject is not None or families is not None:
        wanted = await _wanted(info, told, subject, families)
        told = mapped(told, lambda results: [result for result in results if _test(result) in wanted])
    return mapped(told, _latest) if latest_only else told


async def _wanted(
    info: Info,
    told: Told[list[model.AssessmentResult]],
    subjects: list[model.AcademicSubject] | None,
    families: list[str] | None,
) -> set[Key]:
    """Tests that are about one of the subjects and of one of the families."""
    keys = sorted({_test(result) for results in present(told) for result in results})
    tests = await load_each(info, Adapter.assessments_by_id, keys)
    return {
        key
        for key, test in zip(keys, tests, strict=True)
        if test is not None
        and (subjects is None or not set(subjects).isdisjoint(test.subjects))
        and (families is None or (test.family or "").casefold() in {family.casefold() for family in families})
    }


def _latest(results: Iterable[model.AssessmentResult]) -> list[model.AssessmentResult]:
    """The latest result of each test; one without a date counts as the oldest."""
    by_test: dict[Key, model.AssessmentResult] = {}
    for result in results:
        known = by_test.get(_test(result))
        if known is None or _taken(result) > _taken(known):
            by_test[_test(result)] = result
    return list(by_test.values())


def _test(result: model.AssessmentResult) -> Key:
    """The test of a result, as its own source knows it."""
    return Key(district_of(result), result.assessment_id, fetched(result).source)


def _taken(result: model.AssessmentResult) -> tuple[date, str]:
    taken = result.administration_date
    return (taken.date(), taken.isoformat()) if taken else (date.min, "")
