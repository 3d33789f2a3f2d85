"""Reading the log: whether it is whole, and who saw a student."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.disclosure.chain import NAME, encode


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the log."""

    file: str
    line: int
    """Number of the line, the first being 1; 0 for the file as a whole."""
    what: str


@dataclass(slots=True)
class Checked:
    """What was found in a directory."""

    problems: list[Problem]
    notes: list[Problem]
    """What is no tampering: a process that was killed signs no more."""
    lines: int = 0
    files: int = 0


def check(directory: Path, public: Ed25519PublicKey) -> Checked:
    """Look for edits, deletions, changes of order and cuts in all files of a directory."""
    found = Checked([], [])
    names = {path.name for path in directory.glob(NAME)}
    for path in sorted(directory.glob(NAME)):
        found.files += 1
        _check_file(path, public, names, found)
    for head in directory.glob("disclosure-*.head"):
        if head.with_suffix(".jsonl").name not in names:
            found.problems.append(Problem(head.with_suffix(".jsonl").name, 0, "the file is gone"))
    return found


def _check_file(path: Path, public: Ed25519PublicKey, names: set[str], found: Checked) -> None:
    last, number, signed, closed = "", 0, 0, False

    def wrong(what: str) -> None:
        found.problems.append(Problem(path.name, number, what))

    with path.open("rb") as file:
        for raw in file:
            number += 1
            found.lines += 1
            line = raw.rstrip(b"\n")
            if not raw.endswith(b"\n"):
                found.notes.append(Problem(path.name, number, "the last line is torn"))
                break
            if closed:
                wrong("there is more after the end")
            if not line.endswith(b',"prev":"' + last.encode() + b'"}'):
                wrong("the line does not follow the one before it")
            kind = _kind(line)
            if kind is None and number == 1:
                wrong("the beginning is missing")
            elif kind is not None:
                told = _decoded(line)
                check_it = _of_start if kind == "start" else _of_head
                problem = check_it(told, _Place(path.name, number, last, names, public))
                if problem is not None:
                    wrong(problem)
                signed = signed if kind == "start" else number
                closed = kind == "closed"
            last = f"sha256:{sha256(line).hexdigest()}"
    _check_end(path, number, signed, closed=closed, found=found)


_OTHER = b'{"v":1,"kind":"'


def _kind(line: bytes) -> str | None:
    """What a line is that tells of no disclosure; None for the others."""
    return (
        line.removeprefix(_OTHER).partition(b'"')[0].decode(errors="replace") if line.startswith(_OTHER) else None
    )


class _Place(NamedTuple):
    """Where a line stands that tells of no disclosure."""

    file: str
    number: int
    last: str
    """Digest of the line before."""
    names: set[str]
    """Files of the directory."""
    public: Ed25519PublicKey


def _decoded(line: bytes) -> dict[str, Any]:
    """What a line says; nothing when it cannot be read."""
    try:
        told = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _of_start(told: dict[str, Any], place: _Place) -> str | None:
    """What is wrong with the line that a file begins with."""
    if told.get("file") != place.file or place.number != 1:
        return "a beginning where none belongs"
    gone = sorted(set(told.get("others", ())) - place.names)
    return f"{gone[0]} is gone" if gone else None


def _of_head(told: dict[str, Any], place: _Place) -> str | None:
    """What is wrong with a signature."""
    named = told.get("kind") in {"head", "closed"} and told.get("file") == place.file
    if not named or told.get("lines") != place.number - 1 or told.get("last") != place.last:
        return "the signature vouches for other lines"
    return None if _good(told, place.public) else "the signature is not good"


def _good(told: dict[str, Any], public: Ed25519PublicKey) -> bool:
    head = {name: value for name, value in told.items() if name not in ("signature", "prev")}
    try:
        public.verify(base64.b64decode(told["signature"]), encode(head))
    except (InvalidSignature, KeyError, ValueError, TypeError):
        return False
    return True


def _check_end(path: Path, number: int, signed: int, *, closed: bool, found: Checked) -> None:
    """Whether the file ends where its last signature says that it does."""
    if number == 0:
        found.problems.append(Problem(path.name, 0, "the file is empty"))
    head = path.with_suffix(".head")
    try:
        told = msgspec.json.decode(head.read_bytes())
        known, ended = int(told["lines"]) + 1, told["kind"] == "closed"
    except (OSError, msgspec.DecodeError, KeyError, ValueError, TypeError):
        if signed:
            found.problems.append(Problem(head.name, 0, "the signature beside the file is gone or cannot be read"))
        known, ended = 0, False
    if number < known or (ended and not closed):
        found.problems.append(Problem(path.name, number, f"cut: {known} lines were signed"))
    elif not closed and number > signed:
        count = number - signed
        found.notes.append(
            Problem(path.name, number, f"{count} lines at the end are not signed yet, or never were")
        )


def openings(directory: Path, actor: str, since: str) -> Iterator[dict[str, Any]]:
    """What somebody, by the pseudonym, has opened for a child's health or safety since an instant."""
    for path in sorted(directory.glob(NAME)):
        with path.open("rb") as file:
            for line in file:
                if b'"opening":{' in line and actor.encode() in line:
                    told = _decoded(line)
                    if told.get("ts", "") >= since and told["actor"]["sub"] == actor:
                        yield told


def seen(directory: Path, pseudonym: str, since: str = "") -> Iterator[dict[str, Any]]:
    """
    Disclosures of a student, by the pseudonym, since a day such as `2026-11-01`; in the order of the files.

    A line that says that the same was disclosed once more is told as the one that it names, with its own time.
    """
    wanted = b'"' + pseudonym.encode() + b'"'
    for path in sorted(directory.glob(NAME)):
        first: dict[bytes, dict[str, Any]] = {}
        with path.open("rb") as file:
            for line in file:
                told = None
                if wanted in line:
                    told = _decoded(line)
                    told = told if pseudonym in told.get("students", ()) else None
                    if told is not None:
                        first[str(told["id"]).encode()] = told
                elif first and (at := line.find(_SAME)) > 0:
                    again = first.get(line[at + len(_SAME) :].partition(b'"')[0])
                    told = again and again | _decoded(line)
                if told is not None and told.get("ts", "") >= since:
                    yield told


_SAME = b'"same":"'
