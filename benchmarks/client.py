"""
`client`: what one small vendor call costs in CPU, through the whole client that adapters are given.

Beside it, in the same run: httpx as it comes, and aiohttp alone, both without any of the bounds. Then what hostile
answers cost: seconds until they are cut, bytes that are held, and how long the event loop stands still.
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

from benchmarks.load import serving
from benchmarks.measuring import Row
from student_graph.adapters.contract import AdapterSettings
from student_graph.gateway.http import create_client

CALL, SHARE = 0.30, 1 / 3
"""Milliseconds of CPU that a small call may cost, and the part of stock httpx's."""
CUT, HELD, STALL = 5.1, 8.0, 50.0
"""Seconds until a hostile answer is cut, MiB that it may take, and milliseconds that the loop may stand still."""
SMALL = b'{"studentUniqueId": "604822", "firstSurname": "Jones"}'
BOMB = gzip.compress(b"0" * 256 * 1024 * 1024)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark, on the event loop that the gateway is served on."""
    return await asyncio.to_thread(uvloop.run, _measured(quick=quick))


async def _measured(*, quick: bool) -> list[Row]:
    return await _calls(300 if quick else 3000) + await _bombs(quick=quick)


async def _calls(count: int) -> list[Row]:
    """CPU of a small call, by client."""
    with serving([sys.executable, "-m", "benchmarks.client", "{port}"]) as url:
        settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=(ip_network("127.0.0.0/8"),))
        async with (
            create_client(settings, lambda: None) as ours,
            httpx.AsyncClient() as stock,
            aiohttp.ClientSession() as bare,
        ):

            async def by_aiohttp() -> None:
                async with bare.get(url) as answer:
                    await answer.read()

            ways: dict[str, Callable[[], Awaitable[Any]]] = {
                "ours": lambda: ours.get(url),
                "httpx": lambda: stock.get(url),
                "aiohttp": by_aiohttp,
            }
            spent = {name: min([await _cpu(call, count) for _ in range(3)]) for name, call in ways.items()}
    return [
        Row("client", "a small call", "ours", spent["ours"], "ms CPU", CALL),
        Row("client", "a small call", "ours over stock httpx", spent["ours"] / spent["httpx"], "x", SHARE),
        Row("client", "a small call", "ours over aiohttp alone", spent["ours"] / spent["aiohttp"], "x"),
        *(Row("client", "a small call", name, spent[name], "ms CPU") for name in ("httpx", "aiohttp")),
    ]


async def _cpu(call: Callable[[], Awaitable[Any]], count: int) -> float:
    """Milliseconds of CPU of one call."""
    for _ in range(20):
        await call()
    gc.collect()
    started = time.thread_time()
    for _ in range(count):
        await call()
    return (time.thread_time() - started) * 1000 / count


async def _bombs(*, quick: bool) -> list[Row]:
    """What hostile answers cost."""
    rows = []
    for name, vendor in HOSTILE.items():
        if quick and name == "drip":  # it takes five seconds to be cut
            continue
        async with _vendor(vendor) as url:
            settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=(ip_network("127.0.0.0/8"),))
            async with create_client(settings, lambda: None) as ours:
                before, started = _held(), time.perf_counter()
                stall = asyncio.create_task(_longest_stall())
                with contextlib.suppress(Exception):
                    await ours.get("/", headers={"Accept-Encoding": "gzip"})
                seconds = time.perf_counter() - started
                stall.cancel()
                rows += [
                    Row("client", name, "until it is cut", seconds, "s", CUT),
                    Row("client", name, "held", _held() - before, "MiB", HELD),
                    Row("client", name, "stall", await stall * 1000, "ms", STALL),
                ]
    return rows


async def _longest_stall() -> float:
    """Seconds for which the loop stood still, until it is cancelled."""
    longest = 0.0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - started - 0.001)
    return longest


def _held() -> float:
    """MiB that the process had at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


Vendor = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def _gzip_bomb(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)
    await writer.drain()


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"0" * 65536 + b"\r\n")
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"0")
        await writer.drain()
        await asyncio.sleep(0.5)


HOSTILE: dict[str, Vendor] = {"gzip bomb": _gzip_bomb, "endless body": _endless, "drip": _drip}


@contextlib.asynccontextmanager
async def _vendor(answer: Vendor) -> AsyncIterator[str]:
    """The address of a vendor that answers so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
        server.close()


class _Small(asyncio.Protocol):
    """Answers every request with the same small record."""

    _answer = HEAD + b"Content-Length: %d\r\n\r\n" % len(SMALL) + SMALL

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._answer * data.count(b"\r\n\r\n"))


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Small, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
