"""
Reads what the request of a lookup needs before it can be sent.

A `[first]` is a request of its own. Its values are placeholders: one value, such as the school year of a database;
several, such as the schools of a student, so that the lookup is asked at each of them; or a table that says what
the vendor's codes stand for. It may use what another one has read.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic_core import to_json

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import IdentityError, PayloadError
from student_graph.adapters.keys import query_text
from student_graph.adapters.lookup import Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.model.code_mapping import comparable
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE
from student_graph.adapters.rest.client.lists import Lists, Rows, RowSource, value_at
from student_graph.adapters.rest.client.requests import RowRequest
from student_graph.adapters.rest.client.templates import Template, check_values
from student_graph.adapters.rest.mapping.paths import Getter, UnreadableValueError
from student_graph.adapters.rest.mapping.values import text

KEY = "key"
"""Placeholder of the requested key."""
RESPONSES = "responses of this call"
"""Name of the responses that keys share, among the arguments of a lookup; no argument has a blank."""
MAX_VALUES = 20_000
"""Maximum number of addresses at which one key is read; a district has fewer schools."""
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """How one `[first]` is read."""

    name: str
    """The placeholder that has its value."""
    request: Template
    rows: Getter
    value: Getter
    matches: Getter | None
    """Where the key is in a row: rows of another key do not count."""
    code: Getter | None
    """Where a code is in a row, if the rows are a table of codes."""
    several: bool
    """Whether there may be several values, each for a request of its own."""


@dataclass(slots=True)
class Responses:
    """The rows that were read first for the keys of one call: keys of one school share them."""

    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    rows: dict[str, Rows | None] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    """Requests that failed: they failed for all keys, and are not sent again."""


class First:
    """Reads the values that requests need, for one lookup."""

    def __init__(self, plans: Sequence[FirstPlan], lists: Lists, source: RowSource, concurrency: int) -> None:
        self._plans, self._lists, self._source, self._concurrency = plans, lists, source, concurrency

    async def values_of(self, values: Values, responses: Responses) -> list[Values] | None:
        """
        Return the values of the placeholders of each request; None if the vendor does not know the key.

        Empty if there may be several values and there is none, such as for a student in no section.

        Raises:
            IdentityError: there are two values where only one can be.
        """
        contexts = [values]
        for plan in self._plans:
            parts = await self._all_extended(plan, contexts, responses)
            if contexts and all(part is None for part in parts):
                return None
            contexts = [context for part in parts for context in part or ()]
            if len(contexts) > MAX_VALUES:
                raise PayloadError(f"more than {MAX_VALUES} addresses for one key")
        return contexts

    async def _all_extended(
        self, plan: FirstPlan, contexts: Sequence[Values], responses: Responses
    ) -> list[list[Values] | None]:
        async def extended(position: int) -> list[Values] | None:
            return await self._extended(plan, contexts[position], responses)

        return await gather_in_order(range(len(contexts)), extended, self._concurrency)

    async def _extended(self, plan: FirstPlan, values: Values, responses: Responses) -> list[Values] | None:
        rows = await self._rows(plan, values, responses)
        if plan.code is not None:
            return [{**values, plan.name: dict(_codes(plan, plan.code, rows or ()))}]
        matches = plan.matches
        own = [row for row in rows or () if matches is None or str(value_at(matches, row)) == values[KEY]]
        texts = dict.fromkeys(_texts(plan, own))
        if len(texts) > 1 and not plan.several:
            raise IdentityError(f"two values of {plan.name} for one key", code="IDENTITY_CONFLICT")
        if rows is None or (not texts and not plan.several):
            return None
        return [{**values, plan.name: value} for value in texts]

    async def _rows(self, plan: FirstPlan, values: Values, responses: Responses) -> Rows | None:
        """The rows of a response, which is read once in a call; None if the vendor has no such resource."""
        check_values(plan.request, values)
        request = RowRequest(plan.request.url(values), plan.request.params(values))
        identity = repr((request.url, sorted(request.params.items())))
        async with responses.locks.setdefault(identity, asyncio.Lock()):
            if identity in responses.errors:
                raise responses.errors[identity]
            if identity not in responses.rows:
                try:
                    responses.rows[identity] = await self._read(plan, request)
                except Exception as exc:
                    responses.errors[identity] = exc
                    raise
            return responses.rows[identity]

    async def _read(self, plan: FirstPlan, request: RowRequest) -> Rows | None:
        try:
            return await self._lists.read_all(request, self._source.with_rows(plan.rows))
        except httpx.HTTPStatusError as exc:
            if exc.response.status_code == httpx.codes.NOT_FOUND and plan.request.path.names:
                return None
            raise


def _texts(plan: FirstPlan, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The values of rows. A row without a readable one is left out and reported."""
    for row in rows:
        if (value := _text(plan.value, row)) is not None:
            yield value


def _codes(plan: FirstPlan, code_at: Getter, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What each code stands for. A row without a readable code or meaning is left out and reported."""
    for row in rows:
        code = _text(code_at, row)
        if code is not None and plan.value(row) is not None and (value := _text(plan.value, row)) is not None:
            yield comparable(code), value


def _text(get: Getter, row: Mapping[str, Any]) -> str | None:
    """The text at a path; None and a report if there is none, or none that can be read."""
    problem = "no value"
    try:
        if (raw := get(row)) is not None and (value := text(raw)) is not None:
            return value
    except UnreadableValueError as exc:
        problem = str(exc)
    report_unreadable_row(to_json(row), PayloadError(f"unexpected shape ({problem})", code=SCHEMA_CODE))
    return None


def page_after(records: Sequence[Record], window: Window) -> Page[Record]:
    """
    A page of records of several requests, in the order of their ids; the cursor is the id of the last one.

    Raises:
        BadKeyError: the cursor of the window is not a cursor of this list.
    """
    after = "" if window.after is None else query_text(window.after)
    listed = sorted(records, key=lambda record: record.vendor_id)
    start = 0 if window.after is None else bisect_right([record.vendor_id for record in listed], after)
    items = listed[start : start + window.first]
    is_last = start + window.first >= len(listed)
    return Page(items, None if is_last else items[-1].vendor_id, len(listed))


def once(records: Iterable[Record]) -> list[Record]:
    """Records of several requests, each once: a student of two schools is in the lists of both."""
    by_id: dict[str, Record] = {}
    for record in records:
        by_id.setdefault(record.vendor_id, record)
    return list(by_id.values())


def without_repeated(records: Iterable[Record]) -> list[Record]:
    """Records of the elements of rows without those that equal an earlier one; ids alone may be those of a row."""
    by_id: dict[str, list[Record]] = {}
    for record in records:
        by_id.setdefault(record.vendor_id, []).append(record)
    return [
        record
        for same_id in by_id.values()
        for record in (same_id if len(same_id) == 1 else {repr(record): record for record in same_id}.values())
    ]
