"""
The disclosure log of one process: where its lines are written, and what happens if writing fails.

An entry that discloses a class of data that is not open must be written before the response is sent. Other entries
may wait in memory: for a minute, and at most ten thousand of them. After that nothing is disclosed any more.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from student_graph.gateway.disclosure.address import noted_address
from student_graph.gateway.disclosure.entries import Entry, SourceAges
from student_graph.gateway.disclosure.errors import UnwritableError, log_failure
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log_file import BREAK_GLASS_LABEL, LogFile
from student_graph.gateway.disclosure.shipping import Shipper
from student_graph.gateway.disclosure.sinks import BufferedSink, Sink

MAX_WAIT_SECONDS = 60.0
"""How long an entry may wait to be written."""
MAX_WAITING_LINES = 10_000
MAX_WAITING_BYTES = 64 << 20
"""Also bounded in bytes, because lines of large responses are long."""
SIGNING_INTERVAL_SECONDS = 60.0
MAX_FILE_BYTES = 256 << 20
"""Size of a file after which the process continues in a new one."""
ID_FORMAT = b"%012x%b%08x"
"""A line's id: its time in milliseconds, the process's random number, and a counter. Ids sort by time."""
LINE_FORMAT = b'{"v":1,"id":"' + ID_FORMAT + b'","ts":"%b.%03dZ",%b,"sources":%b,"requestId":"%b","address":%b'
"""
A line without `prev` and its closing brace. Between `ts` (when it was written, UTC) and `sources` (the district's
sources, each with its freshness and age in seconds) is the entry's body: see `entries`. `address` is the client's,
or null.
"""
REPEAT_FORMAT = b'"tenant":%b,"same":"%b","count":%d'
"""Body of an entry that the file already holds in full: `same` is the id of the full line."""


class DisclosureLog:
    """Writes entries into files of its own, and copies of them to sinks."""

    def __init__(
        self,
        directory: Path,
        keys: DisclosureKeys,
        sinks: Sequence[Sink] = (),
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
        max_file_seconds: float = math.inf,
        shipper: Shipper | None = None,
        open_file: Callable[..., LogFile] = LogFile,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Start a file in a directory, which is created if it does not exist.

        After `max_file_seconds` with an entry the process continues in a new file. `shipper` copies closed files.
        `clock` and `wall_clock` return seconds, the second one since 1970.

        Raises:
            OSError: no file can be created there.
        """
        self.directory = directory
        self.keys = keys
        self._sinks = [BufferedSink(sink, MAX_WAITING_LINES, MAX_WAITING_BYTES) for sink in sinks]
        self._clock, self._wall_clock = clock, wall_clock
        self._open_file = partial(open_file, directory, keys.signing_key, wall_clock=wall_clock)
        self.current_file = self._open_file()
        self._max_file_bytes = self._rotation_bytes = max_file_bytes
        self._max_file_seconds, self._file_began, self._written_before = max_file_seconds, wall_clock(), 0
        self._shipper = shipper
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._waiting_bytes = 0
        self._signing_task: asyncio.Task[None] | None = None
        self._rotating, self._is_file_full = asyncio.Lock(), asyncio.Event()
        self._process_id = os.urandom(4).hex().encode()
        self._line_number = self._formatted_second = 0
        self._formatted_time = b""
        self.written = 0
        """Entries written since the start."""

    def write(self, entries: Sequence[Entry], ages: SourceAges, request_id: str) -> None:
        """
        Record disclosures before they are made.

        Raises:
            UnwritableError: they cannot be recorded.
        """
        for entry in entries:
            stamps = self._next_stamps()
            end = entry.sources(ages), request_id.encode(), noted_address()
            file = self.current_file.name
            body = entry.repeat_body if entry.file == file else entry.body
            try:
                self._write_in_order(LINE_FORMAT % (*stamps, body, *end))
            except OSError as exc:
                # In full, because the line may be written into another file than the one with the full line.
                line = LINE_FORMAT % (*stamps, entry.body, *end)
                self._enqueue(exc, line, sensitive=entry.sensitive)
                continue
            if body is entry.body:
                district = msgspec.json.encode(entry.district)
                entry.file = file
                entry.repeat_body = REPEAT_FORMAT % (district, ID_FORMAT % stamps[:3], entry.count)

    async def write_break_glass(self, entry: Entry, request_id: str) -> None:
        """
        Record a break-glass access in a file of its own, signed at once, so that a search reads only such files.

        Raises:
            UnwritableError: it cannot be recorded.
        """
        line = LINE_FORMAT % (*self._next_stamps(), entry.body, b"[]", request_id.encode(), noted_address())
        try:
            await asyncio.to_thread(self._write_own_file, line)
        except OSError as exc:
            log_failure("written", exc)
            raise UnwritableError from None
        self._copy_to_sinks(line)

    def _write_own_file(self, line: bytes) -> None:
        """
        Write a file with one line; it waits for the disk.

        Raises:
            OSError: it could not be written.
        """
        file = self._open_file(label=BREAK_GLASS_LABEL)
        try:
            file.append(line)
        except OSError:
            file.discard()
            raise
        file.close()

    def _next_stamps(self) -> tuple[int, bytes, int, bytes, int]:
        """The values of `LINE_FORMAT` up to the milliseconds of `ts`; each second is formatted once."""
        self._line_number += 1
        now = self._wall_clock()
        second = int(now)
        if second != self._formatted_second:
            self._formatted_second = second
            self._formatted_time = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        milliseconds = int((now - second) * 1000)
        id_ = second * 1000 + milliseconds, self._process_id, self._line_number
        return *id_, self._formatted_time, milliseconds

    def _write_in_order(self, line: bytes) -> None:
        """
        Write a line, after the lines that wait.

        Raises:
            OSError: it could not be written.
        """
        if self._waiting:
            self._write_waiting()
        self._write_line(line)

    def _enqueue(self, exc: OSError, line: bytes, *, sensitive: bool) -> None:
        """
        Keep a line in memory until it can be written.

        Raises:
            UnwritableError: the line is sensitive, lines have waited too long, or too many wait.
        """
        now = self._clock()
        if not self._waiting:
            log_failure("written", exc)
        is_overdue = bool(self._waiting) and now - self._waiting[0][0] > MAX_WAIT_SECONDS
        is_full = len(self._waiting) >= MAX_WAITING_LINES or self._waiting_bytes + len(line) > MAX_WAITING_BYTES
        if sensitive or is_overdue or is_full:
            raise UnwritableError from None
        self._waiting.append((now, line))
        self._waiting_bytes += len(line)

    def _write_waiting(self) -> None:
        """
        Write the lines that wait, in order.

        Raises:
            OSError: a line could not be written; it and those after it still wait.
        """
        while self._waiting:
            line = self._waiting[0][1]
            self._write_line(line)
            self._waiting.popleft()
            self._waiting_bytes -= len(line)

    def _write_line(self, line: bytes) -> None:
        """
        Write a line into the current file, and copies of it to the sinks.

        Raises:
            OSError: it could not be written.
        """
        self.current_file.append(line)
        if self.current_file.size >= self._rotation_bytes:
            # tried once; if no file can be started, the next signature tries again
            self._rotation_bytes = sys.maxsize
            self._is_file_full.set()
        self._copy_to_sinks(line)

    def _copy_to_sinks(self, line: bytes) -> None:
        """Count a line that was written, and give copies of it to the sinks."""
        self.written += 1
        for sink in self._sinks:
            sink.append(line)

    def start(self) -> None:
        """Sign once a minute from now on, and whenever a file is full."""
        self._signing_task = asyncio.create_task(self._sign_regularly())
        if self._shipper is not None:
            self._shipper.start()

    async def _sign_regularly(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGNING_INTERVAL_SECONDS):
                    await self._is_file_full.wait()
            await self.sign()

    async def sign(self) -> None:
        """Sign all lines so far; continue in a new file if this one is full or of another day (UTC)."""
        async with self._rotating:
            self._is_file_full.clear()
            try:
                self._write_waiting()
                sidecar = self.current_file.write_checkpoint()
                if sidecar is not None:
                    await asyncio.to_thread(self.current_file.persist, sidecar)
            except OSError as exc:
                log_failure("signed", exc)
                return
            if self._is_file_over():
                await self._rotate()

    def _is_file_over(self) -> bool:
        """Whether the file is full, is of another day (UTC), or has had entries for its maximum time."""
        now = self._wall_clock()
        is_old = self.written > self._written_before and now - self._file_began >= self._max_file_seconds
        is_full = self.current_file.size >= self._max_file_bytes
        return is_old or is_full or self.current_file.day != datetime.fromtimestamp(now, UTC).date()

    async def _rotate(self) -> None:
        """Continue in a new file; keep the current one if no new file can be started."""
        old = self.current_file
        try:
            new = await asyncio.to_thread(self._open_file, follows=old)
        except OSError as exc:
            log_failure("continued in a new file", exc)
            return
        try:
            final = old.write_final_checkpoint()
        except OSError as exc:
            new.discard()
            log_failure("continued in a new file", exc)
            return
        self.current_file, self._rotation_bytes = new, self._max_file_bytes
        self._file_began, self._written_before = self._wall_clock(), self.written
        try:
            await asyncio.to_thread(old.close, final)
        except OSError as exc:
            log_failure("closed", exc)

    async def close(self) -> None:
        """Write the lines that wait, and close the current file with its final checkpoint."""
        async with self._rotating:  # a rotation that is under way finishes first
            if self._signing_task is not None:
                self._signing_task.cancel()
                await asyncio.gather(self._signing_task, return_exceptions=True)
            try:
                self._write_waiting()
                self.current_file.close()
            except OSError as exc:
                log_failure("closed", exc)
        if self._shipper is not None:
            await self._shipper.close()
