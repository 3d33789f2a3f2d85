"""The parts of the cache of answers: entries, batches of entries, and the buckets that hold both."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import attrgetter
from sys import getsizeof
from typing import Any, NamedTuple, TypeVar

from student_graph.adapters.answers import Answer, SharedAnswers
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.sizes import size_in_bytes

T = TypeVar("T")

ENTRY_OVERHEAD_BYTES = 740
"""Bytes of an entry without the answer's value: entry, answer, and their slots in the bucket and the LRU order."""
BUCKET_OVERHEAD_BYTES = 640
"""Bytes of an empty bucket."""
SHARED_BYTES_PER_KEY, SHARED_BYTES_PER_ITEM = 200, 40
"""
Bytes of the values that operations compute once for a batch (`SharedValues`), for each key and for each record in
a list. These are the values in the order of the keys, the records of all lists in one list, their attributes that
serve as keys, and counts of records.
"""
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
        """Whether its answer holds the same record objects as another entry's answer, not only equal ones."""
        return self.answer is not None and other.answer is not None and self.answer.value is other.answer.value

    @property
    def stale_answer(self) -> Answer[Any] | None:
        """The answer, marked as stale. It holds the same records."""
        if self._stale_answer is None and self.answer is not None:
            self._stale_answer = self.answer._replace(stale=True)
        return self._stale_answer


class SharedBatch(SharedAnswers):
    """The answers of a cached batch, by key. All callers get the same mapping, and with it a computed summary."""

    __slots__ = ("__weakref__", "_summary", "batches", "derived", "mix", "translation")
    _summary: Any
    batches: Any
    """Answers to other asks that were computed from the batch; unset if there are none."""
    mix: Any
    """This batch merged with a batch of other keys; unset if there is none."""
    derived: Any
    """Value that the choice of access paths has computed from the answers; unset if there is none."""
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
        items = sum([len(answer.value) for answer in self.answers.values() if isinstance(answer.value, list)])
        self.size = (
            sum(map(getsizeof, (keys, entries, self.answers)))
            + 2 * BUCKET_OVERHEAD_BYTES
            + SHARED_BYTES_PER_KEY * len(keys)
            + SHARED_BYTES_PER_ITEM * items
        )
        self.used = False
        """Whether it was used since its entries were last moved in the LRU order."""
        self.is_current = False
        """Whether it is cached, and all its answers are still the cached ones."""

    def release(self) -> None:
        """
        Drop the answers, because the batch is no longer cached.

        Responses, reaches and tables that were computed from it may refer to it for minutes, but only ask whether
        it is current. If they kept its answers, a busy cache could need twice the memory, and no bound would count
        it.
        """
        self.is_current = False
        self.keys, self.entries, self.answers = (), (), SharedBatch()


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
