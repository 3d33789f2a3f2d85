"""
Reads what the request of a lookup needs before it can be sent.

A `[first]` is a request of its own. Its values are placeholders: one value, such as the school year of a database
or the vendor's own id of a key; several, such as the schools of a student, so that the lookup is asked at each of
them; or a table that says what the vendor's codes stand for. It may use values that another `[first]` has read.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.errors import IdentityError, PayloadError, listed_and_unknown
from student_graph.adapters.keys import check_own_keys, query_text
from student_graph.adapters.lookup import Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.reading import leave_out_unreadable
from student_graph.adapters.rest.client.first_values import FirstPlan, KeyedValues, values_in
from student_graph.adapters.rest.client.lists import Lists, Rows, RowSource
from student_graph.adapters.rest.client.requests import RowRequest
from student_graph.adapters.rest.client.templates import KEY, check_values

RESPONSES = "responses of this call"
"""Name of the responses that keys share, among the arguments of a lookup; no argument has a blank."""
MAX_VALUES = 20_000
"""Maximum number of addresses at which one key is read; a district has fewer schools."""
Values = dict[str, Any]


@dataclass(slots=True)
class Responses:
    """What was read first for the keys of one call: keys of one school share it."""

    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    rows: dict[tuple[str, str | None], Rows | None] = field(default_factory=dict)
    """The rows of a response, by its request and the path of its rows; None if the vendor has no such resource."""
    errors: dict[str, Exception] = field(default_factory=dict)
    """Errors of requests that failed. They count for all keys, and the requests are not sent again."""
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What the rows of a response say, by the name of the `[first]` and the request."""


class First:
    """Reads the values that requests need, for one lookup."""

    def __init__(self, plans: Sequence[FirstPlan], lists: Lists, source: RowSource, concurrency: int) -> None:
        self._plans, self._lists, self._source, self._concurrency = plans, lists, source, concurrency
        self._names = {plan.name for plan in plans}

    async def values_of(self, values: Values, responses: Responses) -> list[Values] | None:
        """
        Return the values of the placeholders of each request; None if the vendor does not know the key.

        Empty if there may be several values and there is none, such as for a student in no section.

        Raises:
            IdentityError: there are two values where only one can be.
            PayloadError: a response is about other keys, although its request has this one.
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

    async def keys_of_ids(self, plan: FirstPlan, values: Mapping[str, Any], responses: Responses) -> KeyedValues:
        """Return the list of all ids that a `[first]` reads. It translates the vendor's ids back to keys."""
        keyed: KeyedValues | None = await self._read_once(plan, values, responses)
        return KeyedValues() if keyed is None else keyed

    async def _all_extended(
        self, plan: FirstPlan, contexts: Sequence[Values], responses: Responses
    ) -> list[list[Values] | None]:
        if len(contexts) == 1:
            return [await self._extended(plan, contexts[0], responses)]

        async def extended(position: int) -> list[Values] | None:
            return await self._extended(plan, contexts[position], responses)

        return await gather_in_order(range(len(contexts)), extended, self._concurrency)

    async def _extended(self, plan: FirstPlan, values: Values, responses: Responses) -> list[Values] | None:
        """
        The values of one request, together with the values of a `[first]`; None if a required value is missing.
        """
        read = await self._read_once(plan, values, responses)
        if plan.code is not None:
            if read is None and self._names_only_what_was_read(plan):
                leave_out_unreadable(listed_and_unknown(), plan.request.url(values))
            return [{**values, plan.name: read or {}}]
        own = list(read.of_key.get(values[KEY], ())) if isinstance(read, KeyedValues) else read
        if isinstance(read, KeyedValues) and KEY in plan.request.names:
            is_in_path = KEY in plan.request.path.names
            check_own_keys(read.of_key, [values[KEY]], may_ignore_filter=not is_in_path)
        if isinstance(read, KeyedValues) and not own:
            read.report_other_form(values[KEY])
        if plan.several:
            return None if own is None else [{**values, plan.name: value} for value in own]
        if not own:
            return None
        if len(own) > 1:
            raise IdentityError(f"two values of {plan.name} for one key", code="IDENTITY_CONFLICT")
        return [{**values, plan.name: own[0]}]

    async def _read_once(self, plan: FirstPlan, values: Mapping[str, Any], responses: Responses) -> Any:
        """
        The values in the rows of a response, which is read once in a call; None if there is no such resource.
        """
        check_values(plan.request, values)
        request = RowRequest(plan.request.url(values), plan.request.params(values))
        identity = repr((request.url, sorted(request.params.items())))
        async with responses.locks.setdefault(identity, asyncio.Lock()):
            if identity in responses.errors:
                raise responses.errors[identity]
            name = (plan.name, identity)
            if name not in responses.values:
                try:
                    rows = await self._rows(plan, request, identity, responses)
                    responses.values[name] = None if rows is None else values_in(plan, rows)
                except Exception as exc:
                    responses.errors[identity] = exc
                    raise
            return responses.values[name]

    def _names_only_what_was_read(self, plan: FirstPlan) -> bool:
        """Whether all values in the path of a request were read first: the vendor itself has named the object."""
        return bool(plan.request.path.names) and plan.request.path.names <= self._names

    async def _rows(
        self, plan: FirstPlan, request: RowRequest, identity: str, responses: Responses
    ) -> Rows | None:
        """
        The rows of a response, which several tables may read; None if there is no such resource.

        Raises:
            PayloadError: the vendor does not know an object that it has named itself.
        """
        name = (identity, plan.rows_path)
        if name not in responses.rows:
            try:
                rows = await self._lists.read_all(request, self._source.with_rows(plan.rows))
            except httpx.HTTPStatusError as exc:
                if exc.response.status_code != httpx.codes.NOT_FOUND or not plan.request.path.names:
                    raise
                if plan.code is None and self._names_only_what_was_read(plan):
                    raise listed_and_unknown() from None
                rows = None
            responses.rows[name] = rows
        return responses.rows[name]


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
