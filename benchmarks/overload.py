"""
`overload`: ten times as many requests as the gateway can answer, for a minute.

The knee is the highest rate of responses. The server executes a page of 2,000 students for each request, on the
first core. The load does not wait for responses (an open-loop load). It is measured three times: on the machine as
it is, with a busy loop beside it, and with one on the core of the server, which leaves it half of the processor.

A service that asks for such lists one after the other, with nothing else to do, must not be refused at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from benchmarks.support.figures import Row
from benchmarks.support.in_process import PAGE_REQUEST, SERVICE_TOKEN, TOKEN
from benchmarks.support.server_load import HEADERS, run_server, server_command

STUDENT_COUNT = 2_000
OVERLOAD_FACTOR = 10
"""The offered load as a multiple of the knee."""
MIN_GOODPUT_PERCENT = 90.0
"""Goal: served requests, in percent of the knee."""
MAX_SLOWDOWN = 3.0
"""Goal: 99th percentile of the time of served requests, as a multiple of the unloaded one."""
MAX_REFUSAL_MS = 50.0
"""Goal: 99th percentile of the time until a request is refused."""


MAX_HOLD_MS = 15.0
"""Goal: the longest time for which the event loop was held."""
SERVICE_LISTS = 400
"""Lists that a service asks for, one after the other."""

NEIGHBORS = {"": (), "busy loop beside it: ": ("0,1",), "half of the processor: ": ("0",)}
"""By name of the case, the cores of each busy loop that runs at the same time."""


@dataclass
class ConnectionPool:
    """A pool of HTTP connections to a server, without a limit."""

    host: str
    port: int
    token: str = TOKEN
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    def request(self) -> bytes:
        """The bytes of a page request."""
        headers = {**HEADERS, "Authorization": f"Bearer {self.token}"}
        lines = [f"{name}: {text}" for name, text in headers.items()]
        head = "\r\n".join(
            ["POST /graphql HTTP/1.1", f"Host: {self.host}", *lines, f"Content-Length: {len(PAGE_REQUEST)}"]
        )
        return head.encode() + b"\r\n\r\n" + PAGE_REQUEST

    async def post(self) -> tuple[int, float]:
        """Send a page request; the status of the response, and the seconds that it took."""
        started = time.perf_counter()
        try:
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):  # the server closed the idle connection
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
        bytes_left = next(
            int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"
        )
        while bytes_left:
            bytes_left -= len(await reader.read(min(bytes_left, 1 << 20)))
        self.idle.append((reader, writer))
        return int(head[9:12]), time.perf_counter() - started


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    rows = []
    for name, neighbors in NEIGHBORS.items():
        with busy_loops(neighbors), run_server(server_command("shedding", STUDENT_COUNT)) as url:
            rows += await _measure_case(url, name, quick=quick)
    with run_server(server_command("shedding", STUDENT_COUNT)) as url:
        return [*rows, *await _measure_service(url, quick=quick)]


@contextlib.contextmanager
def busy_loops(cores: Sequence[str]) -> Iterator[None]:
    """Run a process that only works, for each of these lists of cores."""
    with contextlib.ExitStack() as processes:
        for core in cores:
            arguments = ["taskset", "-c", core, sys.executable, "-c", "while True: pass"]
            process = processes.enter_context(subprocess.Popen(arguments))  # noqa: S603 - our own command
            processes.callback(process.kill)
        yield


async def _measure_case(url: str, name: str, *, quick: bool) -> list[Row]:
    seconds = 3 if quick else 60
    parts = urlsplit(url)
    pool = ConnectionPool(parts.hostname or "", parts.port or 80)
    for _ in range(150):
        await pool.post()
    unloaded_before, knee_before = await _measure_unloaded(pool, quick=quick)
    await _holds(url)
    served, refused = await _send_open_loop(pool, knee_before * OVERLOAD_FACTOR, seconds)
    holds = await _holds(url)
    await asyncio.sleep(1)
    unloaded_after, knee_after = await _measure_unloaded(pool, quick=quick)
    # The machine's own speed varies within a minute: compare the load with figures from before and after it.
    knee = (knee_before + knee_after) / 2
    unloaded_p99 = _p99(sorted(unloaded_before + unloaded_after))
    goodput = 100 * len(served) / seconds / knee
    slowdown = _p99(served) / unloaded_p99
    recovery = _median(unloaded_after) / _median(unloaded_before)
    load = f"{name}10 x the knee"
    return [
        Row("overload", load, "served, of the knee", goodput, "%", MIN_GOODPUT_PERCENT, "higher"),
        Row("overload", load, "served, p99 over unloaded p99", slowdown, "x", MAX_SLOWDOWN),
        Row("overload", load, "refused, p99", _p99(refused) * 1000, "ms", MAX_REFUSAL_MS),
        Row("overload", load, "refused", len(refused) / seconds, "/s"),
        Row("overload", load, "longest hold of the loop", holds["elapsed"]["max"], "ms", MAX_HOLD_MS),
        Row("overload", load, "hold of the loop, p99", holds["elapsed"]["p99"], "ms"),
        Row("overload", load, "longest work between two rounds", holds["worked"]["max"], "ms"),
        Row("overload", f"{name}the knee", "served", knee, "/s"),
        Row("overload", f"{name}unloaded", "p99", unloaded_p99 * 1000, "ms"),
        Row("overload", f"{name}after it", "median over unloaded median", recovery, "x"),
    ]


async def _measure_service(url: str, *, quick: bool) -> list[Row]:
    """How many of a service's lists are refused, when it asks for one after the other."""
    parts = urlsplit(url)
    pool = ConnectionPool(parts.hostname or "", parts.port or 80, SERVICE_TOKEN)
    statuses = [(await pool.post())[0] for _ in range(SERVICE_LISTS if not quick else SERVICE_LISTS // 2)]
    refused = sum(status != 200 for status in statuses)
    return [Row("overload", "a service's lists, one after the other", "refused", refused, "requests", 0.0)]


async def _holds(url: str) -> dict[str, dict[str, float]]:
    """The holds of the server's event loop since the last call, in milliseconds."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        holds: dict[str, dict[str, float]] = (await client.get(url.replace("/graphql", "/holds"))).json()
        return holds


async def _measure_unloaded(pool: ConnectionPool, *, quick: bool) -> tuple[list[float], float]:
    """The seconds of sequential page requests in ascending order, and the knee in responses per second."""
    seconds = sorted([(await pool.post())[1] for _ in range(20 if quick else 100)])
    return seconds, await _closed_loop_rate(pool, 2, 2 if quick else 6)


async def _closed_loop_rate(pool: ConnectionPool, clients: int, seconds: float) -> float:
    """Responses per second when each of `clients` sends its next request after a response."""
    until = time.perf_counter() + seconds
    count = 0

    async def client() -> None:
        nonlocal count
        while time.perf_counter() < until:
            status, _ = await pool.post()
            count += status == 200

    await asyncio.gather(*(client() for _ in range(clients)))
    return count / seconds


async def _send_open_loop(pool: ConnectionPool, rate: float, seconds: float) -> tuple[list[float], list[float]]:
    """The seconds of served and of refused requests, at a rate that does not depend on responses; both sorted."""
    served: list[float] = []
    refused: list[float] = []

    async def send_request() -> None:
        status, duration = await pool.post()
        (served if status == 200 else refused).append(duration)

    started, sent = time.perf_counter(), 0
    tasks: set[asyncio.Task[None]] = set()
    while (now := time.perf_counter() - started) < seconds:
        while sent < now * rate:
            sent += 1
            tasks.add(task := asyncio.create_task(send_request()))
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    return sorted(served), sorted(refused)


def _p99(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.99)] if seconds else 0.0


def _median(seconds: list[float]) -> float:
    return seconds[len(seconds) // 2]
