"""
One flight for each key, whoever asks: a key that was asked is not asked again until its answer is there.

A flight runs under its source's deadline and each waiter under its own; it ends with its last waiter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable
from contextvars import Context
from dataclasses import replace
from typing import Any, TypeAlias

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.telemetry import Calls, counted

log = logging.getLogger("student_graph.cache")

Land: TypeAlias = Callable[[Source, Ask[Any], Answers], None]


class Flight:
    """One ask on its way to its source."""

    __slots__ = ("ask", "calls", "source", "task", "void", "waiters")

    task: asyncio.Task[Answers]

    def __init__(self, source: Source, ask: Ask[Any]) -> None:
        self.source, self.ask = source, ask
        self.calls = Calls()
        """What it has asked of the vendor so far."""
        self.waiters = 0
        self.void = False
        """Whether what it brings may no longer hold, and must not be kept."""

    def concerned(self, purge: Purge) -> bool:
        """Whether a purge takes some of what it brings."""
        source, lookup = self.source, self.ask.lookup
        return purge.concerns(source, lookup) and any(purge.takes(source, lookup, key) for key in self.ask.keys)


class Flying:
    """All flights under way, across operations."""

    def __init__(self, fetch: Fetch, land: Land) -> None:
        """Carry asks by `fetch`; `land` is told what they bring before anybody else is."""
        self._fetch = fetch
        self._land = land
        self._by_key: dict[Hashable, dict[Any, Flight]] = {}
        self._behind: set[asyncio.Task[Answers]] = set()

    def board(self, source: Source, ask: Ask[Any]) -> tuple[dict[Any, Flight], Flight | None]:
        """The flight of each key, and the one among them that departs for this ask."""
        mine = self._depart(source, ask)
        known = self._by_key.get((source, *ask.batch_key), {})
        return {key: known[key] for key in ask.keys}, mine

    def behind(self, source: Source, ask: Ask[Any]) -> None:
        """Ask for keys that nobody waits for, unless they are on their way already."""
        flight = self._depart(source, ask)
        if flight is not None:
            flight.waiters += 1
            self._behind.add(flight.task)
            flight.task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Answers]) -> None:
        """Nobody waited for it: a bug of ours in it is told here, by its type and no value."""
        self._behind.discard(task)
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("internal error behind: %s", type(bug).__name__)

    async def landed(self, flights: Collection[Flight], deadline: float) -> None:
        """Wait for flights until they are over, or until the deadline, which is in the event loop's time."""
        for flight in flights:
            flight.waiters += 1
        try:
            left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait([flight.task for flight in flights], timeout=max(left, 0.0))
        finally:
            for flight in flights:
                self._leave(flight)

    def purge(self, purge: Purge) -> None:
        """Keep nothing of what is under way and may be older than a purge; whoever asks now asks anew."""
        under_way = {flight for known in self._by_key.values() for flight in known.values()}
        for flight in under_way:
            if flight.concerned(purge):
                flight.void = True
                self._release(flight)

    async def close(self) -> None:
        """End what nobody waits for."""
        behind = list(self._behind)
        for task in behind:
            task.cancel()
        await asyncio.gather(*behind, return_exceptions=True)

    def _depart(self, source: Source, ask: Ask[Any]) -> Flight | None:
        """A flight for the keys that none is carrying; None when all are on their way."""
        known = self._by_key.get((source, *ask.batch_key), {})
        keys = [key for key in ask.keys if key not in known]
        if not keys:
            return None
        flight = Flight(source, replace(ask, keys=tuple(keys)))
        self._by_key.setdefault((source, *ask.batch_key), {}).update(dict.fromkeys(keys, flight))
        # It may outlive the operation that it departs for, and takes nothing of that operation along.
        flight.task = asyncio.create_task(self._fly(flight), context=Context())
        return flight

    async def _fly(self, flight: Flight) -> Answers:
        try:
            with counted(flight.calls):
                told = await self._fetch(flight.source, flight.ask)
            if not flight.void:
                self._land(flight.source, flight.ask, told)
            return told
        finally:
            self._release(flight)

    def _leave(self, flight: Flight) -> None:
        """Wait no longer; the last to leave takes the flight down."""
        flight.waiters -= 1
        if not flight.waiters and not flight.task.done():
            self._release(flight)
            flight.task.cancel()

    def _release(self, flight: Flight) -> None:
        """Whoever asks for the flight's keys from now on asks anew."""
        shape = (flight.source, *flight.ask.batch_key)
        known = self._by_key.get(shape, {})
        for key in flight.ask.keys:
            if known.get(key) is flight:
                del known[key]
        if not known:
            self._by_key.pop(shape, None)
