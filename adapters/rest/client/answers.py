"""Answers the keys of a declared lookup: requests, pages, rows, and records by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from pydantic_core import to_json

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
)
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.lookup import Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE
from student_graph.adapters.rest.client.lists import Lists, Rows, value_at
from student_graph.adapters.rest.client.templates import Template
from student_graph.adapters.rest.mapping.ordering import sort_key
from student_graph.adapters.rest.mapping.paths import UnreadableValueError
from student_graph.adapters.rest.plan import KEY, KEYS, YEAR_START, FindPlan, LookupPlan


class Answering:
    """Answers one lookup for one source."""

    def __init__(
        self,
        plan: LookupPlan,
        lists: Lists,
        *,
        lists_of_find: Lists,
        settings: Mapping[str, Any],
        concurrency: int,
    ) -> None:
        self._plan, self._lists = plan, lists
        self._settings, self._concurrency = settings, concurrency
        self._sort_key = sort_key(plan.lookup)
        self._lists_of_find = lists_of_find
        self._key_attribute = plan.lookup.key_attribute

    async def batch(self, keys: Sequence[Any], arguments: Mapping[str, Any]) -> dict[Any, Any]:
        """The answers to keys."""
        window = arguments.get("window")
        if isinstance(window, Window):  # of one district at a time
            pages = {key: await self._window(key, arguments, window) for key in dict.fromkeys(keys)}
            return {key: page for key, page in pages.items() if page is not None}
        if self._plan.keys_per_call > 1:
            return await self._in_groups(list(dict.fromkeys(keys)), arguments)
        return await answer_by_key(keys, lambda key: self._answer(key, arguments), self._concurrency)

    async def records(self, key: Any, arguments: Mapping[str, Any]) -> list[Record] | None:
        """All records that a request for a key returns; None if the vendor does not know the key."""
        values = await self._values(key, arguments)
        if values is None:
            return None
        try:
            rows = await self._lists.read_all(*self._request(key, values), self._plan.source)
        except httpx.HTTPStatusError as exc:
            if exc.response.status_code == httpx.codes.NOT_FOUND and self._plan.names_key_in_path:
                return None
            raise
        year = arguments.get("school_year")
        return [record for record in self.map_rows(rows, values) if is_of_year(record, year)]

    def map_rows(self, rows: Rows, values: Mapping[str, Any]) -> list[Record]:
        """The records of rows; a row that is no record is left out and reported."""
        build, where, records = self._plan.mapping.build, self._plan.where, []
        for row in rows:
            try:
                if where is None or where(row):
                    records.append(build(row, values))
            except UnreadableValueError as exc:
                report_unreadable_row(to_json(row), PayloadError(f"unexpected shape ({exc})", code=SCHEMA_CODE))
        return records

    async def _answer(self, key: Any, arguments: Mapping[str, Any]) -> Any:
        lookup = self._plan.lookup
        earlier = earlier_answer(key) if self._plan.changes is not None else None
        if earlier is not None:
            return await self._changed(key, arguments, earlier)
        records = await self.records(key, arguments)
        if records is None:
            return None
        return self._own(key, records) if lookup.is_list else self._single(key, records)

    def _own(self, key: Any, records: list[Record]) -> list[Record]:
        """The records that are about the key, in the order of the contract: some servers ignore filters."""
        return sorted((record for record in records if self._is_about(record, key)), key=self._sort_key)

    def _single(self, key: Any, records: list[Record]) -> Record | None:
        """The record of a key; None without one."""
        own = [record for record in records if self._is_about(record, key)]
        if len(own) > 1:
            raise IdentityError("two records with one id", code="IDENTITY_CONFLICT")
        if not own and records and self._plan.names_key_in_path:
            raise PayloadError(WRONG_KEY_REASON)
        return own[0] if own else None

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
        values = await self._values(key, arguments)
        if values is None:
            return None
        page = await self._lists.read_page(*self._request(key, values), self._plan.source, window)
        return Page(self.map_rows(page.rows, values), page.after, page.total)

    async def _in_groups(self, keys: list[Any], arguments: Mapping[str, Any]) -> dict[Any, Any]:
        """The answers to keys, so many in each request as the vendor takes."""
        size, answers = self._plan.keys_per_call, dict[Any, Any]()
        possible = []
        for key in keys:
            try:
                self._part(key)
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
        values = self._base_values(group[0], arguments)
        values[KEYS] = self._plan.separator.join(self._part(key) for key in group)
        rows = await self._lists.read_all(*self._request(group[0], values), self._plan.source)
        year = arguments.get("school_year")
        return self.split((record for record in self.map_rows(rows, values) if is_of_year(record, year)), group)

    def split(self, records: Iterable[Record], keys: Iterable[Any]) -> dict[Any, Any]:
        """Records by key; a key of a list lookup without records has an empty list."""
        by_key: dict[Any, list[Record]] = {key: [] for key in keys}
        for record in records:
            for key in self._keys_of(record):
                if key in by_key:
                    by_key[key].append(record)
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
        plan, values = self._plan, await self._values(key, arguments)
        assert plan.changes is not None
        if values is None:
            return []
        url, params = self._request(key, values)
        rows = await self._lists.read_all(url, {**params, plan.changes.parameter: earlier.version}, plan.source)
        removed = plan.removed
        gone_ids = {plan.source.key(row) for row in rows if removed is not None and value_at(removed, row)}
        present = [row for row in rows if plan.source.key(row) not in gone_ids]
        changed_ids = {plan.source.key(row) for row in present} | gone_ids
        kept_records = [record for record in earlier.records if record.vendor_id not in changed_ids]
        return self._own(key, [*kept_records, *self.map_rows(present, values)])

    async def _values(self, key: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values of the placeholders of a key; None if the vendor has no id for it."""
        values = self._base_values(key, arguments)
        if self._plan.find is not None:
            own_id = await self._find(self._plan.find, values)
            if own_id is None:
                return None
            values[self._plan.find.name] = own_id
        return values

    def _base_values(self, key: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        values = {**self._settings, **{name: arguments.get(name) for name in self._plan.lookup.argument_names}}
        if "school_year" in values:
            year = values["school_year"]
            values[YEAR_START] = None if year is None else year - 1
        values[KEY] = key
        for position, part in enumerate(str(key).split(":")):
            values[f"{KEY}.{position}"] = part
        return values

    def _part(self, key: Any) -> str:
        """A key in a list of keys."""
        text = self._value_of(key)
        if not text or self._plan.separator in text or not text.isprintable() or len(text) > 256:
            raise BadKeyError("not a possible id")
        return text

    def _value_of(self, key: Any) -> str:
        return str(key).partition(":")[2] if self._plan.is_linked else str(key)

    def _request(self, key: Any, values: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """
        The path and parameters of the request for a key.

        Raises:
            BadKeyError: no such key is possible.
        """
        template = self._template(key)
        values = {**values, KEY: self._value_of(key)}
        missing = [name for name in template.names if name not in values]
        if missing:
            raise BadKeyError("not a possible id")
        return template.url(values), template.params(values)

    def _template(self, key: Any) -> Template:
        requests = self._plan.requests
        name = str(key).partition(":")[0] if self._plan.is_linked else ""
        if name not in requests and "" not in requests:
            raise BadKeyError("not a possible id")
        return requests.get(name) or requests[""]

    async def _find(self, find: FindPlan, values: Mapping[str, Any]) -> str | None:
        """
        The vendor's own id of a key; None if it has none.

        Raises:
            IdentityError: it has two.
        """
        key = self._value_of(values[KEY])
        values = {**values, KEY: key}
        source = self._plan.source.with_rows(find.rows)
        try:
            rows = await self._lists_of_find.read_all(
                find.request.url(values), find.request.params(values), source
            )
        except httpx.HTTPStatusError as exc:
            if exc.response.status_code == httpx.codes.NOT_FOUND and KEY in find.request.path.names:
                return None
            raise
        ids = set()
        for row in rows:
            if find.matches is not None and str(value_at(find.matches, row)) != key:
                continue
            own_id = value_at(find.value, row)
            if type(own_id) not in (str, int) or own_id == "":
                raise PayloadError("unexpected shape (no id)", code=SCHEMA_CODE)
            ids.add(str(own_id))
        if len(ids) > 1:
            raise IdentityError("two ids of one key", code="IDENTITY_CONFLICT")
        return next(iter(ids), None)


def _may_be_one_key(error: AdapterError) -> bool:
    """Whether a vendor may have refused several keys because of one of them, or because they are too many."""
    return isinstance(error, PayloadError | NotOfferedError | BadKeyError)


def is_of_year(record: Any, year: int | None) -> bool:
    """Whether a record is of a school year: some vendors send all years. One without a year is of any."""
    return year is None or getattr(record, "school_year", None) in (None, year)


async def answer_by_split(
    answering: Answering, coarse: Answering, keys: Sequence[Any], arguments: Mapping[str, Any]
) -> dict[Any, Any]:
    """The answers to keys from a list of the district, which the vendor sends as a whole only."""
    records = await coarse.records("", arguments)
    if records is None:
        raise NotOfferedError("not offered by the vendor (404)")
    return answering.split(records, dict.fromkeys(keys))
