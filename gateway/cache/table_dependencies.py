"""The cached answers that a table is computed from, and the operation of a part whose result may be cached."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters.answers import Ask
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import CachedBatch
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.response_cache import Dependencies
from student_graph.resolvers.operation import Operation, SourceTraffic


@dataclass(slots=True)
class TableDependencies(Dependencies):
    """The cached batches that a table is computed from, also of answers that were fetched for it."""

    is_restricted: bool = False
    """Whether a restricted class of data was read."""
    has_fetched: bool = False
    """Whether a source was asked."""
    has_released: bool = False
    """Whether some batches were released: only their times are known."""
    oldest_fetched_at: float = math.inf
    """When the oldest answer was fetched, by the cache's clock."""
    lookups: set[tuple[Source, Lookup]] = field(default_factory=set)
    """What was read."""

    def add(self, batch: CachedBatch | None, *, restricted: bool = False) -> None:
        """Add a batch; None for answers that are not in a current batch."""
        if self._note(batch, restricted=restricted) and batch is not None:
            self.batches.append(batch)

    def add_read(self, source: Source, ask: Ask[Any], batch: CachedBatch | None) -> None:
        """Add the answers of a source to an ask, by the batch that they are cached in; None if that is none."""
        self.lookups.add((source, ask.lookup))
        self.add(batch, restricted=ask.lookup.sensitivity.restricted)

    @property
    def is_large(self) -> bool:
        """Whether the table is of many students, so that it may be used for a while when it is no longer fresh."""
        return self.has_released and not self.is_restricted

    def includes_some_of(self, purges: Iterable[Purge]) -> bool:
        """Whether some of the purges may include an answer that was read."""
        return any(purge.concerns(source, lookup) for purge in purges for source, lookup in self.lookups)

    def note_fetched(self) -> bool:
        """
        Record that a source was asked.

        Returns True: its answers can be added as dependencies if they are cached now.
        """
        self.has_fetched = True
        return True

    def forgetting(self) -> Dependencies:
        """The dependencies of a part that does not keep its answers: only their times are remembered."""
        self.has_released = True
        return _ForgettingDependencies(table=self)

    def add_times(self, batch: CachedBatch | None, *, restricted: bool) -> None:
        """Add a batch without holding it: then only a purge of its answers is noticed, not their replacement."""
        self._note(batch, restricted=restricted)

    def _note(self, batch: CachedBatch | None, *, restricted: bool) -> bool:
        """Remember until when a batch is fresh; False if it is not current."""
        self.is_restricted = self.is_restricted or restricted
        if batch is None or not batch.is_current:
            self.complete = False
            return False
        self.valid_until = min(self.valid_until, _fresh_until(batch))
        self.oldest_fetched_at = min(self.oldest_fetched_at, batch.fetched_at)
        self.lookups.add((batch.bucket.source, batch.bucket.lookup))
        return True


@dataclass(slots=True)
class _ForgettingDependencies(Dependencies):
    """Passes the times of batches on to a table, and holds none of the batches."""

    table: TableDependencies = field(default_factory=TableDependencies)

    def add(self, batch: CachedBatch | None, *, restricted: bool = False) -> None:
        """Add the times of a batch."""
        self.table.add_times(batch, restricted=restricted)

    def add_read(self, source: Source, ask: Ask[Any], batch: CachedBatch | None) -> None:
        """Add the times of the answers to an ask."""
        self.table.lookups.add((source, ask.lookup))
        self.add(batch, restricted=ask.lookup.sensitivity.restricted)

    def add_reach(self, batches: Iterable[CachedBatch], valid_until: float, *, complete: bool) -> None:
        """Add what the viewer's reach was computed from."""
        self.table.add_reach(batches, valid_until, complete=complete)

    def note_fetched(self) -> bool:
        """Record that a source was asked."""
        return self.table.note_fetched()

    def forgetting(self) -> Dependencies:
        """The same dependencies."""
        return self


def _fresh_until(batch: CachedBatch) -> float:
    """
    When the first answer of a batch becomes stale.

    A page of a long list does so after a minute, because pages of different ages do not fit together. What was
    computed from all of them is as good as a list that was read at once.
    """
    bucket = batch.bucket
    if not bucket.lookup.paged or bucket.lookup.sensitivity.restricted:
        return batch.valid_until
    fresh_seconds = bucket.source.freshness(bucket.lookup).fresh.total_seconds()
    return max(batch.valid_until, batch.fetched_at + fresh_seconds)


def new_part(operation: Operation) -> Operation:
    """The bookkeeping of a part of an operation, whose result may be kept."""
    part = Operation(
        access_hints=operation.access_hints,
        answer_limits=operation.answer_limits,
        dependencies=TableDependencies(),
        request_id=operation.request_id,
    )
    part.staleness.max_age = operation.staleness.max_age
    return part


def note_age(part: Operation, now: float) -> None:
    """Count the answers of a part that took long as old as the oldest of them: they were fetched as it began."""
    read = part.dependencies
    if isinstance(read, TableDependencies) and math.isfinite(read.oldest_fetched_at):
        for counts in part.traffic.by_source.values():
            counts.age = max(counts.age, now - read.oldest_fetched_at)


def merge(part: Operation, operation: Operation, *, kept_for: float | None = None) -> None:
    """Add the work of a part to its operation, or the reads for a table that was kept for some seconds."""
    for name, counts in part.traffic.by_source.items():
        own = operation.traffic.by_source.setdefault(name, SourceTraffic())
        own.calls += counts.calls
        own.asks += counts.asks
        own.hits += counts.hits
        own.stale += counts.stale
        own.failures += counts.failures
        own.age = max(own.age, counts.age + (kept_for or 0.0))
        own.milliseconds += counts.milliseconds
    operation.traffic.degraded.update(part.traffic.degraded)
    operation.staleness.stale_records.update(part.staleness.stale_records)
    shown = operation.disclosures
    shown.records += part.disclosures.records
    for district, keys in part.disclosures.denied.items():
        shown.denied[district] = shown.denied.get(district, 0) + keys
    for district, classes in part.disclosures.classes_read.items():
        shown.classes_read.setdefault(district, set()).update(classes)
    own_dependencies, added = operation.dependencies, part.dependencies
    if isinstance(own_dependencies, Dependencies) and isinstance(added, TableDependencies):
        _add(own_dependencies, added, is_kept=kept_for is not None)


def _add(own: Dependencies, added: TableDependencies, *, is_kept: bool) -> None:
    """Add a table's batches to the dependencies of an operation's response."""
    was_fetched = added.has_fetched and not is_kept
    complete = added.complete and not (added.is_restricted or added.has_released or was_fetched)
    own.add_reach(added.batches, added.valid_until, complete=complete)
