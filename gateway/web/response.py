"""Answers as bytes: encoded once, with headers that are made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from student_graph.gateway.web import media_types

HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

encode = msgspec.json.Encoder().encode
"""An answer as JSON; a lone surrogate, which no vendor's JSON holds, raises `UnicodeEncodeError`."""

HEADERS_OF_ALL = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
"""Headers of every answer, whatever its media type."""
_BY_MEDIA = {
    each: [(b"content-type", f"{each}; charset=utf-8".encode()), *HEADERS_OF_ALL] for each in media_types.OURS
}


async def reply(
    send: Send, body: bytes, as_media: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    """Send an answer; headers that are given stand in place of the usual ones."""
    told: Iterable[tuple[bytes, bytes]] = _BY_MEDIA[as_media]
    if headers:
        more = {name.lower().encode(): text.encode() for name, text in headers.items()}
        told = [*(pair for pair in told if pair[0] not in more), *more.items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *told]})
    await send({"type": "http.response.body", "body": body})


def answer(data: bytes, errors: Sequence[Mapping[str, Any]], extensions: Mapping[str, Any]) -> bytes:
    """An answer whose data is encoded already; without errors it does not speak of any."""
    failed = (b',"errors":', encode(errors)) if errors else ()
    return b"".join((b'{"data":', data, *failed, b',"extensions":', encode(extensions), b"}"))


def refusal(message: str, code: str | None = None) -> bytes:
    """An answer without data: why a request was refused."""
    error: dict[str, Any] = {"message": message, "extensions": {"code": code} if code else {}}
    return encode({"errors": [error]})


class SecurityHeaders:
    """Adds the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, text in HEADERS.items():
                    headers.setdefault(name, text)
            await send(message)

        await self._app(scope, receive, send_with_headers)
