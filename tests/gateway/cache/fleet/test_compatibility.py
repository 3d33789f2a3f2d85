"""A Redis that does not suit a fleet is named in the log, by a sentence that says what to change."""

from __future__ import annotations

import pytest
import redis
from redis.exceptions import AuthenticationError, MovedError, NoPermissionError, OutOfMemoryError, ReadOnlyError

from student_graph.gateway.cache.fleet.compatibility import hold_name, reason_of, warn_of_eviction
from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.redis_store import RedisStore
from tests.gateway.cache.processes import create_process
from tests.gateway.cache.small_cache import wait_until
from tests.gateway.redis_server import redis_server


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MovedError("3999 10.0.0.7:6381"), "it is a node of a cluster"),
        (ReadOnlyError("You can't write against a read only replica."), "it is a replica"),
        (AuthenticationError("invalid password"), "it refuses the user or the password"),
        (
            OutOfMemoryError("command not allowed when used memory > 'maxmemory'"),
            "it is full: raise its maxmemory",
        ),
        (NoPermissionError("user 10.0.0.7 has no permissions"), "its user may not run a command"),
        (
            redis.exceptions.ConnectionError("Error 111 connecting to 10.0.0.7:6379"),
            "ConnectionError: is the server of cache.redis running",
        ),
        (TimeoutError("10.0.0.7"), "TimeoutError: is the server of cache.redis running"),
        (KeyError("10.0.0.7"), "KeyError"),
    ],
)
def test_the_log_says_why_redis_is_not_used(error: Exception, expected: str) -> None:
    """The sentence names the setting to change, and repeats no text of Redis."""
    assert reason_of(error).startswith(expected)
    assert "10.0.0.7" not in reason_of(error)


async def test_a_redis_that_evicts_purges_is_named_and_one_that_evicts_answers_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`volatile` policies evict what expires, which answers do and purges do not."""
    with redis_server() as server:
        store = RedisStore(server.url, Encryptor(b"k" * 32))
        for policy, is_named in (("volatile-ttl", False), ("allkeys-lru", True)):
            await store.client.config_set("maxmemory-policy", policy)
            await warn_of_eviction(store)
            assert (f"the maxmemory-policy {policy}" in caplog.text) == is_named
        await store.close()


async def test_the_mark_of_a_key_ends_by_itself() -> None:
    """So a key can be replaced under the same name, a minute after the last process with the old one has ended."""
    with redis_server() as server:
        store = RedisStore(server.url, Encryptor(b"k" * 32), name="marked")
        for _ in range(2):
            await hold_name(store)
        assert 0 < await store.client.ttl("marked:key") <= 60
        assert b"k" * 32 not in await store.client.get("marked:key")
        await store.close()


@pytest.mark.row("D14")
async def test_a_process_with_another_key_reads_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Two fleets with one name and two keys: the second one says so, works alone, and the first one goes on."""
    with redis_server() as server:
        first, second = create_process(server, "same"), create_process(server, "same", key=b"x" * 32)

        async def has_said_so() -> bool:
            return "a fleet with another key has the name 'same'" in caplog.text

        first.harness.cache.start()
        await first.has_joined()
        await first.harness.students("s1")
        second.harness.cache.start()
        await wait_until(has_said_so)
        await second.harness.students("s1")
        assert len(second.harness.calls) == 1
        assert (first.store.is_usable, second.store.is_usable) == (True, False)
        for process in (second, first):
            await process.harness.cache.close()
