"""
Reads a file line by line if the fast reader and the number of its lines disagree.

A quotation mark that is not closed makes a reader of CSV take all lines up to the next mark for one value. Here
such a line is one unreadable row, and the lines after it are read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from student_graph.adapters.files.client.faults import OPEN_QUOTE, TOO_LONG, WRONG_LENGTH, RowFaults

MAX_LINES_OF_ROW = 50
"""Lines that one row may have: a note can hold line breaks."""
MAX_LINE_CHARACTERS = 1_000_000
"""A longer line is one unreadable row: `faults.TOO_LONG` says the number."""


def careful_rows(
    stream: BinaryIO, delimiter: str, columns: int, faults: RowFaults
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the values of each readable row after the header; the others are added to `faults`."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    lines = _Lines(text)
    next(lines, None)
    for number, line in lines:
        if not line.strip():
            continue
        if len(line) > MAX_LINE_CHARACTERS:
            faults.add(TOO_LONG, number)
            continue
        row = _parsed(line, delimiter)
        following: list[tuple[int, str]] = []
        while row is None and len(following) < MAX_LINES_OF_ROW and (item := next(lines, None)) is not None:
            following.append(item)
            row = _parsed("".join((line, *(part for _, part in following))), delimiter)
            if row is not None and len(row) != columns:
                row = None
                break
        if row is None:
            faults.add(OPEN_QUOTE, number)
            lines.push_back(following)
        elif len(row) != columns:
            faults.add(WRONG_LENGTH, number, values=row)
            lines.push_back(following)
        else:
            yield number, row


def as_csv(rows: Iterator[tuple[int, list[str]]], positions: Sequence[int], lines: list[int]) -> bytes:
    """The values at certain positions as CSV with commas, without a header; `lines` gets the line of each row."""
    out = io.StringIO()
    writer = csv.writer(out)
    for number, row in rows:
        writer.writerow([row[position] for position in positions])
        lines.append(number)
    return out.getvalue().encode()


class _Lines:
    """Numbered lines, some of which can be read again."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._numbered = enumerate(text, start=1)
        self._again: list[tuple[int, str]] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> tuple[int, str]:
        return self._again.pop() if self._again else next(self._numbered)

    def push_back(self, lines: list[tuple[int, str]]) -> None:
        """Read these lines again next."""
        self._again += reversed(lines)


def _parsed(text: str, delimiter: str) -> list[str] | None:
    """The values of a row; None if a quotation mark in it is not closed."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
