"""
The answers of a process's sources: cached answers, requests in flight, and which sources are failing.

They belong to the sources, not to the settings. When the gateway reads its settings again, a source that has not
changed keeps its answers, and its requests in flight go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.entries import Bucket, EntryTimes
from student_graph.gateway.cache.in_flight import InFlightRequest, InFlightRequests
from student_graph.gateway.cache.lifetimes import Lifetimes, is_temporary, lifetimes_of
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.revalidation import Revalidation
from student_graph.gateway.cache.store import Store
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

    def set_districts(self, districts: Mapping[DistrictId, District]) -> None:
        """Use these districts from now on, after the settings were read again."""

    async def publish_purge(self, purge: Purge) -> None:
        """Send a purge to the other processes, as soon as possible."""

    async def claim(self, name: str, seconds: int) -> bool:
        """Claim a piece of work by its name; returns whether this process alone may do it for `seconds`."""

    async def release(self, name: str) -> None:
        """Release a piece of work that this process has claimed, so that any process can claim it."""

    @property
    def joined(self) -> bool:
        """Whether this process shares answers with the fleet now."""

    def counts(self) -> Mapping[str, int]:
        """Counts since this process started."""

    async def close(self) -> None:
        """Stop receiving events and close the connections."""


class AnswerCache:
    """The cached answers and the requests in flight of a process, by source."""

    def __init__(
        self,
        fetch: Fetch,
        districts: Mapping[DistrictId, District],
        limits: Limits | None = None,
        fleet: Fleet | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Cache what `fetch` returns, within limits, and share it with a fleet. `clock` returns seconds."""
        self.clock = clock
        limits = limits or Limits()
        self.store = Store(_answer_limits(limits))
        shared = fleet.shared(fetch) if fleet else fetch
        self._revalidation = Revalidation(shared, self.store.bucket, clock, self._forget_restored)
        self.in_flight = InFlightRequests(
            self._revalidation, self._store_answers, limits.background, lambda: self.store.max_bytes > 0
        )
        self._fleet = fleet
        self._is_in_fleet = False
        self._districts = districts
        self._purge_listeners: list[Callable[[Purge], None]] = []
        self._failing: dict[Source, float] = {}
        """
        Sources whose last request failed with an outage, and when a background request may be sent to them again.
        """

    def start(self) -> None:
        """Start to share with the fleet, if there is one and it was not started before."""
        if self._fleet is not None and not self._is_in_fleet:
            self._is_in_fleet = True
            self._fleet.start(self.purge_this_process)

    def configure(self, districts: Mapping[DistrictId, District], limits: Limits) -> None:
        """Use these districts and limits from now on, after the settings were read again."""
        self._districts = districts
        self.store.set_limits(_answer_limits(limits))
        self.store.share_among({name: district.weight for name, district in districts.items()})
        if self._fleet is not None:
            self._fleet.set_districts(districts)

    def forget(self, sources: Collection[Source]) -> None:
        """End the requests to sources that are no longer configured, and remove their answers."""
        self.in_flight.end(sources)
        self.store.forget(sources)
        self._revalidation.forget(sources)
        for source in sources:
            self._failing.pop(source, None)

    async def close(self) -> None:
        """Cancel all requests, and leave the fleet."""
        await self.in_flight.close()
        if self._fleet is not None:
            await self._fleet.close()

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

    def add_purge_listener(self, listener: Callable[[Purge], None]) -> None:
        """Call `listener` for each purge, before it is done."""
        self._purge_listeners.append(listener)

    def remove_purge_listener(self, listener: Callable[[Purge], None]) -> None:
        """Stop calling `listener`, if it was added."""
        if listener in self._purge_listeners:
            self._purge_listeners.remove(listener)

    async def purge(self, purge: Purge) -> int:
        """Remove the answers that a purge includes, here and in the fleet; returns how many were removed here."""
        purged = self.purge_this_process(purge)
        if self._fleet is not None:
            await self._fleet.publish_purge(purge)
        return purged

    def purge_this_process(self, purge: Purge) -> int:
        """Remove the answers that a purge includes, and do not cache those in flight; returns their number."""
        for listener in self._purge_listeners:
            listener(purge)
        self.in_flight.purge(purge)
        return self.store.purge(purge)

    def _forget_restored(self, source: Source) -> None:
        """Remove all answers of a source, because its data were restored from a backup."""
        self.purge_this_process(Purge(district=source.district, source=source.name))

    def counts(self) -> dict[str, Any]:
        """What is cached now, for operators."""
        answers: dict[str, Any] = {"answers": len(self.store), "bytes": self.store.used_bytes}
        return answers | ({"fleet": self._fleet.counts()} if self._fleet is not None else {})

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
        for age, group in _group_by_age(valid).items():
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
        """Remove expired answers at once. For data that must not stay in memory until it is evicted."""
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


def _group_by_age(answers: Answers) -> dict[float, Answers]:
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


def _answer_limits(limits: Limits) -> Limits:
    """The limits of cached answers: the memory without the parts for responses and tables."""
    return replace(limits, memory=limits.memory - limits.response_memory - limits.table_memory)


def _entry_times(fetched_at: float, lifetimes: Lifetimes) -> EntryTimes:
    return EntryTimes(
        fetched_at,
        fetched_at + lifetimes.fresh_seconds,
        fetched_at + lifetimes.revalidate_seconds,
        fetched_at + lifetimes.expiry_seconds,
    )
