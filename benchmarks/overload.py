"""
`overload`: ten times as many requests as the gateway can answer, for a minute.

The knee is the highest rate of responses. The server executes a page of 2,000 students for each request, on the
first core. The load comes from the second one, and does not wait for responses (an open-loop load). It is measured
three times: on the machine as it is, with a busy loop elsewhere, and with a busy loop on the core of the server,
which leaves the server half of that core.

The load comes from many addresses, as a crowd does: an address that gets more than a thousand refusals a second
gets further refusals up to two seconds later. Times are those that a client sees, so they include delays of the
load generator and the machine. A hold of the event loop is counted in processor time of the server. The time
between two rounds of the loop is printed too. It is longer when other programs use the processor, which no gateway
can change.

After a quiet time a burst may queue, for a third of a second. Its requests are late, and are counted with the
others. The first second, and the time after it, are also reported separately.

If a service asks for such lists one after the other, and there is no other load, none of its requests may be
refused.

The gateway keeps 4,096 connections. If a slow machine makes the load open more, the gateway closes the oldest
waiting connection. Requests that end in this way are counted separately.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
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
"""Goal: the longest time for which the event loop was held, in processor time."""
NO_RESPONSE = 0
"""Replaces the status of a request whose connection was closed without a response."""
BURST_SECONDS = 1.0
"""Time after which the burst at the start of the load has been answered."""
LOAD_CORE = 1
"""The core of the load, beside that of the server."""
CLIENT_ADDRESSES = tuple(f"127.0.0.{number}" for number in range(2, 66))
"""Addresses from which requests come."""

NEIGHBORS = {"": (), "busy loop beside it: ": ("0,1",), "half of the processor: ": ("0",)}
"""By name of the case, the cores of each busy loop that runs at the same time."""


@dataclass(frozen=True)
class Run:
    """How long the parts of a run are."""

    warm_up_requests: int
    """At least 128, so that the gateway knows the cost of a response."""
    unloaded_requests: int
    knee_seconds: float
    load_seconds: float
    service_lists: int
    """Lists that a service asks for, one after the other."""


COMPLETE = Run(warm_up_requests=150, unloaded_requests=100, knee_seconds=6, load_seconds=60, service_lists=400)
QUICK = Run(warm_up_requests=150, unloaded_requests=10, knee_seconds=1, load_seconds=2, service_lists=50)


@dataclass
class ConnectionPool:
    """A pool of HTTP connections to a server, without a limit."""

    host: str
    port: int
    token: str = TOKEN
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    addresses: Iterator[str] = field(default_factory=lambda: itertools.cycle(CLIENT_ADDRESSES))

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection from the next address."""
        return await asyncio.open_connection(self.host, self.port, local_addr=(next(self.addresses), 0))

    def request(self) -> bytes:
        """The bytes of a page request."""
        headers = {**HEADERS, "Authorization": f"Bearer {self.token}"}
        lines = [f"{name}: {text}" for name, text in headers.items()]
        head = "\r\n".join(
            ["POST /graphql HTTP/1.1", f"Host: {self.host}", *lines, f"Content-Length: {len(PAGE_REQUEST)}"]
        )
        return head.encode() + b"\r\n\r\n" + PAGE_REQUEST

    async def post(self) -> tuple[int, float]:
        """Send a page request; the status of the response or `NO_RESPONSE`, and the seconds that it took."""
        started = time.perf_counter()
        try:
            return await self._post(), time.perf_counter() - started
        except (asyncio.IncompleteReadError, OSError):  # a server with too many connections closes the oldest
            return NO_RESPONSE, time.perf_counter() - started

    async def _post(self) -> int:
        """
        Send a page request and return the status of the response.

        Raises:
            asyncio.IncompleteReadError: the connection was closed before the response.
            OSError: the connection cannot be opened, or was reset.
        """
        reader, writer = self.idle.pop() if self.idle else await self.connect()
        writer.write(self.request())
        head = await reader.readuntil(b"\r\n\r\n")
        bytes_left = next(
            int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"
        )
        while bytes_left:
            part = await reader.read(min(bytes_left, 1 << 20))
            if not part:
                raise asyncio.IncompleteReadError(b"", bytes_left)
            bytes_left -= len(part)
        self.idle.append((reader, writer))
        return int(head[9:12])


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    rows, run = [], QUICK if quick else COMPLETE
    with on_core_of_load():
        for name, neighbors in NEIGHBORS.items():
            with busy_loops(neighbors), run_server(server_command("shedding", STUDENT_COUNT)) as url:
                rows += await _measure_case(url, name, run)
        with run_server(server_command("shedding", STUDENT_COUNT)) as url:
            return [*rows, *await _measure_service(url, run)]


@contextlib.contextmanager
def on_core_of_load() -> Iterator[None]:
    """Run this process on the core of the load, if there is one, so that it takes no time from the server."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores & {LOAD_CORE} or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def busy_loops(cores: Sequence[str]) -> Iterator[None]:
    """For each of these lists of cores, run a process that only keeps them busy."""
    with contextlib.ExitStack() as processes:
        for core in cores:
            arguments = ["taskset", "-c", core, sys.executable, "-c", "while True: pass"]
            process = processes.enter_context(subprocess.Popen(arguments))  # noqa: S603 - our own command
            processes.callback(process.kill)
        yield


async def _measure_case(url: str, name: str, run: Run) -> list[Row]:
    parts = urlsplit(url)
    pool = ConnectionPool(parts.hostname or "", parts.port or 80)
    for _ in range(run.warm_up_requests):
        await pool.post()
    unloaded_before, knee_before = await _measure_unloaded(pool, run)
    await _holds(url)
    answers = await _send_open_loop(pool, knee_before * OVERLOAD_FACTOR, run.load_seconds)
    holds = await _holds(url)
    await asyncio.sleep(1)
    unloaded_after, knee_after = await _measure_unloaded(pool, run)
    # The machine's own speed varies within a minute: compare the load with figures from before and after it.
    knee = (knee_before + knee_after) / 2
    unloaded_p99 = _p99(sorted(unloaded_before + unloaded_after))
    served = sorted(answer.seconds for answer in answers if answer.is_served)
    refused = sorted(answer.seconds for answer in answers if answer.is_refused)
    unanswered = len(answers) - len(served) - len(refused)
    first = [answer.seconds for answer in answers if answer.is_served and answer.began < BURST_SECONDS]
    later = [answer.seconds for answer in answers if answer.is_served and answer.began >= BURST_SECONDS]
    goodput = 100 * len(served) / run.load_seconds / knee
    recovery = _median(unloaded_after) / _median(unloaded_before)
    load = f"{name}10 x the knee"
    return [
        Row("overload", load, "served, of the knee", goodput, "%", MIN_GOODPUT_PERCENT, "higher"),
        Row("overload", load, "served, p99 over unloaded p99", _p99(served) / unloaded_p99, "x", MAX_SLOWDOWN),
        Row("overload", load, "the same of the first second", _p99(sorted(first)) / unloaded_p99, "x"),
        Row("overload", load, "the same after it", _p99(sorted(later)) / unloaded_p99, "x"),
        Row("overload", load, "refused, p99", _p99(refused) * 1000, "ms", MAX_REFUSAL_MS),
        Row("overload", load, "refused", len(refused) / run.load_seconds, "/s"),
        Row("overload", load, "closed without a response", unanswered, "requests", 0.0),
        Row("overload", load, "longest hold of the loop", holds["worked"]["max"], "ms", MAX_HOLD_MS),
        Row("overload", load, "hold of the loop, p99", holds["worked"]["p99"], "ms"),
        Row("overload", load, "longest time between two rounds", holds["elapsed"]["max"], "ms"),
        Row("overload", f"{name}the knee", "served", knee, "/s"),
        Row("overload", f"{name}unloaded", "p99", unloaded_p99 * 1000, "ms"),
        Row("overload", f"{name}after it", "median over unloaded median", recovery, "x"),
    ]


async def _measure_service(url: str, run: Run) -> list[Row]:
    """How many of a service's lists are refused, when it asks for one after the other."""
    parts = urlsplit(url)
    pool = ConnectionPool(parts.hostname or "", parts.port or 80, SERVICE_TOKEN)
    statuses = [(await pool.post())[0] for _ in range(run.service_lists)]
    refused = sum(status != 200 for status in statuses)
    return [Row("overload", "a service's lists, one after the other", "refused", refused, "requests", 0.0)]


async def _holds(url: str) -> dict[str, dict[str, float]]:
    """The holds of the server's event loop since the last call, in milliseconds."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        holds: dict[str, dict[str, float]] = (await client.get(url.replace("/graphql", "/holds"))).json()
        return holds


async def _measure_unloaded(pool: ConnectionPool, run: Run) -> tuple[list[float], float]:
    """The seconds of sequential page requests in ascending order, and the knee in responses per second."""
    seconds = sorted([(await pool.post())[1] for _ in range(run.unloaded_requests)])
    return seconds, await _closed_loop_rate(pool, 2, run.knee_seconds)


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


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a request."""

    began: float
    """Seconds after the start of the load."""
    seconds: float
    """How long it took."""
    status: int
    """The status of the response, or `NO_RESPONSE`."""

    @property
    def is_served(self) -> bool:
        """Whether the response is the page."""
        return self.status == 200

    @property
    def is_refused(self) -> bool:
        """Whether the response is another one."""
        return self.status not in (200, NO_RESPONSE)


async def _send_open_loop(pool: ConnectionPool, rate: float, seconds: float) -> list[Answer]:
    """Send requests at a rate that does not depend on responses."""
    answers: list[Answer] = []

    async def send_request(began: float) -> None:
        status, duration = await pool.post()
        answers.append(Answer(began, duration, status))

    started, sent = time.perf_counter(), 0
    tasks: set[asyncio.Task[None]] = set()
    while (now := time.perf_counter() - started) < seconds:
        while sent < now * rate:
            sent += 1
            tasks.add(task := asyncio.create_task(send_request(now)))
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0)  # not longer: bunches of requests leave the processor idle in between
    await asyncio.gather(*tasks)
    return answers


def _p99(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.99)] if seconds else 0.0


def _median(seconds: list[float]) -> float:
    return seconds[len(seconds) // 2]
