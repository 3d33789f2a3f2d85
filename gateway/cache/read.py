"""
Reads the cache for one operation: looks up each key, serves usable answers, requests the others, handles failures.

Each answer says whether it is stale, and the operation's traffic says how old the oldest answer was.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.cache import Cache
from student_graph.gateway.cache.entries import Bucket, CachedBatch, Entry
from student_graph.gateway.cache.lifetimes import is_temporary, oldest_fetch_time, with_max_age
from student_graph.gateway.cache.response_cache import Dependencies
from student_graph.gateway.concurrency.time_slices import give_way
from student_graph.gateway.http import gate_of
from student_graph.resolvers.operation import SourceTraffic, Staleness, Traffic


class CachedFetch:
    """The `Fetch` of one operation: answers from the cache, or from the sources until the operation's deadline."""

    def __init__(
        self,
        cache: Cache,
        traffic: Traffic,
        staleness: Staleness,
        dependencies: Dependencies,
        deadline: float,
        *,
        viewer: Hashable = None,
        is_background: bool = False,
        min_seconds: float = 0.0,
    ) -> None:
        """
        Read answers until `deadline`, in the event loop's time, and record them in `traffic` and `dependencies`.

        `viewer` sent the operation, and only limits the requests that go on after it. With `is_background`, the
        requests of people go first. Each source has at least `min_seconds`, even if its timeout is shorter.
        """
        self._cache = cache
        self._by_source = traffic.by_source
        self._staleness, self._dependencies = staleness, dependencies
        self._deadline, self._min_seconds = deadline, min_seconds
        self._viewer, self._is_background = viewer, is_background

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask."""
        read = look_up(self._cache, source, ask, self._staleness.max_age)
        if not read.missing:
            return self.serve(source, ask, read)
        results = self._mark_old(source, ask, await self._request(source, ask, read.missing))
        answers = {**read.answers, **read.settle(results)}
        self._traffic(source).failures += sum(
            isinstance(answer.value, AdapterError) for answer in answers.values()
        )
        read.batch = self._cached_batch(source, ask, answers) if self._dependencies.note_fetched() else None
        self.serve(source, ask, read)
        return answers

    def from_cache(self, source: Source, ask: Ask[Any]) -> Answers | None:
        """The answers to an ask without waiting; None if a source must be asked."""
        read = look_up(self._cache, source, ask, self._staleness.max_age)
        return None if read.missing else self.serve(source, ask, read)

    def look_up(self, source: Source, ask: Ask[Any]) -> CacheRead:
        """What the cache has for an ask. It counts as used only after `serve`."""
        return look_up(self._cache, source, ask, self._staleness.max_age)

    def serve(self, source: Source, ask: Ask[Any], read: CacheRead) -> Answers:
        """The cached answers of a read. Records them, and refreshes stale ones in the background."""
        traffic = self._traffic(source)
        traffic.asks += 1
        traffic.hits += read.hits
        traffic.stale += read.stale
        if read.hits:
            traffic.age = max(traffic.age, age := read.now - read.oldest_fetched_at)
            self._cache.on_serve(source, read.hits, read.stale, age)
        if ask.keys:
            self._dependencies.add_read(source, ask, read.batch)
        if read.to_refresh:
            self._cache.refresh_in_background(source, ask, read.to_refresh)
        return read.answers

    async def _request(self, source: Source, ask: Ask[Any], keys: Sequence[Any]) -> dict[Any, Answer[Any] | None]:
        """
        The source's answer to each key, from a request in flight or a new one; None if it knows no such key.

        Keys without answer at the operation's deadline or the source's timeout have an error; the request goes on.
        """
        missing = with_max_age(replace(ask, keys=tuple(keys)), self._staleness.max_age)
        timeout_at = asyncio.get_running_loop().time() + max(source.adapter.settings.timeout, self._min_seconds)
        in_flight, traffic = self._cache.in_flight, self._traffic(source)
        started_at = time.perf_counter()
        until = min(timeout_at, self._deadline)
        waiter = in_flight.join(source, missing, until, self._viewer, is_background=self._is_background)
        try:
            with self._cache.vendor_wait():
                await in_flight.wait(waiter)
        finally:
            waited_seconds = time.perf_counter() - started_at
            traffic.milliseconds += waited_seconds * 1000
            traffic.calls += waiter.calls
        await give_way()  # hundreds of operations may have waited for the same answer, and go on in this round
        answers = waiter.answers
        if len(answers) < len(keys):
            is_late = self._deadline <= timeout_at
            error = _error(source, waited_seconds, is_late=is_late)
            if not is_late and not answers:
                self._cache.record_timeout(source, missing, error)
            answers |= dict.fromkeys(
                (key for key in keys if key not in answers), Answer(error, source.name, datetime.now(UTC))
            )
        return answers

    def _cached_batch(self, source: Source, ask: Ask[Any], answers: Answers) -> CachedBatch | None:
        """The batch in which answers that were just fetched are cached; None if they are not, or no longer."""
        batch = look_up(self._cache, source, ask, None).batch
        if batch is None or len(batch.answers) != len(answers):
            return None
        cached = batch.answers.items()
        return batch if all(key in answers and answers[key].value is own.value for key, own in cached) else None

    def _mark_old(
        self, source: Source, ask: Ask[Any], results: dict[Any, Answer[Any] | None]
    ) -> dict[Any, Answer[Any] | None]:
        """
        The results, marked as stale if their read took longer than they are fresh and than the source's timeout.
        """
        if ask.lookup.sensitivity.restricted:  # never shown as stale: the waiters get the fresh answer
            return results
        seconds = max(self._cache.lifetimes(source, ask).fresh_seconds, source.adapter.settings.timeout)
        fresh_since = datetime.now(UTC) - timedelta(seconds=seconds)
        for key, answer in results.items():
            if answer is None or isinstance(answer.value, AdapterError) or answer.fetched_at >= fresh_since:
                continue
            results[key] = answer._replace(stale=True)
            self._traffic(source).stale += 1
        return results

    def _traffic(self, source: Source) -> SourceTraffic:
        name = f"{source.district}/{source.name}"
        return self._by_source.get(name) or self._by_source.setdefault(name, SourceTraffic())


def _error(source: Source, waited_seconds: float, *, is_late: bool) -> UnavailableError:
    """The error of keys that nobody waits for any more: the vendor asked for a pause, or else the time ran out."""
    gate = gate_of(source.adapter.http)
    if gate is not None and (retry_after := gate.retry_after_of_pause(waited_seconds)) is not None:
        error = UnavailableError("rate limited", code="RATE_LIMITED", retry_after=retry_after)
    elif is_late:
        error = UnavailableError("the operation's time ran out", code="DEADLINE")
    else:
        error = UnavailableError("no answer in time")
    error.source = source.name
    return error


@dataclass(slots=True)
class CacheRead:
    """What the cache has for the keys of an ask."""

    now: float
    """When the cache was read, by its clock."""
    answers: Mapping[Any, Answer[Any]] = field(default_factory=dict)
    """By key. The mapping may be shared with other operations."""
    hits: int = 0
    """Number of keys that were answered, including keys that the source does not know."""
    missing: list[Any] = field(default_factory=list)
    """Keys that the source must be asked for."""
    fallbacks: dict[Any, Entry] = field(default_factory=dict)
    """Entries to serve for missing keys if the source fails."""
    to_refresh: Sequence[Any] = ()
    """Keys that are served now and must be refreshed in the background."""
    stale: int = 0
    """Answers that are stale."""
    oldest_fetched_at: float = math.inf
    """When the oldest of the answers was fetched, by the cache's clock."""
    batch: CachedBatch | None = None
    """The cached batch with all answers; None if a key is missing or an answer is stale."""

    @classmethod
    def of_batch(cls, batch: CachedBatch, now: float) -> CacheRead:
        """The read of keys that a cached batch answers."""
        keys = batch.keys
        if batch.is_stale:
            return cls(
                now, batch.answers, len(keys), to_refresh=keys, stale=len(keys), oldest_fetched_at=batch.fetched_at
            )
        return cls(now, batch.answers, len(keys), oldest_fetched_at=batch.fetched_at, batch=batch)

    def serve(self, entry: Entry) -> Answer[Any] | None:
        """Count an entry and return its answer, marked if stale; None if the source does not know the key."""
        self.hits += 1
        self.oldest_fetched_at = min(self.oldest_fetched_at, entry.times.fetched_at)
        if self.now < entry.times.fresh_until:
            return entry.answer
        self.stale += 1
        return entry.stale_answer

    def settle(self, results: Mapping[Any, Answer[Any] | None]) -> Answers:
        """The source's results. A fallback entry, if there is one, takes the place of a temporary failure."""
        answers: dict[Any, Answer[Any]] = {}
        for key, result in results.items():
            failed = result is not None and isinstance(result.value, AdapterError) and is_temporary(result.value)
            answer = self.serve(self.fallbacks[key]) if failed and key in self.fallbacks else result
            if answer is not None:
                answers[key] = answer
        return answers


def look_up(cache: Cache, source: Source, ask: Ask[Any], preferred_age: timedelta | None) -> CacheRead:
    """
    Look up the keys of an ask in the cache.

    Answers older than the ask's `max_age` are never served. Answers older than `preferred_age` are served only if
    the source fails: the operation prefers newer ones, but an older one is better than an error.
    """
    now = cache.clock()
    bucket = cache.store.bucket(source, ask)
    if bucket is None or not ask.keys:
        return CacheRead(now, missing=list(ask.keys))
    oldest_accepted = oldest_fetch_time(now, ask.max_age)
    oldest_preferred = max(oldest_accepted, oldest_fetch_time(now, preferred_age))

    batch = bucket.batches.get((ask.keys, False))
    if batch is not None and now < batch.valid_until and batch.fetched_at >= oldest_preferred:
        cache.store.touch_batches((batch,))
        return CacheRead.of_batch(batch, now)

    prefers_stale = cache.prefers_stale(source, bucket)
    batch = bucket.batches.get((ask.keys, True)) if prefers_stale else None
    if batch is not None and now < batch.valid_until and batch.fetched_at >= oldest_accepted:
        cache.store.touch_batches((batch,))
        return CacheRead.of_batch(batch, now)

    return _look_up_entries(
        cache,
        bucket,
        ask.keys,
        now,
        oldest_accepted=oldest_accepted,
        oldest_preferred=oldest_preferred,
        prefers_stale=prefers_stale,
    )


def _look_up_entries(
    cache: Cache,
    bucket: Bucket,
    keys: tuple[Any, ...],
    now: float,
    *,
    oldest_accepted: float,
    oldest_preferred: float,
    prefers_stale: bool,
) -> CacheRead:
    """Look up keys one by one. If all answers are fresh, or all stale, they become a batch for the next read."""
    fresh: list[Entry] = []
    refreshed: list[Entry] = []
    read = CacheRead(now)
    cached_entry = bucket.entries.get
    for key in keys:
        entry = cached_entry(key)
        if entry is None:
            read.missing.append(key)
            continue
        fetched_at, fresh_until, revalidate_until, expires_at = entry.times
        if now < fresh_until and fetched_at >= oldest_preferred:
            fresh.append(entry)
        elif fetched_at < oldest_accepted or now >= expires_at:
            read.missing.append(key)
        elif prefers_stale or (now < revalidate_until and fetched_at >= oldest_preferred):
            refreshed.append(entry)
        else:
            read.missing.append(key)
            read.fallbacks[key] = entry
    cache.store.touch(fresh)

    if len(fresh) == len(keys):
        return CacheRead.of_batch(cache.store.add_batch(bucket, keys, fresh), now)
    if (
        prefers_stale
        and len(refreshed) == len(keys)
        and all(entry.times.fresh_until <= now for entry in refreshed)
    ):
        return CacheRead.of_batch(cache.store.add_batch(bucket, keys, refreshed, is_stale=True), now)
    read.to_refresh = [entry.key for entry in refreshed]
    entries = fresh + refreshed
    read.answers = {entry.key: answer for entry in entries if (answer := read.serve(entry)) is not None}
    return read
