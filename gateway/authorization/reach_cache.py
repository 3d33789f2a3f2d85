"""
Whom a viewer may see: found out live, from the district's system of record, and kept for a short while.

It is asked by the gateway itself, not as the viewer. What was asked is at most 15 minutes old; when the system of
record is down, what is at most an hour old counts, and then nobody is seen any more.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch
from student_graph.gateway.authorization.reach_lookup import ReachLookup, MissingCaseloads
from student_graph.gateway.cache import TrackedOperation
from student_graph.gateway.cache.store import CachedBatch, are_current
from student_graph.resolvers.access import Reach, united
from student_graph.resolvers.context import Viewer

FRESH = timedelta(minutes=15)
"""How old what decides may be."""
HARD = timedelta(minutes=60)
"""How old it may be when the system of record does not answer."""
PATIENCE = 4.0
"""Seconds that the system of record is given; an operation has ten for all."""
MOST = 10_000
"""Viewers of whom is remembered whom they may see."""

Begin = Callable[[float], tuple[Fetch, TrackedOperation]]
"""Begins to ask the sources for so many seconds: how to ask, and what the answers will rest on."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedReach:
    """Whom a viewer may see in one district, and on what that rests."""

    reach: Reach
    batches: Sequence[CachedBatch] = ()
    """The batches that it was found in."""
    complete: bool = True
    """Whether they are all that it rests on."""
    until: float = float("inf")
    """Until when it counts, by the cache's clock."""

    def stands(self, now: float) -> bool:
        """Whether nothing that it rests on is too old, or was forgotten or replaced."""
        return now < self.until and are_current(self.batches)


class _Key(NamedTuple):
    viewer: Viewer
    district: DistrictId
    today: date


class ReachCache:
    """Whom the viewers of a process may see."""

    def __init__(
        self,
        districts: Mapping[DistrictId, District],
        begin: Begin,
        clock: Callable[[], float],
        dependents: frozenset[DistrictId] = frozenset(),
    ) -> None:
        """Ask as `begin` says; parents in `dependents` keep their rights when a child comes of age."""
        self._districts, self._begin, self._clock, self._dependents = districts, begin, clock, dependents
        self._kept: OrderedDict[_Key, CachedReach] = OrderedDict()
        self._asking: dict[_Key, asyncio.Task[CachedReach]] = {}
        self._untold = MissingCaseloads(clock, FRESH)

    async def find(self, viewer: Viewer, district: DistrictId) -> CachedReach:
        """
        Whom a viewer may see in one of the viewer's districts.

        Raises:
            AdapterError: the system of record did not say.
        """
        key = _Key(viewer, district, self._districts[district].today())
        kept = self._kept.get(key)
        if kept is not None and kept.stands(self._clock()):
            self._kept.move_to_end(key)
            return kept
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._found(key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ask no more."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _found(self, key: _Key) -> CachedReach:
        """Found anew; by older answers when the system of record does not give new ones."""
        try:
            scope = await self._asked(key, FRESH)
        except NotOfferedError:
            raise
        except AdapterError as error:
            try:
                scope = await self._asked(key, HARD)
            except AdapterError:
                raise error from None
        self._kept[key] = scope
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return scope

    async def _asked(self, key: _Key, age: timedelta) -> CachedReach:
        """Found with answers of some age; what was just asked is looked up again in the cache, to rest on it."""
        scope = await self._once(key, age)
        return scope if scope.complete or key.viewer.emergency else await self._once(key, age)

    async def _once(self, key: _Key, age: timedelta) -> CachedReach:
        if (emergency := key.viewer.emergency) is not None:
            named = emergency.students if emergency.district == key.district else frozenset()
            return CachedReach(Reach(through=united([(Ref("emergency", emergency.name), named)])), complete=False)
        fetch, based = self._begin(PATIENCE)
        district = self._districts[key.district]
        reaching = ReachLookup(key.viewer, district, key.today, fetch, age, self._untold)
        reach = await reaching.reach(keep_rights=key.district in self._dependents)
        if not based.traffic:  # nobody was asked: it follows from the settings alone
            return CachedReach(reach)
        oldest = self._clock() - max(seen.age for seen in based.traffic.values())
        return CachedReach(reach, tuple(based.dependencies.batches), based.dependencies.complete, oldest + age.total_seconds())
