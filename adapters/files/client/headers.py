"""Finds the delimiter, the header and the column map of a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from student_graph.adapters.files.api.layouts import Family, Layout
from student_graph.adapters.files.client.faults import FileFaultError

DELIMITERS = ",\t;|"
MAX_COLUMNS = 5_000
"""A header with more columns is no header."""
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a file, and what its columns mean."""

    delimiter: str
    names: tuple[str, ...]
    """Names of the columns as `plain_name` returns them, in the order of the file."""
    family: Family
    layout: Layout

    def position(self, names: Sequence[str]) -> int | None:
        """Return the position of the first of the names that the file has; None if it has none of them."""
        for name in names:
            if (plain := plain_name(name)) in self.names:
                return self.names.index(plain)
        return None


def plain_name(name: str) -> str:
    """The name of a column without letter case and extra blanks, which differ between exports."""
    return _BLANKS.sub(" ", name.replace("\ufeff", "").strip()).casefold()


def split_line(line: str, delimiter: str) -> list[str]:
    """The values of one line."""
    return next(csv.reader([line], delimiter=delimiter), [])


def read_header(start: str, file_name: str, families: Sequence[Family]) -> Header:
    """
    Return the header of a file whose text begins with `start`.

    Raises:
        FileFaultError: the file is empty, or no column map has these columns.
    """
    line = next(iter(start.splitlines()), "")
    if not line.strip():
        raise FileFaultError("no header in the first line", 1)
    best: Header | None = None
    for delimiter in DELIMITERS:
        names = tuple(map(plain_name, split_line(line, delimiter)))
        if len(names) > MAX_COLUMNS:
            raise FileFaultError(f"a header of more than {MAX_COLUMNS} columns", 1)
        match = _layout_of(names, file_name, families)
        if match is not None and (best is None or len(match[1].requires) > len(best.layout.requires)):
            best = Header(delimiter, names, *match)
    if best is None:
        is_one_column = all(len(split_line(line, delimiter)) == 1 for delimiter in DELIMITERS)
        hint = "one column only: separate columns by a comma, a semicolon, a tab or |; " if is_one_column else ""
        raise FileFaultError(f"{hint}no column map has these columns; see the setting column_maps", 1)
    return best


def _layout_of(names: Sequence[str], file_name: str, families: Sequence[Family]) -> tuple[Family, Layout] | None:
    """The map with the most required columns that are all there; of equals the first, so a district's own."""
    known, best = set(names), None
    for family in families:
        for layout in family.layouts:
            if not fnmatch(file_name.casefold(), layout.files.casefold()):
                continue
            if not all(plain_name(name) in known for name in layout.requires):
                continue
            if best is None or len(layout.requires) > len(best[1].requires):
                best = family, layout
    return best
