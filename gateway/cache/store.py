"""
Cached answers in memory, bounded in bytes and in number. The least recently used answers are evicted first.

Answers of one source to the same lookup with the same arguments are in one bucket, by key. When all answers to a
batch of keys are fresh, the batch is cached as one mapping. Later asks for the same keys get that mapping, until
one of its answers changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import attrgetter
from sys import getsizeof
from typing import Any, NamedTuple, TypeVar

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.sizes import size_in_bytes

T = TypeVar("T")

ENTRY_OVERHEAD_BYTES = 740
"""Bytes of an entry without the answer's value: entry, answer, and their slots in the bucket and the LRU order."""
BUCKET_OVERHEAD_BYTES = 640
"""Bytes of an empty bucket."""
MAX_BATCH_SHARE = 1 / 8
"""Largest share of the memory that all cached batches together take, and so the largest size of one."""
MAX_DERIVED_VALUES = 4
"""Values of one answer that are kept, such as its records by student for one school year."""
_IS_CURRENT, _NOTHING = attrgetter("is_current"), dict[Hashable, Any]()


class EntryTimes(NamedTuple):
    """Instants in the life of a cached answer, by the cache's clock. The answers of one result share them."""

    fetched_at: float
    fresh_until: float
    revalidate_until: float
    """Until then a stale answer is served at once and refreshed in the background."""
    expires_at: float
    """Until then a stale answer is served if its source fails."""


class Entry:
    """A cached answer: what one source answered for one key."""

    __slots__ = ("_stale_answer", "answer", "bucket", "derived", "key", "size", "times")

    def __init__(self, bucket: Bucket, key: Any, answer: Answer[Any] | None, times: EntryTimes) -> None:
        """An `answer` of None records that the source does not know the key."""
        self.bucket, self.key, self.answer, self.times = bucket, key, answer, times
        value_bytes = size_in_bytes(answer.value) if answer is not None else 0
        self.size = ENTRY_OVERHEAD_BYTES + getsizeof(key) + value_bytes
        self._stale_answer: Answer[Any] | None = None
        self.derived: Mapping[Hashable, Any] = _NOTHING
        """Values that were computed from the answer, by name; removed with it. See `Store.add_derived`."""

    def has_value_of(self, other: Entry) -> bool:
        """Whether its answer holds the same records as that of another entry, not only equal ones."""
        return self.answer is not None and other.answer is not None and self.answer.value is other.answer.value

    @property
    def stale_answer(self) -> Answer[Any] | None:
        """The answer, marked as stale. It holds the same records."""
        if self._stale_answer is None and self.answer is not None:
            self._stale_answer = self.answer._replace(stale=True)
        return self._stale_answer


class SharedBatch(dict[Any, Answer[Any]]):
    """The answers of a cached batch, by key. All callers get the same mapping, and with it a computed summary."""

    __slots__ = ("__weakref__", "_summary", "batches", "derived", "mix", "translation")
    _summary: Any
    batches: Any
    """Answers to other asks that were made from the batch; unset if there are none."""
    mix: Any
    """The batch with one of other keys; unset if there is none."""
    derived: Any
    """What the chooser of access paths computed from the answers; unset if that is nothing."""
    translation: Any
    """The answers with the district's ids; unset if there are none."""

    def summary(self, compute: Callable[..., T], *arguments: Any) -> T:
        """
        The value of `compute(self, *arguments)`, computed by the first call and returned by all later ones.

        All callers must pass the same function and arguments: a batch has one summary.
        """
        try:
            known: T = self._summary
        except AttributeError:
            known = self._summary = compute(self, *arguments)
        return known


class CachedBatch:
    """The answers to a tuple of keys as one mapping. Either all of them are fresh, or all are stale."""

    __slots__ = (
        "answers",
        "bucket",
        "entries",
        "fetched_at",
        "is_current",
        "is_stale",
        "keys",
        "size",
        "used",
        "valid_until",
    )

    def __init__(self, bucket: Bucket, keys: tuple[Any, ...], entries: Sequence[Entry], *, is_stale: bool) -> None:
        self.bucket, self.keys, self.entries, self.is_stale = bucket, keys, entries, is_stale
        answers = ((entry.key, entry.stale_answer if is_stale else entry.answer) for entry in entries)
        self.answers = SharedBatch({key: answer for key, answer in answers if answer is not None})
        self.valid_until = min(
            entry.times.expires_at if is_stale else entry.times.fresh_until for entry in entries
        )
        """When the first of its answers becomes stale, or expires if they are stale already."""
        self.fetched_at = min(entry.times.fetched_at for entry in entries)
        """When the oldest of its answers was fetched."""
        self.size = sum(map(getsizeof, (keys, entries, self.answers))) + 2 * BUCKET_OVERHEAD_BYTES
        self.used = False
        """Whether it was used since its entries were last moved in the LRU order."""
        self.is_current = False
        """Whether it is cached, and all its answers are still the cached ones."""


class Bucket:
    """The cached answers of one source to one lookup with the same arguments and window, by key."""

    __slots__ = ("batches", "entries", "key", "lookup", "retry_at", "source")

    def __init__(self, source: Source, lookup: Lookup, key: Hashable) -> None:
        self.source, self.lookup, self.key = source, lookup, key
        self.entries: dict[Any, Entry] = {}
        self.batches: dict[tuple[tuple[Any, ...], bool], CachedBatch] = {}
        """By keys, and whether the answers are stale."""
        self.retry_at = 0.0
        """When its answers may be refreshed in the background again."""


def are_current(batches: Iterable[CachedBatch]) -> bool:
    """Whether all batches are still cached: none of their answers was replaced, purged or evicted."""
    return all(map(_IS_CURRENT, batches))


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
            self._remove(bucket.entries[key])

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
            self._remove(entry)
        return len(purged)

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

    def _remove(self, entry: Entry) -> None:
        """Remove an entry, and its bucket if it was the last one in it."""
        self._unlink(entry)
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
