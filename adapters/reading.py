"""
From a vendor's answer to typed payloads, in one place for all adapters.

An answer is a whole or a failure: `read` raises when any of it is wrong. A list may instead be read row by
row: `read_rows` keeps the rows that do not match their model beside those that do, and `group` fails their
keys alone.
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

from student_graph.adapters.errors import AdapterError, PayloadError, translate

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
V = TypeVar("V")

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Bytes of one answer, decoded; more would hold up everybody else while it is parsed."""

MAX_TEXT_CHARACTERS = 4096
"""Characters of one text; payload models are declared with it: no name or title of a school is longer."""
_SUSPECT = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}")
"""Numbers that are none, or too large for one: pydantic takes them for infinity."""

_ERROR_KEYS = frozenset({"error", "errors", "exception", "fault"})
_SMALL = 16 * 1024
"""Bytes up to which an object is looked at for an error inside; vendors' error objects are small."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not match its payload model."""

    raw: Any = field(repr=False)
    """The row as it came: for finding its key, never for showing."""
    error: AdapterError


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The rows of a list, the ones that could be read and the ones that could not. Its length counts both."""

    good: list[T]
    bad: list[BadRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.good) + len(self.bad)

    def map(self, make: Callable[[T], V]) -> Rows[V]:
        """The same with each good row made into something else, such as a record."""
        return Rows([make(row) for row in self.good], self.bad)


def read(response: httpx.Response, payload: TypeAdapter[T], *, plain: bool = False) -> T:
    """
    The answer as `payload`; `plain` accepts JSON that is sent as `text/plain` or without a media type.

    Raises:
        PayloadError: not JSON, too large, or a success that names an error.
        httpx.HTTPStatusError: the status is not one of success.
        pydantic.ValidationError: the shape is another.
    """
    body = _json(response, plain)
    _refuse_error_inside(body)
    return payload.validate_json(body)


def read_rows(response: httpx.Response, payload: TypeAdapter[list[T]], *, plain: bool = False) -> Rows[T]:
    """
    A list whose rows are judged one by one.

    Raises:
        PayloadError: not JSON, too large, or not a list.
        httpx.HTTPStatusError: the status is not one of success.
        pydantic.ValidationError: malformed JSON.
    """
    body = _json(response, plain)
    _refuse_error_inside(body)
    try:
        return Rows(payload.validate_json(body))
    except ValidationError as exc:
        if exc.errors(include_input=False, include_url=False)[0]["type"].startswith("json"):
            raise
    return _row_by_row(from_json(body), payload)


async def every_row(pages: AsyncIterable[Rows[T]], *, key: Callable[[T], Hashable]) -> Rows[T]:
    """All pages as one; of rows with the same key the last counts, at the place of the first."""
    good: dict[Hashable, T] = {}
    bad: list[BadRow] = []
    async for page in pages:
        good.update((key(row), row) for row in page.good)
        bad.extend(page.bad)
    return Rows(list(good.values()), bad)


def group(
    rows: Rows[T],
    *,
    key: Callable[[T], K],
    raw_key: Callable[[Any], K | None],
    known: Iterable[K] = (),
) -> dict[K, list[T] | AdapterError]:
    """
    The rows by their keys: a batch.

    `known` are keys that the vendor knows even when it has no row of theirs. A key with a bad row fails; a bad
    row whose key cannot be read is dropped and counted in the log.
    """
    lists: dict[K, list[T]] = {each: [] for each in known}
    for row in rows.good:
        lists.setdefault(key(row), []).append(row)
    batch: dict[K, list[T] | AdapterError] = dict(lists.items())
    keyless = 0
    for bad in rows.bad:
        if (found := raw_key(bad.raw)) is None:
            keyless += 1
        else:
            batch[found] = bad.error
    if keyless:
        log.warning("%d rows without a readable key were dropped", keyless)
    return batch


def raw_text(*path: str) -> Callable[[Any], str | None]:
    """Finds a text or a whole number along `path` in a row that has no model: `raw_text("student", "id")`."""

    def find(raw: Any) -> str | None:
        for name in path:
            raw = raw.get(name) if isinstance(raw, dict) else None
        return str(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) else None

    return find


def _json(response: httpx.Response, plain: bool) -> bytes:
    """The body of a success, which is JSON by its label and not too large."""
    response.raise_for_status()
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (media == "application/json" or media.endswith("+json") or (plain and media in ("", "text/plain"))):
        raise PayloadError("not JSON")
    if not response.content.strip():
        raise PayloadError("an empty answer")
    if len(response.content) > MAX_BODY_BYTES:
        raise PayloadError(f"an answer larger than {MAX_BODY_BYTES // 1024 // 1024} MiB")
    if _SUSPECT.search(response.content):
        _check_strictly(response.content)
    return response.content


def _check_strictly(body: bytes) -> None:
    """
    Let a body pass that is JSON to the letter.

    Raises:
        PayloadError: it holds something that JSON has no number for.
    """
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PayloadError("a number that JSON does not have") from None


def _refuse_error_inside(body: bytes) -> None:
    """Some vendors send status 200 with an error in the body; a lenient payload model would take it for data."""
    if len(body) > _SMALL or not body.lstrip().startswith(b"{"):
        return
    try:
        whole = from_json(body)
    except ValueError:
        return  # malformed: validation says so better
    if any(whole.get(name) for name in _ERROR_KEYS):
        raise PayloadError("an error inside a success")


def _row_by_row(whole: Any, payload: TypeAdapter[list[T]]) -> Rows[T]:
    """The rows of a list that does not match as a whole."""
    if not isinstance(whole, list):
        raise PayloadError("something else where a list was promised", code="SOURCE_SCHEMA")
    rows: Rows[T] = Rows([])
    for raw in whole:
        try:
            rows.good.extend(payload.validate_json(to_json([raw])))
        except ValidationError as exc:
            rows.bad.append(BadRow(raw, translate(exc)))
    return rows
