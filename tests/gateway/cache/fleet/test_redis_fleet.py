"""Two processes of a fleet share answers, requests, purges and pauses over a real Redis."""

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
from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.redis_fleet import RedisFleet
from student_graph.gateway.cache.fleet.redis_store import RedisStore
from student_graph.gateway.http import create_client
from tests.gateway.cache.processes import REDIS_SECONDS, Process, count_calls, create_process
from tests.gateway.cache.slow_vendor import SlowLedger, SlowSis
from tests.gateway.cache.small_cache import ACTIONS, EVENTS, STUDENTS, THIS_YEAR, CacheHarness, wait_until
from tests.gateway.redis_server import RedisServer
from tests.gateway.small_district import DISTRICT, Sis, error_code

DOWN = httpx.ConnectError("refused")
CLASS = tuple(f"s{n}" for n in range(30))


async def test_an_answer_that_one_process_fetched_is_used_by_the_other(processes: list[Process]) -> None:
    """Records, their times, and unknown students come from Redis. The vendor is asked once."""
    process_a, process_b = processes
    first = await process_a.harness.ask(Ask(EVENTS, ("s1", "s2"), THIS_YEAR))
    await process_a.harness.students("nobody")
    await process_a.harness.settle()
    second = await process_b.harness.ask(Ask(EVENTS, ("s1", "s2"), THIS_YEAR))
    assert await process_b.harness.students("nobody") == {}
    assert {key: answer.value for key, answer in second.items()} == {k: a.value for k, a in first.items()}
    assert [a.fetched_at for a in second.values()] == [a.fetched_at for a in first.values()]
    assert process_b.harness.calls == []


@pytest.mark.parametrize("failing", [None, DOWN])
async def test_a_thousand_asks_in_two_processes_make_one_call(
    processes: list[Process], failing: Exception | None
) -> None:
    """Also when the vendor fails: the waiting process gets the same error and does not ask again."""
    for process in processes:
        process.harness.vendor_seconds = 0.2
        if failing:
            process.harness.ledger.failing["students_by_id"] = failing
    asks = [process.harness.ask(Ask(STUDENTS, CLASS)) for process in processes for _ in range(500)]
    results = await asyncio.gather(*asks)
    assert count_calls(processes) == 1
    codes = {error_code(answer) for answers in results for answer in answers.values()}
    assert codes == ({"SOURCE_UNAVAILABLE"} if failing else {None})
    assert {len(answers) for answers in results} == {30}


async def test_overlapping_batches_request_a_key_once(processes: list[Process]) -> None:
    """Each student of two classes that share ten students is requested by one of the two processes."""
    process_a, process_b = processes
    await asyncio.gather(process_a.harness.students(*CLASS[:20]), process_b.harness.students(*CLASS[10:]))
    requested = [key for process in processes for keys in process.harness.calls for key in keys]
    assert sorted(requested) == sorted(CLASS)


async def test_another_process_gets_a_key_when_it_arrives(processes: list[Process]) -> None:
    """The client of the first process leaves: its request keeps its claims on the keys that are still to come."""
    process_a, process_b = processes
    ledger = slow_ledger(process_a)
    first = asyncio.create_task(process_a.harness.students(*CLASS))
    await wait_until(lambda: are_reading(ledger))
    second = asyncio.create_task(process_b.harness.students(*CLASS))
    for number in ("s0", "s1"):
        ledger.event(number).set()
    assert await process_b.harness.students("s0", "s1") == {"s0": False, "s1": False}
    assert not second.done()
    first.cancel()
    for number in CLASS[2:]:
        ledger.event(number).set()
    assert await second == dict.fromkeys(CLASS, False)
    assert process_b.harness.calls == []
    assert sorted(key for _, keys in ledger.calls for key in keys) == sorted(CLASS)
    await asyncio.gather(first, return_exceptions=True)


async def test_a_failing_key_can_be_requested_again_while_others_are_read(processes: list[Process]) -> None:
    """Its claim ends when its failure arrives, not with the request."""
    process_a, process_b = processes
    ledger = slow_ledger(process_a)
    ledger.failing["failing s0"] = DOWN
    first = asyncio.create_task(process_a.harness.ask(Ask(STUDENTS, ("s0", "s1"))))
    await wait_until(lambda: are_reading(ledger))
    ledger.event("s0").set()

    async def is_answered() -> bool:
        return error_code((await process_b.harness.ask(Ask(STUDENTS, ("s0",))))["s0"]) is None

    await wait_until(is_answered)
    assert not first.done()
    ledger.event("s1").set()
    assert {key: error_code(answer) for key, answer in (await first).items()} == {
        "s0": "SOURCE_UNAVAILABLE",
        "s1": None,
    }


def slow_ledger(process: Process) -> SlowLedger:
    """Let a process ask an SIS that answers each student when the test says so; the ledger of that SIS."""
    ledger = SlowLedger(students=list(CLASS))
    process.harness = CacheHarness(ledger, adapter_type=SlowSis, fleet=process.harness.fleet)
    return ledger


async def are_reading(ledger: SlowLedger) -> bool:
    """Whether the slow SIS reads two students."""
    return len(ledger.calls) == 2


async def test_large_batches_are_shared_too(processes: list[Process]) -> None:
    """Six hundred keys take several Redis operations, and all of them are shared."""
    keys = tuple(f"s{n}" for n in range(600))
    process_a, process_b = processes
    assert len(await process_a.harness.students(*keys)) == 600
    assert len(await process_b.harness.students(*keys)) == 600
    assert process_b.harness.calls == []


async def test_restricted_data_never_leaves_the_process(processes: list[Process]) -> None:
    """Each process requests discipline itself, and Redis holds none of it."""
    process_a, process_b = processes
    names_before = await process_a.store.client.keys("*")  # those of earlier tests expire at any time
    for process in processes:
        await process.harness.ask(Ask(ACTIONS, ("s1",)))
        await process.harness.settle()
    assert [len(process.harness.calls) for process in (process_a, process_b)] == [1, 1]
    assert set(await process_a.store.client.keys("*")) <= set(names_before)


@pytest.mark.row("D14")
async def test_redis_holds_no_name_and_no_id_in_plain_text(processes: list[Process]) -> None:
    """Neither in a key nor in a value."""
    process = processes[0]
    process.harness.ledger.students.append("604822")
    await process.harness.students("604822")
    await process.harness.cache.purge(Purge(district=DISTRICT, students=frozenset({"604822"})))
    content = b""
    for name in await process.store.client.keys("*"):
        kind = await process.store.client.type(name)
        content += name + (await process.store.client.dump(name) or b"") + kind
    assert content
    # With its quotes: three letters alone occur in so many random bytes by chance.
    assert not [text for text in (b"604822", b'"Ada"', b"Student") if text in content]


@pytest.mark.row("D13")
async def test_a_purge_takes_effect_in_all_processes(processes: list[Process]) -> None:
    """In memory and in Redis, also for a process that starts later."""
    process_a, process_b = processes
    for process in processes:
        await process.harness.students("s1", "s2")
    await process_a.harness.cache.purge(Purge(district=DISTRICT, students=frozenset({"s1"})))

    async def is_purged() -> bool:
        return len(process_b.harness.cache.store) == 1

    await wait_until(is_purged)
    calls_before = count_calls(processes)
    await process_b.harness.students("s2")
    assert count_calls(processes) == calls_before
    late = create_process_like(process_a)
    late.harness.cache.start()
    await late.has_joined()
    await late.harness.students("s1", "s2")
    await late.harness.cache.close()
    assert late.harness.calls == [("s1",)]


def create_process_like(process: Process) -> Process:
    """Another process of the same fleet."""
    port = process.store.client.connection_pool.connection_kwargs["port"]
    return create_process(RedisServer(port), process.store.name)


@pytest.mark.row("D05")
async def test_a_moved_or_damaged_value_is_a_counted_miss(processes: list[Process]) -> None:
    """Another key's value, random bytes and a cut value are never served: the answers are requested again."""
    process_a, process_b = processes
    await process_a.harness.students("s1", "s2", "s3")
    await process_a.harness.settle()
    names = sorted(await process_a.store.client.keys(f"{process_a.store.name}:a:*"))
    first, second, third = [await process_a.store.client.get(name) for name in names]
    await process_a.store.client.set(names[0], second)
    await process_a.store.client.set(names[1], first[:-1])
    await process_a.store.client.set(names[2], random.Random(1).randbytes(len(third)))  # noqa: S311 - not for security
    answers = await process_b.harness.ask(Ask(STUDENTS, ("s1", "s2", "s3")))
    assert {key: answer.value.student_id for key, answer in answers.items()} == {
        key: key for key in ("s1", "s2", "s3")
    }
    assert (len(process_b.harness.calls), process_b.store.counts.corrupt) == (1, 3)


async def test_stale_answers_outlive_the_process_that_fetched_them(processes: list[Process]) -> None:
    """A process that starts while the vendor is down serves stale answers of the fleet, marked as stale."""
    process_a, process_b = processes
    await process_a.harness.ask(Ask(EVENTS, ("s1",), THIS_YEAR))
    await process_a.harness.settle()
    process_b.harness.ledger.failing["attendance_events_by_student"] = DOWN
    answers = await aged(process_b, 120.0).harness.ask(Ask(EVENTS, ("s1",), THIS_YEAR))
    assert (answers["s1"].stale, len(answers["s1"].value)) == (True, 2)


def aged(process: Process, seconds: float) -> Process:
    """The process, with a clock that is ahead: all stored answers are older for it."""
    revalidation: Any = process.harness.cache.in_flight._fetch
    shared_fetch = revalidation._fetch
    clock = shared_fetch.clock
    shared_fetch.clock = lambda: clock() + seconds
    return process


async def test_a_process_does_not_receive_its_own_purge(processes: list[Process]) -> None:
    """Answers that it fetches right after the purge stay in its cache."""
    process = processes[0]
    await process.harness.cache.purge(Purge(district=DISTRICT))
    process.harness.vendor_seconds = 0.0
    await process.harness.students("s1")
    await asyncio.sleep(0.2)
    await process.harness.students("s1")
    assert len(process.harness.calls) == 1


@pytest.mark.row("A12")
async def test_all_processes_pause_when_a_vendor_asks_one_of_them_to(server: RedisServer) -> None:
    """The other processes close their gates for the same time."""
    if server.process is None:
        server.start()
    members = []
    for _ in range(2):
        url, network = AnyHttpUrl("http://127.0.0.1:9"), ip_network("127.0.0.0/8")
        settings = AdapterSettings(base_url=url, networks=(network,))
        http = create_client(settings, lambda: None)
        district = District(DISTRICT, "Hill", (Source("sis", "sis", DISTRICT, Sis("sis", settings, http)),))
        store = RedisStore(server.url, Encryptor(b"k" * 32), name="pausing", timeout=REDIS_SECONDS)
        fleet = RedisFleet(store, {DISTRICT: district})
        fleet.start(lambda _: None)
        members.append((fleet, http))

    async def have_joined() -> bool:
        return all(fleet.joined for fleet, _ in members)

    async def are_blocked() -> bool:
        return all(http.gate.is_blocked for _, http in members)

    await wait_until(have_joined)
    assert not await are_blocked()
    members[0][1].gate.announce_pause(3600)
    await wait_until(are_blocked)
    for fleet, http in members:
        await fleet.close()
        await http.aclose()


@pytest.mark.parametrize("fields", [{"kind": "unheard of"}, {"kind": "purge", "told": {"a": "b"}}, {"form": 2}])
async def test_an_unknown_event_purges_everything(processes: list[Process], fields: dict[str, Any]) -> None:
    """A process of a later version may have purged anything. Later events are received as usual."""
    process_a, process_b = processes
    await process_b.harness.students("s1")
    name, now = f"{process_a.store.name}:news", time.time()
    known_fields = {"at": now, "by": "later", "told": None}
    event = msgspec.json.encode(fields if "form" in fields else known_fields | fields)
    encrypted = process_a.store.encryptor.encrypt("", name, int(now * 1000), event)
    await process_a.store.client.zadd(name, {encrypted: now})
    await process_a.store.client.publish(name, b"")

    async def is_empty() -> bool:
        return len(process_b.harness.cache.store) == 0

    await wait_until(is_empty)
    await process_b.harness.students("s2")
    await process_a.harness.cache.purge(Purge(district=DISTRICT))
    await wait_until(is_empty)
