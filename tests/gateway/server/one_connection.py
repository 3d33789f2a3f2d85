"""A connection of a client without a socket: what it sends goes to the server, and the test moves the time."""

from __future__ import annotations

import asyncio
import functools
import os
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.clients.early_refusals import Headers, RefusingConnection
from student_graph.gateway.server.process import server_config
from student_graph.gateway.web.request import BadRequestError, read_body
from tests.gateway.cache.small_cache import Clock

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


@functools.cache
def _silent_file() -> int:
    """The end of a pipe that nobody writes to."""
    return os.pipe()[0]


class Transport(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        super().__init__()
        self.written = bytearray()
        self.unsent_bytes = 0
        """Bytes that wait for the client to read, as a test says."""
        self.is_paused = self.is_aborted = self._is_closing = False
        self._on_close = on_close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The addresses of client and server, and a socket in which nothing arrives."""
        if name != "socket":
            return default
        client, server = ("192.0.2.1", 50_000), ("192.0.2.2", 80)
        return SimpleNamespace(fileno=_silent_file, getpeername=lambda: client, getsockname=lambda: server)

    def write(self, data: Any) -> None:
        """Keep written bytes."""
        self.written += data

    def write_eof(self) -> None:
        """End what is written."""

    def get_write_buffer_size(self) -> int:
        """Bytes that wait for the client to read."""
        return self.unsent_bytes

    def is_closing(self) -> bool:
        """Whether the connection is closed or being closed."""
        return self._is_closing

    def close(self) -> None:
        """Close the connection, once all is sent."""
        if not self._is_closing:
            self._is_closing = True
            if not self.unsent_bytes:
                self._on_close()

    def abort(self) -> None:
        """Close the connection now."""
        self.is_aborted = self._is_closing = True
        self._on_close()

    def pause_reading(self) -> None:
        """Stop to read."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Read again."""
        self.is_paused = False


class OneConnection:
    """A connection to an application that answers with the request's path, headers and body."""

    def __init__(
        self,
        app: Any = None,
        table: ConnectionTable | None = None,
        refuses: Callable[[str, Headers], bool] = lambda *_: False,
    ) -> None:
        self.clock = Clock()
        self.table = ConnectionTable(clock=self.clock) if table is None else table
        self.requests: list[tuple[str, list[tuple[bytes, bytes]], bytes]] = []
        """Path, headers and body of each request that was received completely."""
        self.may_answer = asyncio.Event()
        """Cleared to let requests wait."""
        self.may_answer.set()
        self.disconnected: list[str] = []
        """Paths of requests whose client was found to be gone."""
        config = server_config(app or self._answer, self.table)
        config.load()
        self.server = RefusingConnection(
            self.table, refuses, config=config, server_state=ServerState(), app_state={}
        )
        self.transport = Transport(lambda: self.server.connection_lost(None))
        self.server.connection_made(self.transport)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/refused":
            body = b"refused before its body is read"
        else:
            try:
                body = await read_body(receive)
            except BadRequestError as error:
                body = error.message.encode()
            else:
                self.requests.append((scope["path"], list(scope["headers"]), body))
                await (self.may_answer.wait() if scope["path"] == "/busy" else self._wait(scope["path"], receive))
        headers = [(b"content-length", str(len(body)).encode()), (b"x-path", scope["path"].encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _wait(self, path: str, receive: Receive) -> None:
        """Wait until the request may be answered, or its client is gone."""
        waits = [asyncio.ensure_future(self.may_answer.wait()), asyncio.ensure_future(receive())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not self.may_answer.is_set():
            self.disconnected.append(path)
        for wait in waits:
            wait.cancel()

    async def send(self, data: bytes) -> None:
        """Send bytes to the server, and let it work."""
        if self.server.parser is not None:
            self.server.data_received(data)
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(20):
            await asyncio.sleep(0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the server check its connections each second."""
        for _ in range(round(seconds)):
            self.clock.now += 1.0
            if self.server in self.table._entries:
                self.server.check(self.clock.now)

    @property
    def statuses(self) -> list[int]:
        """Statuses of the responses, in order."""
        return [int(status) for status in _STATUS.findall(bytes(self.transport.written))]

    @property
    def paths(self) -> list[str]:
        """Paths of the requests that were answered, in order."""
        return [path.decode() for path in re.findall(rb"x-path: (\S+)", bytes(self.transport.written))]

    @property
    def is_closed(self) -> bool:
        """Whether the server has closed the connection, or no longer reads it and ended what it sends."""
        return self.transport.is_closing()


def request(path: str = "/", body: bytes = b"", headers: bytes = b"") -> bytes:
    """A request as bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + headers + b"\r\n" + body


def chunked_head(path: str = "/") -> bytes:
    """The head of a request whose body comes in chunks."""
    return f"POST {path} HTTP/1.1\r\nHost: gateway.example\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
