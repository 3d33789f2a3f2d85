"""Disclosure logs for tests: keys, entries, and what the files of a log hold."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.gateway.disclosure.checkpoints import sidecar_path
from student_graph.gateway.disclosure.entries import DisclosedRecords, Entry, OperationSummary, disclosure_entry
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.log_file import LogFile
from student_graph.gateway.disclosure.verification import Verification, verify_log
from student_graph.resolvers.context import Viewer, ViewerRole

HILL = DistrictId("hill")
SECRET = b"s" * 32
KEYS = DisclosureKeys(SECRET)
PUBLIC_KEY = KEYS.signing_key.public_key()
TEACHER = Viewer(
    "ada", ViewerRole.TEACHER, frozenset({HILL}), purpose="instruction", issuer="https://login.example"
)
ROSTER = OperationSummary("sha256:00", "Roster", ("Student.name",))
POLICY = "sha256:11"
REQUEST_ID = "r" * 32

DAY_SECONDS = 86_400.0
NOON = 1_795_608_000.0
"""Noon (UTC) of 2026-11-25, in seconds since 1970."""
NO_SPACE = OSError(28, "No space left on device")

Files: TypeAlias = dict[str, bytes]
"""Contents of the files in a directory, by name."""


@dataclass
class Clock:
    """A clock that a test sets: seconds."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


class FullDisk(LogFile):
    """A log file on a disk that takes no more lines."""

    def append(self, line: bytes) -> None:
        raise NO_SPACE


def entry(*students: str, sensitive: bool = False) -> Entry:
    """An entry that discloses one record of each student."""
    records = DisclosedRecords({Sensitivity.MEAL if sensitive else Sensitivity.OPEN: Counter(students)})
    return disclosure_entry(KEYS, TEACHER, ROSTER, HILL, records, policy=POLICY, denied=0)


def write(log: DisclosureLog, *entries: Entry) -> None:
    """Record entries of one response that read one source."""
    log.write(entries, {"hill/sis": (b"fresh", 3.2)}, REQUEST_ID)


async def write_closed_log(directory: Path, lines: int) -> Path:
    """Write a log with so many disclosures, signed once in between, and close it; return its file."""
    log = DisclosureLog(directory, KEYS)
    for number in range(lines):
        write(log, entry(f"s{number % 7}", f"s{number % 3}"))
        if number == lines // 2:
            log.current_file.sign()
    await log.close()
    return log.current_file.path


def decode_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def disclosed_students(path: Path) -> list[list[str]]:
    """The pseudonyms in each disclosure of a file; a line that repeats another one finds that in the same file."""
    lines = decode_lines(path)
    full_lines = {line["id"]: line["students"] for line in lines if "students" in line}
    return [full_lines[line.get("same", line["id"])] for line in lines if "count" in line]


def pseudonyms(*students: str) -> list[list[str]]:
    """What `disclosed_students` returns for disclosures of one student each."""
    return [[KEYS.pseudonym("hill", student)] for student in students]


def read_files(directory: Path) -> Files:
    """The files in a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def write_files(directory: Path, files: Files) -> Path:
    """Make a directory hold these files and no others."""
    directory.mkdir(exist_ok=True)
    for path in directory.iterdir():
        path.unlink()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory


def verify_files(files: Files) -> Verification:
    """Verify a directory that holds these files."""
    with tempfile.TemporaryDirectory() as directory:
        return verify_log(write_files(Path(directory), files), PUBLIC_KEY)


def sidecar_name(name: str) -> str:
    """Name of the sidecar of a log file."""
    return sidecar_path(Path(name)).name


def without_file(files: Files, name: str) -> Files:
    """The files without a log file and its sidecar."""
    return {other: content for other, content in files.items() if other not in {name, sidecar_name(name)}}
