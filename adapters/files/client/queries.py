"""Questions to the tables: the rows of students, and the tests of all rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from student_graph.adapters.files.client.tables import ID_FIELDS, Table, placeholders
from student_graph.adapters.files.mapping import tests
from student_graph.adapters.files.mapping.rows import Row
from student_graph.adapters.model import Assessment, AssessmentId, StudentId


def rows_by_key(tables: Iterable[Table], keys: Sequence[StudentId]) -> dict[StudentId, list[Row]]:
    """
    Return the rows of each student that a file has, by a key such as `state_id:604822`.

    The columns of a file are read once for all students of the batch.
    """
    rows: dict[StudentId, list[Row]] = {}
    split_keys = [(key, *_split(key)) for key in keys]
    for table in tables:
        owners: list[tuple[StudentId, int]] = []
        for key, name, id in split_keys:
            if (index := table.by_id.get(name)) is not None:
                owners += [(key, row) for row in index.rows(id)]
        if not owners:
            continue
        positions = pa.array([row for _, row in owners], pa.uint32())
        texts = {name: column.take(positions) for name, column in table.columns.items()}
        for position, (key, number) in enumerate(owners):
            values = {name: column[position] for name, column in texts.items()}
            rows.setdefault(key, []).append(
                Row(table.name, table.content.line(number), table.modified_at, table.family, table.layout, values)
            )
    return rows


def _split(key: str) -> tuple[str, str]:
    """The field and the value of a key; no field for a key without one, or with one that files do not have."""
    field, _, value = key.partition(":")
    return (field, value) if field in ID_FIELDS else ("", value)


def assessments(tables: Iterable[Table]) -> dict[AssessmentId, Assessment]:
    """Return the tests of all rows of all files."""
    records: dict[AssessmentId, Assessment] = {}
    for table in tables:
        for texts in _distinct_texts(table):
            if (test := tests.test_of(table.layout, texts)) is not None:
                record = tests.assessment(table.family, table.layout, test, texts)
                records.setdefault(record.assessment_id, record)
    return records


def _distinct_texts(table: Table) -> list[dict[str, str]]:
    """The different texts of the columns that decide about the test of a row, in the order of the file."""
    names = [
        name
        for test in table.layout.tests
        for name in (*test.when, *placeholders(test.identifier + test.title + test.subject))
    ]
    columns = {name: table.columns[name] for name in dict.fromkeys(names) if name in table.columns}
    if not table.row_count:
        return []
    if not columns:
        return [{}]
    codes = pa.table({name: column.codes for name, column in columns.items()})
    distinct: list[dict[str, Any]] = codes.group_by(list(columns)).aggregate([]).to_pylist()
    return [{name: columns[name].texts[code].as_py() for name, code in row.items()} for row in distinct]
