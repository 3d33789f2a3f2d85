"""Verification of the log files: finds every edit, deletion, reordering and truncation."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from student_graph.gateway.disclosure import checkpoints, retired_files
from student_graph.gateway.disclosure.checkpoints import Checkpoint
from student_graph.gateway.disclosure.log_file import FILE_GLOB, StartLine

KILLED_BEFORE_FIRST_LINE = "its process was killed before it wrote the first line"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the log, or worth a note."""

    file: str
    """Name of the file."""
    line: int
    """Number of the line, starting at 1; 0 for the file itself."""
    message: str


class FileEnd(NamedTuple):
    """How a closed file ends."""

    lines: int
    last: str
    """Digest of the last line."""
    closed_at: str
    """When the final checkpoint was signed, as the log writes instants."""


@dataclass(slots=True)
class Verification:
    """The result of verifying a directory; the log is intact if there are no problems."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    """Remarks that do not mean tampering, such as the unsigned last lines of a killed process."""
    lines: int = 0
    """Number of lines that were read."""
    files: int = 0
    """Number of files that were read."""
    retired: int = 0
    """Number of files that were removed on purpose."""
    closed_files: dict[str, FileEnd] = field(default_factory=dict)
    """The files that were closed, by name."""


class _Evidence(NamedTuple):
    """What another part of the log says about a file: its number of lines and the digest of the last one."""

    lines: int
    last: str
    origin: str
    """Where the statement is, such as the name of a later file."""


def verify_log(directory: Path, public_key: Ed25519PublicKey) -> Verification:
    """Look for edits, deletions, reordering and truncation in all files of a directory."""
    result = Verification()
    # A sidecar exists before its file and is removed after it, and files are read after sidecars: a process that
    # writes or retires files in the meantime causes no false problem.
    paths = sorted(directory.glob(FILE_GLOB))
    sidecars = checkpoints.read_sidecars(directory)
    evidence: dict[str, list[_Evidence]] = {}
    continued: set[str | None] = set()
    existing: set[str] = set()
    for path in paths:
        try:
            start, has_more = read_start_line(path)
        except FileNotFoundError:
            continue
        existing.add(path.name)
        for earlier in start.others if start else ():
            evidence.setdefault(earlier.file, []).append(_Evidence(earlier.lines, earlier.last, path.name))
        if start and has_more:
            continued.add(start.follows)
    retired = _read_retired(directory, public_key, result, evidence)
    for name in sorted(existing):
        verifier = _FileVerifier(directory / name, public_key, result, is_continued=name in continued)
        with suppress(FileNotFoundError):
            verifier.verify(sidecars.get(checkpoints.sidecar_path(directory / name)), evidence.get(name, []))
    result.retired = len(retired - existing)
    for name, known in sorted(evidence.items()):
        if name not in existing | retired:
            result.problems.append(Problem(name, 0, f"the file is missing; {known[0].origin} refers to it"))
    for path, content in sidecars.items():
        log_file = path.with_suffix(".jsonl")
        if log_file.name not in existing | retired and not log_file.exists():
            _verify_lone_sidecar(log_file.name, content, public_key, result)
    return result


def _read_retired(
    directory: Path, public_key: Ed25519PublicKey, result: Verification, evidence: dict[str, list[_Evidence]]
) -> set[str]:
    """Names of the retired files; what the list says about any file is added to the evidence."""
    names = set()
    for number, checkpoint in enumerate(retired_files.read(directory, public_key), 1):
        if checkpoint is None:
            result.problems.append(Problem(retired_files.FILE_NAME, number, "the signature is not valid"))
            continue
        known = _Evidence(checkpoint.lines, checkpoint.last, retired_files.FILE_NAME)
        evidence.setdefault(checkpoint.file, []).append(known)
        if checkpoint.kind == retired_files.RETIRED:
            names.add(checkpoint.file)
    return names


def read_start_line(path: Path) -> tuple[StartLine | None, bool]:
    """The first line of a file, or None if it is not a start line; and whether a complete second line follows."""
    with path.open("rb") as file:
        return _parse_start_line(file.readline()), file.readline().endswith(b"\n")


def _parse_start_line(line: bytes) -> StartLine | None:
    try:
        return _decode_start_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _verify_lone_sidecar(name: str, content: bytes, public_key: Ed25519PublicKey, result: Verification) -> None:
    """Verify a sidecar without its file. That is a problem, unless the file's first line was not written yet."""
    checkpoint = checkpoints.verify(content, public_key)
    if checkpoint is not None and checkpoint.kind == checkpoints.SIDECAR_INITIAL:
        result.notes.append(Problem(name, 0, KILLED_BEFORE_FIRST_LINE))
    else:
        result.problems.append(Problem(name, 0, "the file is missing; its signature file is there"))


class _FileVerifier:
    """Verifies one file, line by line."""

    def __init__(
        self, path: Path, public_key: Ed25519PublicKey, result: Verification, *, is_continued: bool
    ) -> None:
        """
        Add all problems to `result`. `is_continued` says that the file's process wrote lines into a later file.
        """
        self._path = path
        self._public_key = public_key
        self._result = result
        self._is_continued = is_continued
        self._lines = self._signed_lines = 0
        self._last_digest = self._closed_at = ""
        self._has_partial_line = self._is_closed = False

    def verify(self, sidecar: bytes | None, evidence: list[_Evidence]) -> None:
        """Compare the file with itself, with its sidecar, and with what other files say about it."""
        checkpoint = self._verify_sidecar(sidecar)
        if checkpoint is not None:
            evidence = [_Evidence(checkpoint.lines, checkpoint.last, "its signature file"), *evidence]
        evidence_by_line: dict[int, list[_Evidence]] = {}
        for known in evidence:
            evidence_by_line.setdefault(known.lines, []).append(known)
        self._verify_lines(evidence_by_line)
        self._verify_end(checkpoint, evidence)

    def _verify_sidecar(self, sidecar: bytes | None) -> Checkpoint | None:
        """The checkpoint in the sidecar; None, and a problem, if it is not one of this file."""
        checkpoint = None if sidecar is None else checkpoints.verify(sidecar, self._public_key)
        kinds = {checkpoints.SIDECAR_INITIAL, checkpoints.SIDECAR, checkpoints.SIDECAR_FINAL}
        if checkpoint is not None and checkpoint.file == self._path.name and checkpoint.kind in kinds:
            return checkpoint
        state = "missing" if sidecar is None else "not valid"
        name = checkpoints.sidecar_path(self._path).name
        self._result.problems.append(Problem(name, 0, f"the signature is {state}"))
        return None

    def _verify_lines(self, evidence_by_line: dict[int, list[_Evidence]]) -> None:
        """Read all lines: each must refer to the one before, and agree with the evidence about it."""
        expected_end = b',"prev":""}'
        with self._path.open("rb", buffering=1 << 20) as file:
            for raw_line in file:
                if not raw_line.endswith(b"\n"):
                    self._has_partial_line = True
                    break
                self._lines += 1
                line = raw_line[:-1]
                if self._is_closed:
                    self._add_problem("there are lines after the final signature")
                if not line.endswith(expected_end):
                    self._add_problem("the line does not follow the one before it")
                if self._lines == 1:
                    self._verify_start_line(line)
                elif line.startswith(_KIND_PREFIX):
                    self._verify_checkpoint(line)
                self._last_digest = f"sha256:{sha256(line).hexdigest()}"
                expected_end = b',"prev":"%b"}' % self._last_digest.encode()
                for known in evidence_by_line.get(self._lines, ()):
                    if known.last != self._last_digest:
                        self._add_problem(f"the line is not the one that {known.origin} refers to")
        self._result.files += 1
        self._result.lines += self._lines

    def _verify_start_line(self, line: bytes) -> None:
        start = _parse_start_line(line)
        if start is None:
            self._add_problem("the start line is missing")
        elif (start.kind, start.file) != ("start", self._path.name):
            self._add_problem("the start line belongs to another file")

    def _verify_checkpoint(self, line: bytes) -> None:
        checkpoint = checkpoints.verify(line.rpartition(b',"prev":"')[0] + b"}\n", self._public_key)
        if checkpoint is None or checkpoint.kind not in {checkpoints.IN_FILE, checkpoints.IN_FILE_FINAL}:
            self._add_problem("the signature is not valid")
            return
        covered = (checkpoint.file, checkpoint.lines, checkpoint.last)
        if covered != (self._path.name, self._lines - 1, self._last_digest):
            self._add_problem("the signature covers other lines")
            return
        self._signed_lines = self._lines
        self._is_closed = checkpoint.kind == checkpoints.IN_FILE_FINAL
        self._closed_at = checkpoint.ts

    def _verify_end(self, sidecar: Checkpoint | None, evidence: list[_Evidence]) -> None:
        """Compare where the file ends with its checkpoints and with the evidence."""
        if self._lines == 0 and sidecar is not None and sidecar.kind == checkpoints.SIDECAR_INITIAL:
            self._add_note(KILLED_BEFORE_FIRST_LINE)
            return
        known_lines = max((known.lines for known in evidence), default=0)
        must_be_closed = self._is_continued or (sidecar is not None and sidecar.kind == checkpoints.SIDECAR_FINAL)
        has_ended = self._is_closed or must_be_closed
        if self._is_closed:
            self._result.closed_files[self._path.name] = FileEnd(self._lines, self._last_digest, self._closed_at)
        if self._lines < known_lines:
            self._add_problem(f"truncated: there were {known_lines} lines")
        elif has_ended and self._has_partial_line:
            self._add_problem("there are lines after the final signature")
        elif must_be_closed and not self._is_closed:
            self._add_problem("the final signature is missing")
        elif self._lines == 0:
            self._add_problem("the file is empty")
        if has_ended:
            return
        if self._has_partial_line:
            self._add_note("the last line is incomplete: its process was killed, or is writing it")
        unsigned_lines = self._lines - self._signed_lines
        unsigned = f"; the last {unsigned_lines} lines are not signed" if unsigned_lines else ""
        self._add_note(f"not closed: its process is running, or was killed{unsigned}")

    def _add_problem(self, message: str) -> None:
        self._result.problems.append(Problem(self._path.name, self._lines, message))

    def _add_note(self, message: str) -> None:
        self._result.notes.append(Problem(self._path.name, self._lines, message))


_KIND_PREFIX = b'{"v":1,"kind":"'
"""Start of every line that is not a disclosure."""
_decode_start_line = msgspec.json.Decoder(StartLine).decode
