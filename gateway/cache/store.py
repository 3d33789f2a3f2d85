"""
Cached answers in memory, bounded in bytes and in number. The least recently used answers are evicted first.

Answers of one source to the same lookup with the same arguments are in one bucket, by key. When all answers to a
batch of keys are fresh, the batch is cached as one mapping. Later asks for the same keys get that mapping, until
one of its answers changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import BUCKET_OVERHEAD_BYTES, Bucket, CachedBatch, Entry, EntryTimes
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.watches import Watches

MAX_BATCH_SHARE = 1 / 8
"""Largest share of the memory that all cached batches together take, and so the largest size of one."""
MAX_DERIVED_VALUES = 4
"""Values of one answer that are kept, such as its records by student for one school year."""


class Store:
    """All buckets, and the order in which their entries were used."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[Hashable, Bucket] = {}
        self._entries: OrderedDict[Entry, None] = OrderedDict()
        """Least recently used first. Uses through a batch are applied only before something is evicted."""
        self._batches: OrderedDict[CachedBatch, None] = OrderedDict()
        """Least recently used first."""
        self._batch_bytes = 0
        self.used_bytes, self.max_bytes = 0, limits.memory
        self.watches = Watches()
        """Those who rest on cached answers, and learn when one is replaced or removed."""

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> Iterable[Entry]:
        """All entries, least recently used first."""
        return self._entries

    def bucket(self, source: Source, ask: Ask[Any]) -> Bucket | None:
        """The bucket of an ask; None if none of its answers is cached."""
        return self._buckets.get((source, *ask.call_key))

    def set(
        self, source: Source, ask: Ask[Any], answers: Mapping[Any, Answer[Any] | None], times: EntryTimes
    ) -> None:
        """Cache answers by key, in place of older ones. None records that the source does not know the key."""
        if not self._limits.memory or not answers:
            return
        bucket_key = (source, *ask.call_key)
        bucket = self._buckets.get(bucket_key)
        if bucket is None:
            bucket = self._buckets[bucket_key] = Bucket(source, ask.lookup, bucket_key)
            self.used_bytes += BUCKET_OVERHEAD_BYTES
        for key, answer in answers.items():
            previous = bucket.entries.get(key)
            if previous is not None:
                self._unlink(previous)
            entry = bucket.entries[key] = Entry(bucket, key, answer, times)
            if previous is not None and entry.has_value_of(previous):  # the source confirmed it
                entry.derived, entry.size = previous.derived, previous.size
            self._entries[entry] = None
            self.used_bytes += entry.size
            if previous is not None:
                self.watches.notify(previous)
        self._evict_until_within_limits()

    def add_derived(self, entry: Entry, name: Hashable, value: Any, size: int) -> None:
        """Keep a value of so many bytes, computed from a cached answer, with it; at most `MAX_DERIVED_VALUES`."""
        if len(entry.derived) < MAX_DERIVED_VALUES:
            entry.derived = {**entry.derived, name: value}
            entry.size += size
            self.used_bytes += size
            self._evict_until_within_limits()

    def delete(self, source: Source, ask: Ask[Any], key: Any) -> None:
        """Remove the answer to one key, if it is cached."""
        bucket = self.bucket(source, ask)
        if bucket is not None and key in bucket.entries:
            entry = bucket.entries[key]
            self._remove(entry, has_changed=True)

    def expire(self, source: Source, ask: Ask[Any], now: float) -> None:
        """Remove the expired answers from the bucket of an ask."""
        bucket = self.bucket(source, ask)
        for entry in [] if bucket is None else list(bucket.entries.values()):
            if now >= entry.times.expires_at:
                self._remove(entry)

    def purge(self, purge: Purge) -> int:
        """Remove the answers that a purge includes; returns their number."""
        purged = [
            entry
            for bucket in list(self._buckets.values())
            if purge.concerns(bucket.source, bucket.lookup)
            for key, entry in bucket.entries.items()
            if purge.includes(bucket.source, bucket.lookup, key)
        ]
        for entry in purged:
            self._remove(entry, has_changed=True)
        return len(purged)

    def forget(self, sources: Collection[Source]) -> None:
        """Remove all answers of some sources, because these are no longer configured."""
        of_sources = [bucket for bucket in self._buckets.values() if bucket.source in sources]
        for entry in [entry for bucket in of_sources for entry in bucket.entries.values()]:
            self._remove(entry)

    def set_limits(self, limits: Limits) -> None:
        """Hold no more than these limits from now on."""
        self._limits, self.max_bytes = limits, limits.memory
        self._evict_until_within_limits()

    def touch(self, entries: Sequence[Entry]) -> None:
        """Mark entries as used just now."""
        move = self._entries.move_to_end
        for entry in entries:
            move(entry)

    def touch_batches(self, batches: Iterable[CachedBatch]) -> None:
        """Mark batches, and with them all their entries, as used just now."""
        move = self._batches.move_to_end
        for batch in batches:
            batch.used = True
            move(batch)

    def add_batch(
        self, bucket: Bucket, keys: tuple[Any, ...], entries: Sequence[Entry], *, is_stale: bool = False
    ) -> CachedBatch:
        """Cache entries, all fresh or all stale, as the batch of `keys`. If it is too large, only return it."""
        batch = CachedBatch(bucket, keys, entries, is_stale=is_stale)
        max_bytes = self._limits.memory * MAX_BATCH_SHARE
        if batch.size > max_bytes:
            return batch
        if (previous := bucket.batches.get((keys, is_stale))) is not None:
            self._remove_batch(previous)
        batch.is_current = True
        bucket.batches[keys, is_stale] = batch
        self._batches[batch] = None
        self._batch_bytes += batch.size
        self.used_bytes += batch.size
        while self._batch_bytes > max_bytes:
            self._remove_batch(next(iter(self._batches)))
        self._evict_until_within_limits()
        return batch

    def _evict_until_within_limits(self) -> None:
        """Evict the least recently used entries until the rest is within the limits."""
        if not self._is_over_limits:
            return
        for batch in self._batches:
            if batch.used:
                batch.used = False
                self.touch(batch.entries)
        while self._is_over_limits and self._entries:
            self._remove(next(iter(self._entries)))

    @property
    def _is_over_limits(self) -> bool:
        return self.used_bytes > self._limits.memory or len(self._entries) > self._limits.entries

    def _remove(self, entry: Entry, *, has_changed: bool = False) -> None:
        """Remove an entry, and its bucket if it was the last one in it; those who rest on it learn of a change."""
        self._unlink(entry)
        if has_changed:
            self.watches.notify(entry)
        else:
            self.watches.forget(entry)
        del entry.bucket.entries[entry.key]
        if not entry.bucket.entries:
            del self._buckets[entry.bucket.key]
            self.used_bytes -= BUCKET_OVERHEAD_BYTES

    def _unlink(self, entry: Entry) -> None:
        """Take an entry out of the LRU order, and remove the batches of its bucket: they may hold its answer."""
        del self._entries[entry]
        self.used_bytes -= entry.size
        for batch in list(entry.bucket.batches.values()):
            self._remove_batch(batch)

    def _remove_batch(self, batch: CachedBatch) -> None:
        batch.is_current = False
        del batch.bucket.batches[batch.keys, batch.is_stale], self._batches[batch]
        self._batch_bytes -= batch.size
        self.used_bytes -= batch.size
