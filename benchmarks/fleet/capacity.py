"""The start and memory of workers, and how the number of responses grows with the number of workers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet.gateway import (
    Settings,
    cpu_seconds,
    resident_mib,
    running,
    total_cpu,
    wait_for_workers,
)
from benchmarks.fleet.load import Proxy
from benchmarks.stampede import running_redis
from benchmarks.support.figures import Row
from student_graph.adapters.sandbox.serving import Sandbox

DISTRICT_COUNT = 18
LIST = "{ districts { name students(first: 20) { edges { node { studentUniqueId name { lastName } } } } } }"
PAGE = """{ student(studentUniqueId: "%s") { name { firstName lastName } gradeLevel courseGrades { letter numeric }
    attendanceEvents { totalCount } } }"""
WARMING_CONNECTIONS = 8
CONNECTIONS_PER_WORKER = 8
MEASURED_ROUNDS = 5
"""Times that one and two workers take turns."""
MAX_START_SECONDS, MAX_IDLE_MIB = 3.0, 120.0
"""Goals for eighteen districts whose vendors are all down."""
MIN_SPEEDUP = 1.8
"""Goal for two workers, compared with one."""


@dataclass(frozen=True)
class School:
    """A running sandbox, and the numbers of its students."""

    sandbox: Sandbox
    students: list[str]

    def query(self, number: int) -> str:
        """The text of a request: mostly pages of students, and lists."""
        return LIST if number % 5 == 0 else PAGE % self.students[number % len(self.students)]


async def start_rows(folder: Path, *, idle_seconds: float) -> list[Row]:
    """How long eighteen districts take to start while all vendors are down, and their memory some time later."""
    settings = Settings.write(folder, {f"District {n}": None for n in range(DISTRICT_COUNT)}, server="workers = 1")
    case = f"{DISTRICT_COUNT} districts, all vendors down"
    with running(settings) as gateway:
        assert await Proxy(gateway.port).ready()
        seconds, cpu = gateway.seconds_to_start, cpu_seconds(gateway.process.pid)
        await asyncio.sleep(idle_seconds)
        memory = resident_mib(gateway.process.pid)
    with running(settings, "--workers", "2") as gateway:
        pids = await wait_for_workers(gateway, 2)
        supervisor = resident_mib(gateway.process.pid)
        workers = max(map(resident_mib, pids))
    return [
        Row("fleet", case, "until it is ready", seconds, "s", MAX_START_SECONDS),
        Row("fleet", case, "processor time until it is ready", cpu, "s", MAX_START_SECONDS),
        Row("fleet", case, "idle memory of one process", memory, "MiB", MAX_IDLE_MIB),
        Row("fleet", case, "idle memory of a worker of two", workers, "MiB", MAX_IDLE_MIB),
        Row("fleet", case, "memory of the supervisor", supervisor, "MiB"),
    ]


async def throughput_rows(folder: Path, school: School, *, seconds: int) -> list[Row]:
    """
    Responses of one and of two workers for each second of processor time of the busiest worker.

    Each page is executed, with cached answers of the vendor: complete responses are not cached.
    """
    answered, used = Counter[int](), {1: [0.0], 2: [0.0, 0.0]}
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(running_redis())
        settings = Settings.write(folder, {"North": school.sandbox}, redis=f"whole_answers = false\n{redis or ''}")
        gateways = {n: stack.enter_context(running(settings, "--workers", str(n))) for n in used}
        pids = {n: await wait_for_workers(gateway, n) for n, gateway in gateways.items()}
        proxies = {n: Proxy(gateway.port) for n, gateway in gateways.items()}
        for proxy in proxies.values():
            await warm(proxy, school)
        for _ in range(MEASURED_ROUNDS):  # in turns, because other work of the machine changes
            for n, proxy in proxies.items():
                before = total_cpu(pids[n])
                await _closed_loop(proxy, school, seconds / MEASURED_ROUNDS, CONNECTIONS_PER_WORKER * n)
                used[n] = [sum(times) for times in zip(used[n], _since(before, pids[n]), strict=True)]
                answered[n] += len(proxy.outcomes) - proxy.shed
                assert not proxy.failures, next(o for o in proxy.outcomes if o.failed)
                proxy.outcomes.clear()
        for proxy in proxies.values():
            proxy.close()
    per_second = {n: answered[n] / max(used[n]) for n in used}
    share = max(used[2]) / sum(used[2])
    case = "mixed pages"
    ratio = per_second[2] / per_second[1]
    return [
        Row("fleet", case, "two workers, compared with one", ratio, "x", MIN_SPEEDUP, "higher"),
        Row("fleet", case, "one worker, for each second of processor time", per_second[1], "requests/s"),
        Row("fleet", case, "two workers, for each second of the busier one", per_second[2], "requests/s"),
        Row("fleet", case, "share of the busier of two workers", 100 * share, "%"),
    ]


async def warm(proxy: Proxy, school: School) -> None:
    """Ask for every page on several connections at once, so that each worker has its answers."""

    async def send_all() -> None:
        for number in range(len(school.students) * 5 // 4 + 5):
            await proxy.send(school.query(number))

    await asyncio.gather(*(send_all() for _ in range(WARMING_CONNECTIONS)))
    proxy.outcomes.clear()


def _since(before: Sequence[float], pids: Sequence[int]) -> list[float]:
    """Processor time of each process since an earlier measurement."""
    return [now - then for now, then in zip(total_cpu(pids), before, strict=True)]


async def _closed_loop(proxy: Proxy, school: School, seconds: float, connections: int) -> None:
    """Send requests on so many connections, on each of them one after the other."""
    ends_at = time.monotonic() + seconds

    async def send(number: int) -> None:
        while time.monotonic() < ends_at:
            await proxy.send(school.query(number))
            number += connections

    await asyncio.gather(*map(send, range(connections)))
