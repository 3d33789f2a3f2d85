"""
`client`: the CPU time of a small vendor request through the adapters' client, and the cost of hostile responses.

Compared in the same run: httpx with its default transport and aiohttp alone, both without any limits. For hostile
responses: seconds until they are cut off, memory, and how long the event loop is blocked.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import aiohttp
import httpx
import uvloop
from pydantic import AnyHttpUrl

from benchmarks.support.figures import Row
from benchmarks.support.server_load import run_server
from student_graph.adapters.contract import AdapterSettings
from student_graph.gateway.http import create_client

MAX_CALL_CPU_MS = 0.30
"""Goal: CPU time of a small request."""
MAX_SHARE_OF_HTTPX = 1 / 3
"""Goal: the same as a share of the CPU time with httpx's default transport."""
MAX_CUTOFF_SECONDS = 5.1
"""Goal: seconds until a hostile response is cut off."""
MAX_MEMORY_MIB = 8.0
"""Goal: memory that a hostile response takes."""
MAX_STALL_MS = 50.0
"""Goal: how long a hostile response blocks the event loop."""
SMALL_BODY = b'{"studentUniqueId": "604822", "firstSurname": "Jones"}'
GZIP_BOMB = gzip.compress(b"0" * 256 * 1024 * 1024)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark, on uvloop, the event loop of the served gateway."""
    return await asyncio.to_thread(uvloop.run, _measure(quick=quick))


async def _measure(*, quick: bool) -> list[Row]:
    return await _small_requests(300 if quick else 3000) + await _hostile_responses(quick=quick)


async def _small_requests(count: int) -> list[Row]:
    """The CPU time of a small request with each client."""
    with run_server([sys.executable, "-m", "benchmarks.client", "{port}"]) as url:
        settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=(ip_network("127.0.0.0/8"),))
        async with (
            create_client(settings, lambda: None) as own,
            httpx.AsyncClient() as default_httpx,
            aiohttp.ClientSession() as session,
        ):

            async def get_by_aiohttp() -> None:
                async with session.get(url) as response:
                    await response.read()

            requests: dict[str, Callable[[], Awaitable[Any]]] = {
                "ours": lambda: own.get(url),
                "httpx": lambda: default_httpx.get(url),
                "aiohttp": get_by_aiohttp,
            }
            cpu_ms = {name: min([await _cpu_ms(get, count) for _ in range(3)]) for name, get in requests.items()}
    return [
        Row("client", "a small call", "ours", cpu_ms["ours"], "ms CPU", MAX_CALL_CPU_MS),
        Row(
            "client",
            "a small call",
            "ours over stock httpx",
            cpu_ms["ours"] / cpu_ms["httpx"],
            "x",
            MAX_SHARE_OF_HTTPX,
        ),
        Row("client", "a small call", "ours over aiohttp alone", cpu_ms["ours"] / cpu_ms["aiohttp"], "x"),
        *(Row("client", "a small call", name, cpu_ms[name], "ms CPU") for name in ("httpx", "aiohttp")),
    ]


async def _cpu_ms(get: Callable[[], Awaitable[Any]], count: int) -> float:
    """The CPU time of one request in milliseconds, as the mean of `count` requests."""
    for _ in range(20):
        await get()
    gc.collect()
    started = time.thread_time()
    for _ in range(count):
        await get()
    return (time.thread_time() - started) * 1000 / count


async def _hostile_responses(*, quick: bool) -> list[Row]:
    """The cost of each hostile response."""
    rows = []
    for name, script in HOSTILE_VENDORS.items():
        if quick and name == "drip":  # it is cut off only after five seconds
            continue
        async with _running_vendor(script) as url:
            settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=(ip_network("127.0.0.0/8"),))
            async with create_client(settings, lambda: None) as client:
                memory_before, started = _peak_memory_mib(), time.perf_counter()
                longest_stall = asyncio.create_task(_longest_stall())
                with contextlib.suppress(Exception):
                    await client.get("/", headers={"Accept-Encoding": "gzip"})
                seconds = time.perf_counter() - started
                longest_stall.cancel()
                rows += [
                    Row("client", name, "until it is cut", seconds, "s", MAX_CUTOFF_SECONDS),
                    Row("client", name, "held", _peak_memory_mib() - memory_before, "MiB", MAX_MEMORY_MIB),
                    Row("client", name, "stall", await longest_stall * 1000, "ms", MAX_STALL_MS),
                ]
    return rows


async def _longest_stall() -> float:
    """The longest time in seconds for which the event loop was blocked, until this task is cancelled."""
    longest = 0.0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - started - 0.001)
    return longest


def _peak_memory_mib() -> float:
    """The largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
RESPONSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def _gzip_bomb(writer: asyncio.StreamWriter) -> None:
    writer.write(
        RESPONSE_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIP_BOMB) + GZIP_BOMB
    )
    await writer.drain()


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(RESPONSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"0" * 65536 + b"\r\n")
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(RESPONSE_HEAD + b"Content-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"0")
        await writer.drain()
        await asyncio.sleep(0.5)


HOSTILE_VENDORS: dict[str, Script] = {"gzip bomb": _gzip_bomb, "endless body": _endless, "drip": _drip}


@contextlib.asynccontextmanager
async def _running_vendor(script: Script) -> AsyncIterator[str]:
    """Run a vendor that sends each response by the script, and yield its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            await script(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
        server.close()


async def _serve_small_records(port: int) -> None:
    """Send the same small record in response to every request."""
    response = RESPONSE_HEAD + b"Content-Length: %d\r\n\r\n" % len(SMALL_BODY) + SMALL_BODY

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(response)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve_small_records(int(sys.argv[1])))
