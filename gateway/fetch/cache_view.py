"""
What is cached in this process, as one operation sees it: answers and finished tables.

When access paths are chosen, looking at a cached answer does not count as using it.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Cache, Purge
from student_graph.gateway.cache.entries import Entry
from student_graph.gateway.cache.in_flight.long_tables import LongTable
from student_graph.gateway.cache.lifetimes import oldest_fetch_time, with_max_age
from student_graph.gateway.cache.table_cache import TableCache, bookkeeping
from student_graph.gateway.cache.table_dependencies import merge, new_part, note_age
from student_graph.resolvers.access import TableKey
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.operation import Operation, Staleness

T = TypeVar("T")


class View(Protocol):
    """What the choice between point reads and access paths needs to know about the cache."""

    @property
    def keeps_answers(self) -> bool:
        """Whether answers are cached, so that later operations can use them."""

    def now(self) -> float:
        """The time in seconds."""

    def keys_to_request(self, source: Source, ask: Ask[Any]) -> list[Any]:
        """The keys for which the source would be asked now, also in the background."""

    def has_answer(self, source: Source, ask: Ask[Any], key: Any) -> bool:
        """Whether an answer to a key is cached, however old it is."""

    def entry(self, source: Source, ask: Ask[Any], key: Any, answer: Answer[Any]) -> Entry | None:
        """The cache's entry that holds the value of an answer; None if there is none."""

    def add_derived(self, entry: Entry, name: Hashable, value: Any, size: int) -> None:
        """Keep a value of `size` bytes that was computed from a cached answer, as long as that is cached."""

    def read_in_background(self, source: Source, ask: Ask[Any]) -> None:
        """Read keys that nobody waits for."""


@dataclass(frozen=True, slots=True)
class CacheView:
    """The cache, as one operation sees it."""

    cache: Cache
    staleness: Staleness
    keeps_answers: bool = True
    """Whether the cache holds answers at all."""

    def now(self) -> float:
        """The time by the cache's clock."""
        return self.cache.clock()

    def keys_to_request(self, source: Source, ask: Ask[Any]) -> list[Any]:
        """
        The keys for which the source would be asked now, also in the background because their answer is stale.
        """
        preferred_age = self.staleness.max_age
        in_flight = set(self.cache.in_flight.keys_in_flight(source, with_max_age(ask, preferred_age)))
        keys = [key for key in ask.keys if key not in in_flight]
        bucket = self.cache.store.bucket(source, ask)
        if bucket is None or not keys:
            return keys
        now = self.cache.clock()
        oldest_accepted = oldest_fetch_time(now, ask.max_age)
        oldest_preferred = max(oldest_accepted, oldest_fetch_time(now, preferred_age))
        prefers_stale = self.cache.prefers_stale(source, bucket)
        missing = []
        for key in keys:
            entry = bucket.entries.get(key)
            if entry is None:
                missing.append(key)
                continue
            times = entry.times
            is_fresh = now < times.fresh_until and times.fetched_at >= oldest_preferred
            is_usable = prefers_stale and now < times.expires_at and times.fetched_at >= oldest_accepted
            if not (is_fresh or is_usable):
                missing.append(key)
        return missing

    def has_answer(self, source: Source, ask: Ask[Any], key: Any) -> bool:
        """Whether an answer to a key is cached, however old it is."""
        bucket = self.cache.store.bucket(source, ask)
        return bucket is not None and key in bucket.entries

    def entry(self, source: Source, ask: Ask[Any], key: Any, answer: Answer[Any]) -> Entry | None:
        """The cache's entry that holds the value of an answer; None if there is none."""
        bucket = self.cache.store.bucket(source, ask)
        entry = bucket.entries.get(key) if bucket is not None else None
        is_same = entry is not None and entry.answer is not None and entry.answer.value is answer.value
        return entry if is_same else None

    def add_derived(self, entry: Entry, name: Hashable, value: Any, size: int) -> None:
        """Keep a value of `size` bytes that was computed from a cached answer, as long as that is cached."""
        self.cache.store.add_derived(entry, name, value, size)

    def read_in_background(self, source: Source, ask: Ask[Any]) -> None:
        """Read keys that nobody waits for."""
        self.cache.in_flight.start_in_background(source, ask)


class NoView:
    """A view without a cache: every key causes a request."""

    keeps_answers = False

    def now(self) -> float:
        """The beginning of time."""
        return 0.0

    def keys_to_request(self, _source: Source, ask: Ask[Any]) -> list[Any]:
        """All keys."""
        return list(ask.keys)

    def has_answer(self, *_: Any) -> bool:
        """False."""
        return False

    def entry(self, *_: Any) -> None:
        """None."""

    def add_derived(self, *_: Any) -> None:
        """Keep nothing."""

    def read_in_background(self, *_: Any) -> None:
        """Read nothing: no answer would be kept."""


@dataclass(frozen=True, slots=True)
class OperationTables:
    """The kept tables, for one operation of one viewer."""

    tables: TableCache
    districts: Mapping[DistrictId, District]
    operation: Operation
    start_part: Callable[[Operation, LongTable | None], Context]
    """
    Returns a context of the same viewer whose reads a part of the operation counts.

    Where it reads many students, it may take longer than a request if it belongs to a table that may do so.
    """
    deadline: float = math.inf
    """When the operation's time is over, in the event loop's time."""
    vendor_wait: Callable[[], AbstractContextManager[None]] = nullcontext
    """The operation is inside while it waits for a table of many students."""

    async def get(
        self,
        key: TableKey,
        compute: Callable[[Any], Awaitable[T]],
        size_of: Callable[[T], int],
        *,
        goes_on: bool = False,
    ) -> T:
        """A finished table, kept or computed; see `student_graph.resolvers.access.FinishedTables`."""
        max_age = self.operation.staleness.max_age
        cached = self.tables.get(key, max_age)
        if cached is None and not goes_on:
            await self.tables.wait(key)
            cached = self.tables.get(key, max_age)
        if cached is not None:
            merge(cached.bookkeeping, self.operation, kept_for=self.tables.now - cached.kept_at)
            if self.tables.now >= cached.fresh_until:
                self._mark_stale(cached.bookkeeping)
            value: T = cached.value
            return value
        if goes_on:
            return await self._wait_for(key, compute, size_of)
        with self.tables.computing(key):
            part = new_part(self.operation)
            try:
                value = await compute(self.start_part(part, None))
            finally:
                merge(part, self.operation)
            self._keep(key, value, size_of(value), part)
        return value

    async def _wait_for(
        self, key: TableKey, compute: Callable[[Any], Awaitable[T]], size_of: Callable[[T], int]
    ) -> T:
        """A table from a computation that goes on when the operation's time is over; others may join it."""
        began_at = self.tables.now

        async def work(table: LongTable) -> T:
            value = await compute(self.start_part(table.part, table))
            note_age(table.part, self.tables.now)
            if not isinstance(value, Partial | AdapterError):
                seconds = self.tables.now - began_at
                self._keep(key, value, size_of(value), table.part, purges=table.purges, seconds=seconds)
            return value

        running = self.tables.running
        table = running.get(key) or running.start(key, new_part(self.operation), work)
        try:
            with self.vendor_wait():
                value: T = await running.wait(table, self.deadline)
        finally:
            if table.task.done():
                merge(bookkeeping(table.part) if table.is_counted else table.part, self.operation)
                table.is_counted = True
        read: Any = table.part.dependencies
        if self.tables.now >= read.valid_until or read.includes_some_of(table.purges):
            self._mark_stale(table.part)
        return value

    def _keep(
        self,
        key: TableKey,
        value: Any,
        size: int,
        part: Operation,
        *,
        purges: Iterable[Purge] = (),
        seconds: float = 0.0,
    ) -> None:
        day_ends_at = self.districts[key.scope.district].end_of_day()
        self.tables.set(key, value, size, part, day_ends_at, purges=purges, seconds=seconds)

    def _mark_stale(self, part: Operation) -> None:
        """Say that what was read for a table is no longer fresh."""
        for name in part.traffic.by_source:
            self.operation.traffic.by_source[name].stale += 1
