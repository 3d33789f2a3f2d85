"""Searches in the log files: who saw a student, and how often somebody used break-glass access."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from student_graph.gateway.disclosure.log_file import BREAK_GLASS_LABEL, FILE_GLOB, format_instant

_SAME_KEY = b'"same":"'


def disclosures_of(directory: Path, pseudonym: str, since: str = "") -> Iterator[dict[str, Any]]:
    """
    Disclosures of a student, by the pseudonym, since a day such as `2026-11-01`; in the order of the files.

    A line that refers to an earlier line is returned with all keys of that line, and its own id and time.
    """
    quoted = b'"' + pseudonym.encode() + b'"'
    for file in _open_files(sorted(directory.glob(FILE_GLOB))):
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
    """How many break-glass accesses somebody, by the pseudonym, has opened since an instant."""
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
