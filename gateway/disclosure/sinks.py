"""Copies the disclosure log's lines to standard output, for programs that collect it."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from typing import Protocol

import msgspec

from student_graph.gateway.disclosure.errors import log_failure


class Sink(Protocol):
    """Where copies of lines go."""

    def append(self, line: bytes) -> None:
        """
        Take a line: JSON without its closing brace.

        Raises:
            OSError: the line could not be written.
        """


class StdoutSink:
    """Prints lines on standard output as they are in the file, without the digest of the line before."""

    def append(self, line: bytes) -> None:
        """Print a line."""
        _print(line + b"}\n")


class OtlpStdoutSink:
    """Prints lines on standard output as OpenTelemetry log records (OTLP in JSON, one export request a line)."""

    def append(self, line: bytes) -> None:
        """Print a line as a log record."""
        record = {
            "timeUnixNano": str(time.time_ns()),
            "severityNumber": 9,
            "severityText": "INFO",
            "body": {"stringValue": (line + b"}").decode()},
            "attributes": [{"key": "event.name", "value": {"stringValue": "student_graph.disclosure"}}],
        }
        scope_logs = {"scope": {"name": "student_graph.disclosure"}, "logRecords": [record]}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "student-graph"}}]}
        request = {"resourceLogs": [{"resource": resource, "scopeLogs": [scope_logs]}]}
        _print(msgspec.json.encode(request) + b"\n")


class BufferedSink:
    """
    Keeps lines in memory while a sink cannot be written, and writes them in order when it can.

    The lines are already in the file, so a failing sink stops nothing. When the buffer is full, its oldest lines
    are dropped.
    """

    def __init__(self, sink: Sink, max_lines: int, max_bytes: int) -> None:
        """Buffer at most `max_lines` lines of at most `max_bytes` bytes together."""
        self._sink, self._max_lines, self._max_bytes = sink, max_lines, max_bytes
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_failing = False

    def append(self, line: bytes) -> None:
        """Write a line, after the lines that wait."""
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        try:
            while self._waiting:
                self._sink.append(self._waiting[0])
                self._waiting_bytes -= len(self._waiting.popleft())
        except OSError as exc:
            if not self._is_failing:
                log_failure("printed", exc)
            self._is_failing = True
            while len(self._waiting) > self._max_lines or self._waiting_bytes > self._max_bytes:
                self._waiting_bytes -= len(self._waiting.popleft())
        else:
            self._is_failing = False


def _print(line: bytes) -> None:
    """Print a complete line, although a pipe may accept it in parts."""
    while line:
        line = line[os.write(sys.stdout.fileno(), line) :]
