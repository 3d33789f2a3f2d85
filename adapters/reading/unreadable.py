"""
Rows that cannot be read: counted and reported while a lookup runs, so that its answer can say what is missing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.errors import WRONG_KEY_REASON, AdapterError, PayloadError

SCHEMA_CODE = "SOURCE_SCHEMA"
"""The code of errors of what a vendor sent, and cannot be read."""


class UnreadableRows:
    """The rows that could not be read while a lookup ran, each counted once however often it was sent."""

    def __init__(self) -> None:
        self._errors: dict[tuple[Hashable, bytes], AdapterError] = {}
        """The error of each row, by the key that was being read and the row's bytes; they are never displayed."""
        self._needed_by: dict[Hashable, set[Hashable]] = {}
        """Keys of the lookup whose answers need what is read for another key."""

    def __len__(self) -> int:
        return len({raw for _, raw in self._errors})

    def add(self, raw: bytes, error: AdapterError) -> None:
        """Add a row that cannot be read, to the key of the lookup that is being read."""
        self._errors[_current_key.get(), raw] = error

    def add_all(self, others: UnreadableRows) -> None:
        """Add the rows of a read that several lookups share, to the key that is being read."""
        for (_, raw), error in others._errors.items():
            self.add(raw, error)

    def add_needs(self, needed_by: Mapping[Any, Iterable[Hashable]]) -> None:
        """Add which keys of the lookup need what is read for each of some other keys."""
        for read_key, keys in needed_by.items():
            self._needed_by.setdefault(read_key, set()).update(keys)

    @property
    def errors(self) -> list[AdapterError]:
        """The error of each row, each row once."""
        return list({raw: error for (_, raw), error in self._errors.items()}.values())

    @property
    def keys(self) -> frozenset[Hashable]:
        """The keys that certainly miss a row: the row was read for that key, or for one that it needs."""
        return frozenset(
            key
            for read_key, _ in self._errors
            if read_key is not None
            for key in self._needed_by.get(read_key, (read_key,))
        )

    def errors_by_key(self, keys: Iterable[Any]) -> dict[Any, tuple[AdapterError, ...]]:
        """
        The errors of the rows that are missing from the answers to the keys of a lookup, one of each code.

        A row that was read for another key may be missing from the answers to the keys that need it, and from any
        answer if that is not known.
        """
        distinct_keys = dict.fromkeys(keys)
        errors: dict[Any, dict[str, AdapterError]] = {}
        for (read_key, _), error in self._errors.items():
            needed_by: Iterable[Any] = self._needed_by.get(read_key, distinct_keys)
            for key in (read_key,) if read_key in distinct_keys else needed_by:
                if key in distinct_keys:
                    errors.setdefault(key, {})[error.code] = error
        return {key: tuple(by_code.values()) for key, by_code in errors.items()}


@dataclass(slots=True)
class RowCount:
    """How many rows of a page could not be read."""

    unreadable: int = 0


_collector: ContextVar[UnreadableRows | None] = ContextVar("unreadable_rows", default=None)
_current_key: ContextVar[Hashable] = ContextVar("key_that_is_read", default=None)
_is_of_others: ContextVar[Callable[[bytes], bool] | None] = ContextVar("is_of_others", default=None)
_page_count: ContextVar[RowCount | None] = ContextVar("rows_of_page", default=None)


@contextlib.contextmanager
def collecting_unreadable_rows() -> Iterator[UnreadableRows]:
    """Collect the rows that cannot be read in the block, and in the tasks that it starts."""
    rows = UnreadableRows()
    token = _collector.set(rows)
    try:
        yield rows
    finally:
        _collector.reset(token)


@contextlib.contextmanager
def reading_key(key: Hashable) -> Iterator[None]:
    """Say which key of the lookup is read in the block. Keys of batches inside it change nothing."""
    if _current_key.get() is not None or _collector.get() is None:
        yield
        return
    token = _current_key.set(key)
    try:
        yield
    finally:
        _current_key.reset(token)


@contextlib.contextmanager
def counting_page_rows() -> Iterator[RowCount]:
    """Count the rows of a page that are left out because they cannot be read: offsets and totals count them."""
    count = RowCount()
    token = _page_count.set(count)
    try:
        yield count
    finally:
        _page_count.reset(token)


@contextlib.contextmanager
def not_reporting(is_of_others: Callable[[bytes], bool]) -> Iterator[None]:
    """
    Report no row of a response in the block that certainly was not requested, because it names another object.

    Some servers ignore filters and send such rows. `is_of_others` gets a row as JSON.
    """
    token = _is_of_others.set(is_of_others)
    try:
        yield
    finally:
        _is_of_others.reset(token)


def rows_needed_by(needed_by: Mapping[Any, Iterable[Hashable]]) -> None:
    """
    Say which keys of the lookup need what is read for other keys, such as the students of an incident.

    A row that cannot be read for one of these other keys is then reported for those keys of the lookup only.
    """
    if (rows := _collector.get()) is not None:
        rows.add_needs(needed_by)


def report_unreadable_row(raw: bytes, error: AdapterError, *, of_page: bool = False) -> None:
    """Report a row that is left out; `of_page` says that it is a row of the response itself and no part of one."""
    is_of_others = _is_of_others.get() if of_page else None
    if (rows := _collector.get()) is not None and not (is_of_others and is_of_others(raw)):
        rows.add(raw, error)
    if of_page and (count := _page_count.get()) is not None:
        count.unreadable += 1


def report_unreadable_rows(rows: UnreadableRows) -> None:
    """Report again the rows that a shared read could not read, for a lookup that did not start it."""
    if (collector := _collector.get()) is not None and collector is not rows:
        collector.add_all(rows)


def leave_out_unreadable(error: AdapterError, object_id: str = "") -> None:
    """
    Report an object that a record needs and that cannot be read, so that the other records can be answered.

    `object_id` tells it from other objects with the same error; it is never displayed.

    Raises:
        AdapterError: the error itself, if the object was not sent: it may be read later. Also if another object
            was sent, because the gateway then closes its connections.
    """
    if not isinstance(error, PayloadError) or error.code != SCHEMA_CODE or error.reason == WRONG_KEY_REASON:
        raise error
    report_unreadable_row(f"{object_id} {error.reason}".encode(), error)
