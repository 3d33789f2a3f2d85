"""
The index of a location's files: which rows each student has, in memory and within a bound.

The location is listed at an interval. Only files that are new or changed are read, in a thread, and the tables of
the others stay. Nothing is written anywhere.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from student_graph.adapters.errors import RefusedError
from student_graph.adapters.files.adapter.settings import FileSettings
from student_graph.adapters.files.api.layouts import Family
from student_graph.adapters.files.client.archives import contents_of
from student_graph.adapters.files.client.checks import count_unreadable_rows
from student_graph.adapters.files.client.faults import FileFaultError
from student_graph.adapters.files.client.storage import Entry, Storage, storage_error
from student_graph.adapters.files.client.tables import Table, read_table
from student_graph.adapters.files.mapping.results import DateReading

BYTES_PER_MEGABYTE = 1 << 20
STILL_WRITTEN = "still being written: its size or time has just changed"
DENIED = "the location refuses to read this file; give the gateway's user, or its keys, the right to read it"
OVER_BOUND = "not in memory: the files are larger than the setting memory_mb allows"


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Why a file is not in the index."""

    name: str
    reason: str
    hides_results: bool
    """Whether results may be missing from answers; false for a file that is no export, or not complete yet."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tables of all files as of one listing."""

    tables: tuple[Table, ...] = ()
    problems: tuple[FileProblem, ...] = ()
    version: str = ""
    """Changes whenever a file is added, changed or removed."""

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return sum(table.size for table in self.tables)


@dataclass(slots=True)
class _KnownFile:
    """A file that was read, in the state in which it was read."""

    state: tuple[int, datetime]
    tables: list[Table] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    was_denied: bool = False
    """Whether the storage refused to read it: it is read again at the next listing."""


class FileIndex:
    """The index of one source; all its methods may be called from several threads."""

    def __init__(
        self,
        settings: FileSettings,
        families: Sequence[Family],
        dates: DateReading,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._families, self._dates, self._clock = settings, families, dates, clock
        self._storage: Storage | None = None
        self._lock = threading.Lock()
        self._known: dict[str, _KnownFile] = {}
        self._seen: dict[str, tuple[int, datetime]] = {}
        """The state of files that were still being written when they were listed last."""
        self._listed_at: float | None = None
        self.snapshot = Snapshot()
        self.reads = 0
        """How many files were read, changed ones again."""

    def current(self) -> Snapshot | None:
        """Return the present tables, or None if the last listing is older than the interval."""
        listed_at = self._listed_at
        is_due = listed_at is None or self._clock() - listed_at >= self._settings.refresh_seconds
        return None if is_due else self.snapshot

    def refresh(self) -> Snapshot:
        """
        Return the present tables; list the location first if the last listing is older than the interval.

        Raises:
            AdapterError: the location cannot be listed. The tables of earlier listings are then not served.
        """
        with self._lock:
            if self.current() is None:
                now, self._listed_at = self._clock(), None
                self.snapshot = self._updated()
                self._listed_at = now
            return self.snapshot

    def _updated(self) -> Snapshot:
        if self._storage is None:
            self._storage = Storage(self._settings)
        entries = self._storage.entries()
        known: dict[str, _KnownFile] = {}
        waiting: list[FileProblem] = []
        left = self._settings.memory_mb * BYTES_PER_MEGABYTE
        for entry in sorted(entries, key=lambda entry: (entry.modified_at, entry.name), reverse=True):
            file = self._known.get(entry.path)
            if file is None or file.state != entry.state or file.was_denied:
                if self._is_complete(entry):
                    file = self._read(self._storage, entry)
                else:
                    waiting.append(FileProblem(entry.name, STILL_WRITTEN, hides_results=False))
            if file is None:
                continue
            size = sum(table.size for table in file.tables)
            if size > left:
                # The state stays unknown, so that the file is read again once there is room.
                waiting.append(FileProblem(entry.name, OVER_BOUND, hides_results=True))
                continue
            left -= size
            known[entry.path] = file
        self._known = known
        self._seen = {entry.path: entry.state for entry in entries}
        tables = tuple(table for file in known.values() for table in file.tables)
        problems = (*(problem for file in known.values() for problem in file.problems), *waiting)
        states = repr(sorted((path, file.state) for path, file in known.items()))
        return Snapshot(tables, problems, hashlib.sha256((states + repr(problems)).encode()).hexdigest()[:32])

    def _is_complete(self, entry: Entry) -> bool:
        """Whether a file is old enough, or had the same size and time at the last listing."""
        settle = self._settings.settle_seconds
        age = (datetime.now(UTC) - entry.modified_at).total_seconds()
        return age >= settle or self._seen.get(entry.path) == entry.state

    def _read(self, storage: Storage, entry: Entry) -> _KnownFile:
        """Read a file with all that is in it; what cannot be read is a problem, and hides no other file."""
        self.reads += 1
        file = _KnownFile(entry.state)
        try:
            contents = contents_of(storage, entry, self._settings.max_file_mb * BYTES_PER_MEGABYTE)
        except FileFaultError as fault:
            file.problems.append(FileProblem(entry.name, fault.reason, hides_results=True))
            return file
        except OSError as exc:
            return _denied(file, entry, exc)
        for content in contents:
            try:
                table = read_table(content, self._families, self._settings.id_digits)
            except FileFaultError as fault:
                where = "" if fault.line is None else f" (line {fault.line})"
                is_export = fault.line != 1  # a file whose first line no map knows is another vendor's
                file.problems.append(FileProblem(content.name, fault.reason + where, hides_results=is_export))
            except (zipfile.BadZipFile, zlib.error, EOFError):
                file.problems.append(FileProblem(content.name, "a damaged archive", hides_results=True))
            except OSError as exc:
                return _denied(file, entry, exc)
            else:
                count_unreadable_rows(table, self._dates)
                file.tables.append(table)
        return file


def _denied(file: _KnownFile, entry: Entry, exc: OSError) -> _KnownFile:
    """
    The file with the problem that the storage refuses to read it, which hides no other file.

    Raises:
        AdapterError: the storage did not refuse, but failed.
    """
    error = storage_error(exc)
    if not isinstance(error, RefusedError):
        raise error from None
    file.problems.append(FileProblem(entry.name, DENIED, hides_results=True))
    file.was_denied = True
    return file
