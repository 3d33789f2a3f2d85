"""
`fleet`: workers on one port: how much they answer, and what happens when they stop, die, reload or lose Redis.

Everything is measured by requests like those of a proxy. Processor time is that of the processes themselves, so it
is the same on a busy machine. Other times are longer there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.fleet.capacity import LIST, School, start_rows, throughput_rows
from benchmarks.fleet.gateway import Gateway, Settings, running, wait_for_workers
from benchmarks.fleet.isolation import isolation_rows
from benchmarks.fleet.load import steady_load
from benchmarks.fleet.memory import memory_rows
from benchmarks.stampede import running_redis
from benchmarks.support.figures import Row
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox, served

STUDENT_COUNT, QUICK_STUDENT_COUNT = 120, 30
"""Students whose pages are requested; a quick run requests those of fewer."""
MORNING_STUDENT_COUNT, MORNING_SETTLE_SECONDS = 400, 65.0
"""
For the morning whose memory is measured: students of the vendor, and the time until free memory was returned.
"""
IDLE_SECONDS, ISOLATION_SETTLE_SECONDS = 5.0, 4.0
"""Time until memory without load is measured, and until a district in trouble affects others."""
QUICK_SETTLE_SECONDS = 0.5
"""All of these times in a quick run."""
REQUESTS_PER_SECOND = 200.0
"""Requests a second while something happens."""
PROBE_SECONDS = 1.0
"""How often a proxy asks whether the gateway is ready."""
MAX_RELOAD_SECONDS = 1.0
"""Goal: from SIGHUP until all workers have the new settings."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    load: Callable[[DistrictFacts], Sandbox]
    load = next(iter(entry_points(group="student_graph.sandboxes", name="edfi"))).load()
    facts = make_district(STUDENT_COUNT)
    sandbox, many = load(facts), load(make_district(STUDENT_COUNT if quick else MORNING_STUDENT_COUNT))
    students = facts.students[:QUICK_STUDENT_COUNT] if quick else facts.students
    school = School(sandbox, [student.id for student in students])
    rows = []
    with served(sandbox, many), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows += await start_rows(folder, idle_seconds=QUICK_SETTLE_SECONDS if quick else IDLE_SECONDS)
        settle_seconds = QUICK_SETTLE_SECONDS if quick else MORNING_SETTLE_SECONDS
        rows += await memory_rows(folder, many, max_pages=1 if quick else 16, settle_seconds=settle_seconds)
        rows += await throughput_rows(folder, school, seconds=2 if quick else 10)
        rows += await _stop(folder, school)
        rows += await _killed_worker(folder, school, kills=1 if quick else 5)
        rows += await _reloads(folder, school, count=10 if quick else 100)
        rows += await _redis(folder, school, seconds=1 if quick else 6)
    with tempfile.TemporaryDirectory() as name:
        settle_seconds = QUICK_SETTLE_SECONDS if quick else ISOLATION_SETTLE_SECONDS
        rows += await isolation_rows(
            Path(name), rounds=1 if quick else 5, answers=15 if quick else 400, settle_seconds=settle_seconds
        )
    return rows


async def _stop(folder: Path, school: School) -> list[Row]:
    """Requests that fail after SIGTERM, until a proxy has noticed; with default settings."""
    settings = Settings.write(folder, {"North": school.sandbox})
    with running(settings, "--workers", "2") as gateway:
        await wait_for_workers(gateway, 2)
        is_up, noticed_after = True, 0.0
        async with steady_load(gateway.port, REQUESTS_PER_SECOND, school.query, lambda: is_up) as proxy:
            await asyncio.sleep(2)
            gateway.process.send_signal(signal.SIGTERM)
            stopped_at = time.monotonic()
            while await proxy.ready():  # noqa: ASYNC110 - a proxy asks from time to time
                await asyncio.sleep(PROBE_SECONDS)
            is_up, noticed_after = False, time.monotonic() - stopped_at
        status = await asyncio.to_thread(gateway.process.wait)
        seconds = time.monotonic() - stopped_at
    assert status == 0
    case = "SIGTERM, default settings"
    return [
        Row("fleet", case, "failed requests before the proxy noticed", proxy.failures, "requests", 0),
        Row("fleet", case, "requests", len(proxy.outcomes), "requests"),
        Row("fleet", case, "requests refused under overload", proxy.shed, "requests"),
        Row("fleet", case, "until the proxy noticed", noticed_after, "s"),
        Row("fleet", case, "until it had ended", seconds, "s"),
    ]


async def _killed_worker(folder: Path, school: School, *, kills: int) -> list[Row]:
    """Requests that fail when workers are killed, beyond those that were under way."""
    settings = Settings.write(folder, {"North": school.sandbox})
    under_way = later = replaced = 0
    slowest = 0.0
    with running(settings, "--workers", "2") as gateway:
        pids = await wait_for_workers(gateway, 2)
        async with steady_load(gateway.port, REQUESTS_PER_SECOND, school.query) as proxy:
            for _ in range(kills):
                await asyncio.sleep(1)
                os.kill(pids[0], signal.SIGKILL)
                killed_at = time.monotonic()
                in_flight = proxy.in_flight
                now = await wait_for_workers(gateway, 2, without=pids[0])
                slowest = max(slowest, time.monotonic() - killed_at)
                failed = [o for o in proxy.outcomes if o.failed and o.began_at >= killed_at - 30]
                late = sum(outcome.began_at > killed_at for outcome in failed)
                assert len(failed) - late <= in_flight
                under_way, later, replaced, pids = under_way + len(failed) - late, later + late, replaced + 1, now
                proxy.outcomes.clear()
    case = f"a worker killed, {kills} times"
    return [
        Row("fleet", case, "failed requests that began afterwards", later, "requests", 0),
        Row("fleet", case, "failed requests that were under way", under_way, "requests"),
        Row("fleet", case, "until the new worker was ready, at most", slowest, "s"),
    ]


async def _reloads(folder: Path, school: School, *, count: int) -> list[Row]:
    """Reloads of two workers under load; every tenth one is refused."""
    settings = Settings.write(folder, {"Name 0": school.sandbox})
    slowest, wrong, valid = 0.0, 0, {"Name 0"}
    with running(settings, "--workers", "2") as gateway:
        await wait_for_workers(gateway, 2)
        async with steady_load(gateway.port, REQUESTS_PER_SECOND, lambda _: LIST) as proxy:
            taken_up = 0
            for number in range(1, count + 1):
                is_bad, name = number % 10 == 0, f"Name {number}"
                valid.add(name)
                server = "graphiql = 7" if is_bad else ""
                Settings.write(folder, {name: school.sandbox}, server=server)
                began_at = time.monotonic()
                gateway.process.send_signal(signal.SIGHUP)
                taken_up += not is_bad
                await _wait_for_reload(gateway, taken_up, is_refused=is_bad)
                slowest = max(slowest, 0.0 if is_bad else time.monotonic() - began_at)
                valid = valid - {name} if is_bad else valid
            await asyncio.sleep(0.2)
            names = [name.encode() for name in valid]
            wrong = sum(
                not (outcome.failed or outcome.was_shed)
                and not any(b'"%b"' % name in outcome.body for name in names)
                for outcome in proxy.outcomes
            )
    case = f"{count} reloads of two workers, every tenth refused, {REQUESTS_PER_SECOND:.0f} requests a second"
    return [
        Row("fleet", case, "failed requests", proxy.failures, "requests", 0),
        Row("fleet", case, "wrong answers", wrong, "requests", 0),
        Row("fleet", case, "requests", len(proxy.outcomes), "requests"),
        Row("fleet", case, "requests refused under overload", proxy.shed, "requests"),
        Row("fleet", case, "until all workers had taken it up, at most", slowest, "s", MAX_RELOAD_SECONDS),
    ]


async def _wait_for_reload(gateway: Gateway, taken_up: int, *, is_refused: bool) -> None:
    """Wait until both workers report so many applied reloads, and whether they refuse the newest one."""
    seen = 0
    while seen < 4:  # new connections, which reach both workers
        status = await asyncio.to_thread(gateway.report, "/health/settings")
        is_done = status["reloads"] == taken_up and (status["refusal"] is not None) == is_refused
        seen = seen + 1 if is_done else 0


async def _redis(folder: Path, school: School, *, seconds: float) -> list[Row]:
    """Requests that fail while something happens to Redis."""
    rows = []
    for case, trouble in TROUBLE.items():
        with running_redis() as redis:
            if redis is None:
                print("fleet: Redis not measured: redis-server is not installed")
                return []
            settings = Settings.write(folder, {"North": school.sandbox}, redis=redis)
            with running(settings, "--workers", "2") as gateway:
                await wait_for_workers(gateway, 2)
                async with steady_load(gateway.port, REQUESTS_PER_SECOND / 2, school.query) as proxy:
                    await asyncio.sleep(1)
                    await trouble(urlsplit(redis.split('"')[1]).port or 0, seconds)
        rows.append(Row("fleet", f"Redis {case}", "failed requests", proxy.failures, "requests", 0))
        rows.append(Row("fleet", f"Redis {case}", "requests", len(proxy.outcomes), "requests"))
        rows.append(Row("fleet", f"Redis {case}", "requests refused under overload", proxy.shed, "requests"))
    return rows


async def _command(port: int, text: str) -> None:
    """Send a command to Redis."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{text}\r\n".encode())
        await reader.readline()
        writer.close()


async def _killed(port: int, seconds: float) -> None:
    await _command(port, "SHUTDOWN NOSAVE")
    await asyncio.sleep(seconds)


async def _flushed(port: int, seconds: float) -> None:
    for _ in range(5):
        await _command(port, "FLUSHALL")
        await asyncio.sleep(seconds / 5)


async def _slowed(port: int, seconds: float) -> None:
    """Let Redis wait for 30 of every 40 milliseconds."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        await _command(port, "CLIENT PAUSE 30 ALL")
        await asyncio.sleep(0.04)


async def _partitioned(port: int, seconds: float) -> None:
    """Let Redis accept connections and answer nothing."""
    await _command(port, f"CLIENT PAUSE {int(seconds * 1000)} ALL")
    await asyncio.sleep(seconds + 1)


TROUBLE: dict[str, Callable[[int, float], Awaitable[None]]] = {
    "killed": _killed,
    "flushed": _flushed,
    "slowed": _slowed,
    "silent": _partitioned,
}
