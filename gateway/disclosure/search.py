"""Searches in the log files: who saw a student, how much was disclosed, and who used break-glass access."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from student_graph.gateway.disclosure.log_file import BREAK_GLASS_LABEL, FILE_GLOB, format_instant

_SAME_KEY = b'"same":"'


def disclosures_of(
    directory: Path, pseudonym: str, since: str = "", known_files: Container[str] = ()
) -> Iterator[dict[str, Any]]:
    """
    Disclosures of the student with a pseudonym, since a day such as `2026-11-01`, in the order of the files.

    Files with the names in `known_files` are left out: they were read in another directory.

    A line that refers to an earlier line is returned with all keys of that line, and its own id and time.
    """
    quoted = b'"' + pseudonym.encode() + b'"'
    paths = (path for path in sorted(directory.glob(FILE_GLOB)) if path.name not in known_files)
    for file in _open_files(paths):
        full_lines: dict[bytes, dict[str, Any]] = {}
        for line in file:
            disclosure = None
            if quoted in line:
                disclosure = _decode(line)
                disclosure = disclosure if pseudonym in disclosure.get("students", ()) else None
                if disclosure is not None:
                    full_lines[str(disclosure["id"]).encode()] = disclosure
            elif full_lines and (start := line.find(_SAME_KEY)) > 0:
                full_line = full_lines.get(line[start + len(_SAME_KEY) :].partition(b'"')[0])
                repeat = _decode(line) if full_line else None
                disclosure = full_line | repeat if full_line and repeat else None
            if disclosure is not None and disclosure.get("ts", "") >= since:
                yield disclosure


def count_break_glass(directory: Path, actor: str, since: datetime) -> int:
    """How many break-glass accesses the viewer with a pseudonym has opened since an instant."""
    first_name, first_instant = f"disclosure-{since:%Y%m%d}", format_instant(since)
    paths = sorted(directory.glob(f"disclosure-*{BREAK_GLASS_LABEL}.jsonl"))
    files = _open_files(path for path in paths if path.name >= first_name)
    accesses = (_decode(line) for file in files for line in file if b'"opening":{' in line)
    return sum(
        access.get("ts", "") >= first_instant and access.get("actor", {}).get("sub") == actor
        for access in accesses
    )


def _open_files(paths: Iterable[Path]) -> Iterator[BinaryIO]:
    """The files, opened in order; a file that is retired in the meantime is skipped."""
    for path in paths:
        with suppress(FileNotFoundError), path.open("rb") as file:
            yield file


def _decode(line: bytes) -> dict[str, Any]:
    """The JSON object in a line; empty if the line is something else."""
    try:
        content = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


class _Actor(msgspec.Struct):
    role: str = ""


class _Line(msgspec.Struct):
    """The parts of a line that say how much was disclosed, and to which role."""

    id: str = ""
    ts: str = ""
    tenant: str = ""
    same: str | None = None
    count: int = 0
    actor: _Actor | None = None
    counts: dict[str, list[int]] | None = None
    opening: dict[str, Any] | None = None


@dataclass(slots=True)
class DisclosureCounts:
    """How much was disclosed in a period, without names or numbers of people."""

    answers: Counter[str] = field(default_factory=Counter)
    """Responses that disclosed records, by role of the viewer."""
    records: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Records in them, by role and class of data."""
    openings: int = 0
    """Break-glass accesses that were opened."""


CLASS_NOT_KNOWN = "NOT_KNOWN"
"""Class of records in lines that are older than counts by class."""


def count_disclosures(
    directories: Iterable[Path], district: str, since: datetime, until: datetime
) -> DisclosureCounts:
    """
    Count what was disclosed of a district between two instants; this needs no key.

    A file that is in several directories, such as a copy of another host's, counts once.
    """
    first, last = (
        f"disclosure-{since - timedelta(days=1):%Y%m%d}",
        f"disclosure-{until + timedelta(days=1):%Y%m%d}",
    )
    files = {path.name: path for folder in directories for path in folder.glob(FILE_GLOB)}
    selected = [files[name] for name in sorted(files) if first <= name < last]
    tenant = b'"tenant":' + msgspec.json.encode(district)
    first_instant, end = format_instant(since), format_instant(until)
    counts, decoder = DisclosureCounts(), msgspec.json.Decoder(_Line)
    for file in _open_files(selected):
        full_lines: dict[str, _Line] = {}
        for text in file:
            if tenant not in text:
                continue
            try:
                line = decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError):  # the last line of a process that was killed
                continue
            if line.same is None:
                full_lines[line.id] = line
            if line.tenant == district and first_instant <= line.ts < end:
                _count_line(counts, line if line.same is None else full_lines.get(line.same, line))
    return counts


def _count_line(counts: DisclosureCounts, line: _Line) -> None:
    """Count one response or break-glass access."""
    role = line.actor.role if line.actor is not None else ""
    if line.opening is not None:
        counts.openings += 1
    elif line.count:
        counts.answers[role] += 1
        of_classes = {name: sum(numbers) for name, numbers in (line.counts or {}).items()}
        for name, number in (of_classes or {CLASS_NOT_KNOWN: line.count}).items():
            counts.records[role, name] += number
