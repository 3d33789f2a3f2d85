"""Answers the keys of a declared lookup: requests, pages, rows, and records by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from student_graph.adapters.bisection import bisect_batch
from student_graph.adapters.changes import EarlierAnswer, earlier_answer
from student_graph.adapters.concurrency import answer_by_key, gather_in_order
from student_graph.adapters.errors import (
    WRONG_KEY_REASON,
    AdapterError,
    BadKeyError,
    IdentityError,
    NotOfferedError,
    PayloadError,
    another_object,
    listed_and_unknown,
)
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.keys import has_other_form, loose_form, report_other_form, unanswered_keys
from student_graph.adapters.lookup import Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.reading import leave_out_unreadable
from student_graph.adapters.rest.client.bodies import KEY_LIST
from student_graph.adapters.rest.client.first import RESPONSES, First, Responses, page_after
from student_graph.adapters.rest.client.first_values import FirstPlan, KeyedValues
from student_graph.adapters.rest.client.key_requests import KeyRequests
from student_graph.adapters.rest.client.lists import Lists, Rows, value_at
from student_graph.adapters.rest.client.records import check_repeated, is_of_year, map_rows, once, without_repeated
from student_graph.adapters.rest.client.templates import KEY, KEYS
from student_graph.adapters.rest.mapping.ordering import sort_key
from student_graph.adapters.rest.mapping.readers import ID_TABLE
from student_graph.adapters.rest.plan import LookupPlan


class Answering:
    """Answers one lookup for one source."""

    def __init__(
        self,
        plan: LookupPlan,
        lists: Lists,
        *,
        lists_of_first: Lists,
        settings: Mapping[str, Any],
        concurrency: int,
    ) -> None:
        self._plan, self._lists = plan, lists
        self._settings, self._concurrency = settings, concurrency
        self._requests = KeyRequests(plan, settings)
        self._sort_key = sort_key(plan.lookup)
        self._first = First(plan.first, lists_of_first, plan.source, concurrency)
        self._key_attribute = plan.lookup.key_attribute

    async def batch(self, keys: Sequence[Any], arguments: Mapping[str, Any]) -> dict[Any, Any]:
        """The answers to keys."""
        arguments = await self._with_shared(arguments)
        window = arguments.get("window")
        if isinstance(window, Window):  # of one district at a time
            pages = {key: await self._window(key, arguments, window) for key in dict.fromkeys(keys)}
            return {key: page for key, page in pages.items() if page is not None}
        if self._plan.keys_per_call > 1:
            return await self._in_groups(list(dict.fromkeys(keys)), arguments)
        return await answer_by_key(keys, lambda key: self._answer(key, arguments), self._concurrency)

    async def records_of_district(self, arguments: Mapping[str, Any]) -> list[Record] | None:
        """All records of a lookup of the district; None if the vendor has no such list."""
        return await self._records("", await self._with_shared(arguments))

    async def _with_shared(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with what all keys share: responses, and lists of the vendor's ids."""
        lists, responses = self._plan.id_lists, Responses()

        async def read(plan: FirstPlan) -> KeyedValues:
            return await self._first.keys_of_ids(plan, self._settings, responses)

        tables = await gather_in_order(lists, read, self._concurrency) if lists else []
        by_name = {ID_TABLE + plan.name: table for plan, table in zip(lists, tables, strict=True)}
        return {**arguments, **by_name, RESPONSES: responses}

    async def _contexts(self, key: Any, arguments: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """The values of the placeholders of each request for a key; None if the vendor does not know the key."""
        values = self._requests.base_values(key, arguments)
        if not self._plan.first:
            return [values]
        of_vendor = {**values, KEY: self._requests.value_of(key)}
        contexts = await self._first.values_of(of_vendor, arguments[RESPONSES])
        return None if contexts is None else [{**context, KEY: key} for context in contexts]

    async def _records(self, key: Any, arguments: Mapping[str, Any]) -> list[Record] | None:
        """
        All records of the requests for a key; None if the vendor does not know the key.

        Raises:
            PayloadError: the records of a response are about other keys, although its request has this one.
        """
        contexts = await self._contexts(key, arguments)
        if contexts is None:
            return None
        parts = await self._rows_of_contexts(key, contexts)
        if parts and all(rows is None for rows in parts):
            return None
        year = arguments.get("school_year")
        mapped = [map_rows(self._plan, rows or [], context) for rows, context in zip(parts, contexts, strict=True)]
        for part in mapped:
            self._check_own(part, key)
        records = [record for part in mapped for record in part if is_of_year(record, year)]
        if self._plan.is_sent_for_several:
            return once(records)
        return without_repeated(records) if self._plan.elements else records

    async def _rows_of_contexts(self, key: Any, contexts: Sequence[dict[str, Any]]) -> list[Rows | None]:
        """
        The rows of the request with each of several values of its placeholders.

        None for an object that is not there, such as a student at a school that the student has left. In a list of
        the district this is an error, because the list would lack a part. If the vendor itself has named the
        object, such as a section in a student's list, and then does not know it, the object has no rows and is
        reported.

        Raises:
            PayloadError: the vendor does not know its own id of the key.
        """

        async def read(position: int) -> Rows | None:
            try:
                request = self._requests.request(key, contexts[position])
                rows = await self._lists.read_all(request, self._plan.source)
            except httpx.HTTPStatusError as exc:
                if exc.response.status_code != httpx.codes.NOT_FOUND or not self._plan.names_key_in_path:
                    raise
                if not self._plan.names_only_what_was_read:
                    return None
                if not self._plan.is_sent_for_several:
                    raise listed_and_unknown() from None
                leave_out_unreadable(listed_and_unknown(), request.url)
                return []
            check_repeated(self._plan, rows, {**contexts[position], KEY: self._requests.value_of(key)})
            return rows

        if len(contexts) == 1:
            return [await read(0)]
        return await gather_in_order(range(len(contexts)), read, self._concurrency)

    async def _answer(self, key: Any, arguments: Mapping[str, Any]) -> Any:
        lookup = self._plan.lookup
        earlier = earlier_answer(key) if self._plan.changes is not None else None
        if earlier is not None:
            return await self._changed(key, arguments, earlier)
        records = await self._records(key, arguments)
        if records is None:
            return None
        return self._own(key, records) if lookup.is_list else self._single(key, records)

    def _own(self, key: Any, records: list[Record]) -> list[Record]:
        """The records that are about the key, in the order of the contract: some servers ignore filters."""
        own = [record for record in records if self._is_about(record, key)]
        for record in records if len(own) < len(records) else ():
            if not self._is_about(record, key) and has_other_form(self._keys_of(record), {loose_form(key)}):
                report_other_form(record.vendor_id)
        return sorted(own, key=self._sort_key)

    def _single(self, key: Any, records: list[Record]) -> Record | None:
        """The record of a key; None without one."""
        own = [record for record in records if self._is_about(record, key)]
        if len(own) > 1:
            raise IdentityError("two records with one id", code="IDENTITY_CONFLICT")
        return own[0] if own else None

    def _check_own(self, records: list[Record], key: Any) -> None:
        """
        Check that not all records of a response are about other keys, if its request named the key.

        Raises:
            PayloadError: they are; records of several keys may also come from a server that ignores a filter.
        """
        if not self._plan.names_key or any(self._is_about(record, key) for record in records):
            return
        others = {tuple(self._keys_of(record)) for record in records}
        if len(others) == 1 or (others and self._plan.names_key_in_path):
            raise PayloadError(WRONG_KEY_REASON)

    def _is_about(self, record: Record, key: Any) -> bool:
        if self._plan.is_linked and self._plan.lookup.key_kind == "student" and record.subject is not None:
            return key in self._keys_of(record)
        return self._key_attribute is None or getattr(record, self._key_attribute) == key

    def _keys_of(self, record: Record) -> list[Any]:
        """The keys of the lookup that a record is about."""
        if self._plan.is_linked and self._plan.lookup.key_kind == "student" and record.subject is not None:
            return [vendor_key(*pair) for pair in record.subject.ids]
        return [] if self._key_attribute is None else [getattr(record, self._key_attribute)]

    async def _window(self, key: Any, arguments: Mapping[str, Any], window: Window) -> Page[Record] | None:
        if self._plan.is_sent_for_several:
            records = await self._records(key, arguments)
            return None if records is None else page_after(records, window)
        contexts = await self._contexts(key, arguments)
        if contexts is None:
            return None
        page = await self._lists.read_page(self._requests.request(key, contexts[0]), self._plan.source, window)
        check_repeated(self._plan, page.rows, {**contexts[0], KEY: self._requests.value_of(key)})
        return Page(map_rows(self._plan, page.rows, contexts[0]), page.after, page.total)

    async def _in_groups(self, keys: list[Any], arguments: Mapping[str, Any]) -> dict[Any, Any]:
        """The answers to keys, with as many keys in each request as the vendor accepts."""
        size, answers = self._plan.keys_per_call, dict[Any, Any]()
        possible = []
        for key in keys:
            try:
                self._requests.part(key)
                possible.append(key)
            except BadKeyError as error:
                answers[key] = error
        groups = [tuple(possible[start : start + size]) for start in range(0, len(possible), size)]

        async def read(group: tuple[Any, ...]) -> Mapping[Any, Any]:
            return await self._group(group, arguments)

        async def answer_group(group: tuple[Any, ...]) -> Mapping[Any, Any]:
            return await bisect_batch(group, read, should_split=_may_be_one_key)

        for batch in await gather_in_order(groups, answer_group, self._concurrency):
            answers |= batch
        return answers

    async def _group(self, group: tuple[Any, ...], arguments: Mapping[str, Any]) -> dict[Any, Any]:
        """
        The answers to the keys of one request; see `unanswered_keys` for a response to another request.

        Raises:
            PayloadError: all records are about keys that it did not name.
        """
        values = self._requests.base_values(group[0], arguments)
        parts = [self._requests.part(key) for key in group]
        values |= {KEYS: self._plan.separator.join(parts), KEY_LIST: parts}
        rows = await self._lists.read_all(self._requests.request(group[0], values), self._plan.source)
        year = arguments.get("school_year")
        records = map_rows(self._plan, rows, values)
        if records and not any(key in group for record in records for key in self._keys_of(record)):
            raise PayloadError(WRONG_KEY_REASON)
        answers = self.split((record for record in records if is_of_year(record, year)), group)
        for key in unanswered_keys(map(self._keys_of, records), group):
            answers[key] = another_object()
        return answers

    def split(self, records: Iterable[Record], keys: Iterable[Any]) -> dict[Any, Any]:
        """Records by key; a key of a list lookup without records has an empty list."""
        by_key: dict[Any, list[Record]] = {key: [] for key in keys}
        forms = frozenset(map(loose_form, by_key))
        for record in records:
            record_keys = self._keys_of(record)
            for key in record_keys:
                if key in by_key:
                    by_key[key].append(record)
            if by_key.keys().isdisjoint(record_keys) and has_other_form(record_keys, forms):
                report_other_form(record.vendor_id)
        if self._plan.lookup.is_list:
            return {key: sorted(part, key=self._sort_key) for key, part in by_key.items()}
        answers: dict[Any, Any] = {}
        for key, part in by_key.items():
            try:
                single = self._single(key, part)
                if single is not None:
                    answers[key] = single
            except AdapterError as error:
                answers[key] = error
        return answers

    async def _changed(self, key: Any, arguments: Mapping[str, Any], earlier: EarlierAnswer) -> list[Record]:
        """The earlier records with those that changed since."""
        plan, values = self._plan, self._requests.base_values(key, arguments)
        assert plan.changes is not None
        request = self._requests.request(key, values).with_params(**{plan.changes.parameter: earlier.version})
        rows = await self._lists.read_all(request, plan.source)
        removed = plan.removed
        gone_ids = {plan.source.key(row) for row in rows if removed is not None and value_at(removed, row)}
        present = [row for row in rows if plan.source.key(row) not in gone_ids]
        changed_ids = {plan.source.key(row) for row in present} | gone_ids
        kept_records = [record for record in earlier.records if record.vendor_id not in changed_ids]
        return self._own(key, [*kept_records, *map_rows(self._plan, present, values)])


def _may_be_one_key(error: AdapterError) -> bool:
    """Whether a vendor may have refused several keys because of one of them, or because they are too many."""
    return isinstance(error, PayloadError | NotOfferedError | BadKeyError)


async def answer_by_split(
    answering: Answering, coarse: Answering, keys: Sequence[Any], arguments: Mapping[str, Any]
) -> dict[Any, Any]:
    """The answers to keys from a list of the district, which the vendor sends as a whole only."""
    records = await coarse.records_of_district(arguments)
    if records is None:
        raise NotOfferedError("not offered by the vendor (404)")
    return answering.split(records, dict.fromkeys(keys))
