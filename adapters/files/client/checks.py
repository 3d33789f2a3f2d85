"""Counts the rows of a table that can be no results, without mapping each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from student_graph.adapters.files.client.columns import Column
from student_graph.adapters.files.client.faults import MAX_LINES_NAMED, NO_DATE, NO_STUDENT
from student_graph.adapters.files.client.tables import ID_FIELDS, Table
from student_graph.adapters.files.mapping import values
from student_graph.adapters.files.mapping.results import DateReading


def count_unreadable_rows(table: Table, dates: DateReading) -> None:
    """Add to the faults of a table the rows without a student, and those whose date cannot be read."""
    layout = table.layout
    without_id: Any = None
    for name in ID_FIELDS:
        if name in table.by_id:
            column = table.columns[layout.student[name][0]]
            missing = _rows_where(column, lambda text: values.is_missing(text, layout.missing_words))
            without_id = missing if without_id is None else pc.and_(without_id, missing)
    if without_id is not None:
        _add(table, NO_STUDENT, without_id)
    formats = (*dates.formats, *layout.date.formats)
    date_column = table.columns.get(layout.date.columns[0][0])
    if date_column is not None:
        bad = _rows_where(date_column, lambda text: values.moment(text, formats, dates.zone) is None)
        _add(table, NO_DATE, bad if without_id is None else pc.and_not(bad, without_id))


def _rows_where(column: Column, is_so: Callable[[str], bool]) -> Any:
    """For each row whether its text is so; each text is tested once."""
    tests = [is_so(text) for text in column.texts.to_pylist()]
    return pa.array(tests, pa.bool_()).take(column.codes)


def _add(table: Table, reason: str, mask: Any) -> None:
    count = pc.sum(mask).as_py() or 0
    if count:
        rows = pc.indices_nonzero(mask).slice(0, MAX_LINES_NAMED).to_pylist()
        for row in rows:
            table.faults.add(reason, table.content.line(row))
        table.faults.counts[reason] += count - len(rows)
