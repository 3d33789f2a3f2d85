"""
Connections to one vendor, on which no response is taken for the answer to another request.

HTTP/1.1 pairs responses with requests by their order alone. A vendor, or a proxy before it, that answers one
request twice makes every later answer on that connection the one to an earlier request. Three rules hold:

- A byte that belongs to no request drops its connection: a byte on an idle connection, before the request was
  sent, or behind the end of the response.
- A connection is used again only after `SETTLE_SECONDS` of silence, so an extra response that is late by less than
  that arrives while no request waits. Until then requests open connections of their own.
- After such a byte, no connection is used again for `DISTRUST_SECONDS`. Idle connections stay open for a while, to
  see whether the fault lasts.

An extra response that is later than that, before the first one was noticed, only differs by its records:
`gateway.fetch.vendor` compares them with the requested keys.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadStatusLine, HttpProcessingError

from student_graph.adapters.errors import PayloadError

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection

log = logging.getLogger("student_graph.http")

KEEP_ALIVE_SECONDS = 2.0
"""
How long an idle connection stays open.

Well below the limit of usual servers (5 seconds): a request on a connection that the server is just closing fails
for nothing.
"""
SETTLE_SECONDS = 0.5
"""How long a connection is silent after a response before another request may use it."""
DISTRUST_SECONDS = 600.0
"""How long no connection of a source is used again after one received bytes that belong to no request."""
MAX_INTERIM_RESPONSES = 10
"""Responses with a 1xx status before the one that counts."""
MAX_FRAMING_BYTES = 128 * 1024
"""Bytes of a response besides its body: 64 KiB of headers, and 64 KiB of chunk sizes, extensions and trailers."""


class StrayBytes:
    """What a source's connections received without having asked for it."""

    def __init__(self, source: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        """Connections that were dropped for it."""
        self._source, self._clock = source, clock
        self._distrusted_until = 0.0

    @property
    def may_reuse(self) -> bool:
        """Whether connections may be used for more than one request."""
        return self._clock() >= self._distrusted_until

    def record(self) -> None:
        """Count a connection with stray bytes, log it, and let no connection be used again for a while."""
        self.count += 1
        self._distrusted_until = self._clock() + DISTRUST_SECONDS
        log.error(
            "source %s sent a response, or a part of one, that no request asked for (%d so far): the connection "
            "was dropped, and each request has its own for %d minutes; tell the administrator of its server",
            self._source,
            self.count,
            DISTRUST_SECONDS // 60,
        )


class VendorConnection(ResponseHandler):
    """A connection that delivers one response for each request and is dropped at the first byte beyond."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stray: StrayBytes) -> None:
        super().__init__(loop)
        self._stray = stray
        self._requests = 0
        self._has_stray_bytes = False
        self._payload_of_response: aiohttp.StreamReader | None = None
        """The body of the response to the present request; None before its head."""
        self._expects_response = False
        self._responses = 0
        self._interim_responses = 0
        self._received_bytes = 0
        self._starts_as_http = False

    @property
    def is_in_doubt(self) -> bool:
        """Whether the present response may be the answer to an earlier request of this connection."""
        return self._has_stray_bytes and self._requests > 1

    def start_timeout(self) -> None:
        """Expect a response: aiohttp calls this when it has written the request."""
        self._requests += 1
        self._expects_response = True
        self._payload_of_response = None
        self._responses = self._interim_responses = self._received_bytes = 0
        super().start_timeout()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """
        Receive more: aiohttp calls this when a body that was read slowly has been read.

        It expects more then, also behind the end of the response. On a connection that is idle the timeout would
        fail the next request.
        """
        super().resume_reading(resume_parser)
        if self._is_complete():
            self._drop_timeout()

    def data_received(self, data: bytes) -> None:
        """Parse received bytes; those that belong to no request drop the connection."""
        if data and (not self._expects_response or self._is_complete()):
            self._drop_stray()
            return
        if not self._received_bytes:
            self._starts_as_http = data.startswith(b"HTTP/")
        self._received_bytes += len(data)
        super().data_received(data)
        if self._responses > 1 or (self._exception is not None and self._ends_too_late()):
            self._drop_stray()
        elif self._interim_responses > MAX_INTERIM_RESPONSES:
            self._fail(f"more than {MAX_INTERIM_RESPONSES} interim responses")
        elif self._framing_bytes() > MAX_FRAMING_BYTES:
            self._fail(f"a response with more than {MAX_FRAMING_BYTES // 1024} KiB of headers and framing")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Fail the request that waits, if one does."""
        super().connection_lost(exc)
        self._payload_of_response = None  # it refers to the connection
        if (failure := self.exception()) is not None and failure.__cause__ is not None:
            failure.__cause__.__traceback__ = None  # it refers to a frame of aiohttp's that holds the failure

    def feed_data(self, data: tuple[Any, aiohttp.StreamReader], size: int = 0) -> None:
        """Take a parsed head; aiohttp skips those of interim responses."""
        message, payload = data
        if 100 <= message.code <= 199 and message.code != 101:
            self._interim_responses += 1
        else:
            self._responses += 1
            if self._responses == 1:
                self._payload_of_response = payload
        super().feed_data(data, size)

    def _is_complete(self) -> bool:
        """Whether the response to the present request was received completely."""
        return self._payload_of_response is not None and self._payload_of_response.is_eof()

    def _ends_too_late(self) -> bool:
        """Whether what cannot be parsed is behind a response: a parser that fails there returns no response."""
        error = self._exception
        is_second_head = isinstance(error, HttpProcessingError) and isinstance(error.__cause__, BadStatusLine)
        return self._is_complete() or (self._starts_as_http and is_second_head)

    def _framing_bytes(self) -> int:
        """
        Received bytes beyond twice the body: small chunks have about as much framing as content.

        Zero while the parser holds bytes back because the body is read more slowly than it arrives.
        """
        if self._reading_paused:
            return 0
        body = self._payload_of_response
        return self._received_bytes - (0 if body is None else 2 * body.total_bytes)

    def _fail(self, reason: str) -> None:
        """Close the connection and fail its request."""
        error, body = PayloadError(reason), self._payload
        self.abort()
        self._buffer.clear()
        self.set_exception(error)
        if body is not None:
            body.set_exception(error)

    def _drop_stray(self) -> None:
        """Close the connection, which is out of step with its requests."""
        if not self._has_stray_bytes:
            self._has_stray_bytes = True
            self._stray.record()
        self.force_close()
        self.abort()


class VendorConnector(aiohttp.TCPConnector):
    """A pool of connections that are used again only after a silence, and only while their source is in step."""

    def __init__(self, stray: StrayBytes, *, settle_seconds: float = SETTLE_SECONDS, **options: Any) -> None:
        super().__init__(keepalive_timeout=KEEP_ALIVE_SECONDS, **options)
        self._stray, self._settle_seconds = stray, settle_seconds
        self._factory = functools.partial(self._new_connection, self._loop)  # type: ignore[assignment]

    def _new_connection(self, loop: asyncio.AbstractEventLoop) -> VendorConnection:
        return VendorConnection(loop, self._stray)

    async def _get(self, key: ConnectionKey, traces: list[Any]) -> Connection | None:
        """The idle connection that has been silent for longest, if it may be used again; else None."""
        idle, now = self._conns.get(key), time.monotonic()
        if idle is None or not self._stray.may_reuse:
            return None
        for _ in range(len(idle)):
            connection, idle_since = idle[0]
            if now - idle_since < self._settle_seconds:
                return None
            if not connection.is_connected() or now - idle_since > KEEP_ALIVE_SECONDS:
                idle.popleft()
                connection.close()
            elif _has_unread_bytes(connection):  # stray bytes or an end, which the event loop delivers next
                idle.popleft()
                idle.append((connection, now))
            else:
                return await super()._get(key, traces)
        return None

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        """Keep a connection for later requests; at most twice as many are idle as may be in use."""
        is_full = len(self._conns.get(key, ())) >= 2 * self.limit
        super()._release(key, protocol, should_close=should_close or is_full)


def _has_unread_bytes(connection: ResponseHandler) -> bool:
    """Whether the operating system holds bytes of a connection, or its end, that were not read yet."""
    transport = connection.transport
    tcp_socket = None if transport is None else transport.get_extra_info("socket")
    if tcp_socket is None:
        return False
    poll = select.poll()
    poll.register(tcp_socket.fileno(), select.POLLIN)
    return bool(poll.poll(0))
