"""Metrics: their names, what they count, and their values at one moment, which workers pass on as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from student_graph.gateway.telemetry.histogram import Exemplar, Histogram

MAX_SERIES = 10_000
"""Series of one metric that are shown; further ones are left out."""
WORKER_LABEL = "worker"
DISTRICT_LABEL = "district"
"""The first label of each metric that is about districts."""


class Kind(Enum):
    """How the values of a metric change."""

    COUNTER = "counter"
    """Only grows, from 0 at the start of the process."""
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(msgspec.Struct, frozen=True):
    """What a metric counts."""

    name: str
    """Its name in `/metrics`; that of a counter ends with `_total` there."""
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    @property
    def shown_name(self) -> str:
        """The name that queries use; those of a histogram also end with `_bucket`, `_sum` and `_count`."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


class Distribution(msgspec.Struct, frozen=True):
    """The values of a histogram at one moment."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    exemplars: dict[int, tuple[str, str, float, float]] = {}

    @classmethod
    def of(cls, histogram: Histogram) -> Distribution:
        """The present values of a histogram."""
        exemplars: dict[int, tuple[str, str, float, float]] = dict(histogram.exemplars)
        return cls(tuple(histogram.bounds), tuple(histogram.counts), histogram.total, exemplars)

    def exemplar(self, position: int) -> Exemplar | None:
        """The latest traced value in one of the counts."""
        values = self.exemplars.get(position)
        return None if values is None else Exemplar(*values)


class Sample(msgspec.Struct, frozen=True):
    """A value of a metric for some values of its labels."""

    labels: tuple[str, ...]
    value: float | Distribution


class Family(msgspec.Struct, frozen=True):
    """A metric with its values at one moment."""

    metric: Metric
    samples: list[Sample]


def family(
    metric: Metric, values: Mapping[Any, float | Histogram] | Iterable[tuple[Any, float | Histogram]]
) -> Family:
    """A metric with values by labels: a tuple of their values, or the value of the only label."""
    pairs = values.items() if isinstance(values, Mapping) else values
    samples = []
    for labels, value in pairs:
        names = labels if isinstance(labels, tuple) else (labels,)
        shown = Distribution.of(value) if isinstance(value, Histogram) else float(value)
        samples.append(Sample(tuple(map(str, names)), shown))
    return Family(metric, samples[:MAX_SERIES])


def by_worker(families: Mapping[int, Sequence[Family]]) -> list[Family]:
    """
    The families of all workers, each value with the label `worker`.

    The values are not added up: a worker that is replaced starts at 0, and a sum would then seem to start again.
    """
    merged: dict[str, Family] = {}
    for number, reported in sorted(families.items()):
        for member in reported:
            metric = member.metric
            labeled = Metric(metric.name, metric.kind, metric.help, (*metric.labels, WORKER_LABEL))
            target = merged.setdefault(metric.name, Family(labeled, []))
            target.samples.extend(Sample((*sample.labels, str(number)), sample.value) for sample in member.samples)
    return list(merged.values())


def families_of_districts(families: Iterable[Family], districts: Collection[str]) -> list[Family]:
    """Return the families that are about districts, with the values of the given districts only."""
    return [
        Family(member.metric, [sample for sample in member.samples if sample.labels[0] in districts])
        for member in families
        if member.metric.labels[:1] == (DISTRICT_LABEL,)
    ]
