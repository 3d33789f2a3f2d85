"""Which metric a condition or an order means, checked and resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.conditions.inputs import MetricCondition, StudentOrder
from student_graph.resolvers.cohorts.measurement.requests import Choices, metric_request, metric_settings
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings
from student_graph.resolvers.metrics.registry import METRICS, presets_of


@dataclass(frozen=True, slots=True)
class DistrictDay:
    """A district on the day of a list."""

    context: Context
    district: District
    day: date

    @property
    def settings(self) -> MetricSettings:
        """What the district says about its data."""
        return metric_settings(self.context, self.district)

    def metric_request(self, choice: MetricCondition | StudentOrder, *, judged: bool) -> MetricRequest:
        """
        Return the request for the metric of a condition or an order.

        Raises:
            GraphQLError: there is no such preset, or it is to be `judged` and the preset does not judge it.
        """
        if choice.metric not in METRICS:
            known = ", ".join(sorted(metric.name for metric in METRICS))
            raise bad_input(f"metric: {choice.metric.name} is not computed; these are: {known}.")
        choices = Choices(
            preset=choice.preset,
            window=choice.window,
            as_of=self.day,
            subject=choice.subject,
            family=choice.family,
        )
        request = metric_request(self.context, self.district, choice.metric, choices)
        if judged and request.preset.rule(request.metric) is None:
            presets = presets_of(self.settings).values()
            names = sorted(preset.name for preset in presets if preset.rule(request.metric) is not None)
            judging = f"these do: {', '.join(names)}" if names else "no preset does"
            raise bad_input(f"preset: {request.preset.name} does not judge {request.metric.name}; {judging}.")
        return request
