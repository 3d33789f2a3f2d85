"""Reading the log: whether it is whole, and who saw a student."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from student_graph.gateway.disclosure import retired, signatures
from student_graph.gateway.disclosure.chain import NAME, OPENING, Start, stamp
from student_graph.gateway.disclosure.signatures import Head


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
    retired: int = 0
    """Files that were taken away on purpose."""
    ended: dict[str, Ended] = field(default_factory=dict)
    """The files that have ended, by their names."""


class Ended(NamedTuple):
    """How a file ended, by its last line."""

    lines: int
    last: str
    """Digest of that line."""
    at: str
    """When, as the log writes it."""


def check(directory: Path, public: Ed25519PublicKey) -> Checked:
    """Look for edits, deletions, changes of order and cuts in all files of a directory."""
    found = Checked([], [])
    # A head is there before its file is and goes after it, and files are read after heads: who writes or retires
    # meanwhile is in nobody's way.
    paths = sorted(directory.glob(NAME))
    told = signatures.all_in(directory)
    named: dict[str, list[_Known]] = {}
    followed: set[str | None] = set()
    there: set[str] = set()
    for path in paths:
        try:
            start, more = beginning(path)
        except FileNotFoundError:
            continue
        there.add(path.name)
        for other in start.others if start else ():
            known = _Known(other.lines, other.last, f"as {path.name} knows it")
            named.setdefault(other.file, []).append(known)
        if start and more:
            followed.add(start.follows)
    gone = _retired(directory, public, found, named)
    for name in sorted(there):
        file = _File(directory / name, public, found, followed=name in followed)
        with suppress(FileNotFoundError):
            file.check(told.get(signatures.beside(directory / name)), named.get(name, []))
    found.retired = len(gone - there)
    for name, knowing in sorted(named.items()):
        if name not in there | gone:
            found.problems.append(Problem(name, 0, f"the file is gone ({knowing[0].whose})"))
    for path in told:
        file_of = path.with_suffix(".jsonl")
        if file_of.name not in there | gone and not file_of.exists():
            _check_alone(path, told[path], public, found)
    return found


def _retired(
    directory: Path, public: Ed25519PublicKey, found: Checked, named: dict[str, list[_Known]]
) -> set[str]:
    """Names of the files that were retired; what was known then goes to what is known of files."""
    gone = set()
    for number, head in enumerate(retired.read(directory, public), 1):
        if head is None:
            found.problems.append(Problem(retired.NAME, number, "the signature is not good"))
            continue
        named.setdefault(head.file, []).append(_Known(head.lines, head.last, f"as {retired.NAME} knows it"))
        if head.kind == retired.RETIRED:
            gone.add(head.file)
    return gone


class _Known(NamedTuple):
    """What somebody knows of a file: how many lines there were, and the digest of the last of them."""

    lines: int
    last: str
    whose: str


def beginning(path: Path) -> tuple[Start | None, bool]:
    """The first line of a file, None when it is none; and whether there is another one."""
    with path.open("rb") as file:
        try:
            start = _start(file.readline())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            start = None
        return start, file.readline().endswith(b"\n")


def _check_alone(path: Path, told: bytes, public: Ed25519PublicKey, found: Checked) -> None:
    """A head without its file: it is there a moment before the first line is."""
    head, name = signatures.opened(told, public), path.with_suffix(".jsonl").name
    if head is not None and head.kind == signatures.BEGUN:
        found.notes.append(Problem(name, 0, "the process ended before its first line"))
    else:
        found.problems.append(Problem(name, 0, "the file is gone"))


class _File:
    """One file, line by line."""

    def __init__(self, path: Path, public: Ed25519PublicKey, found: Checked, *, followed: bool) -> None:
        """`followed` says that its process went on in another one, which holds lines."""
        self._path = path
        self._public = public
        self._found = found
        self._followed = followed
        self._lines = self._signed = 0
        self._last = self._at = ""
        self._torn = self._closed = False

    def check(self, told: bytes | None, knowing: list[_Known]) -> None:
        """Compare it with itself, with the head beside it, and with what others know of it."""
        head = None if told is None else signatures.opened(told, self._public)
        if (
            head is None
            or head.file != self._path.name
            or head.kind not in {signatures.BEGUN, signatures.BESIDE, signatures.ENDED}
        ):
            what = "gone" if told is None else "not good"
            self._found.problems.append(Problem(signatures.beside(self._path).name, 0, f"the signature is {what}"))
            head = None
        else:
            knowing = [_Known(head.lines, head.last, "as the signature beside it says"), *knowing]
        milestones: dict[int, list[_Known]] = {}
        for known in knowing:
            milestones.setdefault(known.lines, []).append(known)
        self._read(milestones)
        self._end(head, knowing)

    def _read(self, milestones: dict[int, list[_Known]]) -> None:
        """All lines; each must follow the one before, and be what is known of it."""
        expected = b',"prev":""}'
        with self._path.open("rb", buffering=1 << 20) as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    self._torn = True
                    break
                self._lines += 1
                line = raw[:-1]
                if self._closed:
                    self._wrong("there is more after the end")
                if not line.endswith(expected):
                    self._wrong("the line does not follow the one before it")
                if self._lines == 1 or line.startswith(_OTHER):
                    self._check_kind(line)
                self._last = f"sha256:{sha256(line).hexdigest()}"
                expected = b',"prev":"%b"}' % self._last.encode()
                for known in milestones.get(self._lines, ()):
                    if known.last != self._last:
                        self._wrong(f"the line is another one ({known.whose})")
        self._found.files += 1
        self._found.lines += self._lines

    def _check_kind(self, line: bytes) -> None:
        """A line that tells of no disclosure: the first one, or a head."""
        if self._lines == 1:
            try:
                start = _start(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self._wrong("the beginning is missing")
                return
            if (start.kind, start.file) != ("start", self._path.name):
                self._wrong("a beginning where none belongs")
            return
        head = signatures.opened(line.rpartition(b',"prev":"')[0] + b"}\n", self._public)
        if head is None or head.kind not in {signatures.INSIDE, signatures.CLOSED}:
            self._wrong("the signature is not good")
        elif (head.file, head.lines, head.last) != (self._path.name, self._lines - 1, self._last):
            self._wrong("the signature vouches for other lines")
        else:
            self._signed, self._closed = self._lines, head.kind == signatures.CLOSED
            self._at = head.ts

    def _end(self, head: Head | None, knowing: list[_Known]) -> None:
        """Whether it ends where it may."""
        if self._lines == 0 and head is not None and head.kind == signatures.BEGUN:
            self._note("the process ended before its first line")
            return
        longest = max((known.lines for known in knowing), default=0)
        over = self._followed or (head is not None and head.kind == signatures.ENDED)
        ended = self._closed or over
        if self._closed:
            self._found.ended[self._path.name] = Ended(self._lines, self._last, self._at)
        if self._lines < longest:
            self._wrong(f"cut: there were {longest} lines")
        elif ended and self._torn:
            self._wrong("there is more after the end")
        elif over and not self._closed:
            self._wrong("the end is missing")
        elif self._lines == 0:
            self._wrong("the file is empty")
        if self._torn and not ended:
            self._note("the line after it is torn: its process was killed, or is writing it")
        if not ended:
            count = self._lines - self._signed
            unsigned = f"; {count} lines at the end are not signed yet, or never were" if count else ""
            self._note(f"not ended: its process runs, or was killed{unsigned}")

    def _wrong(self, what: str) -> None:
        self._found.problems.append(Problem(self._path.name, self._lines, what))

    def _note(self, what: str) -> None:
        self._found.notes.append(Problem(self._path.name, self._lines, what))


_OTHER = b'{"v":1,"kind":"'
_start = msgspec.json.Decoder(Start).decode


def _decoded(line: bytes) -> dict[str, Any]:
    """What a line says; nothing when it cannot be read."""
    try:
        told = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return told if isinstance(told, dict) else {}


def openings(directory: Path, actor: str, since: datetime) -> int:
    """How often somebody, by the pseudonym, opened something for a child's health or safety since an instant."""
    first, ts = f"disclosure-{since:%Y%m%d}", stamp(since)
    own = (path for path in sorted(directory.glob(f"disclosure-*{OPENING}.jsonl")) if path.name >= first)
    lines = (_decoded(line) for file in _opened(own) for line in file if b'"opening":{' in line)
    return sum(told.get("ts", "") >= ts and told.get("actor", {}).get("sub") == actor for told in lines)


def _opened(paths: Iterable[Path]) -> Iterator[BinaryIO]:
    """The files, in order; one that is retired meanwhile is passed over."""
    for path in paths:
        with suppress(FileNotFoundError), path.open("rb") as file:
            yield file


def seen(directory: Path, pseudonym: str, since: str = "") -> Iterator[dict[str, Any]]:
    """
    Disclosures of a student, by the pseudonym, since a day such as `2026-11-01`; in the order of the files.

    A line that says that the same was disclosed once more is told as the one that it names, with its own time.
    """
    wanted = b'"' + pseudonym.encode() + b'"'
    for file in _opened(sorted(directory.glob(NAME))):
        first: dict[bytes, dict[str, Any]] = {}
        for line in file:
            told = None
            if wanted in line:
                told = _decoded(line)
                told = told if pseudonym in told.get("students", ()) else None
                if told is not None:
                    first[str(told["id"]).encode()] = told
            elif first and (at := line.find(_SAME)) > 0:
                again = first.get(line[at + len(_SAME) :].partition(b'"')[0])
                mine = _decoded(line) if again else None
                told = again | mine if again and mine else None
            if told is not None and told.get("ts", "") >= since:
                yield told


_SAME = b'"same":"'
