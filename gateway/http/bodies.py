"""Reading the body of a response: decompressed step by step, within a size limit."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Awaitable, Callable

from student_graph.adapters.errors import BodyTooLargeError, PayloadError
from student_graph.adapters.reading import MAX_BODY_BYTES
from student_graph.gateway.concurrency.time_slices import give_way

MAX_COMPRESSION_RATIO = 100
"""How many times larger than its compressed form a body may be."""
MAX_BYTES_OF_ANY_RATIO = 64 * 1024
"""Bodies up to this size may have any compression ratio, because nearly empty ones compress well."""
_STEP_BYTES = 64 * 1024
"""Bytes that are decompressed at once."""
MAX_COMPRESSED_BYTES = MAX_BODY_BYTES + _STEP_BYTES
"""A body that cannot be compressed is a little larger than before."""
MAX_GZIP_MEMBERS = 1000
"""A gzip body is a sequence of members, often one for each part that the server flushed."""
_GZIP_WINDOW_BITS = 31
_ZLIB_WINDOW_BITS = 15
_RAW_DEFLATE_WINDOW_BITS = -15
"""The `wbits` arguments of zlib."""
_ZLIB_HEADER_BYTES = 2
ORDINARY_PARTS = 16
"""Parts in which a body may arrive before others run between two of them."""
_ENCODINGS = {"gzip": _GZIP_WINDOW_BITS, "x-gzip": _GZIP_WINDOW_BITS, "deflate": _ZLIB_WINDOW_BITS}
"""Content encodings (RFC 9110, 8.4.1). Some servers send `deflate` without the zlib header that it should have."""


async def read_body(next_chunk: Callable[[], Awaitable[bytes]], encoding: str) -> bytes:
    """
    The decompressed body; `next_chunk` returns the next bytes received, and nothing at the end.

    Raises:
        PayloadError: it is too large, grows too much, ends early, or has an encoding that was not requested.
    """
    name = encoding.strip().lower() or "identity"
    if name != "identity" and name not in _ENCODINGS:
        raise PayloadError("a response in an encoding that was not requested")
    body = _PlainBody() if name == "identity" else _CompressedBody(_ENCODINGS[name])
    for number in itertools.count():
        if not (chunk := await next_chunk()):
            break
        body.add(chunk)
        # The next bytes may be there already, in chunks so small that parsing them takes long. But an answer that
        # is complete must not wait: if its connection breaks meanwhile, it is lost.
        if number >= ORDINARY_PARTS:
            await give_way()
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
        self._window_bits = window_bits
        self._decompressor = zlib.decompressobj(window_bits)
        self._received_bytes = 0
        self._members = 1
        self._start = b""
        """The first byte of a `deflate` body, until the second one says whether a zlib header begins it."""
        self._has_padding = False

    def add(self, chunk: bytes) -> None:
        """Decompress received bytes."""
        self._received_bytes += len(chunk)
        if self._received_bytes > MAX_COMPRESSED_BYTES:
            raise BodyTooLargeError(f"a response of more than {MAX_BODY_BYTES // 1024} KiB")
        rest = chunk
        if self._window_bits == _ZLIB_WINDOW_BITS and self._received_bytes - len(chunk) < _ZLIB_HEADER_BYTES:
            rest = self._start = self._start + chunk
            if len(rest) < _ZLIB_HEADER_BYTES:
                return
            if not _has_zlib_header(rest):
                self._decompressor = zlib.decompressobj(_RAW_DEFLATE_WINDOW_BITS)
        try:
            while rest := self._skip_end_of_member(rest):
                self._append(self._decompressor.decompress(rest, _STEP_BYTES))
                rest = self._decompressor.unconsumed_tail or self._decompressor.unused_data
        except zlib.error:
            raise PayloadError("a response that cannot be decompressed") from None

    def _skip_end_of_member(self, rest: bytes) -> bytes:
        """
        The bytes that the decompressor reads next: a gzip member may follow another, and zero bytes the last one.

        Raises:
            PayloadError: something else follows.
        """
        if not self._decompressor.eof:
            return rest
        following = rest.lstrip(b"\0")
        if not following:
            self._has_padding = self._has_padding or bool(rest)
            return b""
        if self._window_bits != _GZIP_WINDOW_BITS or self._has_padding or len(following) < len(rest):
            raise PayloadError("bytes behind a compressed response")
        self._members += 1
        if self._members > MAX_GZIP_MEMBERS:
            raise PayloadError(f"a compressed response of more than {MAX_GZIP_MEMBERS} members")
        self._decompressor = zlib.decompressobj(_GZIP_WINDOW_BITS)
        return rest

    def _append(self, content: bytes) -> None:
        super()._append(content)
        if len(self._content) > max(MAX_BYTES_OF_ANY_RATIO, self._received_bytes * MAX_COMPRESSION_RATIO):
            raise PayloadError(f"a response that decompresses to more than {MAX_COMPRESSION_RATIO} times its size")

    def finish(self) -> bytes:
        """The complete body; one that ends early raises `PayloadError`."""
        if self._received_bytes and not self._decompressor.eof:
            raise PayloadError("a compressed response that ends early")
        return super().finish()


def _has_zlib_header(content: bytes) -> bool:
    """Whether bytes begin with a zlib header (RFC 1950, 2.2): method 8, and a checksum of both bytes."""
    return content[0] & 0x0F == 8 and int.from_bytes(content[:2], "big") % 31 == 0
