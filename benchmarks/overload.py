"""
`overload`: ten times as many questions as can be answered, for a minute.

The server carries out a page of 2,000 students anew each time, on the first core; the load comes from the second,
at times that do not wait for answers.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.asking import BODY
from benchmarks.load import HEADERS, python_server, serving
from benchmarks.measuring import Row

STUDENTS = 2_000
TIMES = 10
"""How many times the knee is offered."""
GOODPUT, SLOWER, REFUSED = 90.0, 3.0, 50.0
"""Per cent of the knee that is served; how much slower at most; milliseconds in which the rest is refused."""


@dataclass
class Wire:
    """Connections to a server, taken and given back."""

    host: str
    port: int
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    def request(self) -> bytes:
        """The bytes of a question."""
        lines = [f"{name}: {text}" for name, text in HEADERS.items()]
        head = "\r\n".join(
            ["POST /graphql HTTP/1.1", f"Host: {self.host}", *lines, f"Content-Length: {len(BODY)}"]
        )
        return head.encode() + b"\r\n\r\n" + BODY

    async def ask(self) -> tuple[int, float]:
        """Status of an answer, and seconds that it took."""
        started = time.perf_counter()
        try:
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):  # a connection that was idle for too long
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        left = length
        while left:
            left -= len(await reader.read(min(left, 1 << 20)))
        self.idle.append((reader, writer))
        return int(head[9:12]), time.perf_counter() - started


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    seconds = 3 if quick else 60
    with serving(python_server("shedding", STUDENTS)) as url:
        parts = urlsplit(url)
        wire = Wire(parts.hostname or "", parts.port or 80)
        for _ in range(150):
            await wire.ask()
        before, knee_before = await _unloaded(wire, quick=quick)
        served, refused = await _open(wire, knee_before * TIMES, seconds)
        await asyncio.sleep(1)
        after, knee_after = await _unloaded(wire, quick=quick)
    # Within a minute the machine itself may be faster or slower: what is served is held against both ends of it.
    knee, alone = (knee_before + knee_after) / 2, _p99(sorted(before + after))
    return [
        Row(
            "overload",
            "10 x the knee",
            "served, of the knee",
            100 * len(served) / seconds / knee,
            "%",
            GOODPUT,
            "higher",
        ),
        Row("overload", "10 x the knee", "served, p99 over unloaded p99", _p99(served) / alone, "x", SLOWER),
        Row("overload", "10 x the knee", "refused, p99", _p99(refused) * 1000, "ms", REFUSED),
        Row("overload", "10 x the knee", "refused", len(refused) / seconds, "/s"),
        Row("overload", "the knee", "served", knee, "/s"),
        Row("overload", "unloaded", "p99", alone * 1000, "ms"),
        Row("overload", "after it", "median over unloaded median", _half(after) / _half(before), "x"),
    ]


async def _unloaded(wire: Wire, *, quick: bool) -> tuple[list[float], float]:
    """Seconds of pages that are asked for one after the other, and the knee: most answers a second."""
    alone = sorted([(await wire.ask())[1] for _ in range(20 if quick else 100)])
    return alone, await _closed(wire, 2, 2 if quick else 6)


async def _closed(wire: Wire, clients: int, seconds: float) -> float:
    """Answers a second when each client waits for its answer."""
    until = time.perf_counter() + seconds
    count = 0

    async def client() -> None:
        nonlocal count
        while time.perf_counter() < until:
            status, _ = await wire.ask()
            count += status == 200

    await asyncio.gather(*(client() for _ in range(clients)))
    return count / seconds


async def _open(wire: Wire, rate: float, seconds: float) -> tuple[list[float], list[float]]:
    """Seconds of the served and of the refused, when questions come whether or not the last ones were answered."""
    served: list[float] = []
    refused: list[float] = []

    async def one() -> None:
        status, took = await wire.ask()
        (served if status == 200 else refused).append(took)

    started, sent = time.perf_counter(), 0
    tasks: set[asyncio.Task[None]] = set()
    while (now := time.perf_counter() - started) < seconds:
        while sent < now * rate:
            sent += 1
            tasks.add(task := asyncio.create_task(one()))
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    return sorted(served), sorted(refused)


def _p99(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.99)] if seconds else 0.0


def _half(seconds: list[float]) -> float:
    return seconds[len(seconds) // 2]
