"""
The events of a live document, as the protocol of GraphQL over server-sent events has them: `next` and `complete`.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (the mode of distinct connections)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Send

from student_graph.gateway.web.encoding import encode
from student_graph.gateway.web.media_types import EVENT_STREAM
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS

SEND_SECONDS = 5.0
"""Time for the last event of a stream: a client that does not read holds up nothing."""
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 5.0
"""When a client may open its stream again: a random time, so that they do not all come back at once."""

_HEADERS = [
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
    *ENCODED_SECURITY_HEADERS,
]


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """Why a live document ended, for the client."""

    code: str
    message: str
    retryable: bool = False
    """Whether the same request may succeed later."""


STOPPING = LiveEnd(code="STOPPING", message="The gateway stops; open the live document again.", retryable=True)
SETTINGS_CHANGED = LiveEnd(
    code="SETTINGS_CHANGED",
    message="The gateway has other settings now; open the live document again.",
    retryable=True,
)
NOT_RECORDED = LiveEnd(
    code="NOT_RECORDED",
    message="The disclosure cannot be recorded at the moment, so nothing is disclosed.",
    retryable=True,
)


class EventSender:
    """Sends the events of one stream."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def start(self) -> None:
        """Send the head of the response."""
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})

    async def next(self, body: Sequence[bytes]) -> None:
        """Send an answer, whose body is JSON in parts. Waits until the client has read most of it."""
        await self._write(b"".join((b"event: next\ndata: ", *body, b"\n\n")))

    async def heartbeat(self) -> None:
        """Send a comment, so that no proxy takes the connection for idle."""
        await self._write(b":\n\n")

    async def complete(self, end: LiveEnd) -> None:
        """Send why the document ended, and end the response."""
        reason = {"code": end.code, "message": end.message, "retryable": end.retryable}
        if end.retryable:
            seconds = random.uniform(MIN_RETRY_SECONDS, MAX_RETRY_SECONDS)  # noqa: S311 - not used for security
            reason["retryAfter"] = round(seconds, 1)
        data = encode({"extensions": {"live": reason}})
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                await self._write(b"event: complete\ndata: " + data + b"\n\n")
                await self._send({"type": "http.response.body", "body": b""})

    async def _write(self, content: bytes) -> None:
        await self._send({"type": "http.response.body", "body": content, "more_body": True})
