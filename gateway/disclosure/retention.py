"""Retention: remove old log files so that verification can tell them from files that somebody else removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from student_graph.gateway.disclosure import checkpoints, retired_files
from student_graph.gateway.disclosure.checkpoints import Checkpoint
from student_graph.gateway.disclosure.log_file import FILE_GLOB, FORMAT_VERSION, EarlierFile, format_instant
from student_graph.gateway.disclosure.verification import FileEnd, Problem, read_start_line, verify_log


class Retirement(NamedTuple):
    """What was done with old files."""

    removed_files: list[Checkpoint]
    """Files that were removed: their names and how many lines they had."""
    kept_files: list[Problem]
    """Files that stay, with the reason: they, or a file that they list, are not intact."""


def retire_files(directory: Path, key: Ed25519PrivateKey, before: str) -> Retirement:
    """
    Remove the files that are intact and were closed before a day (UTC), such as `2026-11-01`.

    Their last checkpoints are signed and kept in `retired.jsonl`.

    Raises:
        OSError: the list cannot be written, and no file was removed; or a file cannot be removed.
    """
    result = verify_log(directory, key.public_key())
    damaged = {Path(problem.file).stem for problem in result.problems}
    retiring = {name: end for name, end in result.closed_files.items() if end.closed_at < before}
    earlier_files = {name: _earlier_files(directory / name) for name in retiring}
    kept_files = []
    for path in sorted(directory.glob(FILE_GLOB)):
        known = [
            earlier.file for earlier in earlier_files.get(path.name, ()) if Path(earlier.file).stem in damaged
        ]
        if path.stem in damaged or known:
            reason = (
                "it is not intact" if path.stem in damaged else f"it refers to {known[0]}, which is not intact"
            )
            kept_files.append(Problem(path.name, 0, reason))
            retiring.pop(path.name, None)
    return Retirement(retire(directory, key, retiring), kept_files)


def retire(directory: Path, key: Ed25519PrivateKey, retiring: Mapping[str, FileEnd]) -> list[Checkpoint]:
    """
    Remove files that are intact and closed, by name, and sign that they existed.

    Raises:
        OSError: the list cannot be written, and no file was removed; or a file cannot be removed.
    """
    now = format_instant(datetime.now(UTC))
    earlier_files = {name: _earlier_files(directory / name) for name in retiring}
    removed = [
        Checkpoint(FORMAT_VERSION, retired_files.RETIRED, name, now, end.lines, end.last)
        for name, end in sorted(retiring.items())
    ]
    staying = [earlier for name in retiring for earlier in earlier_files[name] if earlier.file not in retiring]
    if removed:
        retired_files.add(directory, [*_known_files(directory, staying, now), *removed], key)
    for name in retiring:
        # The sidecar is removed last, because a file without a sidecar counts as tampered with.
        (directory / name).unlink(missing_ok=True)
        checkpoints.sidecar_path(directory / name).unlink(missing_ok=True)
    return removed


def _known_files(directory: Path, files: list[EarlierFile], now: str) -> Iterable[Checkpoint]:
    """The greatest known length of each file that still exists."""
    longest = {file.file: file for file in sorted(files, key=lambda file: file.lines)}
    for name, file in longest.items():
        if (directory / name).exists():
            yield Checkpoint(FORMAT_VERSION, retired_files.KNOWN, name, now, file.lines, file.last)


def _earlier_files(path: Path) -> list[EarlierFile]:
    start, _ = read_start_line(path)
    return start.others if start else []
