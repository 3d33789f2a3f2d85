"""
A OneRoster CSV export as tables: one archive or one folder with files of fixed names.

OneRoster 1.1 and 1.2 CSV: https://www.imsglobal.org/oneroster-v11-final-csv-tables
"""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.files.adapter.settings import FileSettings
from student_graph.adapters.files.client.archives import contents_of
from student_graph.adapters.files.client.columns import (
    Column,
    ColumnPlan,
    Columns,
    FileContent,
    RowIndex,
    index_rows,
    read_columns,
    read_start,
)
from student_graph.adapters.files.client.faults import FileFaultError
from student_graph.adapters.files.client.headers import DELIMITERS, split_line
from student_graph.adapters.files.client.index import BYTES_PER_MEGABYTE
from student_graph.adapters.files.client.storage import Entry, Storage, storage_error
from student_graph.adapters.interface import SourceFile

TABLES = (
    "academicSessions", "assessmentLineItems", "assessmentResults", "categories", "classes", "courses",
    "demographics", "enrollments", "lineItems", "orgs", "results", "roles", "users",
)  # fmt: skip
"""Files of the standard that are read, without `.csv`; others are ignored."""
MANIFEST = "manifest"
_SUFFIX = ".csv"
_ABSENT, _BULK, _DELTA = "absent", "bulk", "delta"


@dataclass(slots=True)
class RosterTable:
    """The rows of one file of the export."""

    name: str
    modified_at: datetime
    content: Columns
    _indexes: dict[str, RowIndex] = field(default_factory=dict)

    @property
    def columns(self) -> Mapping[str, Column]:
        """Columns by the name in the standard."""
        return self.content.columns

    def rows_with(self, column: str, text: str) -> list[int]:
        """Return the rows with a text in a column, in the order of the file; none without the column."""
        if column not in self.columns:
            return []
        if column not in self._indexes:
            self._indexes[column] = index_rows(self.columns[column])
        return self._indexes[column].rows(text)

    def rows(self) -> list[int]:
        """Return all rows."""
        return list(range(self.content.row_count))


@dataclass(frozen=True, slots=True)
class Roster:
    """The tables of the newest complete export."""

    tables: Mapping[str, RosterTable] = field(default_factory=dict)
    files: tuple[SourceFile, ...] = ()
    """The files as operators see them."""
    version: str = ""
    """Changes whenever another export is served."""


class RosterIndex:
    """The newest complete export at a location; its methods may be called from several threads."""

    def __init__(self, settings: FileSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._storage: Storage | None = None
        self._lock = threading.Lock()
        self._listed_at: float | None = None
        self._states: dict[str, tuple[int, datetime]] = {}
        self._seen: dict[str, tuple[int, datetime]] = {}
        self._key = ""
        self.roster = Roster()

    def current(self) -> Roster | None:
        """Return the present tables, or None if the last listing is older than the interval."""
        listed_at = self._listed_at
        is_due = listed_at is None or self._clock() - listed_at >= self._settings.refresh_seconds
        return None if is_due else self.roster

    def refresh(self) -> Roster:
        """
        Return the present tables; list the location first if the last listing is older than the interval.

        Raises:
            AdapterError: the location cannot be listed, or no export there is complete.
        """
        with self._lock:
            if self.current() is None:
                now, self._listed_at = self._clock(), None
                self._update()
                self._listed_at = now
            return self.roster

    def _update(self) -> None:
        if self._storage is None:
            self._storage = Storage(self._settings)
        exports = _exports(self._storage.entries())
        problems: list[SourceFile] = []
        states = {entry.path: entry.state for entries in exports for entry in entries}
        for entries in exports:
            key = repr(sorted((entry.path, entry.state) for entry in entries))
            if key == self._key:
                break
            if not all(self._is_complete(entry) for entry in entries):
                continue
            try:
                tables = self._read(self._storage, entries)
            except FileFaultError as fault:
                problems.append(SourceFile(name=_export_name(entries), problem=fault.reason))
                continue
            version = hashlib.sha256(key.encode()).hexdigest()[:32]
            self._key, self.roster = key, Roster(tables, tuple(map(_source_file, tables.values())), version)
            break
        else:
            if not self._key:
                self._seen = states
                reason = problems[0].problem if problems else "no files of OneRoster CSV"
                raise UnavailableError(f"no complete export: {reason}")
        served = tuple(file for file in self.roster.files if file.rows is not None)
        self.roster = Roster(self.roster.tables, (*served, *problems), self.roster.version)
        self._seen = states

    def _is_complete(self, entry: Entry) -> bool:
        age = time.time() - entry.modified_at.timestamp()
        return age >= self._settings.settle_seconds or self._seen.get(entry.path) == entry.state

    def _read(self, storage: Storage, entries: list[Entry]) -> dict[str, RosterTable]:
        """
        Read all files of an export.

        Raises:
            FileFaultError: one of them cannot be read, or the manifest does not match: then none is served.
        """
        max_bytes = self._settings.max_file_mb * BYTES_PER_MEGABYTE
        try:
            contents = {
                name: content
                for entry in entries
                for content in contents_of(storage, entry, max_bytes)
                if (name := _table_name(content.name))
            }
            manifest = _manifest(contents.pop(MANIFEST)) if MANIFEST in contents else {}
            _check(manifest, contents)
            tables: dict[str, RosterTable] = {}
            left = self._settings.memory_mb * BYTES_PER_MEGABYTE
            for name, content in contents.items():
                tables[name] = _table(content)
                left -= tables[name].content.size
                if left < 0:
                    raise FileFaultError("larger than the setting memory_mb allows")
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise FileFaultError("a damaged archive; it may be half written") from None
        except OSError as exc:
            raise storage_error(exc) from None
        return tables


def _exports(entries: list[Entry]) -> list[list[Entry]]:
    """The files of each export: an archive, or the files of one folder; the newest first."""
    exports: dict[str, list[Entry]] = {}
    for entry in entries:
        name = entry.name.lower()
        if name.endswith(".zip"):
            exports[entry.path] = [entry]
        elif _table_name(entry.name):
            exports.setdefault(entry.path.rpartition("/")[0] + "/", []).append(entry)
    return sorted(exports.values(), key=lambda files: max(entry.modified_at for entry in files), reverse=True)


def _export_name(entries: list[Entry]) -> str:
    return entries[0].name if entries[0].name.lower().endswith(".zip") else entries[0].name.rpartition("/")[0]


def _table_name(path: str) -> str:
    """The table whose file has this name, letter case ignored; empty for another file."""
    name = path.rpartition("/")[2].lower()
    names = {f"{table.lower()}{_SUFFIX}": table for table in (*TABLES, MANIFEST)}
    return names.get(name, "")


def _table(content: FileContent) -> RosterTable:
    start, text = read_start(content)
    header = next(iter(text.splitlines()), "")
    for delimiter in DELIMITERS:  # the standard has commas; a spreadsheet may have saved the file
        names = split_line(header, delimiter)
        positions = {name.replace("\ufeff", "").strip(): position for position, name in enumerate(names)}
        if "sourcedId" in positions or "userSourcedId" in positions:
            columns = read_columns(content, start, ColumnPlan(delimiter, len(names), positions))
            return RosterTable(content.name, content.modified_at, columns)
    raise FileFaultError(f"{content.name.rpartition('/')[2]} has no column sourcedId in its first line")


def _manifest(content: FileContent) -> dict[str, str]:
    """The properties of `manifest.csv`: of each file, whether it is there, as `file.users`."""
    _, text = read_start(content)
    rows = (split_line(line, ",") for line in text.splitlines())
    return {row[0].strip(): row[1].strip() for row in rows if len(row) >= 2}


def _check(manifest: Mapping[str, str], contents: Mapping[str, FileContent]) -> None:
    """
    Check that an export is complete.

    Raises:
        FileFaultError: the manifest names a file that is not there, or one with changes only; or there are no
            users.
    """
    for table in TABLES:
        kind = manifest.get(f"file.{table}", _ABSENT).lower()
        if kind == _DELTA:
            raise FileFaultError(f"{table}{_SUFFIX} has changes only (delta); ask for a bulk export")
        if kind == _BULK and table not in contents:
            raise FileFaultError(f"the manifest names {table}{_SUFFIX}, which is not there")
    if "users" not in contents:
        raise FileFaultError("there is no users.csv")


def _source_file(table: RosterTable) -> SourceFile:
    faults = table.content.faults
    return SourceFile(
        name=table.name,
        content=f"OneRoster {_table_name(table.name)}",
        modified_at=table.modified_at,
        rows=table.content.row_count,
        unreadable_rows=dict(faults.counts),
        problem="; ".join(faults.describe()) or None,
    )


__all__ = ["AdapterError", "Roster", "RosterIndex", "RosterTable"]
