"""
Parsing a client's request: an HTTP request becomes a GraphQL request, or an error that names what to change.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs

import msgspec
from starlette.types import Receive, Scope

from student_graph.gateway.concurrency.coroutines import StartedCoroutine, result_until, start
from student_graph.gateway.web import media_types

MAX_BODY_BYTES = 64 * 1024
BODY_GRACE_SECONDS, MIN_BODY_BYTES_PER_SECOND, MAX_BODY_SECONDS = 5.0, 4 * 1024, 15.0
"""How fast a body must arrive: after the grace period at this rate, and all of it within the maximum time."""
MAX_QUERY_STRING_PARAMETERS = 10
MAX_AGE_DIGITS = 9
"""Digits of the seconds in `Cache-Control: max-age`."""

ENDED_EARLY_MESSAGE = "The request ended early."
NO_QUERY_MESSAGE = "Send one JSON object with a 'query', in UTF-8."
DUPLICATE_NAME_MESSAGE = "Name each member of an object once: readers disagree which of two equal names counts."
NUL_MESSAGE = "Leave out the character NUL: no name and no number contains it."

EXPLAIN_HEADER = b"x-student-graph-explain"
"""If it is not empty, the response to an operator explains how the operation is executed."""
BREAK_GLASS_HEADER = b"student-graph-break-glass"
"""Holds the ticket of an opening for a child's health or safety."""
PURPOSE_HEADER = b"student-graph-purpose"
"""States the purpose of the request."""
DEFAULT_HEADERS: Mapping[bytes, str] = dict.fromkeys(
    (
        b"accept",
        b"authorization",
        b"cache-control",
        b"content-type",
        b"content-encoding",
        b"host",
        EXPLAIN_HEADER,
        BREAK_GLASS_HEADER,
        PURPOSE_HEADER,
    ),
    "",
)
"""Request headers that the gateway reads, each with its value when it is not sent."""
LIST_HEADERS = frozenset({b"accept", b"cache-control"})
"""Headers among them that hold a list, which may be sent in parts (RFC 9110 §5.3); the others are sent once."""
_SINGLE_HEADERS = DEFAULT_HEADERS.keys() - LIST_HEADERS


class BadRequestError(Exception):
    """A request that the gateway refuses with an HTTP status and a message for the client's developer."""

    def __init__(
        self, status: int, message: str, code: str = "BAD_REQUEST", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}


class GraphQLRequest(msgspec.Struct, rename="camel"):
    """The members of a GraphQL request, as a client sends them."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    document_id: str | None = None
    """Hash of a trusted document."""
    extensions: dict[str, Any] | None = None

    @property
    def document_hash(self) -> str | None:
        """Hash of a trusted document, from `documentId` or Apollo's `persistedQuery`; None if neither is sent."""
        persisted = (self.extensions or {}).get("persistedQuery")
        apollo_hash = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return self.document_id or (apollo_hash if isinstance(apollo_hash, str) else None)


@dataclass(slots=True)
class RequestHead:
    """Method, query string and headers of an HTTP request."""

    method: str
    query_string: bytes
    headers: Mapping[bytes, str]
    """Values of the headers that the gateway reads; empty for those that were not sent."""

    @classmethod
    def of(cls, scope: Scope) -> RequestHead:
        """Return the head of an ASGI request."""
        headers = dict(DEFAULT_HEADERS)
        for name, value in scope["headers"]:
            if name in headers:
                text = value.decode("latin-1")
                headers[name] = f"{headers[name]}, {text}" if name in LIST_HEADERS and headers[name] else text
        return cls(scope["method"], scope["query_string"], headers)


def repeated_header(scope: Scope) -> str | None:
    """
    The name of a header that a request has twice, of those that are sent once; None if there is none.

    Two readers of such a request could take different ones: for example one token is checked, another used.
    """
    names = [name for name, _ in scope["headers"] if name in _SINGLE_HEADERS]
    if len(set(names)) == len(names):
        return None
    repeated: bytes = next(name for index, name in enumerate(names) if name in names[:index])
    return repeated.decode().title()


def check_content_type(head: RequestHead) -> None:
    """
    Check that a body is uncompressed JSON.

    Raises:
        BadRequestError: it has another media type, or is compressed.
    """
    if head.method == "POST" and not media_types.is_json(head.headers[b"content-type"]):
        raise BadRequestError(415, "Send the request as application/json.")
    if head.headers[b"content-encoding"] not in ("", "identity"):
        raise BadRequestError(415, "Send the request uncompressed.")


def parse_max_age(cache_control: str) -> timedelta | None:
    """
    Return the greatest age of cached data that a `Cache-Control` header allows; None if it sets none.

    Raises:
        BadRequestError: `max-age` is not a number of seconds.
    """
    if not cache_control:
        return None
    ages = []
    for directive in cache_control.lower().split(","):
        name, _, argument = (part.strip() for part in directive.partition("="))
        if name == "no-cache":
            ages.append(0)
        elif name == "max-age":
            if not (argument.isascii() and argument.isdecimal() and len(argument) <= MAX_AGE_DIGITS):
                raise BadRequestError(400, "Cache-Control: max-age must be a number of seconds.")
            ages.append(int(argument))
    return timedelta(seconds=min(ages)) if ages else None


def body_seconds(received_bytes: int) -> float:
    """How many seconds a body may take in all, after `received_bytes` of it have arrived."""
    return min(BODY_GRACE_SECONDS + received_bytes / MIN_BODY_BYTES_PER_SECOND, MAX_BODY_SECONDS)


async def read_body(receive: Receive, seconds_for: Callable[[int], float] = body_seconds) -> bytes:
    """
    Read a request's body, and stop at its largest allowed size, or when it comes too slowly.

    `seconds_for` takes the number of bytes received so far, and returns how many seconds the body may take in all.

    Raises:
        BadRequestError: the body is larger or too slow, or the client disconnected.
    """
    first = start(cast("Coroutine[Any, Any, Any]", receive()))  # usually the whole body, which came with the head
    if isinstance(first, dict) and not first.get("more_body") and len(first.get("body", b"")) <= MAX_BODY_BYTES:
        if first["type"] == "http.request":
            return bytes(first.get("body", b""))
        raise BadRequestError(400, ENDED_EARLY_MESSAGE)
    started = asyncio.get_running_loop().time()
    parts = bytearray()
    try:
        begun = first if isinstance(first, StartedCoroutine) else None
        message = first if begun is None else await result_until(started + seconds_for(0), receive, begun)
        while message["type"] == "http.request":
            parts += message.get("body", b"")
            if len(parts) > MAX_BODY_BYTES:
                raise BadRequestError(413, f"The request is longer than {MAX_BODY_BYTES // 1024} KiB.")
            if not message.get("more_body"):
                return bytes(parts)
            message = await result_until(started + seconds_for(len(parts)), receive)
    except TimeoutError:
        raise BadRequestError(408, "The body of the request came too slowly.", headers=_CLOSE) from None
    raise BadRequestError(400, ENDED_EARLY_MESSAGE)


def parse_body(body: bytes) -> GraphQLRequest:
    """
    Parse the GraphQL request in a body.

    Raises:
        BadRequestError: the body is not a GraphQL request.
    """
    try:
        members = msgspec.json.decode(body)
        request = _require_document(msgspec.convert(members, GraphQLRequest))
        _check_unambiguous(body, members)
    except msgspec.ValidationError as exc:
        path = str(exc).partition(" - at `$.")[2]
        name = path.rstrip("`").partition(".")[0].partition("[")[0]
        kind = "a JSON object" if name in ("variables", "extensions") else "a text"
        message = f"{name}: must be {kind}." if name else NO_QUERY_MESSAGE
        raise BadRequestError(400, message) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadRequestError(400, NO_QUERY_MESSAGE) from None
    return request


def parse_query_string(query_string: bytes) -> GraphQLRequest:
    """
    Parse the GraphQL request in a URL's query string.

    Raises:
        BadRequestError: a parameter cannot be parsed.
    """
    try:
        parameters = parse_qs(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=MAX_QUERY_STRING_PARAMETERS,
        )
    except ValueError:
        raise BadRequestError(400, "Send the parameters percent-encoded, in UTF-8.") from None
    texts = {name: values[-1] for name, values in parameters.items()}
    members: dict[str, Any] = {name: texts.get(name) for name in ("query", "operationName", "documentId")}
    if any("\0" in text for text in texts.values()):
        raise BadRequestError(400, NUL_MESSAGE)
    for name in ("variables", "extensions"):
        try:
            members[name] = msgspec.json.decode(texts[name]) if texts.get(name) else None
            _check_unambiguous((texts.get(name) or "{}").encode(), members[name] or {})
        except (msgspec.DecodeError, ValueError, RecursionError):
            raise BadRequestError(400, f"{name}: must be a JSON object.") from None
    try:
        return _require_document(msgspec.convert(members, GraphQLRequest))
    except msgspec.ValidationError:
        raise BadRequestError(400, "variables, extensions: must be JSON objects.") from None


def _check_unambiguous(body: bytes, decoded: Any) -> None:
    """
    Check that every reader understands a valid JSON text in the same way as it was `decoded`.

    Raises:
        BadRequestError: an object has two members of one name, or a text contains NUL.
    """
    may_hold_nul = b"\\u0000" in body  # the only way to write NUL in JSON; the text may also be only like it
    # Outside strings, JSON has a colon for each member as it was sent; the decoder keeps one member for each name.
    sent_members, decoded_members = _JSON_STRING.sub(b"", body).count(b":"), 0
    values = [decoded]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            decoded_members += len(value)
            values += value.values()
            if may_hold_nul:
                values += value
        elif isinstance(value, list):
            values += value
        elif may_hold_nul and isinstance(value, str) and "\0" in value:
            raise BadRequestError(400, NUL_MESSAGE)
    if decoded_members != sent_members:
        raise BadRequestError(400, DUPLICATE_NAME_MESSAGE)


def _require_document(request: GraphQLRequest) -> GraphQLRequest:
    if not request.query and not request.document_hash:
        raise BadRequestError(400, NO_QUERY_MESSAGE)
    if request.query and _escapes_nul(request.query):
        raise BadRequestError(400, NUL_MESSAGE)
    return request


def _escapes_nul(document: str) -> bool:
    """Whether a string of a document holds NUL as an escape; comments and block strings have no such escapes."""
    if not _NUL_ESCAPE.search(document):
        return False
    tokens = (match[0] for match in _STRING_OR_COMMENT.finditer(document))
    strings = (token for token in tokens if token.startswith('"') and not token.startswith('"""'))
    return any(_NUL_ESCAPE.search(string.replace("\\\\", "")) for string in strings)


_CLOSE = {"Connection": "close"}
_JSON_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_NUL_ESCAPE = re.compile(r"\\u(?:0000|\{0+\})")
"""NUL as a string of a GraphQL document escapes it."""
_STRING_OR_COMMENT = re.compile(r'''"""(?:[^"\\]|\\(?:""")?|"(?!""))*"""|"(?:[^"\\\n\r]|\\.)*"|#[^\n\r]*''')
"""The parts of a GraphQL document in which a backslash can be."""
