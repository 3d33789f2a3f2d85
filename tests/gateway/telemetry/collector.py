"""An OpenTelemetry collector in a thread: it takes OTLP over HTTP and keeps what it got."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What was sent to a collector."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[tuple[str, bytes]] = []
        """Path and body of each request."""
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()
        """Whether requests are answered; a collector that hangs waits for it."""
        self.released.set()
        self.has_request = threading.Event()
        """Whether there was a request."""
        self.status = 200

    @property
    def spans(self) -> Sequence[Any]:
        """All spans, in the order in which they came."""
        spans: list[Any] = []
        for path, body in list(self.bodies):
            if path == "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    spans += [span for scope in resource.scope_spans for span in scope.spans]
        return spans

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics of the last set, by name."""
        bodies = [body for path, body in self.bodies if path == "/v1/metrics"]
        [resource] = ExportMetricsServiceRequest.FromString(bodies[-1]).resource_metrics
        return {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}


def attributes(span: Any) -> dict[str, Any]:
    """The attributes of a span."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}


def wait_for_senders() -> None:
    """
    Wait for the threads that hand over what was left at a stop, which does not wait for them itself.

    They take memory and processor time, which the next test may measure.
    """
    for thread in threading.enumerate():
        if thread.name == "telemetry":
            thread.join()


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.has_request.set()
            collector.released.wait()
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if collector.status == 200:
                collector.bodies.append((self.path, body))
                collector.headers.append({name.lower(): text for name, text in self.headers.items()})
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield collector
    finally:
        collector.released.set()
        wait_for_senders()
        server.shutdown()
        thread.join()
        server.server_close()
