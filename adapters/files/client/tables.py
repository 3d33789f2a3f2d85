"""
One file as a table in memory: the columns that its map names, each text once, and its rows by student.

pyarrow reads the file block by block. A column holds numbers of its distinct texts: a million results whose texts
repeat need a few bytes for each value.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from student_graph.adapters.files.api.layouts import STUDENT_COLUMNS, Family, Layout
from student_graph.adapters.files.client import careful
from student_graph.adapters.files.client.faults import WRONG_LENGTH, FileFaultError, RowFaults
from student_graph.adapters.files.client.headers import Header, read_header, split_line
from student_graph.adapters.files.client.streams import (
    SNIFFED_BYTES,
    WINDOWS_1252,
    Utf8Stream,
    detect_encoding,
    open_utf8,
)

ID_FIELDS = ("district_id", "state_id", "vendor_id")
"""What a student can be found by."""
_BLOCK_BYTES = 8 << 20
"""pyarrow's unit of work, and the longest row that it reads."""
_ID_ENTRY_BYTES = 160
"""About what the entry of one student takes in a dictionary of Python."""
_TEXT = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Column:
    """The values of a column: for each row the number of a text."""

    codes: Any
    """pyarrow array of unsigned integers, as narrow as possible."""
    texts: Any
    """pyarrow array of the distinct texts, without blanks around them."""

    def take(self, rows: Any) -> list[str]:
        """Return the texts in some rows."""
        texts: list[str] = self.texts.take(self.codes.take(rows)).to_pylist()
        return texts

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return int(self.codes.nbytes + self.texts.nbytes)


@dataclass(frozen=True, slots=True)
class StudentRows:
    """The rows of each student by one kind of id."""

    numbers: dict[str, int]
    """The position of each id in `starts`."""
    starts: array[int]
    """Where the rows of each id begin in `order`, and at last where they end."""
    order: Any
    """pyarrow array of all row numbers, sorted by id and within an id by row."""

    def rows(self, id: str) -> list[int]:
        """Return the rows of an id, in the order of the file."""
        number = self.numbers.get(id)
        if number is None:
            return []
        start, end = self.starts[number], self.starts[number + 1]
        rows: list[int] = self.order.slice(start, end - start).to_pylist()
        return rows

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return int(self.order.nbytes) + len(self.numbers) * _ID_ENTRY_BYTES + len(self.starts) * 8


@dataclass(slots=True)
class Table:
    """The rows of one file."""

    name: str
    """The file's name below the source's location, for operators."""
    modified_at: datetime
    family: Family
    layout: Layout
    columns: dict[str, Column]
    """Columns by the name that the map gives first."""
    by_id: dict[str, StudentRows]
    """Rows by student, for each kind of id that the file has."""
    row_count: int
    faults: RowFaults
    skipped: Sequence[int] = field(default=())
    """Lines of rows that were left out, sorted, from which the line of another row follows."""
    lines: Sequence[int] = field(default=())
    """The line of each row if the file was read line by line."""
    unreadable_of: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Reason and line of rows that were left out, by the key of the student whose id they show."""

    def line(self, row: int) -> int:
        """Return the line of a row in the file; the header is line 1."""
        if self.lines:
            return self.lines[row]
        line = row + 2
        while (shifted := row + 2 + bisect.bisect_right(self.skipped, line)) != line:
            line = shifted
        return line

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        columns = sum(column.size for column in self.columns.values())
        return columns + sum(rows.size for rows in self.by_id.values()) + 8 * len(self.lines)


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file that can be opened several times."""

    name: str
    modified_at: datetime
    open: Callable[[], BinaryIO]
    max_bytes: int
    """Most bytes that are read, once they are unpacked."""


def read_table(content: FileContent, families: Sequence[Family]) -> Table:
    """
    Read a file.

    Raises:
        FileFaultError: the file as a whole cannot be read. One bad row is no such fault: it is counted.
        OSError: the file is not there any more, or the storage refused.
    """
    with content.open() as raw:
        start = raw.read(SNIFFED_BYTES)
    encoding = detect_encoding(start)
    header = read_header(_decoded(start, encoding), content.name.rpartition("/")[2], families)
    choices = [detect_encoding(start, header.layout.encoding)]
    if choices == ["utf-8"]:
        choices.append(WINDOWS_1252)
    for choice in choices:
        try:
            return _read(content, header, choice)
        except _NotThisEncodingError:
            continue
    raise FileFaultError(f"not text in the encoding {choices[-1]}")


class _NotThisEncodingError(Exception):
    """The bytes are no text in the encoding that was tried."""


def _decoded(start: bytes, encoding: str) -> str:
    """The text of a file's beginning, which may end within a character."""
    try:
        return start.decode(encoding)
    except UnicodeDecodeError as exc:
        is_cut = exc.end >= len(start) - 4
        return start.decode(encoding if is_cut else WINDOWS_1252, "ignore")


def _read(content: FileContent, header: Header, encoding: str) -> Table:
    """Read a file in an encoding."""
    positions = _positions(header)
    faults, skipped = RowFaults(_id_positions(header)), list[int]()
    with open_utf8(content.open, encoding, content.max_bytes) as stream:
        try:
            table = _read_fast(stream, header, positions, faults, skipped)
        except UnicodeDecodeError:
            raise _NotThisEncodingError from None
        except FileFaultError as fault:
            if fault.reason.startswith("not text"):
                raise _NotThisEncodingError from None
            raise
        is_consistent = table is not None and stream.line_count == table.num_rows + len(skipped) + 1
    if table is not None and is_consistent:
        return _table(content, header, positions, table, faults, skipped=skipped)
    faults, lines = RowFaults(_id_positions(header)), list[int]()
    with open_utf8(content.open, encoding, content.max_bytes) as stream:
        rows = careful.careful_rows(stream, header.delimiter, len(header.names), faults)  # type: ignore[arg-type]
        text = careful.as_csv(rows, list(positions.values()), lines)
    table = csv.read_csv(
        pa.BufferReader(text or b"\n"),
        read_options=csv.ReadOptions(column_names=list(positions)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=_conversion(positions),
    )
    return _table(content, header, positions, table, faults, lines=lines)


def _read_fast(
    stream: Utf8Stream, header: Header, positions: dict[str, int], faults: RowFaults, skipped: list[int]
) -> Any:
    """The table as pyarrow reads it; None if pyarrow finds no rows in the text."""

    def skip(row: Any) -> str:
        skipped.append(row.number)
        values = split_line(row.text, header.delimiter) if "\n" not in row.text else []
        faults.add(WRONG_LENGTH, row.number, values=values)
        return "skip"

    names = [str(position) for position in range(len(header.names))]
    numbered = {str(position): name for name, position in positions.items()}
    try:
        table = csv.read_csv(
            pa.PythonFile(stream, mode="r"),
            # One thread: only then pyarrow knows the numbers of rows.
            read_options=csv.ReadOptions(
                use_threads=False, block_size=_BLOCK_BYTES, column_names=names, skip_rows=1
            ),
            parse_options=csv.ParseOptions(delimiter=header.delimiter, invalid_row_handler=skip),
            convert_options=_conversion(numbered),
        )
    except pa.ArrowInvalid as exc:
        if "UTF8" in str(exc):
            raise _NotThisEncodingError from None
        return None
    return table.rename_columns([numbered[name] for name in table.column_names])


def _conversion(names: Iterable[str]) -> csv.ConvertOptions:
    """Read all columns as texts, each of them once."""
    return csv.ConvertOptions(
        include_columns=list(names), column_types=dict.fromkeys(names, _TEXT), strings_can_be_null=False
    )


def _id_positions(header: Header) -> dict[str, int]:
    """The position of each kind of id that the file has."""
    positions = {name: header.position(header.layout.student.get(name, ())) for name in ID_FIELDS}  # type: ignore[call-overload]
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


def _table(
    content: FileContent, header: Header, names: Iterable[str], table: Any, faults: RowFaults, **lines: Any
) -> Table:
    columns = {name: _column(table.column(name)) for name in names}
    by_id = {
        field: _student_rows(columns[header.layout.student[field][0]])  # type: ignore[index]
        for field in ID_FIELDS
        if header.layout.student.get(field, ("",))[0] in columns  # type: ignore[call-overload]
    }
    return Table(
        name=content.name,
        modified_at=content.modified_at,
        family=header.family,
        layout=header.layout,
        columns=columns,
        by_id=by_id,
        row_count=table.num_rows,
        faults=faults,
        unreadable_of=faults.by_student,
        **lines,
    )


def _column(chunks: Any) -> Column:
    """A column with each text once, without blanks around it."""
    if not chunks.num_chunks:
        return Column(pa.array([], pa.uint8()), pa.array([], pa.string()))
    combined = chunks.unify_dictionaries().combine_chunks()
    combined = combined.combine_chunks() if isinstance(combined, pa.ChunkedArray) else combined
    codes, texts = combined.indices, combined.dictionary
    stripped = pc.utf8_trim_whitespace(texts)
    if not stripped.equals(texts):
        encoded = stripped.dictionary_encode()
        codes, texts = encoded.indices.take(codes), encoded.dictionary
    narrow = pa.uint8() if len(texts) <= 1 << 8 else pa.uint16() if len(texts) <= 1 << 16 else pa.uint32()
    return Column(codes.cast(narrow), texts)


def _student_rows(column: Column) -> StudentRows:
    """The rows of each id. A row without one belongs to nobody."""
    counts = [0] * len(column.texts)
    for entry in pc.value_counts(column.codes).to_pylist():
        counts[entry["values"]] = entry["counts"]
    starts = array("Q", [0])
    for count in counts:
        starts.append(starts[-1] + count)
    order = pc.sort_indices(column.codes).cast(pa.uint32())  # a stable sort
    numbers = {text: number for number, text in enumerate(column.texts.to_pylist()) if text}
    return StudentRows(numbers, starts, order)
