"""What a connection writes: the server's own refusals, and responses that it closes after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from student_graph.gateway.web.response import encode_error
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS


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
