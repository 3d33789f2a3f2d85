"""
One question asked once in the fleet: what another process was told is taken, what it is asking is waited for.

Restricted classes of data stay in the memory of the process that asked.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.ages import Ages, ages_of, passing, unknown
from student_graph.gateway.cache.codec import Written, places_of, read, read_error, write, write_error
from student_graph.gateway.cache.encryption import WRITTEN
from student_graph.gateway.cache.fleet import CHANGED, LEASE, AwayError, Fleet
from student_graph.gateway.cache.purges import Purged

AT_ONCE = 200
"""Places that one operation names."""
SKEW = 1.0
"""Seconds by which the clocks of a fleet may differ: as much is added to a purge."""
FIRST_LOOK, LAST_LOOK = 0.005, 0.05
"""Seconds between two looks at what another process is asking for."""


class Shared:
    """A `Fetch` that asks the fleet first."""

    def __init__(
        self,
        fetch: Fetch,
        fleet: Fleet,
        districts: Mapping[DistrictId, District],
        purged: Purged,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Ask by `fetch` for what nobody has; `clock` tells seconds since 1970, alike in all processes."""
        self.fetch, self.fleet, self.purged, self.clock = fetch, fleet, purged, clock
        self._districts = districts
        self._secret = fleet.vault.derived("places")
        self._leaving: set[asyncio.Task[None]] = set()

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask, by whichever process had or has them."""
        if ask.lookup.sensitivity.restricted or not self.fleet.there:
            return await self.fetch(source, ask)
        ages = ages_of(source, ask, self._districts.get(source.district))
        journey = _Journey(self, source, ask, ages, places_of(self._secret, source, ask))
        return await journey.told()

    def leave(self, flight: str, outcomes: Mapping[str, str]) -> None:
        """Say behind that a flight is over; who waits for it need not wait for us."""

        async def say() -> None:
            with suppress(AwayError):
                await self.fleet.release(flight, outcomes)

        task = asyncio.create_task(say())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class _Journey:
    """One ask on its way through the fleet."""

    def __init__(
        self, shared: Shared, source: Source, ask: Ask[Any], ages: Ages, places: Mapping[Any, str]
    ) -> None:
        self._shared, self._fleet = shared, shared.fleet
        self._source, self._ask, self._ages, self._places = source, ask, ages, places
        self._flight = secrets.token_hex(8)
        self._told: dict[Any, Answer[Any]] = {}
        self._seen: dict[Any, bytes | None] = {}
        """What stood at the place of each key when it was looked at last."""
        self._old: dict[Any, Answer[Any]] = {}
        """What is no longer fresh, for keys whose source fails."""
        self._until = asyncio.get_running_loop().time() + source.adapter.settings.timeout

    async def told(self) -> Answers:
        """The answers; where the source fails, what the fleet still has, marked as stale."""
        left: Sequence[Any] = self._ask.keys
        try:
            while left:
                left = await self._look(left)
                left = await self._turn(left) if left else ()
        except AwayError:
            self._told.update(await self._asked([key for key in left if key not in self._told]))
        return {key: self._instead(key, answer) for key, answer in self._told.items()}

    async def _look(self, keys: Sequence[Any]) -> list[Any]:
        """Take what the fleet has of the keys; those of which it has nothing good."""
        for some in _parts(keys):
            values = await self._fleet.values([self._places[key] for key in some])
            self._fleet.counts.reads += len(some)
            self._seen.update(zip(some, values, strict=True))
        return [key for key in keys if not self._take(key, self._seen[key])]

    def _take(self, key: Any, value: bytes | None) -> bool:
        """Take a value for the key's answer when it is good; whether it was."""
        written = self._opened(key, value)
        if written is None:
            return False
        age = max(self._shared.clock() - written.fetched, 0.0)
        ages = unknown(self._ages) if written.answer is None else self._ages
        most = self._ask.max_age
        if age < ages.fresh and (most is None or age <= most.total_seconds()):
            self._fleet.counts.hits += 1
            if written.answer is not None:
                self._told[key] = written.answer
            return True
        if age < ages.gone and written.answer is not None and most is None:
            self._old[key] = written.answer._replace(stale=True)
        return False

    def _opened(self, key: Any, value: bytes | None) -> Written | None:
        """What was written, unless it is not of our making or was told to be forgotten."""
        if value is None:
            return None
        content = self._fleet.vault.open(self._source.district, self._places[key], value)
        written = read(self._source, self._ask.lookup, content) if content is not None else None
        if written is None:
            self._fleet.counts.corrupt += 1
            return None
        return None if written.asked <= self._last_purge(key) else written

    def _last_purge(self, key: Any) -> float:
        at = self._shared.purged.last(self._source, self._ask.lookup, key)
        return at + SKEW if at else 0.0

    async def _turn(self, keys: Sequence[Any]) -> list[Any]:
        """Ask for what nobody is asking for, wait for the rest; keys that must be looked at again."""
        holders: dict[Any, str] = {}
        try:
            for some in _parts(keys):
                seen = {self._places[key]: self._seen[key] for key in some}
                holders.update(zip(some, await self._fleet.claim(self._flight, seen), strict=True))
        except AwayError:
            self._shared.leave(self._flight, {self._places[key]: "" for key in keys})
            raise
        mine = [key for key, holder in holders.items() if not holder]
        again = [key for key, holder in holders.items() if holder == CHANGED]
        theirs = {key: holder for key, holder in holders.items() if holder not in ("", CHANGED)}
        _, over = await asyncio.gather(self._carry(mine), self._wait(theirs))
        return [*again, *over]

    async def _carry(self, keys: Sequence[Any]) -> None:
        """Ask the source for keys that are ours to ask, and let the fleet know."""
        if not keys:
            return
        asked, outcomes = self._shared.clock(), dict.fromkeys((self._places[key] for key in keys), "")
        alive = asyncio.create_task(self._stay(list(outcomes)))
        try:
            told = await self._asked(keys)
            self._told.update(told)
            for key, answer in told.items():
                if key in self._places and isinstance(answer.value, AdapterError):
                    outcomes[self._places[key]] = write_error(answer.value)
            with suppress(AwayError):
                await self._keep(asked, {key: told.get(key) for key in keys})
        finally:
            alive.cancel()
            self._shared.leave(self._flight, outcomes)

    async def _stay(self, places: Sequence[str]) -> None:
        """Say from time to time that the flight is still under way."""
        while True:
            await asyncio.sleep(LEASE / 4)
            with suppress(AwayError):
                await self._fleet.renew(self._flight, places)

    async def _keep(self, asked: float, told: Mapping[Any, Answer[Any] | None]) -> None:
        """Let the fleet have what came; when it was asked stands with it, for purges that are told meanwhile."""
        now = self._shared.clock()
        for ages, some in (
            (self._ages, {key: answer for key, answer in told.items() if answer is not None}),
            (unknown(self._ages), {key: None for key, answer in told.items() if answer is None}),
        ):
            values = {
                place: self._fleet.vault.close(self._source.district, place, int(now * 1000), write(asked, answer))
                for key, answer in some.items()
                if not (answer is not None and isinstance(answer.value, AdapterError))
                for place in (self._places[key],)
            }
            for part in _parts(list(values)):
                await self._fleet.keep({place: values[place] for place in part}, max(ages.gone, 0.001))

    async def _wait(self, theirs: dict[Any, str]) -> list[Any]:
        """Wait for what others are asking for; keys that must be looked at again."""
        again: list[Any] = []
        pause = FIRST_LOOK
        while theirs and asyncio.get_running_loop().time() < self._until:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LAST_LOOK)
            try:
                await self._sort_out(theirs, again)
            except AwayError:
                if not self._fleet.there:  # once is no reason to ask for what is on its way
                    self._told.update(await self._asked(list(theirs)))
                    return again
        for key in theirs:
            self._fail(key, UnavailableError("no answer in time"))
        return again

    async def _sort_out(self, theirs: dict[Any, str], again: list[Any]) -> None:
        """Take keys out that nobody is asking for any more: those that failed, and those to look at again."""
        for some in _parts(list(theirs)):
            places = [self._places[key] for key in some]
            values, claims = await asyncio.gather(self._fleet.values(places), self._fleet.claims(places))
            for key, value, claim in zip(some, values, claims, strict=True):
                if claim.startswith(f"!{theirs[key]} "):
                    self._fail(key, read_error(claim.partition(" ")[2]))
                    del theirs[key]
                elif claim != theirs[key] or _head(value) != _head(self._seen[key]):
                    again.append(key)
                    del theirs[key]

    def _fail(self, key: Any, error: AdapterError) -> None:
        error.source = self._source.name
        self._told[key] = Answer(error, self._source.name, datetime.now(UTC))

    async def _asked(self, keys: Sequence[Any]) -> Answers:
        """What the source says to keys."""
        return await self._shared.fetch(self._source, replace(self._ask, keys=tuple(keys))) if keys else {}

    def _instead(self, key: Any, answer: Answer[Any]) -> Answer[Any]:
        """What the fleet still has, where the source fails for a while."""
        value = answer.value
        return self._old.get(key, answer) if isinstance(value, AdapterError) and passing(value) else answer


def _head(value: bytes | None) -> bytes:
    """When a value was written; empty for none."""
    return (value or b"")[:WRITTEN]


def _parts(keys: Sequence[Any]) -> list[Sequence[Any]]:
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]
