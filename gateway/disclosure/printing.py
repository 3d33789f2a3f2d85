"""Who is told the same as the record holds: standard output, and whoever collects it."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

import msgspec


class Sink(Protocol):
    """Where lines go."""

    def append(self, line: bytes) -> None:
        """
        Take a line: JSON without its closing brace.

        Raises:
            OSError: it could not be written.
        """


class Printed:
    """Lines on standard output, for whoever collects it."""

    def append(self, line: bytes) -> None:
        """Print a line."""
        _print(line + b"}\n")


class OtlpPrinted:
    """The same as the OpenTelemetry Collector reads it (OTLP in JSON, one request a line)."""

    def append(self, line: bytes) -> None:
        """Print a line as a log record."""
        record = {
            "timeUnixNano": str(time.time_ns()),
            "severityNumber": 9,
            "severityText": "INFO",
            "body": {"stringValue": (line + b"}").decode()},
            "attributes": [{"key": "event.name", "value": {"stringValue": "student_graph.disclosure"}}],
        }
        scope = {"scope": {"name": "student_graph.disclosure"}, "logRecords": [record]}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "student-graph"}}]}
        told = {"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}
        _print(msgspec.json.encode(told) + b"\n")


def _print(line: bytes) -> None:
    """Print all of a line: a pipe may take it in parts."""
    while line:
        line = line[os.write(sys.stdout.fileno(), line) :]
