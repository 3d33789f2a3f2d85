"""A metric over the students of a section, a school or a district, and over groups of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.lookup import lookup_of
from student_graph.resolvers.cohorts.aggregates.aggregate import metric_table
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.aggregates.members import Cohort
from student_graph.resolvers.cohorts.aggregates.request import CrossedMetric, TableRequest
from student_graph.resolvers.cohorts.aggregates.table import MetricTable
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.cohorts.measurement.requests import Choices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.field import EXPLAIN_METADATA, uses_lookups
from student_graph.resolvers.fields.load import OfDistrict, district_for
from student_graph.resolvers.fields.outcome import Outcome, Outcomes
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS
from student_graph.resolvers.student_list.explanation import ListExplanation
from student_graph.resolvers.types.metrics.arguments import (
    EndsOn,
    InSubject,
    OfFamily,
    PresetName,
    RelativeWindow,
    WindowFrom,
    WindowTo,
)

Parent = TypeVar("Parent", model.Section, model.School, OfDistrict)

described_enum(Dimension)


@described
@strawberry.input
class CrossedWith:
    """A second metric, by whose levels the students are grouped."""

    metric: Metric
    """The metric."""
    preset: str | None = None
    """Name of a preset that judges it; the district's default if omitted."""


OfMetric: TypeAlias = Annotated[Metric, strawberry.argument(description="The metric.")]
By: TypeAlias = Annotated[
    list[Dimension] | None,
    strawberry.argument(
        description="Dimensions by which the students are grouped, at most three; each needs the grant of its "
        "class of data. Omit it for all students alone."
    ),
]
Crossed: TypeAlias = Annotated[
    CrossedWith | None,
    strawberry.argument(description="A second metric, by whose levels the students are grouped as well."),
]


_LISTS: tuple[Callable[..., Any], ...] = (
    Adapter.school_enrollments_by_school,
    Adapter.students_by_district,
    Adapter.attendance_events_by_school,
)
"""Lists that are read for each school or district."""
_PRICED_LOOKUPS = list(map(lookup_of, _LISTS))
"""The lookups whose calls are estimated: the others are answered by the lists of the cohort's schools."""
_METHODS: dict[Callable[..., Any], None] = dict.fromkeys(
    [
        *_LISTS,
        Adapter.schools_by_district,
        Adapter.section_enrollments_by_section,
        *(dimension.lookup for dimension in DIMENSIONS.values()),
        *lookup_methods({part for metric in METRICS.values() for part in metric.parts}),
    ]
)
"""Lookups that some metric or dimension uses."""


def metrics_field(cohort_of: Callable[[Info, Any], Cohort]) -> Any:
    """Make the field `metrics` of a type whose objects are cohorts of students."""

    async def metrics(
        parents: Sequence[Any],
        info: Info,
        *,
        metric: OfMetric,
        by: By = None,
        crossed_with: Crossed = None,
        preset: PresetName = None,
        window: RelativeWindow = None,
        from_: WindowFrom = None,
        to: WindowTo = None,
        as_of: EndsOn = None,
        subject: InSubject = None,
        family: OfFamily = None,
    ) -> Outcomes[MetricTable | None]:
        choices = Choices(
            preset=preset, window=window, first=from_, last=to, as_of=as_of, subject=subject, family=family
        )
        crossed = None if crossed_with is None else CrossedMetric(crossed_with.metric, crossed_with.preset)
        request = TableRequest(metric, choices, tuple(by or ()), crossed)
        # One cohort after the other: a part of the students of one is in memory at a time.
        return [await _table(info, cohort_of(info, parent), request) for parent in parents]

    return batched(
        uses_lookups(*_METHODS, by_arguments=lambda _: _PRICED_LOOKUPS)(metrics),
        description=_DESCRIPTION,
        metadata={EXPLAIN_METADATA: _explain_reads},
    )


def _explain_reads(_arguments: Any, _context: Any) -> ListExplanation:
    """What a table may read, for explanations: more than what is priced."""
    return ListExplanation([], list(map(lookup_of, _METHODS)))


_DESCRIPTION = (
    "A metric over all students of the cohort who are enrolled on the day, and over groups of them.\n\n"
    "A viewer who may see all of the students gets every number. Other members of staff get numbers of students "
    "without small cells: a number below ten is null, and so is every number from which it could be computed. "
    "They have one table of each kind of number, by the district's own preset; other choices are refused with the "
    "code `SUPPRESSED`. If a source failed for some of the students, `missingSources` says which, and in a "
    "complete table for how many."
)


async def _table(info: Info, cohort: Cohort, request: TableRequest) -> Outcome[MetricTable | None]:
    """The table of one cohort, or the error that replaces it."""
    try:
        table = await metric_table(info, cohort, request)
    except AdapterError as error:
        return translate(error)
    if isinstance(table, MetricTable):
        info.context.operation.suppressed_tables += any(row.suppressed for row in (table.total, *table.groups))
    return table


def _section_cohort(info: Info, section: Any) -> Cohort:
    return Cohort(district_for(info, section), section=section.section_id)


def _school_cohort(info: Info, school: Any) -> Cohort:
    return Cohort(district_for(info, school), school=school.school_id)


def _district_cohort(info: Info, district: Any) -> Cohort:
    return Cohort(district_for(info, district))


section_metrics = metrics_field(_section_cohort)
school_metrics = metrics_field(_school_cohort)
district_metrics = metrics_field(_district_cohort)
