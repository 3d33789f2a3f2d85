"""
Where the record of disclosures goes, and what is done when it cannot be written.

What is not of the open class is written before the answer leaves, or the answer does not. The rest may wait in
memory, for a minute and ten thousand entries at most; then nothing is disclosed any more.
"""

from __future__ import annotations

import asyncio
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

from student_graph.gateway.disclosure.chain import OPENING, Chain
from student_graph.gateway.disclosure.entries import Ages, Entry
from student_graph.gateway.disclosure.errors import UnwritableError, complain
from student_graph.gateway.disclosure.printing import Copies, Sink
from student_graph.gateway.disclosure.secrets import Secrets

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
NAME = b"%012x%b%08x"
"""What a line is called: it sorts by time and is nobody else's."""
LINE = b'{"v":1,"id":"' + NAME + b'","ts":"%b.%03dZ",%b,"sources":%b,"requestId":"%b"'


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
        self._others = [Copies(other, MOST, MOST_BYTES) for other in others]
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

    def write(self, entries: Sequence[Entry], ages: Ages, request_id: str) -> None:
        """
        Record disclosures, before they are made.

        Raises:
            UnwritableError: they cannot be recorded.
        """
        for entry in entries:
            stamps = self._stamps()
            told, request = entry.told(ages), request_id.encode()
            file = self.chain.name
            body = entry.again if entry.file == file else entry.body
            try:
                self._record(LINE % (*stamps, body, told, request))
            except OSError as exc:
                # In full, because the file into which it goes may not be the one that has the full line.
                self._wait(exc, LINE % (*stamps, entry.body, told, request), must=entry.sensitive)
                continue
            if body is entry.body:
                district = msgspec.json.encode(entry.district)
                entry.file = file
                entry.again = b'"tenant":%b,"same":"%b","count":%d' % (district, NAME % stamps[:3], entry.count)

    async def write_alone(self, entry: Entry, request_id: str) -> None:
        """
        Record an opening in a file of its own, signed at once: it is found without reading all others.

        Raises:
            UnwritableError: it cannot be recorded.
        """
        line = LINE % (*self._stamps(), entry.body, b"[]", request_id.encode())
        try:
            await asyncio.to_thread(self._alone, line)
        except OSError as exc:
            complain("written", exc)
            raise UnwritableError from None
        self._tell(line)

    def _alone(self, line: bytes) -> None:
        """
        Write a file of one line; it waits for the disk.

        Raises:
            OSError: it could not be written.
        """
        chain = self._begin(label=OPENING)
        try:
            chain.append(line)
        except OSError:
            chain.abandon()
            raise
        chain.close()

    def _stamps(self) -> tuple[int, bytes, int, bytes, int]:
        """What the name and the time of a line are made of; a second is spelled once."""
        self._number += 1
        now = self._wall()
        second = int(now)
        if second != self._second:
            self._second, self._shown = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        milliseconds = int((now - second) * 1000)
        return second * 1000 + milliseconds, self._run, self._number, self._shown, milliseconds

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
            complain("written", exc)
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
        self._tell(line)

    def _tell(self, line: bytes) -> None:
        """Tell the others of a line that was written."""
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
                complain("signed", exc)
                return
            if self.chain.size >= self._size or datetime.fromtimestamp(self._wall(), UTC).date() != self.chain.day:
                await self._change()

    async def _change(self) -> None:
        """Go on in a new file; in this one when none can be begun."""
        old = self.chain
        try:
            new = await asyncio.to_thread(self._begin, follows=old)
        except OSError as exc:
            complain("continued in a new file", exc)
            return
        try:
            ended = old.end()
        except OSError as exc:
            new.abandon()
            complain("continued in a new file", exc)
            return
        self.chain, self._large = new, self._size
        try:
            await asyncio.to_thread(old.close, ended)
        except OSError as exc:
            complain("closed", exc)

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
                complain("closed", exc)
