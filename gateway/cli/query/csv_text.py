"""Writes a table as CSV (RFC 4180) that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import Any

from student_graph.gateway.cli.query.rows import Table, text_of

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may take for a formula."""
ESCAPE = "'"
"""Put before such a cell: a spreadsheet then takes it for text."""


def csv_of(table: Table) -> str:
    """A table as CSV, with one header."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(table.headings)
    writer.writerows([cell_of(value) for value in row] for row in table.rows)
    return output.getvalue()


def cell_of(value: Any) -> str:
    """
    A value as a cell. Text that could be a formula begins with an apostrophe; numbers are written as they are.

    A spreadsheet may skip blanks, and take a full-width sign for the usual one.
    """
    text = text_of(value)
    if isinstance(value, int | float):
        return text
    begin = unicodedata.normalize("NFKC", text.lstrip(" \u00a0\ufeff")[:1])
    return ESCAPE + text if begin.startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else text
