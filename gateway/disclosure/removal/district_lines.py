"""
Finds, exports and removes the lines of one district in the record of disclosures.

A file is a chain of signed lines, so nothing can be cut out of it. A file with lines of the district is replaced
by a new file with the lines of the other districts, and is retired: the signed list of retired files says that it
existed and how long it was.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log_file import BREAK_GLASS_LABEL, FILE_GLOB, LogFile
from student_graph.gateway.disclosure.retention import retire
from student_graph.gateway.disclosure.verification import Problem, verify_log

_NOT_A_DISCLOSURE = b'{"v":1,"kind":"'
_PREVIOUS, _SAME = b',"prev":"', "same"
HOW_TO_FIND_A_STUDENT = (
    "`students` holds for each student the word hmac: and the first 32 hexadecimal digits of HMAC-SHA-256 of the "
    "district's student number, with the key `pseudonymKey` (Base64)"
)


class Removal(NamedTuple):
    """What was done with a district's lines."""

    lines: int
    """Lines that were removed."""
    kept_files: list[Problem]
    """Files that stay as they are, and why."""


def lines_by_file(directory: Path, district: str) -> dict[str, int]:
    """How many lines about a district each file has. Files without such a line are absent."""
    counts = {}
    for path in sorted(directory.glob(FILE_GLOB)):
        if lines := sum(1 for line in path.read_bytes().splitlines(keepends=True) if _is_of(district, line)):
            counts[path.name] = lines
    return counts


def exported(directory: Path, district: str, keys: DisclosureKeys) -> Iterator[dict[str, Any]]:
    """
    The lines about a district, for the district: first how to read them, then full lines with viewers' names.

    With them, students of this district can be found, and no students of another one.
    """
    key = base64.b64encode(keys.pseudonym_key(district)).decode()
    yield {"district": district, "students": HOW_TO_FIND_A_STUDENT, "pseudonymKey": key}
    for path in sorted(directory.glob(FILE_GLOB)):
        full_lines: dict[str, dict[str, Any]] = {}
        for raw_line in path.read_bytes().splitlines(keepends=True):
            if not _is_of(district, raw_line):
                continue
            line: dict[str, Any] = msgspec.json.decode(raw_line)
            full = full_lines.get(line.get(_SAME, ""))
            full_lines[line["id"]] = line = line if full is None else full | line
            actor = line["actor"]
            sealed = actor.get("id")
            viewer = keys.unseal(district, sealed) if sealed else None
            yield {name: value for name, value in line.items() if name not in (_SAME, "prev")} | {
                "actor": actor | ({"id": msgspec.json.decode(viewer)} if viewer else {}),
            }


def remove_lines(directory: Path, district: str, keys: DisclosureKeys) -> Removal:
    """
    Replace the closed files with lines about a district by files without them.

    Nothing is removed from a record that is not intact, or from a file that a process still writes.

    Raises:
        OSError: a file cannot be written or removed.
    """
    verification = verify_log(directory, keys.signing_key.public_key())
    if verification.problems:
        return Removal(0, verification.problems)
    removed, kept_files = 0, []
    for name, lines in lines_by_file(directory, district).items():
        end = verification.closed_files.get(name)
        if end is None:
            kept_files.append(Problem(name, 0, "a process still writes it, or was killed"))
            continue
        _write_without(directory / name, district, keys)
        retire(directory, keys.signing_key, {name: end})
        removed += lines
    return Removal(removed, kept_files)


def _write_without(path: Path, district: str, keys: DisclosureKeys) -> None:
    """Write a new file with the lines of a file that are about other districts, if there are any."""
    label = BREAK_GLASS_LABEL if path.stem.endswith(BREAK_GLASS_LABEL) else ""
    new = LogFile(path.parent, keys.signing_key, label=label)
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.startswith(_NOT_A_DISCLOSURE) and not _is_of(district, line):
            new.append(line.rpartition(_PREVIOUS)[0])
    if new.lines == 1:
        new.discard()
    else:
        new.close()


def _is_of(district: str, line: bytes) -> bool:
    """
    Whether a complete line is about a district. Clients cannot fake it, because quotes in their texts are escaped.
    """
    return b'"tenant":"%b"' % district.encode() in line and line.endswith(b"\n")
