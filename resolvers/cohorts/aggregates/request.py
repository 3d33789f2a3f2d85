"""A request for a table of a cohort: a metric, groups, and perhaps a second metric, with all choices resolved."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import SchoolId
from student_graph.resolvers.cohorts.aggregates.build import judged_levels
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.members import Cohort
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.cohorts.measurement.requests import Choices, metric_request
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS

MAX_DIMENSIONS = 3
"""Dimensions that one table may cross."""


@dataclass(frozen=True, slots=True)
class CrossedMetric:
    """A metric by whose levels students are grouped."""

    metric: Metric
    preset: str | None = None
    """Name of a preset; the district's default if None."""


@dataclass(frozen=True, slots=True)
class TableRequest:
    """A request for one table of a cohort."""

    metric: Metric
    choices: Choices
    dimensions: Sequence[Dimension] = ()
    crossed: CrossedMetric | None = None

    def key(self, cohort: Cohort) -> Hashable:
        """Return the request in a form that can be compared."""
        return (
            cohort.school,
            cohort.section,
            self.metric,
            self.choices,
            tuple(self.dimensions),
            self.crossed,
        )


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table with all choices resolved."""

    cohort: Cohort
    dimensions: Sequence[Dimension]
    request: MetricRequest
    crossed: MetricRequest | None

    @property
    def school_position(self) -> int:
        """The position of the schools among the dimensions; 0 if they are none."""
        return self.dimensions.index(Dimension.SCHOOL) if Dimension.SCHOOL in self.dimensions else 0

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that are computed."""
        return [self.request.metric, *([self.crossed.metric] if self.crossed else [])]

    @property
    def changes_with_time(self) -> bool:
        """Whether equal records can give another table later on the same day, because work becomes due."""
        parts = {part for metric in self.metrics for part in METRICS[metric].parts}
        return Adapter.assignment_work_by_student in lookup_methods(parts)


def plan_table(info: Info, cohort: Cohort, request: TableRequest) -> TablePlan:
    """
    Resolve the choices of a table.

    Raises:
        GraphQLError: one of them is not possible.
    """
    if len(set(request.dimensions)) != len(request.dimensions) or len(request.dimensions) > MAX_DIMENSIONS:
        raise bad_input(f"by: name at most {MAX_DIMENSIONS} dimensions, each once.")
    context, district = info.context, cohort.district
    measured = metric_request(context, district, request.metric, _at_school(request.choices, cohort.school))
    crossed = None
    if request.crossed is not None:
        choices = Choices(
            preset=request.crossed.preset,
            window=request.choices.window,
            first=request.choices.first,
            last=request.choices.last,
            as_of=request.choices.as_of,
        )
        crossed = metric_request(context, district, request.crossed.metric, _at_school(choices, cohort.school))
        if len(judged_levels(crossed)) == 1:
            name = request.crossed.metric.name
            raise bad_input(f"crossedWith: preset {crossed.preset.name} does not judge {name}; name another one.")
    return TablePlan(cohort, tuple(request.dimensions), measured, crossed)


def _at_school(choices: Choices, school: SchoolId | None) -> Choices:
    return choices if school is None else replace(choices, school=school)
