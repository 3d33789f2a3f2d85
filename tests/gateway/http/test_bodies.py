"""Compressed bodies, as the standards allow them and as servers send them."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable

import pytest

from student_graph.adapters.errors import PayloadError
from student_graph.gateway.concurrency.time_slices import SLICE_SECONDS
from student_graph.gateway.http.bodies import MAX_COMPRESSED_BYTES, MAX_GZIP_MEMBERS, ORDINARY_PARTS, read_body

CONTENT = b'[{"student": "s1", "title": "Essay"}]' * 50


def raw_deflate(content: bytes) -> bytes:
    """Deflate without the zlib header, as some servers send it."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def members(content: bytes) -> bytes:
    """Three gzip members (RFC 1952, 2.2)."""
    return gzip.compress(content[:7]) + gzip.compress(b"") + gzip.compress(content[7:])


async def decompressed(encoding: str, received: bytes, step: int) -> bytes:
    """The body of a response that arrives in parts of `step` bytes."""
    parts = iter([received[at : at + step] for at in range(0, len(received), step)])

    async def next_part() -> bytes:
        return next(parts, b"")

    return await read_body(next_part, encoding)


@pytest.mark.parametrize("step", [1, 2, 7, 100_000])
@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("gzip", members),
        ("gzip", lambda content: gzip.compress(content) + b"\0" * 20),
        ("gzip", lambda content: members(content) + b"\0"),
        ("deflate", zlib.compress),
        ("deflate", lambda content: zlib.compress(content, 0)),
        ("deflate", raw_deflate),
        ("", bytes),
        ("identity", bytes),
    ],
)
async def test_a_body_is_decompressed_however_it_arrives(
    encoding: str, compress: Callable[[bytes], bytes], step: int
) -> None:
    """Also byte by byte: the parts say nothing about members and headers."""
    assert await decompressed(encoding, compress(CONTENT), step) == CONTENT


@pytest.mark.parametrize("step", [1, 100_000])
@pytest.mark.parametrize(
    ("encoding", "received"),
    [
        ("gzip", gzip.compress(CONTENT, mtime=0)[:-3]),
        ("gzip", gzip.compress(CONTENT, mtime=0) + gzip.compress(CONTENT, mtime=0)[:-3]),
        ("gzip", gzip.compress(CONTENT, mtime=0) + b"more"),
        ("gzip", gzip.compress(CONTENT, mtime=0) + b"\0\0" + gzip.compress(CONTENT, mtime=0)),
        ("gzip", gzip.compress(b"", mtime=0) * (MAX_GZIP_MEMBERS + 1)),
        ("gzip", zlib.compress(CONTENT)),
        ("deflate", zlib.compress(CONTENT)[:-3]),
        ("deflate", b"x"),
        ("deflate", raw_deflate(CONTENT) + b"more"),
        ("deflate", gzip.compress(CONTENT, mtime=0)),
        ("br", CONTENT),
    ],
)
async def test_a_body_that_is_cut_or_has_other_bytes_behind_it_is_refused(
    encoding: str, received: bytes, step: int
) -> None:
    """Bytes that are not read could have been rows."""
    with pytest.raises(PayloadError):
        await decompressed(encoding, received, step)


async def test_compressed_bytes_without_content_are_cut_off() -> None:
    """Zero bytes behind a body are no content, so the received bytes have a limit of their own."""
    with pytest.raises(PayloadError):
        await decompressed("gzip", gzip.compress(b"[]") + b"\0" * MAX_COMPRESSED_BYTES, 65536)


async def test_a_body_whose_parts_take_long_to_parse_lets_others_run() -> None:
    """Chunks of one byte are parsed when they are read, thousands at once, and none has to be waited for."""
    remaining, rounds = ORDINARY_PARTS + 5, 0

    async def next_part() -> bytes:
        nonlocal remaining
        until = time.perf_counter() + 1.2 * SLICE_SECONDS
        while time.perf_counter() < until:
            pass
        remaining -= 1
        return b"" if remaining < 0 else b" "

    async def run_every_round() -> None:
        nonlocal rounds
        while remaining > 0:
            rounds += 1
            await asyncio.sleep(0)

    await asyncio.gather(read_body(next_part, ""), run_every_round())
    assert rounds >= 4
