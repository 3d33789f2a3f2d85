"""HTTP responses as bytes: each is encoded once, and the headers that all share are built at import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.types import Send

from student_graph.gateway.concurrency.time_slices import give_way
from student_graph.gateway.web import media_types
from student_graph.gateway.web.encoding import encode
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS

_HEADERS_BY_MEDIA_TYPE = {
    media_type: [(b"content-type", f"{media_type}; charset=utf-8".encode()), *ENCODED_SECURITY_HEADERS]
    for media_type in media_types.RESPONSE_TYPES
}

MIN_CHUNK_BYTES = 64 * 1024
"""Bytes of a long response that are given to the server at once."""


async def send_response(
    send: Send,
    body: bytes | Sequence[bytes],
    media_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a response; `body` may be in parts, and `headers` replace the default ones of the same name."""
    all_headers: Iterable[tuple[bytes, bytes]] = _HEADERS_BY_MEDIA_TYPE[media_type]
    if headers:
        added = {name.lower().encode(): value.encode() for name, value in headers.items()}
        all_headers = [*(header for header in all_headers if header[0] not in added), *added.items()]
    chunks = [body] if isinstance(body, bytes) else _chunks(body)
    length = (b"content-length", str(sum(map(len, chunks))).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *all_headers]})
    for chunk in chunks[:-1]:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await give_way()
    await send({"type": "http.response.body", "body": chunks[-1]})


def _chunks(parts: Sequence[bytes]) -> list[bytes]:
    """The parts of a body, at least one, joined to chunks of at least `MIN_CHUNK_BYTES` where there are more."""
    if sum(map(len, parts)) <= MIN_CHUNK_BYTES:
        return [b"".join(parts)]
    chunks: list[bytes] = []
    pending: list[bytes] = []
    size = 0
    for part in parts:
        pending.append(part)
        size += len(part)
        if size >= MIN_CHUNK_BYTES:
            chunks.append(b"".join(pending))
            pending, size = [], 0
    if pending:
        chunks.append(b"".join(pending))
    return chunks


def encode_error(message: str, code: str | None = None) -> bytes:
    """Encode a GraphQL response without `data` and with one error."""
    error: dict[str, Any] = {"message": message, "extensions": {"code": code} if code else {}}
    return encode({"errors": [error]})
