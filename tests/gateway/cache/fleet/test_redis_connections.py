"""A Redis that works is used: no earlier outage and no load makes a process continue without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.redis_store import (
    FIRST_PAUSE_SECONDS,
    MAX_CONNECTIONS,
    RedisStore,
    RedisUnavailableError,
)
from tests.gateway.cache.processes import REDIS_SECONDS
from tests.gateway.redis_server import RedisServer


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    """The Redis of a process that has had many requests at the same time, and so has many connections."""
    store = RedisStore(server.url, Encryptor(b"k" * 32), timeout=REDIS_SECONDS)
    await read_at_once(store, MAX_CONNECTIONS // 2)
    yield store
    await store.close()


async def read_at_once(store: RedisStore, count: int) -> int:
    """Read an answer so many times at once; returns how many reads failed."""
    results = await asyncio.gather(*(store.values(["none"]) for _ in range(count)), return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(failure, RedisUnavailableError) for failure in failures)
    return len(failures)


async def test_connections_that_a_restart_has_closed_fail_no_operation(
    store: RedisStore, server: RedisServer
) -> None:
    """Redis is used from the first operation on: a fleet joins again as soon as its Redis is back."""
    server.kill()
    await asyncio.to_thread(server.start)

    assert await read_at_once(store, MAX_CONNECTIONS // 2) == 0


async def test_connections_that_were_closed_because_they_were_idle_fail_no_operation(store: RedisStore) -> None:
    """Many Redis services close connections that nobody has used for some minutes."""
    await store.client.client_kill_filter(_type="normal", skipme=True)

    assert await read_at_once(store, MAX_CONNECTIONS // 2) == 0


async def test_more_operations_than_connections_wait_for_one(store: RedisStore) -> None:
    """A burst of requests is no outage of Redis."""
    assert await read_at_once(store, 8 * MAX_CONNECTIONS) == 0


async def test_operations_that_fail_together_are_one_outage(store: RedisStore, server: RedisServer) -> None:
    """However many were under way, the first pause is a short one; those that wait for their turn end at once."""
    server.kill()
    failures = await read_at_once(store, 8 * MAX_CONNECTIONS)
    await asyncio.to_thread(server.start)
    await asyncio.sleep(FIRST_PAUSE_SECONDS)  # the second pause would be twice as long

    assert failures == 8 * MAX_CONNECTIONS
    assert await read_at_once(store, 1) == 0
