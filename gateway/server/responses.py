"""What a connection writes, and how fast it is read: the server's own refusals, responses that it closes after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from student_graph.gateway.web.response import encode_error
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS

SEND_GRACE_SECONDS, MIN_SEND_BYTES_PER_SECOND = 20.0, 8 * 1024
"""How fast a client must read a response: after the grace period, at this rate since the response began."""


class ReadingPace:
    """How fast a client reads what is sent to it."""

    def __init__(self) -> None:
        """Begin with a client that reads."""
        self._paused: tuple[float, int] | None = None
        """When the client stopped to read, and how many bytes were to be sent then; None while it reads."""

    def pause(self, now: float, unsent_bytes: int) -> None:
        """Note that the client does not read as fast as it is sent to."""
        self._paused = (now, unsent_bytes)

    def resume(self) -> None:
        """Note that the client has read enough."""
        self._paused = None

    def is_too_slow(self, now: float, unsent_bytes: int) -> bool:
        """Whether the client has read less than it must."""
        if self._paused is None:
            return False
        paused_since, unsent_then = self._paused
        return unsent_then - unsent_bytes < (now - paused_since - SEND_GRACE_SECONDS) * MIN_SEND_BYTES_PER_SECOND


class RequestLimitError(Exception):
    """A request that is refused while it is parsed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class ResponseTransport(asyncio.Transport):
    """The transport as uvicorn writes a response to it; how it is closed is the connection's choice."""

    def __init__(self, transport: Callable[[], asyncio.Transport], close: Callable[[], None]) -> None:
        """Write to what `transport` returns, and call `close` after a response that is the last one."""
        super().__init__()
        self._transport, self._close = transport, close

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes to the client."""
        self._transport().write(data)

    def is_closing(self) -> bool:
        """Whether the connection is closed or being closed."""
        return self._transport().is_closing()

    def close(self) -> None:
        """Close the connection after the response."""
        self._close()


def refusal(status: int, message: str) -> bytes:
    """The response to a request that cannot be parsed, after which the connection is closed."""
    body = encode_error(message, "BAD_REQUEST")
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *ENCODED_SECURITY_HEADERS,
    ]
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([STATUS_LINE[status], *lines, b"\r\n", body])
