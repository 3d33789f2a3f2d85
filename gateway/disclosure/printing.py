"""Who is told the same as the record holds: standard output, and whoever collects it."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from typing import Protocol

import msgspec

from student_graph.gateway.disclosure.errors import complain


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


class Copies:
    """
    Lines for somebody who is told the same.

    They are recorded already. While they cannot be told, they wait, the newest of them; nothing else does.
    """

    def __init__(self, sink: Sink, most: int, size: int) -> None:
        """So many lines may wait, of so many bytes."""
        self._sink, self._most, self._size = sink, most, size
        self._waiting: deque[bytes] = deque()
        self._held = 0
        self._failed = False

    def append(self, line: bytes) -> None:
        """Tell a line, after those that wait."""
        self._waiting.append(line)
        self._held += len(line)
        try:
            while self._waiting:
                self._sink.append(self._waiting[0])
                self._held -= len(self._waiting.popleft())
        except OSError as exc:
            if not self._failed:
                complain("printed", exc)
            self._failed = True
            while len(self._waiting) > self._most or self._held > self._size:
                self._held -= len(self._waiting.popleft())
        else:
            self._failed = False


def _print(line: bytes) -> None:
    """Print all of a line: a pipe may take it in parts."""
    while line:
        line = line[os.write(sys.stdout.fileno(), line) :]
