"""The cached answers that a table is computed from, and the operation of a part whose result may be cached."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import CachedBatch
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

    def note_fetched(self) -> bool:
        """Record that a source was asked; returns that its answers can be added, if they are cached now."""
        self.has_fetched = True
        return True

    def forgetting(self) -> Dependencies:
        """The dependencies of a part whose answers are released with it: only their times are remembered."""
        self.has_released = True
        return _ForgettingDependencies(table=self)

    def add_times(self, batch: CachedBatch | None, *, restricted: bool) -> None:
        """Add a batch without holding it: nobody sees when its answers are replaced, only when they are purged."""
        self._note(batch, restricted=restricted)

    def _note(self, batch: CachedBatch | None, *, restricted: bool) -> bool:
        """Remember until when a batch is fresh; False if it is not current."""
        self.is_restricted = self.is_restricted or restricted
        if batch is None or not batch.is_current:
            self.complete = False
            return False
        self.valid_until = min(self.valid_until, batch.valid_until)
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

    def add_reach(self, batches: Iterable[CachedBatch], valid_until: float, *, complete: bool) -> None:
        """Add what the viewer's reach was computed from."""
        self.table.add_reach(batches, valid_until, complete=complete)

    def note_fetched(self) -> bool:
        """Record that a source was asked."""
        return self.table.note_fetched()

    def forgetting(self) -> Dependencies:
        """The same dependencies."""
        return self


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


def merge(part: Operation, operation: Operation, *, kept_for: float | None = None) -> None:
    """Count in an operation what a part of it did, or what was read for a table that was kept for some seconds."""
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
    """Add what a table rests on to the dependencies of an operation's response."""
    was_fetched = added.has_fetched and not is_kept
    complete = added.complete and not (added.is_restricted or added.has_released or was_fetched)
    own.add_reach(added.batches, added.valid_until, complete=complete)
