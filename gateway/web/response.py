"""HTTP responses as bytes: each is encoded once, and the headers that all share are built at import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from starlette.types import Send

from student_graph.gateway.web import media_types
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS

_HEADERS_BY_MEDIA_TYPE = {
    media_type: [(b"content-type", f"{media_type}; charset=utf-8".encode()), *ENCODED_SECURITY_HEADERS]
    for media_type in media_types.RESPONSE_TYPES
}

encode = msgspec.json.Encoder().encode
"""Encodes a value as JSON. Raises `UnicodeEncodeError` for a lone surrogate, which no vendor's JSON contains."""


async def send_response(
    send: Send, body: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    """Send a response; `headers` replace the default ones of the same name."""
    all_headers: Iterable[tuple[bytes, bytes]] = _HEADERS_BY_MEDIA_TYPE[media_type]
    if headers:
        added = {name.lower().encode(): value.encode() for name, value in headers.items()}
        all_headers = [*(header for header in all_headers if header[0] not in added), *added.items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *all_headers]})
    await send({"type": "http.response.body", "body": body})


def encode_error(message: str, code: str | None = None) -> bytes:
    """Encode a GraphQL response without `data` and with one error."""
    error: dict[str, Any] = {"message": message, "extensions": {"code": code} if code else {}}
    return encode({"errors": [error]})
