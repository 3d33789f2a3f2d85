"""
Text of files as a stream of UTF-8 bytes, whatever their encoding, and within a bound.

pyarrow reads the stream block by block, so that a file is never in memory as a whole.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from typing import BinaryIO

from student_graph.adapters.files.client.faults import FileFaultError

SNIFFED_BYTES = 262_144
"""How much of a file's beginning is read to find its encoding, its delimiter and its header."""
WINDOWS_1252 = "cp1252"
"""The encoding of files that are not UTF-8: what Windows programs write in North America."""
_BLOCK_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, longer ones before those that they begin with."""


def detect_encoding(start: bytes, fallback: str | None = None) -> str:
    """
    Return the encoding of a file that begins with `start`.

    The byte order mark decides. Without one it is `fallback`, or UTF-16 if every other byte is 0, or UTF-8.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if fallback is not None:
        return fallback
    pair = start[:2]
    if len(pair) == 2 and pair.count(0) == 1:
        return "utf-16-le" if pair[1] == 0 else "utf-16-be"
    return "utf-8"


class NotThisEncodingError(Exception):
    """The bytes are no text in the encoding that was tried, from this line on."""

    def __init__(self, line: int | None = None) -> None:
        super().__init__()
        self.line = line


class Utf8Stream(io.RawIOBase):
    """
    A file's text as UTF-8, without a byte order mark, with its lines counted.

    Bytes are checked while they are read: a file that grows beyond `max_bytes` once it is unpacked is refused.
    """

    def __init__(self, raw: BinaryIO, encoding: str, max_bytes: int) -> None:
        super().__init__()
        self._raw, self._left = raw, max_bytes
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._pending = b""
        self._ended = False
        self.lines = 0
        """Line breaks so far."""
        self._last = b"\n"

    @property
    def line_count(self) -> int:
        """The lines of the text, whether the last one ends with a line break or not."""
        return self.lines + (not self._last.endswith(b"\n"))

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # as the standard library calls it
        """
        Fill the buffer with UTF-8.

        Raises:
            NotThisEncodingError: the bytes are no text of the encoding.
            FileFaultError: there are too many.
        """
        while not self._pending and not self._ended:
            self._read_block()
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size

    def _read_block(self) -> None:
        block = self._raw.read(_BLOCK_BYTES)
        self._left -= len(block)
        if self._left < 0:
            raise FileFaultError("larger than a file may be; see the setting max_file_mb")
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as exc:
            line = self.lines + 1 + block.count(b"\n", 0, exc.start)
            raise NotThisEncodingError(line) from None
        self._ended = not block
        self._pending = text.encode("utf-8", "replace")
        self.lines += self._pending.count(b"\n")
        self._last = self._pending[-1:] or self._last

    def close(self) -> None:
        """Close the file."""
        self._raw.close()
        super().close()


def open_utf8(open_raw: Callable[[], BinaryIO], encoding: str, max_bytes: int) -> Utf8Stream:
    """Open a file as UTF-8."""
    return Utf8Stream(open_raw(), encoding, max_bytes)
