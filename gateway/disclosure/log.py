"""
Where the record of disclosures goes, and what is done when it cannot be written.

What is not of the open class is written before the answer leaves, or the answer does not. The rest may wait in
memory, for a minute and ten thousand entries at most; then nothing is disclosed any more.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from gateway.disclosure.chain import Chain
from gateway.disclosure.entries import Entry
from gateway.disclosure.secrets import Secrets

log = logging.getLogger("student_graph.disclosure")

WAIT = 60.0
"""Seconds that an entry may wait to be written."""
MOST = 10_000
"""Entries that may wait."""
MOST_BYTES = 64 << 20
"""Bytes of them: lines of large answers are long."""
SIGN = 60.0
"""Seconds between two signatures."""


class UnwritableError(Exception):
    """What would be disclosed cannot be recorded, and therefore is not disclosed."""


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


class _Copies:
    """
    Lines for somebody who is told the same.

    They are recorded already. While they cannot be told, they wait, the newest of them; nothing else does.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
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
                _complain("printed", exc)
            self._failed = True
            while len(self._waiting) > MOST or self._held > MOST_BYTES:
                self._held -= len(self._waiting.popleft())
        else:
            self._failed = False


class DisclosureLog:
    """The record of a process: a chain of its own, and others who are told the same."""

    def __init__(
        self,
        directory: Path,
        secrets: Secrets,
        others: Sequence[Sink] = (),
        *,
        open_chain: Callable[[Path, Any], Chain] = Chain,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Write into a directory and to others.

        Raises:
            OSError: nothing can be written there.
        """
        self.secrets = secrets
        self._others = [_Copies(other) for other in others]
        self._clock = clock
        self.chain = open_chain(directory, secrets.signing)
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._run = os.urandom(4).hex().encode()
        self._number = self._second = self._held = 0
        self._shown = b""
        self.written = 0
        """Entries written since start."""

    def write(self, entries: Sequence[Entry], ages: Callable[[Entry], Any], request_id: str) -> None:
        """
        Record disclosures, before they are made.

        Raises:
            UnwritableError: they cannot be recorded.
        """
        for entry in entries:
            self._number += 1
            name, ts = self._stamps()
            told = msgspec.json.encode(ages(entry))
            line = b'{"v":1,"id":"%b","ts":"%b",%b,"sources":%b,"requestId":"%b"' % (
                name,
                ts,
                entry.body,
                told,
                request_id.encode(),
            )
            self._take(line, must=entry.sensitive)
            if b'"same":' not in entry.body:
                entry.body = b'"tenant":%b,"same":"%b","count":%d' % (
                    msgspec.json.encode(entry.district),
                    name,
                    entry.count,
                )

    def _stamps(self) -> tuple[bytes, bytes]:
        """A name that sorts by time and is nobody else's, and the time; a second is spelled once."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._shown = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        milliseconds = int((now - second) * 1000)
        name = b"%012x%b%08x" % (second * 1000 + milliseconds, self._run, self._number)
        return name, b"%b.%03dZ" % (self._shown, milliseconds)

    def _take(self, line: bytes, *, must: bool) -> None:
        try:
            if self._waiting:
                self._flush()
            self._put(line)
        except OSError as exc:
            now = self._clock()
            if not self._waiting:
                _complain("written", exc)
            elif now - self._waiting[0][0] > WAIT:
                must = True
            if must or len(self._waiting) >= MOST or self._held + len(line) > MOST_BYTES:
                raise UnwritableError from None
            self._waiting.append((now, line))
            self._held += len(line)

    def _flush(self) -> None:
        """
        Write what waits, in order.

        Raises:
            OSError: it could not be written.
        """
        while self._waiting:
            line = self._waiting[0][1]
            self._put(line)
            self._waiting.popleft()
            self._held -= len(line)

    def _put(self, line: bytes) -> None:
        """
        Write a line, and tell the others.

        Raises:
            OSError: it could not be written.
        """
        self.chain.append(line)
        self.written += 1
        for other in self._others:
            other.append(line)

    def start(self) -> None:
        """Begin to sign once a minute."""
        self._task = asyncio.create_task(self._sign())

    async def _sign(self) -> None:
        while True:
            await asyncio.sleep(SIGN)
            try:
                self._flush()
                told = self.chain.vouch()
                if told is not None:
                    await asyncio.to_thread(self.chain.keep, *told)  # a disk may take its time
            except OSError as exc:
                _complain("signed", exc)

    async def close(self) -> None:
        """Write what waits, and sign for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            self._flush()
            self.chain.close()
        except OSError as exc:
            _complain("closed", exc)


def _complain(what: str, exc: OSError) -> None:
    """Say that the log is in trouble, and which; an operator must act within a minute."""
    log.error("the disclosure log cannot be %s (%s)", what, errno.errorcode.get(exc.errno or 0, "OSError"))
