"""Memory that was freed goes back to the system, although what is still used lies between it."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from student_graph.gateway.server import allocator
from student_graph.gateway.server.allocator import RETURN_INTERVAL_SECONDS, FreeMemoryReturn, return_free_memory
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.process import _Server, server_config
from student_graph.gateway.web.routes.health import Readiness
from tests.gateway.cache.small_cache import Clock

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


async def test_a_server_returns_free_memory_while_it_runs() -> None:
    """Its ticks do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Never called."""

    config = server_config(app, ConnectionTable())
    config.load()
    server = _Server(config, Readiness(), math.inf, lambda: None, reloadable=None, cached_bytes=lambda: 0)
    used = heap_with_holes()
    before = resident_bytes()
    await server.on_tick(1)
    assert before - resident_bytes() > MIN_RETURNED_BYTES
    assert used


@pytest.mark.parametrize(("seconds", "interval"), [(0.001, RETURN_INTERVAL_SECONDS), (0.1, 500.0)])
def test_a_longer_return_comes_less_often(seconds: float, interval: float) -> None:
    """Each minute, or so seldom that it takes a five-thousandth of the time."""
    clock, returns = Clock(), []

    def return_memory() -> None:
        returns.append(clock.now)
        clock.now += seconds

    memory_return = FreeMemoryReturn(return_memory)
    for _ in range(3 * int(interval)):
        memory_return.check(clock)
        clock.now += 1.0
    pauses = [later - earlier for earlier, later in pairwise(returns)]
    assert pauses == pytest.approx([interval] * 2, abs=1.5)
