"""Turns a vendor's response into typed payloads."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any, TypeVar

import httpx
import msgspec
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from student_graph.adapters.errors import BodyTooLargeError, PayloadError
from student_graph.adapters.reading.leniency import read_leniently

T = TypeVar("T")

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Maximum size of a decoded response body. Parsing a larger one would block all other requests."""
_SUSPICIOUS_NUMBER = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}")
"""Texts that pydantic reads as NaN or infinity, which JSON does not have, and numbers too large for a float."""

_JSON_MEDIA_TYPES = frozenset({"application/json", "text/json", "application/x-json", "text/x-json"})
"""The registered media type, and those that were used before it; the ending `+json` is accepted as well."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""A reader may ignore it before JSON (RFC 8259, 8.1)."""
_MAYBE_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape sequence in JSON; the group is half of a pair of surrogates."""

_ERROR_KEYS = frozenset({"error", "errors", "exception", "fault"})
_MAX_ERROR_BODY_BYTES = 16 * 1024
"""A larger body is not searched for an error object, because vendors' error objects are small."""


def read(
    response: httpx.Response, payload: TypeAdapter[T], *, accept_plain: bool = False, complete: bool = False
) -> T:
    """
    Return the response body as `payload`.

    A value that cannot be read is null, or the default, if the model allows it. An element of a list that cannot
    be read is left out and reported (`collecting_unreadable_rows`). A model declares values as `Deciding` whose
    null would say something: a row is left out if one of them cannot be read.

    `complete` refuses a body if any part of it cannot be read: for a list in which a missing row changes what the
    others mean. `accept_plain` also accepts JSON with the media type `text/plain` or with none.

    Raises:
        PayloadError: the body is not JSON, is too large, or is an error object with a success status.
        httpx.HTTPStatusError: the status is not a success.
        pydantic.ValidationError: the body does not match `payload`.
    """
    body = _json_body(response, accept_plain)
    _refuse_error_object(body)
    return _validated(body, payload, complete)


def content_of(response: httpx.Response) -> bytes:
    """Return the body of a response without a byte order mark, which a reader may ignore before JSON."""
    return response.content.removeprefix(_BYTE_ORDER_MARK)


def read_value(value: Any, payload: TypeAdapter[T]) -> T:
    """
    Return a part of a parsed JSON document as `payload`, as `read` reads a body.

    Raises:
        PayloadError: a number of the value is out of range.
        pydantic.ValidationError: the value does not match `payload`.
    """
    return _validated(to_json(value), payload, complete=False)


def _validated(body: bytes, payload: TypeAdapter[T], complete: bool) -> T:
    try:
        return payload.validate_json(body)
    except ArithmeticError as exc:  # raised by a validator of the model, such as one for a date of the year 9999
        error: Exception = PayloadError(f"a value out of range ({type(exc).__name__})", code="SOURCE_SCHEMA")
        cause: Exception = exc
    except ValidationError as exc:
        if exc.errors(include_input=False, include_url=False)[0]["type"].startswith("json"):
            raise
        error = cause = exc
    if complete:
        raise error from cause
    try:
        return read_leniently(from_json(body), payload, cause)
    except ArithmeticError:
        raise error from cause


def _json_body(response: httpx.Response, accept_plain: bool) -> bytes:
    """Return the body of a successful response whose media type is JSON and whose size is allowed."""
    response.raise_for_status()
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (
        media in _JSON_MEDIA_TYPES or media.endswith("+json") or (accept_plain and media in ("", "text/plain"))
    ):
        raise PayloadError("not JSON")
    body = content_of(response)
    if not body.strip():
        raise PayloadError("an empty body")
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLargeError(f"a body larger than {MAX_BODY_BYTES // 1024 // 1024} MiB")
    if _MAYBE_LONE_SURROGATE.search(body):
        body = _ESCAPE.sub(_without_lone_surrogate, body)
    with contextlib.suppress(UnicodeDecodeError, RecursionError):
        try:
            msgspec.json.decode(body)  # several times faster than to search the body for such numbers
        except msgspec.DecodeError:
            if _SUSPICIOUS_NUMBER.search(body):
                return _with_possible_numbers(body)
    return body


def _without_lone_surrogate(escape: re.Match[bytes]) -> bytes:
    """An escape sequence; for half of a character, where a text was cut, the replacement character."""
    return escape[0] if escape[1] is None else b"\\ufffd"


def _with_possible_numbers(body: bytes) -> bytes:
    """
    The body with an empty object, which is no number, for each number that a float cannot hold.

    Raises:
        PayloadError: the body has a number that JSON does not have, such as NaN, or one with thousands of digits.
    """
    try:
        return to_json(_without_infinity(from_json(body, allow_inf_nan=False)))
    except ValueError:
        raise PayloadError("a number that JSON does not have") from None


def _without_infinity(value: Any) -> Any:
    match value:
        case dict():
            return {name: _without_infinity(part) for name, part in value.items()}
        case list():
            return [_without_infinity(part) for part in value]
        case float() if math.isinf(value):
            return {}
        case _:
            return value


def _refuse_error_object(body: bytes) -> None:
    """
    Refuse an error object that a vendor sends with status 200; a lenient payload model would read it as data.
    """
    if len(body) > _MAX_ERROR_BODY_BYTES or not body.lstrip().startswith(b"{"):
        return
    try:
        parsed = from_json(body)
    except ValueError:
        return  # The JSON is malformed, and validation reports that better.
    if any(parsed.get(name) for name in _ERROR_KEYS):
        raise PayloadError("an error object with a success status")
