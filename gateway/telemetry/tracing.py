"""
Traces of requests, made with OpenTelemetry's SDK and sent to a collector in the background.

Whether a request is traced is decided first, by a random number. If the collector hangs or is away, spans are lost
and nothing else is affected: the queue is bounded, the exporter has a thread of its own, and the shutdown waits
for it for one second at most.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeAlias
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from student_graph.gateway.telemetry.settings import TelemetrySettings
from student_graph.gateway.telemetry.span_sender import SpanSender

log = logging.getLogger("student_graph.telemetry")

Attribute: TypeAlias = str | int | float | bool
"""Value of an attribute of a span."""
SCOPE = "student_graph.gateway"
"""Name of the instrumentation scope of all spans and metrics."""
EXPORT_SECONDS = 5.0
"""How long one request to the collector may take, with its retries."""
STOP_SECONDS = 1.0
"""How long the shutdown waits for the collector to take the last spans."""
MAX_QUEUED_SPANS = 8_192
MAX_SPANS_PER_EXPORT = 1_024
EXPORT_INTERVAL_SECONDS = 2.0
_CONTEXT_FORMAT = TraceContextTextMapPropagator()
_NO_CONTEXT = Context()
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSET, _FAILED = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


@dataclass(frozen=True, slots=True)
class _SpanSetup:
    """What all spans of a process need: their source, and the function that takes them when they end."""

    resource: Resource
    scope: InstrumentationScope
    on_end: Callable[[ReadableSpan], None]
    propagates: bool
    """Whether requests to vendors have the header `traceparent`."""


class TracedSpan:
    """
    A span of a request that is traced.

    Its data become a span of OpenTelemetry when it ends. The SDK's own spans have locks, samplers and checks for
    any use: creating and ending one takes twelve times as long. With them, tracing a tenth of the requests cost a
    page 17 % of its processor time.
    """

    __slots__ = ("_attributes", "_context", "_kind", "_name", "_parent", "_setup", "_started_at")

    def __init__(
        self,
        setup: _SpanSetup,
        name: str,
        attributes: Mapping[str, Attribute],
        kind: SpanKind = SpanKind.INTERNAL,
        parent: SpanContext | None = None,
    ) -> None:
        """Begin a span; without a `parent` it begins a trace."""
        self._setup, self._name, self._kind, self._parent = setup, name, kind, parent
        self._attributes: dict[str, Attribute] = dict(attributes)
        trace_id = _random_id(128) if parent is None else parent.trace_id
        self._context = SpanContext(trace_id, _random_id(64), is_remote=False, trace_flags=_SAMPLED)
        self._started_at = time.time_ns()

    def child(self, name: str, attributes: Mapping[str, Attribute], *, is_client: bool = False) -> TracedSpan:
        """Begin a part of this work; with `is_client` it is a request to another server."""
        kind = SpanKind.CLIENT if is_client else SpanKind.INTERNAL
        return TracedSpan(self._setup, name, attributes, kind, self._context)

    def set(self, name: str, value: Attribute) -> None:
        """Set an attribute."""
        self._attributes[name] = value

    def set_all(self, attributes: Mapping[str, Attribute]) -> None:
        """Set several attributes."""
        self._attributes.update(attributes)

    def end(self, error: str | None = None) -> None:
        """End the work; `error` is the code or the type of the error with which it failed."""
        attributes, self._attributes = self._attributes, {}  # from now on the exporter's thread reads them
        if error is not None:
            attributes["error.type"] = error
        setup = self._setup
        setup.on_end(
            ReadableSpan(
                self._name,
                self._context,
                self._parent,
                setup.resource,
                attributes,
                kind=self._kind,
                status=_UNSET if error is None else _FAILED,
                start_time=self._started_at,
                end_time=time.time_ns(),
                instrumentation_scope=setup.scope,
            )
        )

    @property
    def ids(self) -> tuple[str, str]:
        """The ids of the trace and of the span, in hexadecimal."""
        return f"{self._context.trace_id:032x}", f"{self._context.span_id:016x}"

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of a request to a vendor that name this span; empty unless the settings ask for them."""
        if not self._setup.propagates:
            return {}
        trace_id, span_id = self.ids
        return {"traceparent": f"00-{trace_id}-{span_id}-01"}


class Tracing:
    """Decides which requests are traced, and hands their spans to the collector."""

    def __init__(self, settings: TelemetrySettings, exporter: SpanExporter | None = None) -> None:
        """Trace by these settings; `exporter` takes the spans in place of the collector."""
        self._settings = settings
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `BackgroundExporter` says it once
        self.exporter = BackgroundExporter(exporter or _collector(settings))
        self._processor = BatchSpanProcessor(
            self.exporter,
            max_queue_size=MAX_QUEUED_SPANS,
            max_export_batch_size=MAX_SPANS_PER_EXPORT,
            schedule_delay_millis=EXPORT_INTERVAL_SECONDS * 1000,
        )
        scope = InstrumentationScope(SCOPE, version("student-graph"))
        self._setup = _SpanSetup(resource(), scope, self._processor.on_end, settings.context_to_vendors)

    def start_request(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> TracedSpan | None:
        """
        Begin the span of a request for `/graphql`; None if it is not traced.

        Of its headers, `traceparent` counts (W3C Trace Context). Nothing else of the caller is taken: `tracestate`
        and `baggage` may hold any text.
        """
        is_sampled = random.random() < self._settings.sample  # noqa: S311 - no secret
        if not is_sampled and not self._settings.caller_decides:
            return None
        parent = None
        traceparent = next((value for name, value in headers if name == b"traceparent"), b"")
        if traceparent:
            context = _CONTEXT_FORMAT.extract({"traceparent": traceparent.decode("latin-1")}, _NO_CONTEXT)
            caller = get_current_span(context).get_span_context()
            parent = caller if caller.is_valid else None
            if self._settings.caller_decides and parent is not None:
                is_sampled = parent.trace_flags.sampled
        if not is_sampled:
            return None
        attributes = {"http.request.method": method, "http.route": "/graphql"}
        return TracedSpan(self._setup, f"{method} /graphql", attributes, SpanKind.SERVER, parent)

    def flush(self) -> None:
        """Send all spans that have ended, and wait until the collector has taken them."""
        self._processor.force_flush()

    async def close(self) -> None:
        """Hand over the last spans, if the collector takes them within `STOP_SECONDS`."""
        await in_background(self._processor.shutdown, STOP_SECONDS)


class BackgroundExporter(SpanExporter):
    """Passes spans on, and says once that the collector does not take them, and once that it does again."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Pass spans on to another exporter."""
        self._exporter, self._outage = exporter, Outage("spans")

    @property
    def lost(self) -> int:
        """Spans that the collector did not take."""
        return self._outage.lost

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass spans on; they are lost if the collector does not take them."""
        try:
            result = self._exporter.export(spans)
        except Exception:  # noqa: BLE001 - whatever is wrong with the collector concerns the spans only
            result = SpanExportResult.FAILURE
        self._outage.record(len(spans), is_over=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        """Stop."""
        self._exporter.shutdown()


class Outage:
    """Says once in the log that the collector does not take a signal, and once that it does again."""

    def __init__(self, signal: str) -> None:
        """`signal` names for the log what is lost, such as `spans`."""
        self._signal = signal
        self.lost = 0
        """Number of items, such as spans, that the collector did not take."""
        self._is_away = False

    def record(self, count: int, *, is_over: bool) -> None:
        """Note that the collector took `count` items (`is_over`), or that they are lost."""
        if not is_over:
            self.lost += count
        if self._is_away == (not is_over):
            return
        self._is_away = not is_over
        if self._is_away:
            log.warning("the collector does not take %s: they are lost until it does", self._signal)
        else:
            log.info("the collector takes %s again; %d were lost", self._signal, self.lost)


def _random_id(bits: int) -> int:
    """A random id that is not zero, which would stand for no id."""
    return random.getrandbits(bits) or 1


def resource() -> Resource:
    """The source of the spans and metrics: this process of the gateway."""
    return Resource.create(
        {
            "service.name": "student-graph",
            "service.version": version("student-graph"),
            "service.instance.id": str(uuid4()),
        }
    )


def _collector(settings: TelemetrySettings) -> SpanExporter:
    assert settings.endpoint is not None
    return SpanSender(f"{settings.endpoint}/v1/traces", dict(settings.headers), EXPORT_SECONDS)


async def in_background(work: Callable[[], object], seconds: float) -> None:
    """
    Do work that may hang in a thread of its own, and wait for it for `seconds` at most.

    The thread ends with the process, unlike those of the event loop, which the interpreter waits for.
    """
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        try:
            work()
        finally:
            with suppress(RuntimeError):  # the event loop is closed: nobody waits any more
                loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, daemon=True, name="telemetry").start()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await done.wait()
