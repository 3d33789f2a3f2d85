"""A collector that is away, refuses or hangs: spans and metrics are lost, and nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator

import pytest

from student_graph.gateway.concurrency.observation import observe
from student_graph.gateway.logs import JsonLines
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.gateway.telemetry.families import Family
from student_graph.gateway.telemetry.pushing import MetricsPush
from student_graph.gateway.telemetry.tracing import EXPORT_SECONDS, Tracing
from student_graph.gateway.web.observing import trace_ids
from tests.gateway.telemetry.collector import Collector, collecting, wait_for_senders


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that answers."""
    with collecting() as running:
        yield running


def trace_something(tracing: Tracing) -> None:
    """Trace a request."""
    span = tracing.start_request("POST", [])
    assert span is not None
    span.end()


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged by the telemetry or by its libraries."""
    names = ("student_graph.telemetry", "opentelemetry")
    return [record.getMessage() for record in caplog.records if record.name.startswith(names)]


async def test_a_collector_that_refuses_is_named_once_and_once_when_it_is_back(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    """The libraries' own messages about each attempt are not written."""
    caplog.set_level(logging.INFO, "student_graph")
    tracing = Tracing(TelemetrySettings(endpoint=collector.url, sample=1.0))
    collector.status = 400
    for _ in range(3):
        trace_something(tracing)
        await asyncio.to_thread(tracing.flush)
    assert messages(caplog) == ["the collector does not take spans: they are lost until it does"]
    assert tracing.exporter.lost == 3
    collector.status = 200
    trace_something(tracing)
    await asyncio.to_thread(tracing.flush)
    assert messages(caplog)[1:] == ["the collector takes spans again; 3 were lost"]
    await tracing.close()
    assert len(collector.spans) == 1


async def test_a_collector_that_hangs_holds_neither_the_loop_nor_the_stop(collector: Collector) -> None:
    """Spans end and the process stops long before the exporter gives up."""
    tracing = Tracing(TelemetrySettings(endpoint=collector.url, sample=1.0))
    push = MetricsPush(TelemetrySettings(endpoint=collector.url, push_seconds=600.0), list[Family])
    push.start()
    collector.released.clear()
    started_at = time.monotonic()
    for _ in range(20_000):  # more than the queue holds
        trace_something(tracing)
    assert await asyncio.to_thread(collector.has_request.wait, 30)
    traced_at = time.monotonic()
    await asyncio.gather(tracing.close(), push.close())
    assert time.monotonic() - traced_at < EXPORT_SECONDS
    assert traced_at - started_at < 60


async def test_a_collector_that_is_away_loses_spans_only(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listens at its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    tracing = Tracing(TelemetrySettings(endpoint=address, sample=1.0))
    trace_something(tracing)
    await tracing.close()
    tracing.exporter.shutdown()  # it tries for some seconds
    await asyncio.to_thread(wait_for_senders)
    assert len([message for message in messages(caplog) if "does not answer" in message]) <= 1


async def test_the_collector_gets_the_headers_of_the_settings(collector: Collector) -> None:
    """Such as its token."""
    headers = {"Authorization": "Bearer key"}
    tracing = Tracing(TelemetrySettings(endpoint=collector.url, sample=1.0, headers=headers))
    trace_something(tracing)
    await asyncio.to_thread(tracing.flush)
    await tracing.close()
    assert [sent["authorization"] for sent in collector.headers] == ["Bearer key"]


async def test_a_line_of_the_log_names_the_trace_in_which_it_was_written(collector: Collector) -> None:
    """Lines outside of a trace name none."""
    tracing = Tracing(TelemetrySettings(endpoint=collector.url, sample=1.0))
    span = tracing.start_request("POST", [])
    assert span is not None
    record = logging.LogRecord("student_graph.gateway", logging.WARNING, "x.py", 1, "a message", (), None)
    observe(span, None)
    inside = json.loads(JsonLines(trace_ids).format(record))
    observe(None, None)
    outside = json.loads(JsonLines(trace_ids).format(record))
    assert (inside["trace_id"], inside["span_id"]) == span.ids
    assert not {"trace_id", "span_id"} & outside.keys()
    await tracing.close()
