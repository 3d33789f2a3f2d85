"""
The cache of one process: what was kept, what is on its way, and which sources are failing.

It stands before the adapters and knows no viewer: who may see an answer is decided above it, on every answer.
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
from student_graph.gateway.cache.ages import Ages, ages_of, passing, unknown
from student_graph.gateway.cache.in_flight import Flying
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.response_cache import Wholes
from student_graph.gateway.cache.revalidation import Epochs
from student_graph.gateway.cache.store import Shelf, Store, Times
from student_graph.gateway.http import gate_of

PAUSE = 5.0
"""Seconds between two questions behind to a source that fails."""


class Others(Protocol):
    """The other processes of a fleet."""

    def shared(self, fetch: Fetch) -> Fetch:
        """Ask all of them before `fetch`, and let them have what it brings."""

    def start(self, hear: Callable[[Purge], object]) -> None:
        """Begin to listen; `hear` is told what others were told to forget."""

    async def tell(self, purge: Purge) -> None:
        """Tell them what to forget, as soon as they can be told."""

    @property
    def joined(self) -> bool:
        """Whether answers may be had of them just now."""

    def counts(self) -> Mapping[str, int]:
        """What was had of them since start."""

    async def close(self) -> None:
        """Listen no more."""


class Cache:
    """What is kept and what is under way, for all operations of a process."""

    def __init__(
        self,
        fetch: Fetch,
        districts: Mapping[DistrictId, District],
        limits: Limits | None = None,
        others: Others | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what `fetch` answers, within limits, and share it with others; `clock` counts seconds."""
        self.clock = clock
        self.waits: Callable[[], AbstractContextManager[None]] = nullcontext
        """What an operation that waits for a source is within, so that it can be counted."""
        limits = limits or Limits()
        self.store = Store(replace(limits, memory=limits.memory - limits.whole_memory))
        self.wholes = Wholes(self.store, districts, limits.whole_memory, clock)
        shared = others.shared(fetch) if others else fetch
        self.flying = Flying(Epochs(shared, self.store.shelf, clock), self._land)
        self._others = others
        self._districts = districts
        self._failing: dict[Source, float] = {}
        """Sources whose last word was an outage, and when they may be asked behind again."""

    def patient(self, source: Source, shelf: Shelf) -> bool:
        """Whether what is kept is better than to wait: the source is left alone, or failed just now."""
        gate = gate_of(source.adapter.http)
        return source in self._failing or self.clock() < shelf.retry or (gate is not None and gate.resting)

    def renew(self, source: Source, ask: Ask[Any], keys: Sequence[Any]) -> None:
        """Ask behind for keys that were served stale; a source that fails is left alone for a while."""
        now = self.clock()
        shelf = self.store.shelf(source, ask)
        if now < self._failing.get(source, now) or (shelf is not None and now < shelf.retry):
            return
        if source in self._failing:
            self._failing[source] = now + PAUSE
        self.flying.behind(source, replace(ask, keys=tuple(keys)))

    def start(self) -> None:
        """Begin to share with others, where there are any."""
        if self._others is not None:
            self._others.start(self._forget)

    async def purge(self, purge: Purge) -> int:
        """Forget what a purge takes, here and elsewhere; how many answers were forgotten here."""
        forgotten = self._forget(purge)
        if self._others is not None:
            await self._others.tell(purge)
        return forgotten

    def _forget(self, purge: Purge) -> int:
        """Forget what a purge takes, and keep nothing of it that is under way."""
        self.flying.purge(purge)
        return self.store.purge(purge)

    def counts(self) -> dict[str, Any]:
        """What is kept now, for operators."""
        kept = {"answers": len(self.store), "bytes": self.store.bytes}
        whole = {"wholeAnswers": len(self.wholes), "wholeBytes": self.wholes.bytes}
        return kept | whole | ({"fleet": self._others.counts()} if self._others is not None else {})

    async def close(self) -> None:
        """End what nobody waits for."""
        await self.flying.close()
        if self._others is not None:
            await self._others.close()

    def _land(self, source: Source, ask: Ask[Any], told: Answers) -> None:
        """Keep what came; note what failed."""
        now = self.clock()
        ages = ages_of(source, ask, self._districts.get(source.district))
        errors = {key: answer.value for key, answer in told.items() if isinstance(answer.value, AdapterError)}
        known = told if not errors else {key: answer for key, answer in told.items() if key not in errors}
        for age, answers in _by_age(known).items():
            self.store.keep(source, ask, answers, _times(now - age, ages))
        if ask.lookup.sensitivity.restricted and known:
            asyncio.get_running_loop().call_later(ages.gone, self._expire, source, ask)
        absent = dict.fromkeys(key for key in ask.keys if key not in told)
        self.store.keep(source, ask, absent, _times(now, unknown(ages)))
        for key, error in errors.items():
            if not passing(error):
                self.store.drop(source, ask, key)
        old = any(answer.stale for answer in known.values())  # had elsewhere, because the source failed
        self._note(source, ask, list(errors.values()), answered=len(errors) < len(ask.keys) and not old)

    def _expire(self, source: Source, ask: Ask[Any]) -> None:
        """Let go of what is too old to be served, and may not be there at all any more."""
        self.store.expire(source, ask, self.clock())

    def _note(self, source: Source, ask: Ask[Any], errors: Sequence[AdapterError], *, answered: bool) -> None:
        """Remember that a source fails, or that it no longer does."""
        now = self.clock()
        outages = [error for error in errors if isinstance(error, UnavailableError)]
        if answered:
            self._failing.pop(source, None)
        elif outages:
            self._failing[source] = now + max(PAUSE, *(error.retry_after or 0.0 for error in outages))
        shelf = self.store.shelf(source, ask)
        if shelf is not None and any(map(passing, errors)):
            shelf.retry = now + PAUSE


def _by_age(told: Answers) -> dict[float, Answers]:
    """Answers by how many seconds ago they were fetched: what another process had is older than what comes now."""
    fetched = {answer.fetched_at for answer in told.values()}
    now = datetime.now(UTC)
    if len(fetched) == 1 and not any(answer.stale for answer in told.values()):
        return {max((now - fetched.pop()).total_seconds(), 0.0): told}
    ages: dict[float, dict[Any, Answer[Any]]] = {}
    for key, answer in told.items():
        age = max((now - answer.fetched_at).total_seconds(), 0.0)
        ages.setdefault(age, {})[key] = answer._replace(stale=False) if answer.stale else answer
    return dict(ages)


def _times(fetched: float, ages: Ages) -> Times:
    return Times(fetched, fetched + ages.fresh, fetched + ages.at_once, fetched + ages.gone)
