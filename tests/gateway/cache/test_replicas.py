"""Two processes of a fleet on one real Redis: one flight, one memory, and neither needs Redis to answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from adapters.sources import Ask, District
from gateway.cache import Purge
from gateway.cache.fleet import Fleet
from gateway.cache.replicas import Replicas
from gateway.cache.vault import Vault
from tests.gateway.cache.keeping import ACTIONS, EVENTS, STUDENTS, THIS_YEAR, Kept, until
from tests.gateway.redis_server import RedisServer, redis_server
from tests.gateway.small import DISTRICT, Ledger, Sis, error_code, event, source

DOWN = httpx.ConnectError("refused")
CLASS = tuple(f"s{n}" for n in range(30))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis."""
    with redis_server() as made:
        yield made


@dataclass
class Process:
    """One of the fleet."""

    kept: Kept
    fleet: Fleet

    async def caught_up(self) -> None:
        """Until it knows what was told before."""

        async def there() -> bool:
            return self.fleet.there

        await until(there)


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


def start(server: RedisServer, name: str, *, seconds: float = 0.05, key: bytes = b"k" * 32) -> Process:
    """A process of the fleet of that name; it is told to begin by the test."""
    ledger = Ledger(students=[f"s{n}" for n in range(600)], events=[event("s1", "1", day) for day in (3, 4)])
    fleet = Fleet(server.url, Vault(key), name=name)
    district = District(DISTRICT, "Hill", (source(Sis, ledger, "sis"),))
    others = Replicas(fleet, {DISTRICT: district})
    return Process(Kept(ledger=ledger, seconds=seconds, others=others), fleet)


def calls(processes: list[Process]) -> int:
    """Calls of all processes to the vendor."""
    return sum(len(process.kept.calls) for process in processes)


async def test_what_one_process_was_told_the_other_need_not_ask(processes: list[Process]) -> None:
    """Records, their times, and that a student is not known, come from Redis; the vendor is asked once."""
    one, other = processes
    first = await one.kept.ask(Ask(EVENTS, ("s1", "s2"), THIS_YEAR))
    await one.kept.students("nobody")
    await asyncio.sleep(0.05)
    second = await other.kept.ask(Ask(EVENTS, ("s1", "s2"), THIS_YEAR))
    assert await other.kept.students("nobody") == {}
    assert {key: answer.value for key, answer in second.items()} == {k: a.value for k, a in first.items()}
    assert [a.fetched_at for a in second.values()] == [a.fetched_at for a in first.values()]
    assert other.kept.calls == []


@pytest.mark.parametrize("failing", [None, DOWN])
async def test_five_hundred_askers_in_each_of_two_processes_make_one_call(
    processes: list[Process], failing: Exception | None
) -> None:
    """Also when the vendor fails: who waited elsewhere is told why, and nobody asks again for it."""
    for process in processes:
        process.kept.seconds = 0.2
        if failing:
            process.kept.ledger.failing["students_by_id"] = failing
    asks = [process.kept.ask(Ask(STUDENTS, CLASS)) for process in processes for _ in range(500)]
    told = await asyncio.gather(*asks)
    assert calls(processes) == 1
    codes = {error_code(answer) for one in told for answer in one.values()}
    assert codes == ({"SOURCE_UNAVAILABLE"} if failing else {None})
    assert {len(one) for one in told} == {30}


async def test_batches_that_overlap_ask_for_each_key_once(processes: list[Process]) -> None:
    """Each key of two classes that share ten students is asked by one of the two processes."""
    one, other = processes
    await asyncio.gather(one.kept.students(*CLASS[:20]), other.kept.students(*CLASS[10:]))
    asked = [key for process in processes for keys in process.kept.calls for key in keys]
    assert sorted(asked) == sorted(CLASS)


async def test_large_batches_are_shared_too(processes: list[Process]) -> None:
    """Six hundred keys take several operations, and come back whole."""
    keys = tuple(f"s{n}" for n in range(600))
    one, other = processes
    assert len(await one.kept.students(*keys)) == 600
    assert len(await other.kept.students(*keys)) == 600
    assert other.kept.calls == []


async def test_restricted_data_never_leaves_the_process(processes: list[Process]) -> None:
    """Discipline is asked by each process, and nothing of it is in Redis."""
    one, other = processes
    before = set(await one.fleet.client.keys("*"))
    for process in processes:
        await process.kept.ask(Ask(ACTIONS, ("s1",)))
    await asyncio.sleep(0.05)
    assert [len(process.kept.calls) for process in (one, other)] == [1, 1]
    assert set(await one.fleet.client.keys("*")) == before


@pytest.mark.row("D14")
async def test_no_name_and_no_number_is_in_redis(processes: list[Process]) -> None:
    """Neither in a key nor in a value."""
    process = processes[0]
    process.kept.ledger.students.append("604822")
    await process.kept.students("604822")
    await process.kept.cache.purge(Purge(district=DISTRICT, students=frozenset({"604822"})))
    held = b""
    for name in await process.fleet.client.keys("*"):
        kind = await process.fleet.client.type(name)
        held += name + (await process.fleet.client.dump(name) or b"") + kind
    assert held
    assert not [text for text in (b"604822", b"Ada", b"Student") if text in held]


@pytest.mark.row("D13")
async def test_what_is_told_to_be_forgotten_is_forgotten_by_all(processes: list[Process]) -> None:
    """Within a second, from memory and from Redis, also by a process that starts later."""
    one, other = processes
    for process in processes:
        await process.kept.students("s1", "s2")
    await one.kept.cache.purge(Purge(district=DISTRICT, students=frozenset({"s1"})))

    async def heard() -> bool:
        return len(other.kept.cache.store) == 1

    await until(heard, seconds=1)
    before = calls(processes)
    await other.kept.students("s2")
    assert calls(processes) == before
    late = start_like(one)
    late.kept.cache.start()
    await late.caught_up()
    await late.kept.students("s1", "s2")
    await late.kept.cache.close()
    assert late.kept.calls == [("s1",)]


def start_like(process: Process) -> Process:
    """Another process of the same fleet."""
    kwargs = process.fleet.client.connection_pool.connection_kwargs
    return start(RedisServer(kwargs["port"]), process.fleet.name)


@pytest.mark.row("D05")
async def test_a_value_that_was_moved_or_damaged_is_a_miss_and_is_counted(processes: list[Process]) -> None:
    """Key A's value under key B, noise, and a cut value: asked anew, never shown."""
    one, other = processes
    await one.kept.students("s1", "s2", "s3")
    await asyncio.sleep(0.05)
    names = sorted(await one.fleet.client.keys(f"{one.fleet.name}:a:*"))
    first, second, third = [await one.fleet.client.get(name) for name in names]
    await one.fleet.client.set(names[0], second)
    await one.fleet.client.set(names[1], first[:-1])
    await one.fleet.client.set(names[2], random.Random(1).randbytes(len(third)))  # noqa: S311 - noise
    told = await other.kept.ask(Ask(STUDENTS, ("s1", "s2", "s3")))
    assert {key: answer.value.student_unique_id for key, answer in told.items()} == {
        k: k for k in ("s1", "s2", "s3")
    }
    assert (len(other.kept.calls), other.fleet.counts.corrupt) == (1, 3)


@pytest.mark.row("D14")
async def test_a_fleet_with_another_key_reads_nothing(processes: list[Process], server: RedisServer) -> None:
    """Dropping the key erases: what was written with another one is a miss."""
    one = processes[0]
    await one.kept.students("s1")
    stranger = start(server, one.fleet.name, key=b"x" * 32)
    stranger.kept.cache.start()
    await stranger.caught_up()
    await stranger.kept.students("s1")
    await stranger.kept.cache.close()
    assert len(stranger.kept.calls) == 1


async def test_when_the_asker_dies_the_waiters_ask_themselves(processes: list[Process]) -> None:
    """A claim that nobody renews any more counts for two seconds."""
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
    process = processes[0]
    process.kept.seconds = 0.0
    server.hang()
    try:
        for number in range(100):
            assert await process.kept.students(f"s{number}") == {f"s{number}": False}
        assert process.fleet.counts.failures <= 6
    finally:
        server.go_on()


async def test_stale_answers_outlive_the_process_that_had_them(processes: list[Process]) -> None:
    """A process that starts while the vendor is down serves what the fleet still has, marked as stale."""
    one, other = processes
    await one.kept.ask(Ask(EVENTS, ("s1",), THIS_YEAR))
    await asyncio.sleep(0.05)
    other.kept.ledger.failing["attendance_events_by_student"] = DOWN
    told = await aged(other, 120.0).kept.ask(Ask(EVENTS, ("s1",), THIS_YEAR))
    assert (told["s1"].stale, len(told["s1"].value)) == (True, 2)


def aged(process: Process, seconds: float) -> Process:
    """The process, by whose clock everything in the fleet is older."""
    epochs: Any = process.kept.cache.flying._fetch
    shared = epochs._fetch
    now = shared.clock
    shared.clock = lambda: now() + seconds
    return process


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
