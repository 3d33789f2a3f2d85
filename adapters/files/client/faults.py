"""
What is wrong with a file or a row, as operators read it, and how often.

A message names the file, the line and the column. It never holds a value: a value may be a child's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from student_graph.adapters.identity import vendor_key

MAX_LINES_NAMED = 20
"""Lines that are named for each reason; the others are counted."""
WRONG_LENGTH = "a row with more or fewer values than the header"
MAX_STUDENTS_NAMED = 10_000
"""Ids for which it is remembered that one of their rows in a file was left out."""
TOO_LONG = "a row that is longer than a million characters"
OPEN_QUOTE = "a row whose quotation mark is not closed"
NO_STUDENT = "a row without an id of a student"
NO_DATE = "a row whose date cannot be read"
NO_TEST = "a row of no known test"


class FileFaultError(Exception):
    """A file that cannot be read as a whole; the message says why, without its name and its content."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


@dataclass(slots=True)
class RowFaults:
    """The rows of a file that are left out, by reason, with the first lines of each."""

    id_positions: Mapping[str, int] = field(default_factory=dict)
    """The position of each kind of id in a row."""
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    by_student: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Reason and line of the rows that show an id, by that id as a key: `state_id:604822`."""

    def add(self, reason: str, line: int, count: int = 1, values: Sequence[str] = ()) -> None:
        """
        Count rows with a reason, the first of which is in this line; the header is line 1.

        `values` are those of the row, as far as they can be separated: an answer about the student whose id is
        among them says that a row is missing.
        """
        self.counts[reason] += count
        for name, position in self.id_positions.items():
            text = values[position].strip() if position < len(values) else ""
            if text and len(self.by_student) < MAX_STUDENTS_NAMED:
                self.by_student.setdefault(vendor_key(name, text), []).append((reason, line))
        lines = self.lines.setdefault(reason, [])
        if len(lines) < MAX_LINES_NAMED:
            lines.append(line)

    def describe(self) -> list[str]:
        """Return a sentence for each reason: how many rows, and in which lines."""
        return [
            f"{count} x {reason} (line {', '.join(map(str, self.lines[reason]))}"
            f"{', ...' if count > len(self.lines[reason]) else ''})"
            for reason, count in sorted(self.counts.items())
        ]
