"""
The cache of one process: cached answers, cached responses, requests in flight, and which sources are failing.

It stands between the operations and the adapters and knows no viewers: the layer above decides which answers a
viewer may see, each time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.in_flight import InFlightRequest, InFlightRequests
from student_graph.gateway.cache.lifetimes import Lifetimes, is_temporary, lifetimes_of
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.response_cache import ResponseCache
from student_graph.gateway.cache.revalidation import Revalidation
from student_graph.gateway.cache.store import Bucket, EntryTimes, Store
from student_graph.gateway.cache.table_cache import TableCache
from student_graph.gateway.concurrency.arrivals import ArrivedAnswers
from student_graph.gateway.http import gate_of

RETRY_INTERVAL_SECONDS = 5.0
"""Shortest time between two background requests to a source that fails."""


class Fleet(Protocol):
    """The other gateway processes, with which a process shares answers and purges."""

    def shared(self, fetch: Fetch) -> Fetch:
        """A fetch that looks for answers in the fleet before it calls `fetch`, and shares the results."""

    def start(self, on_purge: Callable[[Purge], object]) -> None:
        """Start to receive events; `on_purge` gets the purges of other processes."""

    async def publish_purge(self, purge: Purge) -> None:
        """Send a purge to the other processes, now or as soon as possible."""

    async def claim(self, name: str, seconds: int) -> bool:
        """Return whether this process, and no other, may do the work of a name for so many seconds."""

    async def release(self, name: str) -> None:
        """Release a piece of work that this process has claimed, so that it can be claimed again."""

    @property
    def joined(self) -> bool:
        """Whether this process shares answers with the fleet now."""

    def counts(self) -> Mapping[str, int]:
        """Counts since this process started."""

    async def close(self) -> None:
        """Stop receiving events and close the connections."""


class Cache:
    """The cached answers and the requests in flight of a process, for all operations."""

    def __init__(
        self,
        fetch: Fetch,
        districts: Mapping[DistrictId, District],
        limits: Limits | None = None,
        fleet: Fleet | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        vendor_wait: Callable[[], AbstractContextManager[None]] = nullcontext,
        on_serve: Callable[[Source, int, int, float], None] = lambda *_: None,
    ) -> None:
        """
        Cache what `fetch` returns, within limits, and share it with a fleet. `clock` returns seconds.

        An operation is inside `vendor_wait()` while it waits for a source. `on_serve` gets a source whose cached
        answers are served, how many, how many of them are stale, and the age of the oldest in seconds.
        """
        self.clock = clock
        self.on_serve = on_serve
        self.vendor_wait = vendor_wait
        limits = limits or Limits()
        self.store = Store(replace(limits, memory=limits.memory - limits.response_memory - limits.table_memory))
        self.responses = ResponseCache(self.store, districts, limits.response_memory, clock)
        self.tables = TableCache(self.store, limits.table_memory, clock)
        shared = fleet.shared(fetch) if fleet else fetch
        confirmed = Revalidation(shared, self.store.bucket, clock, self._forget_source)
        self.in_flight = InFlightRequests(confirmed, self._store_answers, limits.background)
        self._fleet = fleet
        self._districts = districts
        self._failing: dict[Source, float] = {}
        """Sources whose last request failed with an outage, and when they may be asked in the background again."""

    def prefers_stale(self, source: Source, bucket: Bucket) -> bool:
        """Whether a stale answer is better than waiting: the source failed recently, or its gate is closed."""
        gate = gate_of(source.adapter.http)
        return source in self._failing or self.clock() < bucket.retry_at or (gate is not None and gate.is_blocked)

    def refresh_in_background(self, source: Source, ask: Ask[Any], keys: Sequence[Any]) -> None:
        """Request keys that were served stale, unless their source failed a few seconds ago."""
        now = self.clock()
        bucket = self.store.bucket(source, ask)
        if now < self._failing.get(source, now) or (bucket is not None and now < bucket.retry_at):
            return
        if source in self._failing:
            self._failing[source] = now + RETRY_INTERVAL_SECONDS
        self.in_flight.start_in_background(source, replace(ask, keys=tuple(keys)))

    def start(self) -> None:
        """Start to share with the fleet, if there is one."""
        if self._fleet is not None:
            self._fleet.start(self._purge_this_process)

    async def purge(self, purge: Purge) -> int:
        """Remove the answers that a purge includes, here and in the fleet; returns how many were removed here."""
        purged = self._purge_this_process(purge)
        if self._fleet is not None:
            await self._fleet.publish_purge(purge)
        return purged

    def _forget_source(self, source: Source) -> None:
        """Remove all answers of a source, because its data were restored from a backup."""
        self._purge_this_process(Purge(district=source.district, source=source.name))

    def _purge_this_process(self, purge: Purge) -> int:
        """Remove the answers that a purge includes, and do not cache those in flight."""
        self.in_flight.purge(purge)
        self.tables.purge(purge)
        return self.store.purge(purge)

    def counts(self) -> dict[str, Any]:
        """What is cached now, for operators."""
        answers = {"answers": len(self.store), "bytes": self.store.used_bytes}
        responses = {"wholeAnswers": len(self.responses), "wholeBytes": self.responses.used_bytes}
        return answers | responses | ({"fleet": self._fleet.counts()} if self._fleet is not None else {})

    async def close(self) -> None:
        """Cancel all requests, and leave the fleet."""
        await self.in_flight.close()
        if self._fleet is not None:
            await self._fleet.close()

    def lifetimes(self, source: Source, ask: Ask[Any]) -> Lifetimes:
        """How long the answers to an ask are fresh, stale and usable."""
        return lifetimes_of(source, ask, self._districts.get(source.district))

    def record_timeout(self, source: Source, ask: Ask[Any], error: AdapterError) -> None:
        """Record that a source answered no key of an ask within its timeout."""
        self._record_health(source, ask, [error], answered=False)

    def _store_answers(self, request: InFlightRequest, arrived: ArrivedAnswers) -> None:
        """Cache answers of a request that have arrived, and record whether the source fails."""
        source, ask, now = request.source, request.ask, self.clock()
        lifetimes = self.lifetimes(source, ask)
        known = {key: answer for key, answer in arrived.items() if answer is not None}
        errors = {key: answer.value for key, answer in known.items() if isinstance(answer.value, AdapterError)}
        valid = {key: answer for key, answer in known.items() if key not in errors}
        for age, group in _by_age(valid).items():
            self.store.set(source, ask, group, _entry_times(now - age, lifetimes))
        if ask.lookup.sensitivity.restricted and valid:
            asyncio.get_running_loop().call_later(lifetimes.expiry_seconds, self._expire, source, ask)
        unknown = dict.fromkeys(key for key in arrived if key not in known)
        self.store.set(source, ask, unknown, _entry_times(now, lifetimes.of_unknown_key))
        for key, error in errors.items():
            if not is_temporary(error):
                self.store.delete(source, ask, key)
        from_fallback = any(answer.stale for answer in valid.values())  # of the fleet, because the source failed
        request.has_answered |= len(errors) < len(arrived) and not from_fallback
        self._record_health(source, ask, list(errors.values()), answered=request.has_answered)

    def _expire(self, source: Source, ask: Ask[Any]) -> None:
        """Remove expired answers now, for data that must not stay in memory until it is evicted."""
        self.store.expire(source, ask, self.clock())

    def _record_health(
        self, source: Source, ask: Ask[Any], errors: Sequence[AdapterError], *, answered: bool
    ) -> None:
        """Record that a source fails, or that it answers again."""
        now = self.clock()
        outages = [error for error in errors if isinstance(error, UnavailableError)]
        if answered:
            self._failing.pop(source, None)
        elif outages:
            retry_after = max(error.retry_after or 0.0 for error in outages)
            self._failing[source] = now + max(RETRY_INTERVAL_SECONDS, retry_after)
        bucket = self.store.bucket(source, ask)
        if bucket is not None and any(map(is_temporary, errors)):
            bucket.retry_at = now + RETRY_INTERVAL_SECONDS


def _by_age(answers: Answers) -> dict[float, Answers]:
    """Answers by their age in seconds: those of another process were fetched earlier than those of the source."""
    if not answers:
        return {}
    fetched = {answer.fetched_at for answer in answers.values()}
    now = datetime.now(UTC)
    if len(fetched) == 1 and not any(answer.stale for answer in answers.values()):
        return {max((now - fetched.pop()).total_seconds(), 0.0): answers}
    by_age: dict[float, dict[Any, Answer[Any]]] = {}
    for key, answer in answers.items():
        age = max((now - answer.fetched_at).total_seconds(), 0.0)
        by_age.setdefault(age, {})[key] = answer._replace(stale=False) if answer.stale else answer
    return dict(by_age)


def _entry_times(fetched_at: float, lifetimes: Lifetimes) -> EntryTimes:
    return EntryTimes(
        fetched_at,
        fetched_at + lifetimes.fresh_seconds,
        fetched_at + lifetimes.revalidate_seconds,
        fetched_at + lifetimes.expiry_seconds,
    )
