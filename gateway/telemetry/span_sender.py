"""
Sends spans to a collector by OpenTelemetry's exporter, and encodes them in a quarter of the time that it takes.

The exporter's own encoder looks at all that a span may have, and makes each attribute again: 17 microseconds for
a span, most of what a traced request cost. Spans of the gateway have no events, links and trace states, and their
attributes repeat: names of the settings and of the program, and small numbers. So each attribute is made once. The
messages are those of OpenTelemetry's protocol, and a test compares them with the exporter's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from inspect import signature
from itertools import starmap
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, SpanFlags, Status
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from student_graph.adapters.registry import SettingsError

PACKAGE, KNOWN_VERSION = "opentelemetry-exporter-otlp-proto-http", "1.45.2"
"""The package of the exporter, and a version that is known to send as `SpanSender` needs it."""
MAX_CACHED_ATTRIBUTES = 4_096
"""Attributes that are kept as messages, about 1 MiB: those of all sources and lookups, and numbers that repeat."""
_KINDS = {
    SpanKind.INTERNAL: Span.SpanKind.SPAN_KIND_INTERNAL,
    SpanKind.SERVER: Span.SpanKind.SPAN_KIND_SERVER,
    SpanKind.CLIENT: Span.SpanKind.SPAN_KIND_CLIENT,
}
_UNSET, _FAILED = Status(), Status(code=Status.StatusCode.STATUS_CODE_ERROR)
_LOCAL_PARENT = SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
_REMOTE_PARENT = _LOCAL_PARENT | SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK


class SpanSender(OTLPSpanExporter):
    """The exporter of OpenTelemetry, with its connections, its retries and an encoder of the gateway's spans."""

    def __init__(self, endpoint: str, headers: Mapping[str, str], timeout: float) -> None:
        """
        Send to a collector; a request may take `timeout` seconds with its retries.

        Raises:
            SettingsError: another version of the exporter is installed, which sends in another way.
        """
        super().__init__(endpoint, headers=headers, timeout=timeout)
        self._send = _sending(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        is_taken = self._send(request(spans).SerializeToString()).success
        return SpanExportResult.SUCCESS if is_taken else SpanExportResult.FAILURE


def _sending(exporter: OTLPSpanExporter) -> Callable[[bytes], Any]:
    """
    The function of an exporter that sends encoded spans. The exporter has no public one, so it is checked.

    Raises:
        SettingsError: there is no such function.
    """
    send: Any = getattr(getattr(exporter, "_client", None), "export", None)
    try:
        signature(send).bind(b"")
    except (TypeError, ValueError):
        raise SettingsError(
            f"[telemetry] cannot send traces with {PACKAGE} {version(PACKAGE)}: install {PACKAGE}=={KNOWN_VERSION}"
        ) from None
    function: Callable[[bytes], Any] = send
    return function


def request(spans: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
    """The request to a collector with some spans, at least one, all of one process."""
    message = ExportTraceServiceRequest()
    resource, scope = spans[0].resource, spans[0].instrumentation_scope
    of_process = message.resource_spans.add(schema_url=resource.schema_url)
    of_process.resource.attributes.extend(starmap(_attribute, resource.attributes.items()))
    assert scope is not None
    of_scope = of_process.scope_spans.add(schema_url=scope.schema_url)
    of_scope.scope.name, of_scope.scope.version = scope.name, scope.version or ""
    for span in spans:
        _add(of_scope.spans, span)
    return message


def _add(messages: Any, span: ReadableSpan) -> None:
    """Add a span to a list of messages; one that is made there is not copied."""
    context, parent, attributes = span.context, span.parent, span.attributes
    assert context is not None
    assert attributes is not None
    messages.add(
        trace_id=context.trace_id.to_bytes(16),
        span_id=context.span_id.to_bytes(8),
        parent_span_id=None if parent is None else parent.span_id.to_bytes(8),
        name=span.name,
        kind=_KINDS[span.kind],
        start_time_unix_nano=span.start_time,
        end_time_unix_nano=span.end_time,
        attributes=list(starmap(_attribute, attributes.items())),
        status=_FAILED if span.status.status_code is StatusCode.ERROR else _UNSET,
        flags=_LOCAL_PARENT if parent is None or not parent.is_remote else _REMOTE_PARENT,
    )


@lru_cache(MAX_CACHED_ATTRIBUTES, typed=True)
def _attribute(name: str, value: AttributeValue) -> KeyValue:
    if isinstance(value, str):
        sent = AnyValue(string_value=value)
    elif isinstance(value, bool):
        sent = AnyValue(bool_value=value)
    elif isinstance(value, int):
        sent = AnyValue(int_value=value)
    else:
        assert isinstance(value, float)
        sent = AnyValue(double_value=value)
    return KeyValue(key=name, value=sent)
