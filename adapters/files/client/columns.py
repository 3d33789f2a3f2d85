"""
The columns of one file in memory: each distinct text once, and for each row the number of its text.

pyarrow reads the file block by block. A million results whose texts repeat need a few bytes for each value.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from student_graph.adapters.files.client import careful
from student_graph.adapters.files.client.faults import WRONG_LENGTH, FileFaultError, RowFaults
from student_graph.adapters.files.client.headers import split_line
from student_graph.adapters.files.client.streams import (
    SNIFFED_BYTES,
    WINDOWS_1252,
    NotThisEncodingError,
    Utf8Stream,
    detect_encoding,
    open_utf8,
)

_BLOCK_BYTES = 8 << 20
"""pyarrow's unit of work, and the longest row that it reads."""
_ENTRY_BYTES = 160
"""About what an entry in a dictionary of Python takes."""
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
class RowIndex:
    """The rows with each text in one column, such as those of each student."""

    numbers: dict[str, int]
    """The position of each text in `starts`."""
    starts: array[int]
    """Where the rows of each text begin in `order`, and at last where they end."""
    order: Any
    """pyarrow array of all row numbers, sorted by text and within a text by row."""

    def rows(self, text: str) -> list[int]:
        """Return the rows with a text, in the order of the file."""
        number = self.numbers.get(text)
        if number is None:
            return []
        start, end = self.starts[number], self.starts[number + 1]
        rows: list[int] = self.order.slice(start, end - start).to_pylist()
        return rows

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return int(self.order.nbytes) + len(self.numbers) * _ENTRY_BYTES + len(self.starts) * 8


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file that can be opened several times."""

    name: str
    modified_at: datetime
    open: Callable[[], BinaryIO]
    max_bytes: int
    """Maximum number of bytes that are read, after unpacking."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Which columns of a file are read, as its header shows them."""

    delimiter: str
    width: int
    """Columns of the file."""
    positions: Mapping[str, int]
    """The position of each column that is read, by the name that it is known by from then on."""
    id_positions: Mapping[str, int] = field(default_factory=dict)
    """The position of each kind of id, by which an unreadable row is reported for its student."""
    encoding: str | None = None
    """Encoding of a file without a byte order mark, if it is known."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What was read of a file."""

    columns: dict[str, Column]
    row_count: int
    faults: RowFaults
    skipped: Sequence[int] = ()
    """Lines of rows that were left out, sorted, from which the line of another row follows."""
    lines: Sequence[int] = ()
    """The line of each row if the file was read line by line."""

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
        return sum(column.size for column in self.columns.values()) + 8 * len(self.lines)


def read_start(content: FileContent) -> tuple[bytes, str]:
    """
    The beginning of a file, as bytes and as text.

    Raises:
        FileFaultError: its first line is too long for a header.
    """
    with content.open() as raw:
        start = raw.read(SNIFFED_BYTES)
    encoding = detect_encoding(start)
    if len(start) == SNIFFED_BYTES and b"\n" not in start and b"\r" not in start:
        raise FileFaultError(f"a first line of more than {SNIFFED_BYTES >> 10} KiB is no header", 1)
    try:
        return start, start.decode(encoding)
    except UnicodeDecodeError as exc:
        is_cut = exc.end >= len(start) - 4  # the beginning may end within a character
        return start, start.decode(encoding if is_cut else WINDOWS_1252, "ignore")


def read_columns(content: FileContent, start: bytes, plan: ColumnPlan) -> Columns:
    """
    Read the columns of a plan from a file that begins with `start`.

    Raises:
        FileFaultError: the file as a whole cannot be read. One bad row is no such fault: it is counted.
        OSError: the file is not there any more, or the storage refused.
    """
    choices = [detect_encoding(start, plan.encoding)]
    if choices == ["utf-8"]:
        choices.append(WINDOWS_1252)
    line: int | None = None
    for choice in choices:
        try:
            return _read(content, plan, choice)
        except NotThisEncodingError as error:
            line = error.line or line
    where = "" if line is None else f" from line {line} on"
    raise FileFaultError(f"not text in the encoding {' or '.join(choices)}{where}; export the file as UTF-8")


def _read(content: FileContent, plan: ColumnPlan, encoding: str) -> Columns:
    """Read a file in an encoding: fast, and line by line if the number of rows is not that of the lines."""
    faults, skipped = RowFaults(plan.id_positions), list[int]()
    with open_utf8(content.open, encoding, content.max_bytes) as stream:
        table = _read_fast(stream, plan, faults, skipped)
        is_consistent = table is not None and stream.line_count == table.num_rows + len(skipped) + 1
    if table is not None and is_consistent:
        return Columns(_columns_of(table, plan), table.num_rows, faults, skipped=skipped)
    faults, lines = RowFaults(plan.id_positions), list[int]()
    with open_utf8(content.open, encoding, content.max_bytes) as stream:
        rows = careful.careful_rows(stream, plan.delimiter, plan.width, faults)  # type: ignore[arg-type]  # a raw stream is enough
        text = careful.as_csv(rows, list(plan.positions.values()), lines)
    table = csv.read_csv(
        pa.BufferReader(text or b"\n"),
        read_options=csv.ReadOptions(column_names=list(plan.positions)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=_conversion(plan.positions),
    )
    return Columns(_columns_of(table, plan), table.num_rows, faults, lines=lines)


def _read_fast(stream: Utf8Stream, plan: ColumnPlan, faults: RowFaults, skipped: list[int]) -> Any:
    """The table as pyarrow reads it; None if pyarrow finds no rows in the text."""

    def skip(row: Any) -> str:
        skipped.append(row.number)
        values = split_line(row.text, plan.delimiter) if "\n" not in row.text else []
        faults.add(WRONG_LENGTH, row.number, values=values)
        return "skip"

    names = [str(position) for position in range(plan.width)]
    numbered = {str(position): name for name, position in plan.positions.items()}
    try:
        table = csv.read_csv(
            pa.PythonFile(stream, mode="r"),
            # One thread: only then pyarrow knows the numbers of rows.
            read_options=csv.ReadOptions(
                use_threads=False, block_size=_BLOCK_BYTES, column_names=names, skip_rows=1
            ),
            parse_options=csv.ParseOptions(delimiter=plan.delimiter, invalid_row_handler=skip),
            convert_options=_conversion(numbered),
        )
    except pa.ArrowInvalid as exc:
        if "UTF8" in str(exc):
            raise NotThisEncodingError from None
        return None
    return table.rename_columns([numbered[name] for name in table.column_names])


def _conversion(names: Iterable[str]) -> csv.ConvertOptions:
    """Read all columns as texts, each of them once."""
    return csv.ConvertOptions(
        include_columns=list(names), column_types=dict.fromkeys(names, _TEXT), strings_can_be_null=False
    )


def _columns_of(table: Any, plan: ColumnPlan) -> dict[str, Column]:
    return {name: make_column(table.column(name)) for name in plan.positions}


def make_column(chunks: Any) -> Column:
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


def padded(column: Column, digits: int) -> Column:
    """The column with zeros before numbers that have fewer digits; other texts stay."""
    texts = [
        text.zfill(digits) if text.isascii() and text.isdigit() else text for text in column.texts.to_pylist()
    ]
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return Column(encoded.indices.take(column.codes), encoded.dictionary)


def index_rows(column: Column) -> RowIndex:
    """The rows of each text. A row with an empty text is found by none."""
    counts = [0] * len(column.texts)
    for entry in pc.value_counts(column.codes).to_pylist():
        counts[entry["values"]] = entry["counts"]
    starts = array("Q", [0])
    for count in counts:
        starts.append(starts[-1] + count)
    order = pc.sort_indices(column.codes).cast(pa.uint32())  # a stable sort
    numbers = {text: number for number, text in enumerate(column.texts.to_pylist()) if text}
    return RowIndex(numbers, starts, order)
