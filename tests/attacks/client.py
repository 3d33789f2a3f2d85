"""The attackers: connections of raw bytes to the gateway, and a count of what they were answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.attacks.gateway import DISTRICT, AttackedGateway

REQUESTS_PER_VIEWER = 40
"""Requests that a viewer may send at once by default: an attack with more of them uses many viewers."""
MAX_LINE_BYTES = 1 << 20
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Reply(NamedTuple):
    """What the gateway answered."""

    status: int
    """HTTP status; 0 if the gateway closed the connection instead of answering."""
    body: bytes
    is_last: bool = False
    """Whether the gateway closes the connection after it."""


CLOSED = Reply(0, b"", is_last=True)


@dataclass
class Connection:
    """An attacker's connection to the gateway."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_closed(self) -> bool:
        """Whether the gateway is known to have closed the connection."""
        return self.writer.is_closing() or self.reader.at_eof() or self.reader.exception() is not None

    async def send(self, content: bytes) -> bool:
        """Send bytes; False if the gateway has closed the connection."""
        if self.is_closed:
            return False
        try:
            self.writer.write(content)
            await self.writer.drain()
        except OSError:
            return False
        return True

    async def reply(self) -> Reply:
        """Read one response."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if length is not None:
                body = await self.reader.readexactly(int(length[1]))
            elif b"transfer-encoding: chunked" in head.lower():
                body = await self._chunks()
            else:
                body = b""
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return CLOSED
        return Reply(int(head[9:12]), body, b"\r\nconnection: close" in head.lower())

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body

    def close(self) -> None:
        """Close the connection."""
        self.writer.close()


@dataclass
class Attackers:
    """The attackers of one attack."""

    gateway: AttackedGateway
    name: str
    """Name of the attack, and first part of their subjects: no attack uses up the rate of another one."""
    seconds: float
    """How long they attack."""
    max_tasks: int = 16
    """How many requests they have in flight at most: by default as many as the gateway handles for two viewers."""
    district: str = DISTRICT
    replies: Counter[str] = field(default_factory=Counter)
    """Number of responses by HTTP status; `closed` for connections that the gateway closed without a response."""
    internal_errors: int = 0
    """Responses with the code `INTERNAL`."""
    largest_body: int = 0
    """In bytes."""
    broken_promises: set[str] = field(default_factory=set)
    """What they got or did, and must not, as sentences."""
    started_at: float = field(default_factory=time.monotonic)
    _idle: list[Connection] = field(default_factory=list)
    _open: list[Connection] = field(default_factory=list)

    @property
    def remaining_seconds(self) -> float:
        """Seconds until the attack is over; 0 once it is."""
        return max(0.0, self.started_at + self.seconds - time.monotonic())

    @property
    def goes_on(self) -> bool:
        """Whether the attack still goes on."""
        return self.remaining_seconds > 0

    async def connect(self) -> Connection:
        """Open a connection; it is closed at the end of the attack."""
        streams = await asyncio.open_connection(self.gateway.host, self.gateway.port, limit=MAX_LINE_BYTES)
        connection = Connection(*streams)
        self._open.append(connection)
        return connection

    def request(self, payload: Any, viewer: int = 0, headers: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a GraphQL request of an attacker; `payload` is JSON, or bytes to send unchanged."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.head({"Content-Length": str(len(body)), **(headers or {})}, viewer) + body

    def head(self, headers: Mapping[str, str], viewer: int = 0, target: str = "/graphql") -> bytes:
        """The bytes of the head of a POST request of one of the attackers."""
        token = self.gateway.token(f"{self.name}-{viewer}", district=self.district)
        lines = {
            "Host": "gateway",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        } | headers
        text = "\r\n".join([f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())])
        return text.encode("latin-1") + b"\r\n\r\n"

    async def exchange(self, request: bytes) -> Reply:
        """Send a request on an idle connection that is open, or on a new one, and count the response."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed:
                break
            connection.close()  # the gateway has, while nobody used it, as any server may do
        else:
            connection = await self.connect()
        await connection.send(request)
        reply = await connection.reply()
        self.count(reply)
        if reply.is_last:
            connection.close()
        else:
            self._idle.append(connection)
        return reply

    async def post(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        viewer: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a GraphQL document as one of the attackers."""
        return await self.exchange(
            self.request({"query": document, "variables": variables or {}}, viewer, headers)
        )

    def count(self, reply: Reply) -> None:
        """Count a response."""
        self.replies[str(reply.status or "closed")] += 1
        self.internal_errors += b'"INTERNAL"' in reply.body
        self.largest_body = max(self.largest_body, len(reply.body))

    def expect(self, condition: bool, broken_promise: str) -> None:
        """Note a promise that the gateway broke unless the condition holds."""
        if not condition:
            self.broken_promises.add(broken_promise)

    async def close(self) -> None:
        """Close all connections."""
        for connection in self._open:
            connection.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                await connection.writer.wait_closed()
