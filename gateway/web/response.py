"""HTTP responses as bytes: each is encoded once, and the headers that all share are built at import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Send

from student_graph.gateway.concurrency.observation import note_sent
from student_graph.gateway.concurrency.time_slices import give_way
from student_graph.gateway.web import media_types
from student_graph.gateway.web.encoding import encode
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS
from student_graph.resolvers.context import Viewer

_HEADERS_BY_MEDIA_TYPE = {
    media_type: [(b"content-type", f"{media_type}; charset=utf-8".encode()), *ENCODED_SECURITY_HEADERS]
    for media_type in media_types.RESPONSE_TYPES
}

CHUNK_BYTES = 64 * 1024
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
    parts = [body] if isinstance(body, bytes) else body
    length = sum(map(len, parts))
    headers_sent = [(b"content-length", b"%d" % length), *all_headers]
    await send({"type": "http.response.start", "status": status, "headers": headers_sent})
    if length < 2 * CHUNK_BYTES:
        await send({"type": "http.response.body", "body": b"".join(parts)})
    else:
        await _send_long(send, parts)
    note_sent(status)


async def _send_long(send: Send, parts: Sequence[bytes]) -> None:
    """Send a long body in chunks, between which other tasks run."""
    chunks = _chunks(parts)
    chunk = next(chunks)
    for next_chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await give_way()
        chunk = next_chunk
    await send({"type": "http.response.body", "body": chunk})


async def send_request_errors(send: Send, errors: Sequence[Mapping[str, Any]], media_type: str) -> None:
    """Send the errors of an operation that was not executed; only GraphQL's own media type has a status for it."""
    status = 400 if media_type == media_types.GRAPHQL else 200
    await send_response(send, encode({"errors": errors}), media_type, status)


def _chunks(parts: Sequence[bytes]) -> Iterator[bytes | memoryview]:
    """
    The parts of a body, at least one, joined and cut to chunks of about `CHUNK_BYTES` where there are more.

    Each chunk waits until the client has read those before it. So the request of a client that does not read is in
    flight, and counts against the viewer's limit. A chunk is made when it is sent: all of them at once would take
    as much memory as the rest of a long response, and hold the event loop while they are copied.
    """
    pending: list[bytes] = []
    size = 0
    for part in parts:
        if size >= CHUNK_BYTES or (pending and len(part) >= 2 * CHUNK_BYTES):
            yield b"".join(pending)
            pending, size = [], 0
        if len(part) < 2 * CHUNK_BYTES:
            pending.append(part)
            size += len(part)
            continue
        view = memoryview(part)
        for start in range(0, len(part), CHUNK_BYTES):
            yield view[start : start + CHUNK_BYTES]
    if pending:
        yield b"".join(pending)


def encode_error(message: str, code: str) -> bytes:
    """Encode a GraphQL response without `data` and with one error; `docs/errors.md` lists the codes."""
    return encode({"errors": [{"message": message, "extensions": {"code": code}}]})


def error_response(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response of a route beside `/graphql` to a request that it refuses."""
    return JSONResponse({"error": message, "code": code}, status, headers)


def operator_error(viewer: Viewer | None) -> JSONResponse:
    """Return the response to a viewer who is no operator, or to a request without a viewer."""
    message = "Send the token of an operator."
    return (
        error_response(401, message, "UNAUTHENTICATED")
        if viewer is None
        else error_response(403, message, "FORBIDDEN")
    )
