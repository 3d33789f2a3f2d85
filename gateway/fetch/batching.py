"""Keys asked in the same turn of the event loop travel together, and each key is asked once an operation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.sources import Fetch, Source


@dataclass(slots=True, eq=False)
class _Flight:
    """One call on its way: it gathers keys for a turn, then departs; it ends early when nobody waits any more."""

    ask: Ask[Any]
    keys: dict[Any, None] = field(default_factory=dict)
    waiters: int = 0
    abandoned: bool = False
    task: asyncio.Task[Mapping[Any, Answer[Any]]] | None = None


AtHand: TypeAlias = Callable[[Source, Ask[Any]], Mapping[Any, Answer[Any]] | None]
"""The answers to an ask when none has to be waited for; None when one has."""


def _nothing(_: Source, __: Ask[Any]) -> None:
    return None


class Batcher:
    """
    All flights of one operation: merges asks that differ only in their keys, and asks for a key once.

    A single key waits for others first: `turns` of the event loop. Who asks for each parent apart needs two:
    resolvers of one list start in one, those woken by one batch in the next. Whole batches depart at once.
    """

    def __init__(self, fetch: Fetch, turns: int = 0, at_hand: AtHand = _nothing) -> None:
        """Carry asks by `fetch`, but those whose answers are `at_hand`."""
        self._fetch = fetch
        self._turns = turns
        self._at_hand = at_hand
        self._boarding: dict[Hashable, _Flight] = {}
        self._by_key: dict[Hashable, dict[Any, _Flight]] = {}
        """By what they ask, and key."""

    def waiting(self, turns: int) -> Batcher:
        """The same flights, for asks that wait for others so many turns."""
        other = Batcher(self._fetch, turns, self._at_hand)
        other._boarding, other._by_key = self._boarding, self._by_key
        return other

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """The answers to an ask: at hand, or by whichever flights carry its keys."""
        ready = self._at_hand(source, ask)
        if ready is not None:
            return ready
        flights = self._board(source, ask)
        if len(flights) == 1:
            told = await _arrival(flights[0])
        else:
            parts = await asyncio.gather(*map(_arrival, flights))
            told = {key: answer for answers in parts for key, answer in answers.items()}
        # A mapping of just what was asked goes on as it is: nearly always it is.
        return told if len(told) <= len(ask.keys) else {key: told[key] for key in ask.keys if key in told}

    def _board(self, source: Source, ask: Ask[Any]) -> list[_Flight]:
        """The flights that the keys travel by: those that carry them already, and one for all others."""
        shape = (source, *ask.batch_key)
        known = self._by_key.setdefault(shape, {})
        flights: dict[int, _Flight] = {}
        new = []
        for key in ask.keys:
            flight = known.get(key)
            if flight is None or flight.abandoned:
                new.append(key)
            else:
                flights[id(flight)] = flight
        if new:
            flight = self._boarding.get(shape)
            if flight is None or flight.abandoned:
                flight = self._boarding[shape] = _Flight(ask)
                turns = self._turns if len(new) == 1 else 0  # who asks for many has merged them
                flight.task = asyncio.create_task(self._depart(source, shape, flight, turns))
            flight.keys.update(dict.fromkeys(new))
            known.update(dict.fromkeys(new, flight))
            if not ask.reached_via <= flight.ask.reached_via:
                flight.ask = replace(flight.ask, reached_via=flight.ask.reached_via | ask.reached_via)
            flights[id(flight)] = flight
        return list(flights.values())

    async def _depart(
        self, source: Source, shape: Hashable, flight: _Flight, turns: int
    ) -> Mapping[Any, Answer[Any]]:
        for _ in range(turns):
            await asyncio.sleep(0)
        if self._boarding.get(shape) is flight:
            del self._boarding[shape]
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
