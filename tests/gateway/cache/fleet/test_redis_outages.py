"""While Redis is killed, suspended, full, read-only or not started yet, every ask is answered."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import httpx
import pytest

from student_graph.gateway.cache import Purge
from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.events import Event, Events
from student_graph.gateway.cache.fleet.redis_store import RedisStore
from tests.gateway.cache.processes import REDIS_SECONDS, Process, count_calls, create_process
from tests.gateway.cache.small_cache import wait_until
from tests.gateway.redis_server import RedisServer
from tests.gateway.small_district import DISTRICT
from tests.long_runs import size

DOWN = httpx.ConnectError("refused")
CLASS = tuple(f"s{n}" for n in range(30))


async def test_when_the_requesting_process_dies_a_waiting_process_requests(processes: list[Process]) -> None:
    """A claim that is not renewed expires after five seconds."""
    process_a, process_b = processes
    process_a.harness.vendor_seconds = 30.0
    request = asyncio.create_task(process_a.harness.students("s1"))

    async def has_claim() -> bool:
        return bool(renewals())

    def renewals() -> list[asyncio.Task[Any]]:
        return [task for task in asyncio.all_tasks() if "_renew_claims" in repr(task.get_coro())]

    await wait_until(has_claim)
    for task in renewals():  # as if the process had been killed
        task.cancel()
    assert await process_b.harness.students("s1") == {"s1": False}
    request.cancel()


@pytest.mark.row("D02")
async def test_without_redis_a_process_works_alone(processes: list[Process], server: RedisServer) -> None:
    """Redis is killed during a thousand asks: none fails, and each process asks the vendor once at most."""
    for process in processes:
        process.harness.vendor_seconds = 0.2
    asks = [asyncio.create_task(process.harness.students(*CLASS)) for process in processes for _ in range(500)]
    await asyncio.sleep(0.02)
    server.kill()
    results = await asyncio.gather(*asks)
    assert all(result == dict.fromkeys(CLASS, False) for result in results)
    assert count_calls(processes) <= 2
    await processes[0].harness.students("s40")
    server.start()
    await wait_until(lambda: are_sharing(processes))


async def are_sharing(processes: list[Process]) -> bool:
    """Whether an answer that one process fetched is known to the other process."""
    student = f"s{random.randint(100, 599)}"  # noqa: S311 - not for security
    for process in processes:
        process.harness.vendor_seconds = 0.0
        process.harness.ledger.calls.clear()
        await process.harness.students(student)
    return count_calls(processes) == 1


@pytest.mark.row("D03")
async def test_a_suspended_redis_costs_fifty_milliseconds_a_few_times(
    processes: list[Process], server: RedisServer
) -> None:
    """
    After three timeouts in a row, Redis is not used for a while: a hundred asks are answered without it.

    Fifteen failures take a quarter of a minute: the pauses between them are 1, 2, 4 and 8 seconds long.
    """
    process = create_process(server, processes[0].store.name, vendor_seconds=0.0, timeout=0.05)
    process.harness.cache.start()
    await process.has_joined()
    failures_before = process.store.counts.failures  # on a busy machine, an attempt to join may have failed
    server.suspend()
    try:
        for number in range(100):
            assert await process.harness.students(f"s{number}") == {f"s{number}": False}
        assert 0 < process.store.counts.failures - failures_before <= 15
    finally:
        server.resume()
        await process.harness.cache.close()


@pytest.mark.row("D01")
async def test_a_process_joins_a_redis_that_starts_later(server: RedisServer) -> None:
    """Until then, the process answers on its own."""
    server.kill()
    process_a = create_process(server, "late")
    process_a.harness.cache.start()
    assert await process_a.harness.students("s1") == {"s1": False}
    assert not process_a.store.is_usable
    server.start()
    await process_a.has_joined()
    process_b = create_process(server, "late")
    process_b.harness.cache.start()
    await process_b.has_joined()
    await process_a.harness.students("s2")
    await process_a.harness.settle()
    await process_b.harness.students("s2")
    for member in (process_a, process_b):
        await member.harness.cache.close()
    assert process_b.harness.calls == []


@pytest.mark.row("D06")
@pytest.mark.parametrize("command", [("CONFIG", "SET", "maxmemory", "1"), ("REPLICAOF", "127.0.0.1", "1")])
async def test_a_redis_that_rejects_writes_fails_no_ask(
    processes: list[Process], command: tuple[str, ...]
) -> None:
    """Redis is out of memory, or becomes a read-only replica."""
    client = processes[0].store.client
    await client.execute_command(*command)
    try:
        for number in range(40):
            for process in processes:
                process.harness.vendor_seconds = 0.0
                assert await process.harness.students(f"s{number}") == {f"s{number}": False}
    finally:
        await client.execute_command("REPLICAOF", "NO", "ONE")
        await client.execute_command("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.row("D07")
async def test_when_redis_loses_all_data_the_processes_serve_from_memory(processes: list[Process]) -> None:
    """What is not in memory is requested once for all processes."""
    process_a, process_b = processes
    await process_a.harness.students(*CLASS)
    await process_a.store.client.flushall()
    await asyncio.gather(*(process_a.harness.students(*CLASS) for _ in range(100)))
    assert count_calls(processes) == 1
    await asyncio.gather(*(process.harness.students("s99") for process in processes for _ in range(100)))
    assert count_calls(processes) == 2
    assert process_b.harness.calls in ([], [("s99",)])


async def test_an_event_that_fails_is_received_again(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Until then no stored answer is used: it might be one that the event has purged."""
    sender, receiver = (
        RedisStore(server.url, Encryptor(b"k" * 32), name="failing", timeout=REDIS_SECONDS) for _ in range(2)
    )
    states: list[bool] = []

    def receive(_: Event) -> None:
        states.append(receiver.is_usable)
        if len(states) == 1:
            raise KeyError("a bug")

    await Events(sender, lambda _: None).publish(time.time(), "purge", None)
    events = Events(receiver, receive)
    events.start()

    async def is_usable() -> bool:
        return receiver.is_usable and not events.is_unavailable

    await wait_until(is_usable)
    await events.stop()
    await asyncio.gather(sender.close(), receiver.close())
    assert states == [False, False]
    assert "Redis is unavailable (KeyError)" in caplog.text


@pytest.mark.long_run
async def test_a_process_ends_while_it_receives_events(server: RedisServer) -> None:
    """Many processes end just after an event was published."""
    for number in range(size(10, 100)):
        process = create_process(server, f"ending-{number}")
        process.harness.cache.start()
        await process.has_joined()
        await process.harness.cache.purge(Purge(district=DISTRICT))
        async with asyncio.timeout(60):
            await process.harness.cache.close()
