"""Spans on their way to a collector: the messages of OpenTelemetry's own encoder, in a quarter of the time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.gateway.telemetry.span_sender import KNOWN_VERSION, PACKAGE, request
from student_graph.gateway.telemetry.tracing import Tracing

CALLER = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Memory(SpanExporter):
    """Keeps spans."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep spans."""
        self.spans += spans
        return SpanExportResult.SUCCESS


def test_another_version_of_the_exporter_is_an_error_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no function that sends encoded spans, or one that takes something else; the error says what to do."""
    settings = TelemetrySettings(endpoint="http://127.0.0.1:1", sample=1.0)
    for client in (None, object(), SimpleNamespace(export="no function"), SimpleNamespace(export=lambda: None)):
        monkeypatch.setattr(
            OTLPSpanExporter, "_client", property(lambda _, own=client: own, _ignore), raising=False
        )
        with pytest.raises(SettingsError, match=f"install {PACKAGE}=={KNOWN_VERSION}"):
            Tracing(settings)


def _ignore(_: object, __: object) -> None:
    """Take the value of an attribute that another version does not have."""


async def test_spans_are_sent_as_opentelemetry_encodes_them() -> None:
    """For each kind of span, with each type of value, with and without a parent here or at the caller."""
    exporter = Memory()
    tracing = Tracing(TelemetrySettings(endpoint="http://127.0.0.1:1", sample=1.0), exporter)
    for headers in ((), ((b"traceparent", CALLER),)):
        root = tracing.start_request("POST", headers)
        assert root is not None
        lookup = root.child("lookup students", {"text": "é", "one": 1, "true": True, "float": 1.0, "none": 0})
        for error in (None, "503"):
            lookup.child("GET", {"one": True}, is_client=True).end(error)
        lookup.end("SOURCE_UNAVAILABLE")
        root.end()
    await asyncio.to_thread(tracing.flush)
    await tracing.close()

    message = request(exporter.spans)

    assert len(exporter.spans) == 8
    assert message == encode_spans(exporter.spans)
    assert message.SerializeToString(deterministic=True) == encode_spans(exporter.spans).SerializeToString(
        deterministic=True
    )
