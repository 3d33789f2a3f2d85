"""Taking old files away, so that a check can tell them from files that somebody else took."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from student_graph.gateway.disclosure import retired, signatures
from student_graph.gateway.disclosure.chain import NAME, VERSION, Other, stamp
from student_graph.gateway.disclosure.reading import Problem, beginning, check
from student_graph.gateway.disclosure.signatures import Head


class Retirement(NamedTuple):
    """What became of old files."""

    gone: list[Head]
    """Those that were removed: how many lines they had."""
    kept: list[Problem]
    """Those that were not: something is wrong with them, or with a file of which they alone may tell."""


def retire(directory: Path, key: Ed25519PrivateKey, before: str) -> Retirement:
    """
    Remove the files that ended before a day (UTC), such as `2026-11-01`, and are whole; their heads stay.

    Raises:
        OSError: that cannot be written down, and all are still there; or one cannot be removed.
    """
    found = check(directory, key.public_key())
    wrong = {Path(problem.file).stem for problem in found.problems}
    old = {name: ended for name, ended in found.ended.items() if ended.at < before}
    others = {name: _others(directory / name) for name in old}
    kept = []
    for path in sorted(directory.glob(NAME)):
        missed = [other.file for other in others.get(path.name, ()) if Path(other.file).stem in wrong]
        if path.stem in wrong or missed:
            what = "it is not whole" if path.stem in wrong else f"it tells of {missed[0]}, which is not whole"
            kept.append(Problem(path.name, 0, what))
            old.pop(path.name, None)
    now = stamp(datetime.now(UTC))
    gone = [Head(VERSION, retired.RETIRED, name, now, each.lines, each.last) for name, each in sorted(old.items())]
    staying = [each for name in old for each in others[name] if each.file not in old]
    if gone:
        retired.add(directory, [*_known(directory, staying, now), *gone], key)
    for name in old:
        # The head goes last: a file without one is not as it was.
        (directory / name).unlink(missing_ok=True)
        signatures.beside(directory / name).unlink(missing_ok=True)
    return Retirement(gone, kept)


def _known(directory: Path, others: list[Other], now: str) -> Iterable[Head]:
    """How far files were that are still there: the furthest that is told of each."""
    furthest = {each.file: each for each in sorted(others, key=lambda other: other.lines)}
    for name, each in furthest.items():
        if (directory / name).exists():
            yield Head(VERSION, retired.KNOWN, name, now, each.lines, each.last)


def _others(path: Path) -> list[Other]:
    start, _ = beginning(path)
    return start.others if start else []
