"""
Builds the rows of a level by generated code, in slices of time, and encodes each row as soon as it is built.

A row of a level without levels below it becomes JSON at once: its bytes take a tenth of the memory of its values.
Rows that hold other rows stay structs. `encode_around_rows` encodes them around the JSON that they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from student_graph.gateway.concurrency.time_slices import FIRST_PART_ITEMS, give_way, parts_of
from student_graph.gateway.execution.column import Column, Invalid
from student_graph.gateway.execution.size import AnswerSize

_NUL = msgspec.Raw(b"\0")
"""Stands for an encoded row while the rows around it are encoded: valid JSON never contains this byte."""


class EncodedRow:
    """A row as JSON."""

    __slots__ = ("json",)

    def __init__(self, json: bytes) -> None:
        self.json = json


@dataclass(slots=True)
class RowEncoder:
    """Encodes the rows of one level, and counts their bytes without those of the rows that they hold."""

    size: AnswerSize
    least_bytes: int
    """Bytes that were counted for the rows before they were built: the fewest that they can take."""
    holds_rows: bool
    """Whether the rows hold encoded rows."""
    length: int = 0
    """Bytes of all rows so far."""
    counted: int = 0
    """Bytes that were counted in addition to `least_bytes`."""
    buffer: bytearray = field(default_factory=bytearray)
    """Holds a row while it is encoded."""

    def encode(self, rows: Sequence[Any]) -> Sequence[Any]:
        """
        Return rows encoded, or as they are if they hold encoded rows.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        if self.holds_rows:
            self.count([_encode_outer(rows)])
            return rows
        encoded = list(map(self._encode_row, rows))
        self.count(encoded)
        return list(map(EncodedRow, encoded))

    def _encode_row(self, row: Any) -> bytes:
        """Encode a row through a buffer: bytes objects that the encoder returns keep a third more memory."""
        _encode_into(row, self.buffer)
        return bytes(self.buffer)

    def count(self, encoded: Sequence[bytes]) -> None:
        """
        Count encoded rows.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        self.count_bytes(sum(map(len, encoded)))

    def count_bytes(self, length: int) -> None:
        """
        Count the bytes of encoded rows.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        self.length += length
        more = self.length - self.least_bytes - self.counted
        if more > 0:
            self.size.add(size=more)
            self.counted += more

    def take_back(self) -> None:
        """Take back what was counted for the rows, because the slow path makes and counts them again."""
        self.size.add(size=-self.counted)


async def build_rows(build: Callable[[slice], list[Any]], count: int, encoder: RowEncoder | None) -> list[Any]:
    """
    Return the rows that `build` returns for the slices of a level, encoded if there is an encoder.

    Raises:
        AnswerTooLargeError: the answer would be over a limit.
    """
    if count <= FIRST_PART_ITEMS:
        rows = build(slice(None))
        await give_way()
        return rows if encoder is None else list(encoder.encode(rows))
    rows = []
    async for part in parts_of(count):
        built = build(part)
        rows += built if encoder is None else encoder.encode(built)
    return rows


def assemble_rows(cells: Sequence[tuple[str, Sequence[Any]]], count: int, encoder: RowEncoder | None) -> list[Any]:
    """
    Return the rows of a level from its completed columns; `Invalid` in place of a row with an invalid value.

    Raises:
        AnswerTooLargeError: the answer would be over a limit.
    """
    rows = [_row(cells, index) for index in range(count)]
    if encoder is None:
        return rows
    return [row if row.__class__ is Invalid else encoder.encode([row])[0] for row in rows]


def encode_around_rows(value: Any) -> list[bytes]:
    """
    Return a value that may hold encoded rows as JSON, in parts: what is around the rows, and their own JSON.

    The JSON of the rows is not copied. The first and the last part are never empty. A lone surrogate, which no
    vendor's JSON contains, raises `UnicodeEncodeError`.
    """
    inner: list[bytes] = []

    def take(row: Any) -> msgspec.Raw:
        if row.__class__ is not EncodedRow:
            raise TypeError(f"{type(row).__name__} cannot be encoded")
        inner.append(row.json)
        return _NUL

    outer = msgspec.json.Encoder(enc_hook=take).encode(value)
    *around, last = outer.split(b"\0")
    parts = [part for pair in zip(around, inner, strict=True) for part in pair]
    return [*parts, last] if last else parts


def holds_rows(columns: Sequence[Column]) -> bool:
    """Return whether the rows of a level with these columns hold rows of their own."""
    return any(column.plan.composite and column.completed for column in columns)


encode = msgspec.json.Encoder().encode
"""Encodes a row without rows below it as JSON."""
_encode_into = msgspec.json.Encoder().encode_into
_encode_outer = msgspec.json.Encoder(enc_hook=lambda _: _NUL).encode


def _row(cells: Sequence[tuple[str, Sequence[Any]]], index: int) -> Any:
    """Return the row of one object; the first invalid value replaces the row."""
    row = {}
    for key, values in cells:
        value = values[index]
        if value.__class__ is Invalid:
            return value
        row[key] = value
    return row
