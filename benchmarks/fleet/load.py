"""Load on a gateway at a steady rate, over connections that stay open as those of a proxy do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from benchmarks.fleet.gateway import TOKEN

REQUEST_SECONDS = 30.0
"""A request that takes longer has failed."""

MAX_CONNECTIONS = 32
"""Connections that a proxy keeps."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Outcome:
    """The outcome of one request."""

    began_at: float
    seconds: float
    status: int
    """Status of the response; 0 if there was none."""
    body: bytes

    @property
    def failed(self) -> bool:
        """Whether the response is missing, or neither a complete answer nor a refusal under overload."""
        return not self.was_shed and (self.status != 200 or b'"errors"' in self.body)

    @property
    def was_shed(self) -> bool:
        """Whether the gateway refused the request because the machine has too much to do."""
        return self.status == 503 and b'"OVERLOADED"' in self.body


@dataclass
class Proxy:
    """
    Sends requests over connections that it keeps, as long as the gateway seems to be running.

    A request on a kept connection that the gateway has closed meanwhile is sent once more, as proxies do.
    """

    port: int
    idle: list[Connection] = field(default_factory=list)
    in_flight: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    repeated: int = 0
    """Requests that were sent once more."""

    def request(self, query: str) -> bytes:
        """The bytes of a request."""
        body = json.dumps({"query": query}).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def send(self, query: str) -> Outcome:
        """Send a request, and note its outcome."""
        began_at = time.monotonic()
        self.in_flight += 1
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                status, body = await self._exchange(self.request(query))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            status, body = 0, type(error).__name__.encode()
        finally:
            self.in_flight -= 1
        outcome = Outcome(began_at, time.monotonic() - began_at, status, body)
        self.outcomes.append(outcome)
        return outcome

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        while self.idle:
            reader, writer = self.idle.pop()
            if reader.at_eof():
                writer.close()
                continue
            try:
                return await self._exchange_on(reader, writer, request)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                writer.close()
                if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                    raise
                self.repeated += 1
                break
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        return await self._exchange_on(reader, writer, request)

    async def _exchange_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> tuple[int, bytes]:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        if b"connection: close" in head:
            writer.close()
        else:
            self.idle.append((reader, writer))
        return int(head[9:12]), body

    async def ready(self) -> bool:
        """Whether the gateway says that it is ready, as a proxy asks on a connection of its own."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /health/ready HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
            head = await reader.read(64)
            writer.close()
        except OSError:
            return False
        return head.startswith(b"HTTP/1.1 200")

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self.idle:
            writer.close()

    @property
    def failures(self) -> int:
        """Requests that failed."""
        return sum(outcome.failed for outcome in self.outcomes)

    @property
    def shed(self) -> int:
        """Requests that were refused under overload."""
        return sum(outcome.was_shed for outcome in self.outcomes)


@contextlib.asynccontextmanager
async def steady_load(
    port: int, per_second: float, query: Callable[[int], str], is_up: Callable[[], bool] = lambda: True
) -> AsyncIterator[Proxy]:
    """
    Send requests at a steady rate until the block ends, while `is_up`; `query` returns the text of each.

    If the machine is too busy for that rate, it gets as many as it answers on `MAX_CONNECTIONS`.
    """
    proxy, tasks = Proxy(port), set()

    async def send_all() -> None:
        loop = asyncio.get_running_loop()
        started, number = loop.time(), 0
        while True:
            if is_up() and proxy.in_flight < MAX_CONNECTIONS:
                task = asyncio.create_task(proxy.send(query(number)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            number += 1
            await asyncio.sleep(max(0.0, started + number / per_second - loop.time()))

    sending = asyncio.create_task(send_all())
    try:
        yield proxy
    finally:
        sending.cancel()
        await asyncio.gather(sending, *tasks, return_exceptions=True)
        proxy.close()
