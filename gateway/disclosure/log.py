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
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from gateway.disclosure.chain import Chain
from gateway.disclosure.entries import Entry
from gateway.disclosure.printing import Sink
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
SIZE = 256 << 20
"""Bytes of a file, after which a new one is begun."""
LINE = b'{"v":1,"id":"%b","ts":"%b",%b,"sources":%b,"requestId":"%b"'


class UnwritableError(Exception):
    """What would be disclosed cannot be recorded, and therefore is not disclosed."""


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
        size: int = SIZE,
        open_chain: Callable[..., Chain] = Chain,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        Write into a directory and to others, into files of so many bytes; `wall` tells seconds since 1970.

        Raises:
            OSError: nothing can be written there.
        """
        self.secrets = secrets
        self._others = [_Copies(other) for other in others]
        self._clock, self._wall = clock, wall
        self._begin = partial(open_chain, directory, secrets.signing, wall=wall)
        self.chain = self._begin()
        self._size = self._large = size
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._turn, self._full = asyncio.Lock(), asyncio.Event()
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
            told, request = msgspec.json.encode(ages(entry)), request_id.encode()
            file = self.chain.name
            body = entry.again if entry.file == file else entry.body
            try:
                self._record(LINE % (name, ts, body, told, request))
            except OSError as exc:
                # In full, because the file into which it goes may not be the one that has the full line.
                self._wait(exc, LINE % (name, ts, entry.body, told, request), must=entry.sensitive)
                continue
            if body is entry.body:
                district = msgspec.json.encode(entry.district)
                entry.file = file
                entry.again = b'"tenant":%b,"same":"%b","count":%d' % (district, name, entry.count)

    def _stamps(self) -> tuple[bytes, bytes]:
        """A name that sorts by time and is nobody else's, and the time; a second is spelled once."""
        now = self._wall()
        second = int(now)
        if second != self._second:
            self._second, self._shown = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        milliseconds = int((now - second) * 1000)
        name = b"%012x%b%08x" % (second * 1000 + milliseconds, self._run, self._number)
        return name, b"%b.%03dZ" % (self._shown, milliseconds)

    def _record(self, line: bytes) -> None:
        """
        Write a line, after those that wait.

        Raises:
            OSError: it could not be written.
        """
        if self._waiting:
            self._flush()
        self._put(line)

    def _wait(self, exc: OSError, line: bytes, *, must: bool) -> None:
        """
        Let a line wait, where it may.

        Raises:
            UnwritableError: it may not, or no longer.
        """
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
        if self.chain.size >= self._large:
            self._large = sys.maxsize  # once: when no file can be begun, the next signature tries again
            self._full.set()
        self.written += 1
        for other in self._others:
            other.append(line)

    def start(self) -> None:
        """Begin to sign once a minute, and when a file is large enough."""
        self._task = asyncio.create_task(self._sign())

    async def _sign(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN):
                    await self._full.wait()
            await self.sign()

    async def sign(self) -> None:
        """Vouch for all lines so far, and go on in a new file when this one is large enough, or of another day."""
        async with self._turn:
            self._full.clear()
            try:
                self._flush()
                told = self.chain.vouch()
                if told is not None:
                    await asyncio.to_thread(self.chain.keep, *told)  # a disk may take its time
            except OSError as exc:
                _complain("signed", exc)
                return
            if self.chain.size >= self._size or datetime.fromtimestamp(self._wall(), UTC).date() != self.chain.day:
                await self._change()

    async def _change(self) -> None:
        """Go on in a new file; in this one when none can be begun."""
        old = self.chain
        try:
            new = await asyncio.to_thread(self._begin, follows=old)
        except OSError as exc:
            _complain("continued in a new file", exc)
            return
        try:
            ended = old.end()
        except OSError as exc:
            new.abandon()
            _complain("continued in a new file", exc)
            return
        self.chain, self._large = new, self._size
        try:
            await asyncio.to_thread(old.close, ended)
        except OSError as exc:
            _complain("closed", exc)

    async def close(self) -> None:
        """Write what waits, and sign for good."""
        async with self._turn:  # a change of files comes to its end
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
