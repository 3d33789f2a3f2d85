"""An answer's body, read and unpacked no further than it may be long."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.reading import MAX_BODY_BYTES

RATIO = 100
"""How many times longer a packed body may become."""
SMALL = 64 * 1024
"""Bytes up to which the ratio does not matter: what is nearly empty packs well."""
_STEP = 64 * 1024
"""Bytes that are unpacked at once."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""How zlib is told which of its packings it is."""


async def whole(next_part: Callable[[], Awaitable[bytes]], encoding: str) -> bytes:
    """
    The body, unpacked; `next_part` brings what came of it, and nothing at its end.

    Raises:
        PayloadError: it is too long, grows too much, ends early, or is packed in a way that was not asked for.
    """
    name = encoding.strip().lower() or "identity"
    if name != "identity" and name not in _WINDOWS:
        raise PayloadError("an answer in an encoding that was not asked for")
    body = _Plain() if name == "identity" else _Packed(_WINDOWS[name])
    while part := await next_part():
        body.add(part)
    return body.end()


class _Plain:
    """A body that comes as it is."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take some more of it."""
        self._take(chunk)

    def _take(self, part: bytes) -> None:
        self._parts += part
        if len(self._parts) > MAX_BODY_BYTES:
            raise PayloadError(f"an answer of more than {MAX_BODY_BYTES // 1024} KiB")

    def end(self) -> bytes:
        """All of it."""
        return bytes(self._parts)


class _Packed(_Plain):
    """A body that is unpacked step by step, so that a small one cannot become a large one at once."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self._unpack = zlib.decompressobj(window)
        self._came = 0

    def add(self, chunk: bytes) -> None:
        """Take some more of it."""
        self._came += len(chunk)
        rest = chunk
        try:
            while rest and not self._unpack.eof:
                self._take(self._unpack.decompress(rest, _STEP))
                rest = self._unpack.unconsumed_tail
        except zlib.error:
            raise PayloadError("an answer that cannot be unpacked") from None

    def _take(self, part: bytes) -> None:
        super()._take(part)
        if len(self._parts) > max(SMALL, self._came * RATIO):
            raise PayloadError(f"an answer that becomes more than {RATIO} times longer")

    def end(self) -> bytes:
        """All of it."""
        if self._came and not self._unpack.eof:
            raise PayloadError("a packed answer that ends early")
        return super().end()
