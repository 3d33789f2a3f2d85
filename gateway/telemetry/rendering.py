"""Metrics as text in Prometheus' formats: the older one, and OpenMetrics with exemplars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as ShownMetric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar as ShownExemplar

from student_graph.gateway.telemetry.families import Distribution, Family, Kind


def render(families: Iterable[Family], accept: str) -> tuple[bytes, str]:
    """The metrics in the format that a client accepts, and its media type."""
    encode, content_type = choose_encoder(accept)
    return encode(_Families(families)), content_type


class _Families(Collector):
    """Families in the form of the Prometheus client."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[ShownMetric]:
        """Convert each family."""
        return map(_shown, self._families)


def _shown(family: Family) -> ShownMetric:
    metric = family.metric
    if metric.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for sample in family.samples:
            assert isinstance(sample.value, Distribution)
            histogram.add_metric(sample.labels, _buckets(sample.value), sample.value.total)
        return histogram
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    shown = make(metric.name, metric.help, labels=metric.labels)
    for sample in family.samples:
        assert not isinstance(sample.value, Distribution)
        shown.add_metric(sample.labels, sample.value)
    return shown


def _buckets(distribution: Distribution) -> list[tuple[str, float] | tuple[str, float, ShownExemplar]]:
    """The cumulative counts by bound, each with an exemplar if there is one."""
    buckets: list[tuple[str, float] | tuple[str, float, ShownExemplar]] = []
    total = 0
    for position, (bound, count) in enumerate(
        zip((*distribution.bounds, math.inf), distribution.counts, strict=True)
    ):
        total += count
        shown_bound = "+Inf" if math.isinf(bound) else str(bound)
        exemplar = distribution.exemplar(position)
        if exemplar is None:
            buckets.append((shown_bound, total))
        else:
            labels = {"trace_id": exemplar.trace_id, "span_id": exemplar.span_id}
            buckets.append((shown_bound, total, ShownExemplar(labels, exemplar.value, exemplar.at)))
    return buckets
