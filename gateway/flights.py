"""Keys asked in the same turn of the event loop travel together, and each key is asked once an operation."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.sources import Answer, Ask, Fetch, Source


@dataclass(slots=True, eq=False)
class _Flight:
    """One call on its way: it gathers keys for a turn, then departs; it ends early when nobody waits any more."""

    ask: Ask[Any]
    keys: dict[Any, None] = field(default_factory=dict)
    waiters: int = 0
    abandoned: bool = False
    task: asyncio.Task[Mapping[Any, Answer[Any]]] | None = None


class _Flights:
    """All flights of one operation."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._boarding: dict[Hashable, _Flight] = {}
        self._by_key: dict[Hashable, _Flight] = {}

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        flights = {id(flight): flight for key in ask.keys for flight in [self._board(source, ask, key)]}
        told: dict[Any, Answer[Any]] = {}
        for answers in await asyncio.gather(*map(_arrival, flights.values())):
            told.update(answers)
        return {key: told[key] for key in ask.keys if key in told}

    def _board(self, source: Source, ask: Ask[Any], key: Any) -> _Flight:
        name = (source, *ask.shape)
        known = self._by_key.get((*name, key))
        if known is not None and not known.abandoned:
            return known
        flight = self._boarding.get(name)
        if flight is None or flight.abandoned:
            flight = self._boarding[name] = _Flight(ask)
            flight.task = asyncio.create_task(self._depart(source, name, flight))
        flight.keys[key] = None
        flight.ask = replace(flight.ask, near=flight.ask.near | ask.near)
        self._by_key[(*name, key)] = flight
        return flight

    async def _depart(self, source: Source, name: Hashable, flight: _Flight) -> Mapping[Any, Answer[Any]]:
        # Two turns: resolvers of one list start in one turn, those woken by one batch in the next.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if self._boarding.get(name) is flight:
            del self._boarding[name]
        return await self._fetch(source, replace(flight.ask, keys=tuple(flight.keys)))


async def _arrival(flight: _Flight) -> Mapping[Any, Answer[Any]]:
    """The flight's answers; the last waiter to leave takes the flight down."""
    assert flight.task is not None
    flight.waiters += 1
    try:
        return await asyncio.shield(flight.task)
    finally:
        flight.waiters -= 1
        if not flight.waiters and not flight.task.done():
            flight.abandoned = True
            flight.task.cancel()


def shared(fetch: Fetch) -> Fetch:
    """Merge asks of one turn that differ only in their keys; answer a key asked again from the first time."""
    return _Flights(fetch)
