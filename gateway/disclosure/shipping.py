"""
Copies the log's files to an object store once they are closed, with their sidecars.

The files in the directory remain the record. The copies are needed if a disk fails, or if somebody with write
access removes files: see `docs/access.md`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from student_graph.gateway.concurrency.hanging_work import in_daemon_thread
from student_graph.gateway.disclosure.checkpoints import IN_FILE_FINAL, sidecar_path
from student_graph.gateway.disclosure.errors import log
from student_graph.gateway.disclosure.log_file import FILE_GLOB
from student_graph.gateway.disclosure.store import ObjectStore, StoreError

INTERVAL_SECONDS = 60.0
"""How often the directory is looked through."""
CLOSE_SECONDS = 5.0
"""How long the end of the process waits for the last copies."""
ABANDONED_SECONDS = 2 * 24 * 3600.0
"""A file that was not closed, and got no line for this time, counts as a file of a killed process."""
END_BYTES = 4096
"""Bytes that are read from the end of a file: more than a checkpoint has."""


class Shipper:
    """Copies the files of one directory to one store, in the background."""

    def __init__(
        self,
        directory: Path,
        store: ObjectStore,
        *,
        wall_clock: Callable[[], float] = time.time,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        """Copy from a directory that exists; `interval` is in seconds, `wall_clock` in seconds since 1970."""
        self._directory, self._store = directory, store
        self._wall_clock, self._interval = wall_clock, interval
        self._shipped: set[str] | None = None
        """Names of files in the store; None until they have been listed."""
        self._is_failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to copy files at intervals."""
        self._task = asyncio.create_task(self._ship_regularly())

    async def _ship_regularly(self) -> None:
        while True:
            await self.ship()
            await asyncio.sleep(self._interval)

    async def ship(self) -> None:
        """Copy what is closed and not there yet. A failure is logged once; the next call tries again."""
        try:
            await in_daemon_thread(self._ship)
        except (StoreError, OSError) as exc:
            if not self._is_failing:
                reason = exc if isinstance(exc, StoreError) else exc.strerror
                log.error("the disclosure log is not copied to its store (%s); its files stay here", reason)
            self._is_failing = True
        else:
            if self._is_failing:
                log.info("the disclosure log is copied to its store again")
            self._is_failing = False

    async def close(self) -> None:
        """Stop, and copy the files that were closed last. If the store is too slow, the next start copies them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.ship()
        except TimeoutError:
            log.error(
                "the store does not answer: the last files of the disclosure log are copied at the next start"
            )

    def _ship(self) -> None:
        """
        Copy files; it waits for the store and the disk.

        Raises:
            StoreError: the store refused.
            OSError: a file cannot be read.
        """
        if self._shipped is None:
            self._shipped = set(self._store.names())
        for path in sorted(self._directory.glob(FILE_GLOB)):
            if path.name in self._shipped or not self._is_finished(path):
                continue
            # The sidecar first, so that each file in the store can be verified.
            for part in (sidecar_path(path), path):
                with (
                    suppress(FileNotFoundError),
                    part.open("rb") as content,
                ):  # the file may be retired in the meantime
                    self._store.put(part.name, content)
            self._shipped.add(path.name)

    def _is_finished(self, path: Path) -> bool:
        """Whether nothing will be written into a file any more."""
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - END_BYTES))
                last = file.read().removesuffix(b"\n").rpartition(b"\n")[2]
            modified = path.stat().st_mtime
        except FileNotFoundError:
            return False
        try:
            kind = msgspec.json.decode(last).get("kind")
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
            kind = None
        return kind == IN_FILE_FINAL or self._wall_clock() - modified > ABANDONED_SECONDS
