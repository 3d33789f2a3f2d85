"""
Finished tables: results that were computed from many cached answers, such as the students of a population.

A table is used only while it could be computed again from the same answers: while each of them is cached and
fresh, and until the end of the district's day. It is dropped as soon as one of them is replaced, purged or
evicted. A table of a restricted class of data is removed from memory as soon as one of its answers is too old.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from sys import getsizeof
from typing import Any

from student_graph.gateway.cache.entries import are_current
from student_graph.gateway.cache.in_flight.long_tables import LongTables
from student_graph.gateway.cache.lifetimes import MAX_STALE_WHILE_REVALIDATE_SECONDS
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.store import Store
from student_graph.gateway.cache.table_dependencies import TableDependencies
from student_graph.gateway.concurrency.fair_lru import FairLRU, owner_of
from student_graph.resolvers.operation import Disclosures, Operation, SourceTraffic, Traffic

TABLE_OVERHEAD_BYTES = 2048
"""Bytes of a kept table without its value and its list of batches."""
MAX_TABLE_SHARE = 1 / 4
"""Largest share of the tables' memory that one table takes."""
STALE_RATIO = 3.0
"""How much longer than its computation took a table of many students is used, although it is no longer fresh."""
PURGED_SECONDS = 90.0
"""How long a table of many students is used if some of its answers were purged while it was computed."""
OLD_TABLES_CHECKED = 2
"""
Kept tables that are checked for each new one, so that unused ones are removed faster than new ones are added.
"""


@dataclass(slots=True, frozen=True)
class KeptTable:
    """A finished table, and the batches that it was computed from."""

    value: Any
    size: int
    """Bytes that it takes in memory, by estimate."""
    dependencies: TableDependencies
    bookkeeping: Operation
    """The lookups that it needed, counted as cache hits, and the classes of data that were read."""
    kept_at: float
    """When it was stored, by the cache's clock."""
    day_ends_at: float
    """When the district reaches midnight, in seconds since 1970."""
    fresh_until: float
    """Until then, by the cache's clock, it is what would be computed now."""
    usable_until: float
    """Until then it is used, marked as stale if it is no longer fresh."""


class TableCache:
    """The kept tables of a process. The least recently used ones of the district with most are evicted first."""

    def __init__(
        self,
        store: Store,
        memory: int,
        clock: Callable[[], float],
        wall_clock: Callable[[], float] = time.time,
        weights: Mapping[Hashable, float] | None = None,
    ) -> None:
        """
        Hold at most `memory` bytes, which districts share by `weights`.

        `clock` is the cache's clock, `wall_clock` returns seconds since 1970.
        """
        self._store, self.max_bytes = store, memory
        self._clock, self._wall_clock = clock, wall_clock
        self._tables: FairLRU[Hashable, KeptTable] = FairLRU(memory, attrgetter("size"))
        self._tables.weights = weights or {}
        self.running = LongTables()
        """Tables of many students that are being computed."""
        self._computing: dict[Hashable, asyncio.Future[bool]] = {}
        """Whether the operation that computes a table came to an end, by the key of the table."""

    @property
    def used_bytes(self) -> int:
        """Bytes that the tables take in memory."""
        return self._tables.used_size

    def __len__(self) -> int:
        return len(self._tables)

    @property
    def now(self) -> float:
        """The time by the cache's clock."""
        return self._clock()

    def get(self, key: Hashable, max_age: timedelta | None = None) -> KeptTable | None:
        """The table of a key; None if there is none, it is outdated, or an answer is older than `max_age`."""
        table = self._tables.peek(key)
        if table is None:
            return None
        now = self._clock()
        if self._is_outdated(table, now):
            self._tables.pop(key)
            return None
        if max_age is not None and now - table.dependencies.oldest_fetched_at > max_age.total_seconds():
            return None
        self._tables.get(key)
        self._store.touch_batches(table.dependencies.batches)
        return table

    def set(
        self,
        key: Hashable,
        value: Any,
        size: int,
        operation: Operation,
        day_ends_at: float,
        *,
        purges: Iterable[Purge] = (),
        seconds: float = 0.0,
    ) -> None:
        """
        Keep a table of `size` bytes that an operation of its own computed, if all that it rests on is cached.

        It is not kept if a record was stale or a source failed: the response says so only if it was read for it.
        A table of many students, which took `seconds`, is used for a while after that, marked as stale, also
        if some answers were stale, or included in one of the `purges` while it was computed.
        """
        dependencies = operation.dependencies
        if not self.max_bytes or not isinstance(dependencies, TableDependencies) or operation.traffic.degraded:
            return
        now = self._clock()
        fresh_until = usable_until = dependencies.valid_until
        if dependencies.is_large:
            dependencies.batches.clear()  # most of what it rests on is not among them
            stale_seconds = min(STALE_RATIO * seconds, MAX_STALE_WHILE_REVALIDATE_SECONDS)
            usable_until = max(usable_until, now + stale_seconds)
            if dependencies.includes_some_of(purges):
                fresh_until, usable_until = now, now + min(stale_seconds, PURGED_SECONDS)
        elif not dependencies.complete or operation.staleness.stale_records:
            return
        size += TABLE_OVERHEAD_BYTES + getsizeof(dependencies.batches)
        table = KeptTable(
            value, size, dependencies, bookkeeping(operation), now, day_ends_at, fresh_until, usable_until
        )
        if size > self.max_bytes * MAX_TABLE_SHARE or self._is_outdated(table, now):
            return
        self._tables.set(key, table, owner_of({source.district for source, _ in dependencies.lookups}))
        self._drop_outdated(now)
        if dependencies.is_restricted:
            seconds = max(dependencies.valid_until - now, 0.0)
            asyncio.get_running_loop().call_later(seconds, self._expire, key, table)

    @contextmanager
    def computing(self, key: Hashable) -> Iterator[None]:
        """Let other operations `wait` for a table while the block computes it."""
        if not self.max_bytes or key in self._computing:
            yield
            return
        future = self._computing[key] = asyncio.get_running_loop().create_future()
        has_ended = True
        try:
            yield
        except asyncio.CancelledError:
            has_ended = False
            raise
        finally:
            del self._computing[key]
            future.set_result(has_ended)

    async def wait(self, key: Hashable) -> None:
        """
        Wait while another operation computes a table; if that one is cancelled, wait for the next one.

        If the table was not kept, each of those that waited computes it for itself.
        """
        while (future := self._computing.get(key)) is not None:
            if await asyncio.shield(future):
                return

    def purge(self, purge: Purge) -> None:
        """Drop the tables that rest on answers which a purge may include."""
        self.running.purge(purge)
        for key in list(self._tables):
            table = self._tables.peek(key)
            if table and any(purge.concerns(source, lookup) for source, lookup in table.dependencies.lookups):
                self._tables.pop(key)

    def clear(self) -> None:
        """Drop all tables, and end those that are being computed."""
        self._tables.clear()
        self.running.clear()

    def _expire(self, key: Hashable, table: KeptTable) -> None:
        if self._tables.peek(key) is table:
            self._tables.pop(key)

    def _is_outdated(self, table: KeptTable, now: float) -> bool:
        dependencies = table.dependencies
        is_old = now >= table.usable_until or self._wall_clock() >= table.day_ends_at
        return is_old or not are_current(dependencies.batches)

    def _drop_outdated(self, now: float) -> None:
        """
        Drop the least recently used tables that are outdated, because they hold answers that are no longer used.
        """
        for key in self._tables.least_used(OLD_TABLES_CHECKED):
            table = self._tables.peek(key)
            if table is not None and self._is_outdated(table, now):
                self._tables.pop(key)


def bookkeeping(operation: Operation) -> Operation:
    """Return the operation of a viewer who gets a cached table: the table's asks, answered from the cache."""
    by_source = {
        name: SourceTraffic(asks=counts.asks, hits=counts.hits, stale=counts.stale, age=counts.age)
        for name, counts in operation.traffic.by_source.items()
    }
    shown = operation.disclosures
    disclosures = Disclosures(denied=dict(shown.denied), classes_read=dict(shown.classes_read))
    return Operation(Traffic(by_source), disclosures, dependencies=operation.dependencies)
