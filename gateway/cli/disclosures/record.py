"""The record of disclosures that the command reads: that of one gateway, with copies of those of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log_file import FILE_GLOB
from student_graph.gateway.disclosure.removal.district_lines import lines_by_file
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import Problem, Verification, verify_log


class Record(NamedTuple):
    """The record of disclosures of a gateway, with copies of those of others that have the same key."""

    directory: Path
    """The folder of this machine."""
    copies: list[Path]
    """Folders with the records of other gateways."""
    keys: DisclosureKeys
    districts: list[str]
    """Ids of the gateway's districts."""

    @property
    def directories(self) -> list[Path]:
        """All folders."""
        return [self.directory, *self.copies]

    def has_lines_of(self, district: str) -> bool:
        """Whether any line is about a district."""
        return any(lines_by_file(directory, district) for directory in self.directories)

    def lines_about(self, student: str, since: str) -> list[dict[str, Any]]:
        """The lines about a student, by the pseudonym, ordered by time. A file in two folders counts once."""
        lines: list[dict[str, Any]] = []
        known: set[str] = set()
        for directory in self.directories:
            lines += disclosures_of(directory, student, since, known)
            known |= {path.name for path in directory.glob(FILE_GLOB)}
        return sorted(lines, key=lambda line: str(line["ts"]))

    def verify(self) -> Verification:
        """The verification of all folders; what it says about a copy names the folder."""
        result = verify_log(self.directory, self.keys.signing_key.public_key())
        for directory in self.copies:
            of_copy = verify_log(directory, self.keys.signing_key.public_key())
            result.problems += _within(directory, of_copy.problems)
            result.notes += _within(directory, of_copy.notes)
            result.files += of_copy.files
            result.lines += of_copy.lines
            result.retired += of_copy.retired
        return result


def _within(directory: Path, problems: Iterable[Problem]) -> list[Problem]:
    return [replace(problem, file=str(directory / problem.file)) for problem in problems]
