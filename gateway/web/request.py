"""What a client asks: an HTTP request in, a GraphQL request out, or a refusal that names what to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.types import Receive, Scope

from student_graph.gateway.web import media_types

MAX_BODY = 64 * 1024
"""Bytes of a request."""
NO_REQUEST = "Send one JSON object with a 'query', in UTF-8."
TWICE = "Name each member of an object once: of two with one name nobody can tell which counts."
NUL = "Leave out the character NUL: no name and no number holds it."
EXPLAIN = b"x-student-graph-explain"
"""With this header, unless it is empty, an operator's answer tells how it was made."""
BREAK_GLASS = b"student-graph-break-glass"
"""In this header a request brings the ticket of what was opened for a child's health or safety."""
PURPOSE = b"student-graph-purpose"
"""In this header a request says what it is for."""
HEADERS: Mapping[bytes, str] = dict.fromkeys(
    (
        b"accept",
        b"authorization",
        b"cache-control",
        b"content-type",
        b"content-encoding",
        b"host",
        EXPLAIN,
        BREAK_GLASS,
        PURPOSE,
    ),
    "",
)
"""Headers that are read, as they are when they are not sent."""


class BadRequestError(Exception):
    """A request that is not a GraphQL one, or nobody's."""

    def __init__(
        self, status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}


class GraphQLRequest(msgspec.Struct, rename="camel"):
    """What a client sends."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    document_id: str | None = None
    """Hash of a trusted document."""
    extensions: dict[str, Any] | None = None

    @property
    def trusted(self) -> str | None:
        """Hash of the trusted document that is asked for, by whichever of the two ways; None without one."""
        persisted = (self.extensions or {}).get("persistedQuery")
        named = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return self.document_id or (named if isinstance(named, str) else None)


@dataclass(slots=True)
class RequestHead:
    """The head of an HTTP request, as far as it matters."""

    method: str
    query: bytes
    headers: Mapping[bytes, str]
    """Texts of the headers that are read; empty of those that were not sent."""

    @classmethod
    def of(cls, scope: Scope) -> RequestHead:
        """The head of a request."""
        found = dict(HEADERS)
        for name, value in scope["headers"]:
            if name in found:
                found[name] = value.decode("latin-1")
        return cls(scope["method"], scope["query_string"], found)


_decoder = msgspec.json.Decoder(GraphQLRequest)


def check_head(head: RequestHead) -> None:
    """
    Let a request pass whose body can be one.

    Raises:
        RefusedError: it is of another media type, or compressed.
    """
    if head.method == "POST" and not media_types.is_json(head.headers[b"content-type"]):
        raise BadRequestError(415, "Send the request as application/json.")
    if head.headers[b"content-encoding"] not in ("", "identity"):
        raise BadRequestError(415, "Send the request uncompressed.")


def wanted_age(directives: str) -> timedelta | None:
    """
    How old an answer should be at most, by a `Cache-Control`; None when it does not say.

    Raises:
        RefusedError: an age is no number of seconds.
    """
    if not directives:
        return None
    ages = []
    for directive in directives.lower().split(","):
        name, _, argument = (part.strip() for part in directive.partition("="))
        if name == "no-cache":
            ages.append(0)
        elif name == "max-age":
            if not (argument.isascii() and argument.isdecimal() and len(argument) < 10):
                raise BadRequestError(400, "Cache-Control: max-age must be a number of seconds.")
            ages.append(int(argument))
    return timedelta(seconds=min(ages)) if ages else None


async def read_body(receive: Receive) -> bytes:
    """
    The body, read no further than it may be long.

    Raises:
        RefusedError: it is longer, or the client went away.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body") and len(message["body"]) <= MAX_BODY:
        body: bytes = message["body"]
        return body
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY:
            raise BadRequestError(413, f"The request is longer than {MAX_BODY // 1024} KiB.")
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    raise BadRequestError(400, "The request ended early.")


def from_body(body: bytes) -> GraphQLRequest:
    """
    The GraphQL request in a body.

    Raises:
        RefusedError: it is something else.
    """
    try:
        asked = _complete(_decoder.decode(body))
        _check(body)
    except msgspec.ValidationError as exc:
        what, _, where = str(exc).partition(" - at `$.")
        name = where.rstrip("`").partition(".")[0].partition("[")[0]
        raise BadRequestError(400, f"{name}: {what[:1].lower()}{what[1:]}." if name else NO_REQUEST) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadRequestError(400, NO_REQUEST) from None
    return asked


def from_address(query: bytes) -> GraphQLRequest:
    """
    The GraphQL request in an address.

    Raises:
        RefusedError: a parameter is not what it must be.
    """
    try:
        given = parse_qs(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=10,
        )
    except ValueError:
        raise BadRequestError(400, "Send the parameters percent-encoded, in UTF-8.") from None
    texts = {name: values[-1] for name, values in given.items()}
    parts: dict[str, Any] = {name: texts.get(name) for name in ("query", "operationName", "documentId")}
    if any(map(_holds_nul, texts.values())):
        raise BadRequestError(400, NUL)
    for name in ("variables", "extensions"):
        try:
            parts[name] = msgspec.json.decode(texts[name]) if texts.get(name) else None
            _check((texts.get(name) or "{}").encode())
        except (msgspec.DecodeError, ValueError, RecursionError):
            raise BadRequestError(400, f"{name}: must be a JSON object.") from None
    try:
        return _complete(msgspec.convert(parts, GraphQLRequest))
    except msgspec.ValidationError:
        raise BadRequestError(400, "variables, extensions: must be JSON objects.") from None


def _check(body: bytes) -> None:
    """
    Let a JSON text pass that all read alike; it is known to be one.

    Raises:
        RefusedError: an object names a member twice, of which readers keep this one or that; or a text holds NUL.
    """
    if _NUL.search(body):
        raise BadRequestError(400, NUL)
    written, kept = _STRING.sub(b"", body).count(b":"), 0
    level: list[Any] = [[msgspec.json.decode(body)]]
    while level:
        kept += sum(len(part) for part in level if isinstance(part, dict))
        below = (each for part in level for each in (part.values() if isinstance(part, dict) else part))
        level = [each for each in below if isinstance(each, dict | list)]
    if kept != written:
        raise BadRequestError(400, TWICE)


def _holds_nul(text: str) -> bool:
    return "\0" in text or _NUL.search(text.encode(errors="replace")) is not None


_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_NUL = re.compile(rb"\\u(?:0000|\{0+\})")
"""NUL as JSON and GraphQL spell it; of itself it stands in neither."""


def _complete(asked: GraphQLRequest) -> GraphQLRequest:
    if not asked.query and not asked.trusted:
        raise BadRequestError(400, NO_REQUEST)
    return asked
