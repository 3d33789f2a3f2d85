"""Responses without an end: whichever part of a response it is, the vendor's connection is closed at a limit."""

from __future__ import annotations

import contextlib
import tracemalloc
import zlib

import pytest

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.reading import MAX_BODY_BYTES
from tests.faults.vendor import Request
from tests.gateway.http.test_connections import OK, wire

HEAD = OK.encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP_CHUNKED = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP_HEADER = b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\r\n"
EMPTY_BLOCKS = b"\0\0\0\xff\xff" * 10_000
SOCKET_BUFFER_BYTES = 16 * 1024 * 1024
"""What the buffers of two sockets hold at most, which a vendor sends although nobody reads it."""


def chunk(content: bytes) -> bytes:
    """One chunk of a body."""
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


@pytest.mark.parametrize(("first", "more"), [
    (b"HTTP/1.1 200 ", b"a"),
    (b"", b"\r\n"),
    (b"", b"a"),
    (HEAD, b"X-A: b\r\n"),
    (HEAD, b"a:\r\n"),
    (HEAD + b"X-A: ", b"a"),
    (HEAD + b"X-A: b\r\n", b" b\r\n"),
    (HEAD + b"\r\n", b" "),
    (CHUNKED, chunk(b" " * 65_536)),
    (CHUNKED, chunk(b" ")),
    (CHUNKED, b"0"),
    (CHUNKED + b"1;x=", b"a"),
    (CHUNKED + chunk(b"[]") + b"0\r\n", b"X-A: b\r\n"),
    (CHUNKED + chunk(b"[]") + b"0\r\nX-A: ", b"a"),
    (GZIP_CHUNKED + GZIP_HEADER, chunk(EMPTY_BLOCKS)),
], ids=[
    "status line", "blank lines", "no HTTP", "headers", "short headers", "header line", "folded header", "body",
    "chunks", "small chunks", "chunk size", "extension", "trailers", "trailer line", "empty blocks of gzip",
])  # fmt: skip
async def test_a_response_without_an_end_is_cut(first: bytes, more: bytes) -> None:
    """The request fails for good, and the vendor cannot send on."""
    block = more * max(1, 65_536 // len(more))
    sent = 0

    async def without_end(request: Request) -> None:
        nonlocal sent
        await request.send(first)
        while sent < 4 * SOCKET_BUFFER_BYTES:
            await request.send(block)
            sent += len(block)

    async with wire(without_end) as lms:
        with pytest.raises(PayloadError):
            await lms.get("/work/s1")
        assert len(lms.calls) == 1
    assert sent < MAX_BODY_BYTES + SOCKET_BUFFER_BYTES


async def test_thousands_of_headers_are_refused() -> None:
    """Also if the response ends behind them."""

    async def with_headers(request: Request) -> None:
        headers = b"".join(b"X-%d: b\r\n" % number for number in range(5_000))
        with contextlib.suppress(ConnectionError):
            await request.send(HEAD + headers + b"Content-Length: 2\r\n\r\n[]")

    async with wire(with_headers) as lms:
        with pytest.raises(PayloadError):
            await lms.get("/work/s1")


async def test_a_compressed_bomb_is_cut_while_it_is_decompressed() -> None:
    """16 MiB of blanks take 16 KiB on the wire, and no more memory than a usual body."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([compressor.compress(b" " * (1 << 20)) for _ in range(16)]) + compressor.flush()

    async def with_bomb(request: Request) -> None:
        await request.send(HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb)

    async with wire(with_bomb) as lms:
        tracemalloc.start()
        try:
            with pytest.raises(PayloadError):
                await lms.get("/work/s1")
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 2 * MAX_BODY_BYTES
