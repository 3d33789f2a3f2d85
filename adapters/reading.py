"""
Turns a vendor's response into typed payloads, for all adapters.

`read` accepts a response completely or raises. `read_rows` checks the rows of a list one by one and returns the
invalid ones beside the valid ones; `group_rows` then fails only the keys of the invalid rows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx
import msgspec
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from student_graph.adapters.errors import AdapterError, BodyTooLargeError, PayloadError, translate

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
V = TypeVar("V")

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Maximum size of a decoded response body. Parsing a larger one would block all other requests."""

MAX_TEXT_CHARACTERS = 4096
"""Maximum length of one text in a payload model: no name or title in a school is longer."""
_SUSPICIOUS_NUMBER = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}")
"""Texts that pydantic reads as NaN or infinity, which JSON does not have, and numbers too large for a float."""

_ERROR_KEYS = frozenset({"error", "errors", "exception", "fault"})
_MAX_ERROR_BODY_BYTES = 16 * 1024
"""A larger body is not searched for an error object, because vendors' error objects are small."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that does not match its payload model."""

    raw: Any = field(repr=False)
    """The row as the vendor sent it, to find its key. It is never displayed."""
    error: AdapterError


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The valid and the invalid rows of a list; its length counts both."""

    valid: list[T]
    invalid: list[InvalidRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.valid) + len(self.invalid)

    def map(self, make: Callable[[T], V]) -> Rows[V]:
        """Return these rows with each valid row replaced by `make(row)`, such as a record."""
        return Rows([make(row) for row in self.valid], self.invalid)


def read(response: httpx.Response, payload: TypeAdapter[T], *, accept_plain: bool = False) -> T:
    """
    Return the response body as `payload`.

    `accept_plain` also accepts JSON with the media type `text/plain` or with none.

    Raises:
        PayloadError: the body is not JSON, is too large, or is an error object with a success status.
        httpx.HTTPStatusError: the status is not a success.
        pydantic.ValidationError: the body does not match `payload`.
    """
    body = _json_body(response, accept_plain)
    _refuse_error_object(body)
    return payload.validate_json(body)


def read_rows(response: httpx.Response, payload: TypeAdapter[list[T]], *, accept_plain: bool = False) -> Rows[T]:
    """
    Return the response body as a list whose rows are validated one by one.

    Raises:
        PayloadError: the body is not JSON, is too large, or is not a list.
        httpx.HTTPStatusError: the status is not a success.
        pydantic.ValidationError: the JSON is malformed.
    """
    body = _json_body(response, accept_plain)
    _refuse_error_object(body)
    try:
        return Rows(payload.validate_json(body))
    except ValidationError as exc:
        if exc.errors(include_input=False, include_url=False)[0]["type"].startswith("json"):
            raise
    return _validate_rows(from_json(body), payload)


async def collect_rows(pages: AsyncIterable[Rows[T]], *, key: Callable[[T], Hashable]) -> Rows[T]:
    """Return the rows of all pages. Of rows with the same key, the last replaces the first at its position."""
    valid: dict[Hashable, T] = {}
    invalid: list[InvalidRow] = []
    async for page in pages:
        valid.update((key(row), row) for row in page.valid)
        invalid.extend(page.invalid)
    return Rows(list(valid.values()), invalid)


def group_rows(
    rows: Rows[T],
    *,
    key: Callable[[T], K],
    raw_key: Callable[[Any], K | None],
    known_keys: Iterable[K] = (),
) -> dict[K, list[T] | AdapterError]:
    """
    Return the rows by key: a batch.

    `known_keys` are keys that the vendor knows even if it has no row for them. A key with an invalid row fails. An
    invalid row without a readable key is dropped, and the log says how many there were.
    """
    lists: dict[K, list[T]] = {known: [] for known in known_keys}
    for row in rows.valid:
        lists.setdefault(key(row), []).append(row)
    batch: dict[K, list[T] | AdapterError] = dict(lists.items())
    dropped = 0
    for invalid in rows.invalid:
        if (failed_key := raw_key(invalid.raw)) is None:
            dropped += 1
        else:
            batch[failed_key] = invalid.error
    if dropped:
        log.warning("%d rows without a readable key were dropped", dropped)
    return batch


def raw_text(*path: str) -> Callable[[Any], str | None]:
    """
    Return a function that reads a text or an integer at `path` in a raw row, or returns None.

    For example, `raw_text("student", "id")` reads `{"student": {"id": 7}}` as `"7"`.
    """

    def find(raw: Any) -> str | None:
        for name in path:
            raw = raw.get(name) if isinstance(raw, dict) else None
        return str(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) else None

    return find


def _json_body(response: httpx.Response, accept_plain: bool) -> bytes:
    """Return the body of a successful response whose media type is JSON and whose size is allowed."""
    response.raise_for_status()
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (
        media == "application/json" or media.endswith("+json") or (accept_plain and media in ("", "text/plain"))
    ):
        raise PayloadError("not JSON")
    if not response.content.strip():
        raise PayloadError("an empty body")
    if len(response.content) > MAX_BODY_BYTES:
        raise BodyTooLargeError(f"a body larger than {MAX_BODY_BYTES // 1024 // 1024} MiB")
    if _SUSPICIOUS_NUMBER.search(response.content):
        _check_strictly(response.content)
    return response.content


def _check_strictly(body: bytes) -> None:
    """
    Check that a body is strict JSON.

    Raises:
        PayloadError: it holds a number that JSON does not have, such as NaN.
    """
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PayloadError("a number that JSON does not have") from None


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


def _validate_rows(raw_rows: Any, payload: TypeAdapter[list[T]]) -> Rows[T]:
    """Validate the rows of a list one by one."""
    if not isinstance(raw_rows, list):
        raise PayloadError("not a list", code="SOURCE_SCHEMA")
    rows: Rows[T] = Rows([])
    for raw in raw_rows:
        try:
            rows.valid.extend(payload.validate_json(to_json([raw])))
        except ValidationError as exc:
            rows.invalid.append(InvalidRow(raw, translate(exc)))
    return rows
