"""Memory that was freed goes back to the system, although what is still used lies between it."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from student_graph.gateway.server import allocator
from student_graph.gateway.server.allocator import TRIM_INTERVAL_SECONDS, return_free_memory
from student_graph.gateway.server.connection_table import ConnectionTable
from student_graph.gateway.server.process import TICKS_PER_SECOND, _Server, server_config
from student_graph.gateway.web.routes.health import Readiness

pytestmark = pytest.mark.skipif(allocator._LIBRARY is None, reason="the C library is not glibc")
BLOCK_BYTES, BLOCKS, STEP = 60_000, 800, 20
"""Blocks of 46 MiB in all, of which one in twenty stays in use."""
MIN_RETURNED_BYTES = BLOCK_BYTES * BLOCKS // 4


def resident_bytes() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def heap_with_holes() -> list[bytes]:
    """Blocks with free memory between them."""
    blocks = [b"x" * BLOCK_BYTES for _ in range(BLOCKS)]
    return blocks[::STEP]


def test_the_holes_of_the_heap_are_returned() -> None:
    """The blocks that are still used stay as they are."""
    used = heap_with_holes()
    before = resident_bytes()
    assert return_free_memory()
    assert before - resident_bytes() > MIN_RETURNED_BYTES
    assert all(block == b"x" * BLOCK_BYTES for block in used)


async def test_a_server_returns_free_memory_once_a_minute() -> None:
    """Between the minutes it does not."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Never called."""

    config = server_config(app, ConnectionTable())
    config.load()
    server = _Server(config, Readiness(), math.inf, lambda: None)
    used = heap_with_holes()
    before = resident_bytes()
    for tick in range(1, TICKS_PER_SECOND + 1):
        await server.on_tick(tick)
    assert before - resident_bytes() < MIN_RETURNED_BYTES
    await server.on_tick(TRIM_INTERVAL_SECONDS * TICKS_PER_SECOND)
    assert before - resident_bytes() > MIN_RETURNED_BYTES
    assert used
