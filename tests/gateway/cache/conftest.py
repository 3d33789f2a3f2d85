"""A Redis for the tests of a module, and two processes of a fleet on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.gateway.cache.processes import Process, start
from tests.gateway.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis."""
    with redis_server() as made:
        yield made


@pytest.fixture
async def processes(server: RedisServer, request: pytest.FixtureRequest) -> AsyncIterator[list[Process]]:
    """Two of a fleet whose vendor takes a while; each test's fleet has a name of its own."""
    if server.process is None:
        server.start()
    name = f"t{abs(hash(request.node.name))}"
    made = [start(server, name) for _ in range(2)]
    for process in made:
        process.kept.cache.start()
        await process.caught_up()
    yield made
    for process in made:
        await process.kept.cache.close()
