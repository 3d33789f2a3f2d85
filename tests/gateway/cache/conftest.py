"""A Redis for the tests of a module, and two processes of a fleet that use it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.gateway.cache.processes import Process, create_process
from tests.gateway.redis_server import RedisServer, redis_server

NUMBERS = itertools.count()
"""A number for the fleet of each test."""


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A running Redis."""
    with redis_server() as redis:
        yield redis


@pytest.fixture
async def processes(server: RedisServer) -> AsyncIterator[list[Process]]:
    """Two processes of a fleet with a slow vendor. The fleet of each test has its own name."""
    if server.process is None:
        server.start()
    name = f"fleet-{next(NUMBERS)}"
    processes = [create_process(server, name) for _ in range(2)]
    for process in processes:
        process.harness.cache.start()
        await process.has_joined()
    yield processes
    for process in processes:
        await process.harness.cache.close()
