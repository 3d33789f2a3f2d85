"""Metrics for a collector, by OTLP: a set of all values every few seconds, sent by a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    HistogramDataPoint,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Histogram as SentHistogram
from opentelemetry.sdk.metrics.export import Metric as SentMetric
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from student_graph.gateway.telemetry.families import Distribution, Family, Kind, Sample
from student_graph.gateway.telemetry.settings import TelemetrySettings
from student_graph.gateway.telemetry.tracing import (
    EXPORT_SECONDS,
    SCOPE,
    STOP_SECONDS,
    Outage,
    in_background,
    resource,
)

NANOSECONDS_PER_SECOND = 1_000_000_000


class MetricsPush:
    """Sends the metrics of this process to the collector."""

    def __init__(
        self,
        settings: TelemetrySettings,
        collect: Callable[[], Sequence[Family]],
        exporter: MetricExporter | None = None,
    ) -> None:
        """Send what `collect` returns, by the settings; `exporter` takes it in place of the collector."""
        assert settings.push_seconds is not None
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `Outage` says it once
        self._seconds, self._collect = settings.push_seconds, collect
        self._exporter = exporter or OTLPMetricExporter(
            f"{settings.endpoint}/v1/metrics", headers=dict(settings.headers), timeout=EXPORT_SECONDS
        )
        self._outage = Outage("metrics")
        self._resource, self._started_at = resource(), time.time_ns()
        self._waiting: queue.Queue[MetricsData | None] = queue.Queue(maxsize=1)
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._send_all, daemon=True, name="telemetry-metrics")

    @property
    def lost(self) -> int:
        """Sets of metrics that the collector did not take."""
        return self._outage.lost

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()
        self._task = asyncio.create_task(self._collect_always())

    async def close(self) -> None:
        """Send the last values, if the collector takes them within `STOP_SECONDS`."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._offer()
        await in_background(self._finish, STOP_SECONDS)

    async def _collect_always(self) -> None:
        """Collect on the event loop, where all values are made, and leave the sending to the thread."""
        while True:
            await asyncio.sleep(self._seconds)
            self._offer()

    def _offer(self) -> None:
        data = metrics_data(self._collect(), self._resource, self._started_at)
        try:
            self._waiting.put_nowait(data)
        except queue.Full:  # the collector takes its time: the next set has all values again
            self._outage.record(1, is_over=False)

    def _send_all(self) -> None:
        while (data := self._waiting.get()) is not None:
            try:
                result = self._exporter.export(data)
            except Exception:  # noqa: BLE001 - whatever is wrong with the collector concerns the metrics only
                result = MetricExportResult.FAILURE
            self._outage.record(1, is_over=result is MetricExportResult.SUCCESS)

    def _finish(self) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._exporter.shutdown()


def metrics_data(families: Iterable[Family], origin: Resource, started_at: int) -> MetricsData:
    """Families as OTLP has them; counts began at `started_at`, in nanoseconds since 1970."""
    now = time.time_ns()
    sent = [_sent(family, started_at, now) for family in families if family.samples]
    scope = ScopeMetrics(InstrumentationScope(SCOPE, version("student-graph")), sent, "")
    return MetricsData([ResourceMetrics(origin, [scope], "")])


def _sent(family: Family, started_at: int, now: int) -> SentMetric:
    metric = family.metric
    data: Sum | Gauge | SentHistogram
    if metric.kind is Kind.HISTOGRAM:
        data = SentHistogram(
            [_distribution(family, sample, started_at, now) for sample in family.samples],
            AggregationTemporality.CUMULATIVE,
        )
    else:
        points = [
            NumberDataPoint(_labels(family, sample), started_at, now, sample.value)
            for sample in family.samples
            if not isinstance(sample.value, Distribution)
        ]
        is_counter = metric.kind is Kind.COUNTER
        data = Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True) if is_counter else Gauge(points)
    return SentMetric(metric.name, metric.help, "s" if metric.name.endswith("_seconds") else "", data)


def _distribution(family: Family, sample: Sample, started_at: int, now: int) -> HistogramDataPoint:
    values = sample.value
    assert isinstance(values, Distribution)
    exemplars = [
        Exemplar(
            {},
            exemplar.value,
            int(exemplar.at * NANOSECONDS_PER_SECOND),
            int(exemplar.span_id, 16),
            int(exemplar.trace_id, 16),
        )
        for position in range(len(values.counts))
        if (exemplar := values.exemplar(position)) is not None
    ]
    return HistogramDataPoint(
        _labels(family, sample),
        started_at,
        now,
        sum(values.counts),
        values.total,
        values.counts,
        values.bounds,
        float("nan"),
        float("nan"),
        exemplars,
    )


def _labels(family: Family, sample: Sample) -> dict[str, str]:
    return dict(zip(family.metric.labels, sample.labels, strict=True))
