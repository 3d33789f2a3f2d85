"""Redis killed, hung, full, read-only or not there yet: every question is answered all the same."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from student_graph.gateway.cache import Purge
from tests.gateway.cache.processes import Process, calls, start
from tests.gateway.cache.small_cache import until
from tests.gateway.redis_server import RedisServer
from tests.gateway.small_district import DISTRICT

DOWN = httpx.ConnectError("refused")
CLASS = tuple(f"s{n}" for n in range(30))


async def test_when_the_asker_dies_the_waiters_ask_themselves(processes: list[Process]) -> None:
    """A claim that nobody renews any more counts for five seconds."""
    one, other = processes
    one.kept.seconds = 30.0
    asker = asyncio.create_task(one.kept.students("s1"))
    await asyncio.sleep(0.05)
    for task in asyncio.all_tasks():  # as if it had been killed: it can say nothing any more
        if "_stay" in repr(task.get_coro()):
            task.cancel()
    assert await other.kept.students("s1") == {"s1": False}
    asker.cancel()


@pytest.mark.row("D02")
async def test_without_redis_all_is_as_in_one_process(processes: list[Process], server: RedisServer) -> None:
    """Killed under a thousand askers: none fails, and each process asks the vendor once at most."""
    for process in processes:
        process.kept.seconds = 0.2
    asks = [asyncio.create_task(process.kept.students(*CLASS)) for process in processes for _ in range(500)]
    await asyncio.sleep(0.02)
    server.kill()
    told = await asyncio.gather(*asks)
    assert all(one == dict.fromkeys(CLASS, False) for one in told)
    assert calls(processes) <= 2
    await processes[0].kept.students("s40")
    server.start()
    await until(lambda: shared_again(processes), seconds=10)


async def shared_again(processes: list[Process]) -> bool:
    """Whether what one asks is known to the other."""
    number = f"s{random.randint(100, 599)}"  # noqa: S311 - any one
    for process in processes:
        process.kept.seconds = 0.0
        process.kept.ledger.calls.clear()
        await process.kept.students(number)
    return calls(processes) == 1


@pytest.mark.row("D03")
async def test_a_redis_that_hangs_costs_fifty_milliseconds_a_few_times(
    processes: list[Process], server: RedisServer
) -> None:
    """After three operations without an answer it is left alone: a hundred questions go on without it."""
    process = start(server, processes[0].fleet.name, seconds=0.0, patience=0.05)
    process.kept.cache.start()
    await process.caught_up()
    server.hang()
    try:
        for number in range(100):
            assert await process.kept.students(f"s{number}") == {f"s{number}": False}
        assert process.fleet.counts.failures <= 6
    finally:
        server.go_on()
        await process.kept.cache.close()


@pytest.mark.row("D01")
async def test_a_redis_that_is_not_there_at_start_is_joined_when_it_comes(server: RedisServer) -> None:
    """The process answers from the first moment, by itself."""
    server.kill()
    process = start(server, "late")
    process.kept.cache.start()
    assert await process.kept.students("s1") == {"s1": False}
    assert not process.fleet.there
    server.start()
    await process.caught_up()
    other = start(server, "late")
    other.kept.cache.start()
    await other.caught_up()
    await process.kept.students("s2")
    await asyncio.sleep(0.05)
    await other.kept.students("s2")
    for each in (process, other):
        await each.kept.cache.close()
    assert other.kept.calls == []


@pytest.mark.row("D06")
@pytest.mark.parametrize("trouble", [("CONFIG", "SET", "maxmemory", "1"), ("REPLICAOF", "127.0.0.1", "1")])
async def test_a_redis_that_takes_nothing_any_more_costs_nothing_but_its_help(
    processes: list[Process], trouble: tuple[str, ...]
) -> None:
    """Out of memory, or turned into a read-only replica: every question is answered."""
    client = processes[0].fleet.client
    await client.execute_command(*trouble)
    try:
        for number in range(40):
            for process in processes:
                process.kept.seconds = 0.0
                assert await process.kept.students(f"s{number}") == {f"s{number}": False}
    finally:
        await client.execute_command("REPLICAOF", "NO", "ONE")
        await client.execute_command("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.row("D07")
async def test_when_redis_forgets_everything_the_processes_still_know(processes: list[Process]) -> None:
    """What is in memory is served; what is not is asked once for all."""
    one, other = processes
    await one.kept.students(*CLASS)
    await one.fleet.client.flushall()
    await asyncio.gather(*(one.kept.students(*CLASS) for _ in range(100)))
    assert calls(processes) == 1
    await asyncio.gather(*(process.kept.students("s99") for process in processes for _ in range(100)))
    assert calls(processes) == 2
    assert other.kept.calls in ([], [("s99",)])


async def test_a_process_that_ends_just_as_news_come_ends_all_the_same(server: RedisServer) -> None:
    """Its listener is in the midst of reading them, a hundred times."""
    for number in range(100):
        process = start(server, f"ending-{number}")
        process.kept.cache.start()
        await process.caught_up()
        await process.kept.cache.purge(Purge(district=DISTRICT))
        async with asyncio.timeout(2):
            await process.kept.cache.close()
