"""
The cache of one process: what was kept, what is on its way, and which sources are failing.

It stands before the adapters and knows no viewer: who may see an answer is decided above it, on every answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.errors import AdapterError, PayloadError, UnavailableError
from adapters.model import DistrictId
from adapters.sources import Ask, District, Fetch, Source
from gateway.cache.ages import Ages, ages_of, unknown
from gateway.cache.flying import Answers, Flying
from gateway.cache.limits import Limits
from gateway.cache.purges import Purge
from gateway.cache.store import Shelf, Store, Times

PAUSE = 5.0
"""Seconds between two questions behind to a source that fails."""


class Cache:
    """What is kept and what is under way, for all operations of a process."""

    def __init__(
        self,
        fetch: Fetch,
        districts: Mapping[DistrictId, District],
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what `fetch` answers, within limits; `clock` counts seconds."""
        self.clock = clock
        self.store = Store(limits or Limits())
        self.flying = Flying(fetch, self._land)
        self._districts = districts
        self._failing: dict[Source, float] = {}
        """Sources whose last word was an outage, and when they may be asked behind again."""

    def patient(self, source: Source, shelf: Shelf) -> bool:
        """Whether what is kept is better than to wait: the source, or this question, failed just now."""
        return source in self._failing or self.clock() < shelf.retry

    def renew(self, source: Source, ask: Ask[Any]) -> None:
        """Ask behind for what was served stale; a source that fails is left alone for a while."""
        now = self.clock()
        shelf = self.store.shelf(source, ask)
        if now < self._failing.get(source, now) or (shelf is not None and now < shelf.retry):
            return
        if source in self._failing:
            self._failing[source] = now + PAUSE
        self.flying.behind(source, ask)

    def purge(self, purge: Purge) -> int:
        """Forget what a purge takes, and keep nothing of it that is under way; how many answers were forgotten."""
        self.flying.purge(purge)
        return self.store.purge(purge)

    async def close(self) -> None:
        """End what nobody waits for."""
        await self.flying.close()

    def _land(self, source: Source, ask: Ask[Any], told: Answers) -> None:
        """Keep what came; note what failed."""
        now = self.clock()
        ages = ages_of(source, ask, self._districts.get(source.district))
        errors = {key: answer.value for key, answer in told.items() if isinstance(answer.value, AdapterError)}
        known = told if not errors else {key: answer for key, answer in told.items() if key not in errors}
        self.store.keep(source, ask, known, _times(now, ages))
        absent = dict.fromkeys(key for key in ask.keys if key not in told)
        self.store.keep(source, ask, absent, _times(now, unknown(ages)))
        for key, error in errors.items():
            if not passing(error):
                self.store.drop(source, ask, key)
        self._note(source, ask, list(errors.values()), answered=len(errors) < len(ask.keys))

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


def passing(error: AdapterError) -> bool:
    """
    Whether an error says nothing about what was answered before: an outage, or an answer that cannot be read.

    A source that refuses, or no longer offers something, is another matter: what it once said is shown no more.
    """
    return isinstance(error, UnavailableError | PayloadError) or error.code == AdapterError.default_code


def _times(now: float, ages: Ages) -> Times:
    return Times(now, now + ages.fresh, now + ages.at_once, now + ages.gone)
