"""
Cached answers in memory, bounded in bytes and in number. The least recently used answers are evicted first.

Districts share the memory. One district may fill all of it as long as the others need none. When the memory is
full, answers of the district that uses most are evicted, so that no district loses memory within its fair share.

Answers of one source to the same lookup with the same arguments are in one bucket, by key. When all answers to a
batch of keys are fresh, the batch is cached as one mapping. Later asks for the same keys get that mapping, until
one of its answers changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import BUCKET_OVERHEAD_BYTES, Bucket, CachedBatch, Entry, EntryTimes
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.watches import Watches

MAX_BATCH_SHARE = 1 / 8
"""Largest share of the memory for all cached batches together; one batch may be as large as all of it."""
MAX_DERIVED_VALUES = 4
"""Maximum number of values computed from one answer that are kept with it, such as its records by student."""


class _Share:
    """The entries and batches of one district, in the order in which they were used."""

    __slots__ = ("batch_bytes", "batches", "entries", "used_bytes", "weight")

    def __init__(self, weight: float) -> None:
        self.entries: OrderedDict[Entry, None] = OrderedDict()
        """Least recently used first. Uses through a batch are applied only before something is evicted."""
        self.batches: OrderedDict[CachedBatch, None] = OrderedDict()
        """Least recently used first."""
        self.used_bytes = self.batch_bytes = 0
        self.weight = weight
        """How large a fair share is, compared with those of other districts."""


class Store:
    """All buckets, and the order in which their entries were used."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[Hashable, Bucket] = {}
        self._shares: dict[DistrictId, _Share] = {}
        self._weights: Mapping[DistrictId, float] = {}
        self._entry_count = self._batch_bytes = 0
        self.used_bytes, self.max_bytes = 0, limits.memory
        self.watches = Watches()
        """Watches over cached answers, which are notified when an answer is replaced or removed."""

    def __len__(self) -> int:
        return self._entry_count

    def entries(self) -> Iterable[Entry]:
        """All entries, least recently used first among those of one district."""
        return chain.from_iterable(share.entries for share in self._shares.values())

    def bytes_by_district(self) -> Mapping[DistrictId, int]:
        """Bytes that the answers of each district take."""
        return {district: share.used_bytes for district, share in self._shares.items()}

    def share_among(self, weights: Mapping[DistrictId, float]) -> None:
        """Let districts share the memory by their weights; one that is missing has the weight 1."""
        self._weights = weights
        for district, share in self._shares.items():
            share.weight = weights.get(district, 1.0)

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
            self._add_bytes(bucket, BUCKET_OVERHEAD_BYTES)
        share = self._share(bucket)
        for key, answer in answers.items():
            previous = bucket.entries.get(key)
            if previous is not None:
                self._unlink(previous)
            entry = bucket.entries[key] = Entry(bucket, key, answer, times)
            if previous is not None and entry.has_value_of(previous):  # the source confirmed the answer
                entry.derived, entry.size = previous.derived, previous.size
            share.entries[entry] = None
            self._entry_count += 1
            self._add_bytes(bucket, entry.size)
            if previous is not None:
                self.watches.notify(previous)
        self._evict_until_within_limits()

    def add_derived(self, entry: Entry, name: Hashable, value: Any, size: int) -> None:
        """
        Keep a value with the cached answer that it was computed from, up to `MAX_DERIVED_VALUES` for each answer.
        """
        if len(entry.derived) < MAX_DERIVED_VALUES:
            entry.derived = {**entry.derived, name: value}
            entry.size += size
            self._add_bytes(entry.bucket, size)
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
        """Keep within these limits from now on."""
        self._limits, self.max_bytes = limits, limits.memory
        self._evict_until_within_limits()

    def touch(self, entries: Sequence[Entry]) -> None:
        """Mark entries of one bucket as used just now."""
        if entries:
            move = self._share(entries[0].bucket).entries.move_to_end
            for entry in entries:
                move(entry)

    def touch_batches(self, batches: Iterable[CachedBatch]) -> None:
        """Mark batches, and with them all their entries, as used just now."""
        for batch in batches:
            batch.used = True
            self._shares[batch.bucket.source.district].batches.move_to_end(batch)

    def add_batch(
        self, bucket: Bucket, keys: tuple[Any, ...], entries: Sequence[Entry], *, is_stale: bool = False
    ) -> CachedBatch:
        """Cache entries, all fresh or all stale, as the batch of `keys`. If there is no room, only return it."""
        batch = CachedBatch(bucket, keys, entries, is_stale=is_stale)
        max_bytes = self._limits.memory * MAX_BATCH_SHARE
        if batch.size > max_bytes:
            return batch
        if (previous := bucket.batches.get((keys, is_stale))) is not None:
            self._remove_batch(previous)
        batch.is_current = True
        bucket.batches[keys, is_stale] = batch
        share = self._share(bucket)
        share.batches[batch] = None
        share.batch_bytes += batch.size
        self._batch_bytes += batch.size
        self._add_bytes(bucket, batch.size)
        while self._batch_bytes > max_bytes:
            largest = max(self._shares.values(), key=lambda share: share.batch_bytes / share.weight)
            self._remove_batch(next(iter(largest.batches)))
        self._evict_until_within_limits()
        return batch if batch.is_current else CachedBatch(bucket, keys, entries, is_stale=is_stale)

    def _evict_until_within_limits(self) -> None:
        """Evict entries until the limits are met: the least recently used of the district that uses most."""
        if not self._is_over_limits:
            return
        for share in self._shares.values():
            for batch in share.batches:
                if batch.used:
                    batch.used = False
                    self.touch(batch.entries)
        while self._is_over_limits and self._entry_count:
            self._remove(next(iter(self._largest_share().entries)))

    @property
    def _is_over_limits(self) -> bool:
        return self.used_bytes > self._limits.memory or self._entry_count > self._limits.entries

    def _largest_share(self) -> _Share:
        """Return the district that uses most of the exceeded limit: of the bytes, or of the number of entries."""
        if self.used_bytes > self._limits.memory:
            return max(self._shares.values(), key=lambda share: share.used_bytes / share.weight)
        return max(self._shares.values(), key=lambda share: len(share.entries) / share.weight)

    def _share(self, bucket: Bucket) -> _Share:
        district = bucket.source.district
        share = self._shares.get(district)
        if share is None:
            share = self._shares[district] = _Share(self._weights.get(district, 1.0))
        return share

    def _add_bytes(self, bucket: Bucket, size: int) -> None:
        """
        Add bytes to a district's count, or subtract them if `size` is negative.

        A district without bytes has no share.
        """
        share = self._share(bucket)
        share.used_bytes += size
        self.used_bytes += size
        if not share.used_bytes:
            del self._shares[bucket.source.district]

    def _remove(self, entry: Entry, *, has_changed: bool = False) -> None:
        """Remove an entry, and its bucket if that is then empty; watches over the entry are notified."""
        self._unlink(entry)
        if has_changed:
            self.watches.notify(entry)
        else:
            self.watches.forget(entry)
        del entry.bucket.entries[entry.key]
        if not entry.bucket.entries:
            del self._buckets[entry.bucket.key]
            self._add_bytes(entry.bucket, -BUCKET_OVERHEAD_BYTES)

    def _unlink(self, entry: Entry) -> None:
        """Take an entry out of the LRU order, and remove the batches of its bucket: they may hold its answer."""
        del self._share(entry.bucket).entries[entry]
        self._entry_count -= 1
        self._add_bytes(entry.bucket, -entry.size)
        for batch in list(entry.bucket.batches.values()):
            self._remove_batch(batch)

    def _remove_batch(self, batch: CachedBatch) -> None:
        share = self._share(batch.bucket)
        del batch.bucket.batches[batch.keys, batch.is_stale], share.batches[batch]
        share.batch_bytes -= batch.size
        self._batch_bytes -= batch.size
        self._add_bytes(batch.bucket, -batch.size)
        batch.release()
