"""Two processes of a fleet on one real Redis: one flight, one memory, and neither needs Redis to answer."""

from __future__ import annotations

import asyncio
import random
import time
from ipaddress import ip_network
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Purge
from student_graph.gateway.cache.encryption import Encryptor
from student_graph.gateway.cache.redis_store import RedisStore
from student_graph.gateway.cache.redis_fleet import RedisFleet
from student_graph.gateway.http import create_client
from tests.gateway.cache.processes import Process, calls, start
from tests.gateway.cache.small_cache import ACTIONS, EVENTS, STUDENTS, THIS_YEAR, until
from tests.gateway.redis_server import RedisServer
from tests.gateway.small_district import DISTRICT, Sis, error_code

DOWN = httpx.ConnectError("refused")
CLASS = tuple(f"s{n}" for n in range(30))


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
    assert {key: answer.value.student_id for key, answer in told.items()} == {
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


async def test_who_tells_a_purge_does_not_hear_it_again(processes: list[Process]) -> None:
    """What it asked right after stays."""
    process = processes[0]
    await process.kept.cache.purge(Purge(district=DISTRICT))
    process.kept.seconds = 0.0
    await process.kept.students("s1")
    await asyncio.sleep(0.2)
    await process.kept.students("s1")
    assert len(process.kept.calls) == 1


@pytest.mark.row("A12")
async def test_a_vendor_that_wants_to_be_left_alone_is_left_alone_by_all(server: RedisServer) -> None:
    """Whichever process was told, the others' gates are closed for as long."""
    if server.process is None:
        server.start()
    made = []
    for _ in range(2):
        settings = AdapterSettings(
            base_url=AnyHttpUrl("http://127.0.0.1:9"), networks=(ip_network("127.0.0.0/8"),)
        )
        http = create_client(settings, lambda: None)
        district = District(DISTRICT, "Hill", (Source("sis", "sis", DISTRICT, Sis("sis", settings, http)),))
        others = RedisFleet(RedisStore(server.url, Encryptor(b"k" * 32), name="pausing", patience=1.0), {DISTRICT: district})
        others.start(lambda _: None)
        made.append((others, http))

    async def joined() -> bool:
        return all(others.joined for others, _ in made)

    async def closed() -> bool:
        return all(http.gate.is_blocked for _, http in made)

    await until(joined)
    assert not await closed()
    made[0][1].gate.announce_pause(30)
    await until(closed, seconds=1)
    for others, http in made:
        await others.close()
        await http.aclose()


@pytest.mark.parametrize(
    "strange", [{"kind": "unheard of"}, {"kind": "purge", "told": {"planet": "mars"}}, {"form": 2}]
)
async def test_news_that_cannot_be_understood_make_all_doubtful(
    processes: list[Process], strange: dict[str, Any]
) -> None:
    """A later version may have told to forget anything: everything is asked anew, and one listens on."""
    one, other = processes
    await other.kept.students("s1")
    name, now = f"{one.fleet.name}:news", time.time()
    usual = {"at": now, "by": "later", "told": None}
    told = msgspec.json.encode(strange if "form" in strange else usual | strange)
    await one.fleet.client.zadd(name, {one.fleet.vault.close("", name, int(now * 1000), told): now})
    await one.fleet.client.publish(name, b"")

    async def forgotten() -> bool:
        return len(other.kept.cache.store) == 0

    await until(forgotten, seconds=2)
    await other.kept.students("s2")
    await one.kept.cache.purge(Purge(district=DISTRICT))
    await until(forgotten, seconds=2)
