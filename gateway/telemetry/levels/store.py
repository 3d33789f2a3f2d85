"""
The counts of each day in files: `DISTRICT/counts-20261129-w1-5f3c09ab.json`.

Each process writes files of its own, one for each district and day (UTC), and replaces them as a whole. So no
count is there twice, whichever process ends or is killed, and the counts of several machines are added by copying
their folders into one. All that is kept of a district is in its folder.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from student_graph.gateway.telemetry.levels.counts import HourCounts, total

FORMAT_VERSION = 1
NAME = re.compile(r"counts-(\d{8})-w(\d+)-[0-9a-f]{8}\.json")
DISTRICT = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""What the id of a district looks like; nothing else names a folder to remove."""
NEW_SUFFIX = ".new"
"""At the end of the name of a file that is being written."""
MAX_FILE_BYTES = 4 << 20
"""A larger file is not one of these."""


class DayFile(msgspec.Struct, forbid_unknown_fields=True):
    """The content of a file."""

    v: int
    """Version of the format."""
    district: str
    day: date
    """The day in UTC."""
    hours: dict[int, HourCounts]
    """By hour of the day in UTC."""


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """What some files hold together."""

    hours: Mapping[datetime, HourCounts]
    """By beginning of the hour."""
    unreadable: Sequence[Path]
    """Files that could not be read and are left out."""


class CountFiles:
    """The files of one process."""

    def __init__(self, directory: Path, worker: int) -> None:
        """Write into folders of `directory`; `worker` is the number of the process among those of its gateway."""
        self.directory = directory
        self._worker = worker
        self._process = _token()
        self._tokens: dict[str, str] = {}
        """In the names of a district's files in place of the process's own token."""

    def path(self, district: str, day: date) -> Path:
        """The file of a district and a day."""
        token = self._tokens.get(district, self._process)
        return self.directory / district / f"counts-{day:%Y%m%d}-w{self._worker}-{token}.json"

    def begin_new_files(self, districts: Iterable[str]) -> None:
        """Write districts whose counts begin again into other files, so that earlier ones stay as they are."""
        self._tokens |= {district: _token() for district in districts}

    @staticmethod
    def encode(district: str, day: date, hours: Mapping[int, HourCounts]) -> bytes:
        """The content of a file."""
        return msgspec.json.encode(DayFile(FORMAT_VERSION, district, day, dict(hours)))

    def read_earlier(self, district: str, since: date) -> StoredCounts:
        """What processes with the same number had counted for a district since a day."""
        return read(_files(self.directory / district, since, date.max, self._worker))


def _token() -> str:
    """What no other process has in the names of its files."""
    return secrets.token_hex(4)


def write(path: Path, content: bytes) -> None:
    """
    Replace a file; it waits for the disk.

    Raises:
        OSError: it cannot be written, and is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}{NEW_SUFFIX}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


def read_days(directories: Iterable[Path], district: str, first: date, last: date) -> StoredCounts:
    """The counts of a district from a day to another one (UTC); a file that is in several folders counts once."""
    files = {path.name: path for folder in directories for path in _files(folder / district, first, last)}
    return read(files.values())


def read(paths: Iterable[Path]) -> StoredCounts:
    """The counts in some files together."""
    hours: dict[datetime, HourCounts] = {}
    unreadable = []
    for path in paths:
        try:
            hours = _with_file(hours, path)
        except FileNotFoundError:  # removed in the meantime
            continue
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            unreadable.append(path)
    return StoredCounts(hours, unreadable)


def _with_file(hours: Mapping[datetime, HourCounts], path: Path) -> dict[datetime, HourCounts]:
    """
    Counts with those of a file added.

    Raises:
        ValueError: the file holds something else.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError("too large")
    content = msgspec.json.decode(path.read_bytes(), type=DayFile)
    match = NAME.fullmatch(path.name)
    is_named = match is not None and (match[1], path.parent.name) == (f"{content.day:%Y%m%d}", content.district)
    if content.v != FORMAT_VERSION or not is_named:
        raise ValueError("another version, or another file's name")
    added = dict(hours)
    for hour, counts in content.hours.items():
        begins = datetime(content.day.year, content.day.month, content.day.day, hour, tzinfo=UTC)
        added[begins] = total(added.get(begins, HourCounts()), counts)
    return added


def first_day(directories: Iterable[Path], district: str) -> date | None:
    """The first day (UTC) for which there are counts of a district; None without any."""
    names = [path.name for folder in directories for path in _files(folder / district, date.min, date.max)]
    return min((_day_of(name) for name in names), default=None)


def remove_district(directory: Path, district: str) -> int:
    """
    Remove all counts of a district, and return the number of files that there were.

    Processes whose settings still have the district write new ones, so take it out of the settings first.

    Raises:
        OSError: a file cannot be removed.
        ValueError: the name is not that of a district.
    """
    if not DISTRICT.fullmatch(district):
        raise ValueError("the name of a district, and no path")
    folder = directory / district
    if not folder.is_dir():
        return 0
    files = sum(1 for path in folder.iterdir())
    shutil.rmtree(folder)
    return files


def remove_before(directory: Path, day: date) -> None:
    """
    Remove the counts of days before a day, of all districts.

    Raises:
        OSError: a file cannot be removed.
    """
    for folder in directory.iterdir() if directory.is_dir() else ():
        for path in _files(folder, date.min, day - timedelta(days=1)):
            path.unlink(missing_ok=True)


def _files(folder: Path, first: date, last: date, worker: int | None = None) -> Iterator[Path]:
    """The files of some days in a district's folder; with `worker` only those of processes with this number."""
    for path in sorted(folder.glob("counts-*.json")):
        match = NAME.fullmatch(path.name)
        if match is None or worker not in (None, int(match[2])):
            continue
        with suppress(ValueError):
            if first <= _day_of(path.name) <= last:
                yield path


def _day_of(name: str) -> date:
    """
    The day of a file by its name.

    Raises:
        ValueError: it is none, such as February 30.
    """
    return datetime.strptime(name.split("-")[1], "%Y%m%d").replace(tzinfo=UTC).date()
