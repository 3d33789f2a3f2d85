"""Reading the body of a response: decompressed step by step, within a size limit."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable

from student_graph.adapters.errors import BodyTooLargeError, PayloadError
from student_graph.adapters.reading import MAX_BODY_BYTES

MAX_COMPRESSION_RATIO = 100
"""How many times larger than its compressed form a body may be."""
MAX_BYTES_OF_ANY_RATIO = 64 * 1024
"""Bodies up to this size may have any compression ratio, because nearly empty ones compress well."""
_STEP_BYTES = 64 * 1024
"""Bytes that are decompressed at once."""
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""The `wbits` argument of zlib for each content encoding."""


async def read_body(next_chunk: Callable[[], Awaitable[bytes]], encoding: str) -> bytes:
    """
    The decompressed body; `next_chunk` returns the next bytes received, and nothing at the end.

    Raises:
        PayloadError: it is too large, grows too much, ends early, or has an encoding that was not requested.
    """
    name = encoding.strip().lower() or "identity"
    if name != "identity" and name not in _WINDOW_BITS:
        raise PayloadError("a response in an encoding that was not requested")
    body = _PlainBody() if name == "identity" else _CompressedBody(_WINDOW_BITS[name])
    while chunk := await next_chunk():
        body.add(chunk)
    return body.finish()


class _PlainBody:
    """A body that is not compressed."""

    def __init__(self) -> None:
        self._content = bytearray()

    def add(self, chunk: bytes) -> None:
        """Append received bytes."""
        self._append(chunk)

    def _append(self, content: bytes) -> None:
        self._content += content
        if len(self._content) > MAX_BODY_BYTES:
            raise BodyTooLargeError(f"a response of more than {MAX_BODY_BYTES // 1024} KiB")

    def finish(self) -> bytes:
        """The complete body."""
        return bytes(self._content)


class _CompressedBody(_PlainBody):
    """A body that is decompressed in small steps, so that a few bytes never become a huge body at once."""

    def __init__(self, window_bits: int) -> None:
        super().__init__()
        self._decompressor = zlib.decompressobj(window_bits)
        self._received_bytes = 0

    def add(self, chunk: bytes) -> None:
        """Decompress received bytes."""
        self._received_bytes += len(chunk)
        rest = chunk
        try:
            while rest and not self._decompressor.eof:
                self._append(self._decompressor.decompress(rest, _STEP_BYTES))
                rest = self._decompressor.unconsumed_tail
        except zlib.error:
            raise PayloadError("a response that cannot be decompressed") from None

    def _append(self, content: bytes) -> None:
        super()._append(content)
        if len(self._content) > max(MAX_BYTES_OF_ANY_RATIO, self._received_bytes * MAX_COMPRESSION_RATIO):
            raise PayloadError(f"a response that decompresses to more than {MAX_COMPRESSION_RATIO} times its size")

    def finish(self) -> bytes:
        """The complete body; one that ends early raises `PayloadError`."""
        if self._received_bytes and not self._decompressor.eof:
            raise PayloadError("a compressed response that ends early")
        return super().finish()
