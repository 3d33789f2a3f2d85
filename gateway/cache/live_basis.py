"""
The basis of a displayed answer: the cached answers that it was computed from, and when they are too old.

The basis of a live document decides when the document is executed again. It holds cached answers, and never asks a
source before the lookup's answers are too old.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from student_graph.adapters.answers import Ask
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.cache import Cache
from student_graph.gateway.cache.entries import CachedBatch, Entry, are_current
from student_graph.gateway.cache.store import Store
from student_graph.gateway.cache.table_dependencies import TableDependencies
from student_graph.gateway.cache.watches import Watch
from student_graph.resolvers.operation import Traffic

RETRY_SECONDS = 30.0
"""Time after which a document with missing, stale or failed answers is executed again."""
MAX_QUIET_SECONDS = 300.0
"""Longest time between two executions: some parts of answers, such as the date, depend on no cached answer."""


@dataclass(slots=True)
class LiveDependencies(TableDependencies):
    """The cached answers that an operation is computed from, watched from the moment at which they are served."""

    store: Store = field(kw_only=True)
    watch: Watch = field(kw_only=True)
    asks: list[tuple[Source, Ask[Any]]] = field(default_factory=list)
    """What was read, in order."""
    has_missing: bool = False
    """Whether an answer was served that is not cached, such as a failure."""

    def add_read(self, source: Source, ask: Ask[Any], batch: CachedBatch | None) -> None:
        """Add the answers to an ask; without a batch, those that are cached for its keys now."""
        TableDependencies.add_read(self, source, ask, batch)  # `super()` does not know the class with slots
        self.asks.append((source, ask))
        entries: Sequence[Entry | None]
        if batch is not None and batch.is_current:
            entries = batch.entries
        else:
            bucket = self.store.bucket(source, ask)
            entries = [bucket.entries.get(key) if bucket is not None else None for key in ask.keys]
        for entry in entries:
            if entry is None:
                self.has_missing = True
            else:
                self.watch.add(entry)

    def add_reach(self, batches: Iterable[CachedBatch], valid_until: float, *, complete: bool) -> None:
        """
        Add the batches that a part was computed from.

        A batch that was removed meanwhile no longer knows its answers.
        """
        used = list(batches)
        TableDependencies.add_reach(self, used, valid_until, complete=complete)
        self.has_missing = self.has_missing or not are_current(used)
        for entry in chain.from_iterable(batch.entries for batch in used):
            self.watch.add(entry)


class LiveBasis:
    """The basis of one answer. It must be closed."""

    def __init__(self, cache: Cache, on_change: Callable[[], None]) -> None:
        """Watch what an operation is going to read; `on_change` is called when some of it has changed."""
        self._cache, self._on_change = cache, on_change
        self._watch = cache.store.watches.start(self._note_change)
        self.dependencies = LiveDependencies(store=cache.store, watch=self._watch)
        """The dependencies of the operation."""
        self._has_changed = False
        self.due_at = math.inf
        """When the answer is too old, or when one of its cached answers first changed, by the cache's clock."""

    def _note_change(self) -> None:
        if not self._has_changed:
            self._has_changed = True
            self.due_at = self._cache.clock()
        self._on_change()

    def complete(self, traffic: Traffic) -> None:
        """Add the other dependencies of the finished operation, and compute when the answer is too old."""
        now, dependencies = self._cache.clock(), self.dependencies
        times = [dependencies.valid_until, *(entry.times.fresh_until for entry in self._watch.entries)]
        if dependencies.has_missing or any(counts.failures for counts in traffic.by_source.values()):
            times.append(now)
        too_old_at = [time if time > now else now + RETRY_SECONDS for time in times]
        self.due_at = min(self.due_at, now + MAX_QUIET_SECONDS, *too_old_at)
        dependencies.batches.clear()  # the watch holds their entries for as long as they are cached

    def refresh(self) -> Collection[Entry]:
        """Read stale answers again in the background, and return the entries that these reads will replace."""
        now, stale = self._cache.clock(), []
        for source, ask in self.dependencies.asks:
            bucket = self._cache.store.bucket(source, ask)
            cached = bucket.entries if bucket is not None else {}
            entries = [entry for key in ask.keys if (entry := cached.get(key)) is not None]
            old = [entry for entry in entries if entry.times.fresh_until <= now < entry.times.expires_at]
            if old:
                self._cache.refresh_in_background(source, ask, [entry.key for entry in old])
                stale += [entry for entry in old if entry in self._watch]
        return stale

    def is_waiting_for(self, entries: Collection[Entry]) -> bool:
        """Whether some of the entries were not replaced yet."""
        return any(entry in self._watch for entry in entries)

    def close(self) -> None:
        """Stop watching, and drop all references."""
        self._watch.close()
        self.dependencies.asks.clear()
        self.dependencies.batches.clear()
