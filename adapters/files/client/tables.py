"""One file of assessment results as a table in memory: its columns, and its rows by student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from student_graph.adapters.files.api.layouts import STUDENT_COLUMNS, Family, Layout, StudentColumn
from student_graph.adapters.files.client.columns import (
    Column,
    ColumnPlan,
    Columns,
    FileContent,
    RowIndex,
    index_rows,
    padded,
    read_columns,
    read_start,
)
from student_graph.adapters.files.client.faults import RowFaults
from student_graph.adapters.files.client.headers import Header, read_header

ID_FIELDS: tuple[StudentColumn, ...] = ("district_id", "state_id", "vendor_id")
"""What a student can be found by."""
NO_DIGITS: Mapping[Any, int] = {}
"""Ids are as they are in the file."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file."""

    name: str
    """The file's name below the source's location, for operators."""
    modified_at: datetime
    family: Family
    layout: Layout
    content: Columns
    by_id: dict[str, RowIndex]
    """Rows by student, for each kind of id that the file has."""

    @property
    def columns(self) -> dict[str, Column]:
        """Columns by the name that the map gives first."""
        return self.content.columns

    @property
    def row_count(self) -> int:
        """Rows that were read."""
        return self.content.row_count

    @property
    def faults(self) -> RowFaults:
        """Rows that were left out."""
        return self.content.faults

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return self.content.size + sum(rows.size for rows in self.by_id.values())


def read_table(
    content: FileContent, families: Sequence[Family], id_digits: Mapping[Any, int] = NO_DIGITS
) -> Table:
    """
    Read a file of a vendor that one of the column maps knows; `id_digits` says how many digits certain ids have.

    Raises:
        FileFaultError: the file as a whole cannot be read. One bad row is no such fault: it is counted.
        OSError: the file is not there any more, or the storage refused.
    """
    start, text = read_start(content)
    header = read_header(text, content.name.rpartition("/")[2], families)
    layout = header.layout
    plan = ColumnPlan(
        header.delimiter, len(header.names), _positions(header), _id_positions(header), layout.encoding
    )
    columns = read_columns(content, start, plan)
    for name, digits in id_digits.items():
        column = next(iter(layout.student.get(name, ())), "")
        if column in columns.columns:
            columns.columns[column] = padded(columns.columns[column], digits)
    by_id: dict[str, RowIndex] = {
        field: index_rows(columns.columns[layout.student[field][0]])
        for field in ID_FIELDS
        if layout.student.get(field, ("",))[0] in columns.columns
    }
    return Table(content.name, content.modified_at, header.family, layout, columns, by_id)


def _id_positions(header: Header) -> dict[str, int]:
    """The position of each kind of id that the file has."""
    positions = {name: header.position(header.layout.student.get(name, ())) for name in ID_FIELDS}
    return {name: position for name, position in positions.items() if position is not None}


def _positions(header: Header) -> dict[str, int]:
    """The position of each column that the map names and the file has, by the name that the map gives first."""
    return {
        names[0]: position
        for names in columns_of(header.layout)
        if (position := header.position(names)) is not None
    }


def columns_of(layout: Layout) -> list[tuple[str, ...]]:
    """All columns that a map names, each with the names that it may have."""
    columns = [layout.student[field] for field in STUDENT_COLUMNS if field in layout.student]
    columns += layout.date.columns
    columns += [layout.event_id, layout.school_year, layout.grade, layout.norm_year, layout.retest]
    columns += [(name,) for name in layout.counts_if]
    columns += [(name,) for test in layout.tests for name in (*test.when, *placeholders(test.identifier))]
    columns += [(name,) for test in layout.tests for name in placeholders(test.title + test.subject)]
    columns += [score.column for score in layout.scores]
    columns += [level.column for level in layout.levels]
    for part in layout.all_parts:
        columns += [part.name_column, *(score.column for score in part.scores)]
        columns += [level.column for level in part.levels]
    return list(dict.fromkeys(names for names in columns if names))


def placeholders(template: str) -> list[str]:
    """The columns in braces in a text: `{Subject}`."""
    return [part.partition("}")[0] for part in template.split("{")[1:]]
