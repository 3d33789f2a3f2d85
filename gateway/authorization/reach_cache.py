"""
Cached reaches. A viewer's *reach* is the set of students that the viewer may see.

The gateway reads it at request time from the district's system of record, on its own authority. The records that
decide are at most 15 minutes old. While the system of record fails, records up to an hour old are used; after that
no viewer sees any student.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import attrgetter
from sys import getsizeof
from typing import NamedTuple

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch
from student_graph.gateway.authorization.reach_lookup import MissingCaseloads, ReachLookup
from student_graph.gateway.cache import Dependencies
from student_graph.gateway.cache.entries import CachedBatch, are_current
from student_graph.gateway.concurrency.fair_lru import FairLRU
from student_graph.gateway.concurrency.shared_tasks import SharedTasks
from student_graph.resolvers.access import Reach, merge_groups
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.operation import Traffic

MAX_AGE = timedelta(minutes=15)
"""Maximum age of the records that decide which students a viewer reaches."""
MAX_AGE_IN_OUTAGE = timedelta(minutes=60)
"""Maximum age of these records while the system of record fails."""
OUTAGE_RETRY_SECONDS = 30.0
"""How long a reach from answers of an outage is used before the system of record is asked again."""
LOOKUP_TIMEOUT_SECONDS = 4.0
"""For all requests of one lookup; an operation has ten seconds in total."""
MAX_CACHED_BYTES = 32 * 1024 * 1024
"""Memory of all cached reaches, by estimate: some thousand teachers."""
MAX_CACHED_REACHES = 4_000
"""Maximum number of cached reaches, so that many viewers with small reaches do not fill the memory."""
REACH_BYTES = 2_000
"""Memory of a reach and its viewer without groups of students: an estimate, rather too high."""
GROUP_BYTES = 300
"""Memory of a group without its set of students, by the same estimate."""
STUDENT_ID_BYTES = 64
OLD_REACHES_CHECKED = 2
"""
Cached reaches that are checked for each new one, so that unused ones are removed faster than new ones are added.
"""

StartFetch = Callable[[float], tuple[Fetch, Traffic, Dependencies]]
"""Takes a number of seconds; returns a fetch that works for this time, and the records of its work."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedReach:
    """A viewer's reach in one district, and the cached answers that it depends on."""

    reach: Reach
    batches: Sequence[CachedBatch] = ()
    """The cached answers that it was computed from."""
    complete: bool = True
    """Whether `batches` are all that it depends on."""
    until: float = float("inf")
    """When its oldest answer is too old, by the cache's clock."""

    size: int = field(init=False)
    """Bytes that it takes in memory, by estimate."""

    def __post_init__(self) -> None:
        reach = self.reach
        groups = (*reach.groups.values(), *reach.limited_classes.values())
        students = getsizeof(reach.students) + STUDENT_ID_BYTES * len(reach.students)
        size = REACH_BYTES + getsizeof(self.batches) + students + sum(GROUP_BYTES + getsizeof(g) for g in groups)
        object.__setattr__(self, "size", size)

    def is_current(self, now: float) -> bool:
        """Whether none of its answers is too old, purged or replaced."""
        return now < self.until and are_current(self.batches)


class _Key(NamedTuple):
    viewer: Viewer
    district: DistrictId
    today: date


class ReachCache:
    """The reaches of all viewers of a process."""

    def __init__(
        self,
        districts: Mapping[DistrictId, District],
        start_fetch: StartFetch,
        clock: Callable[[], float],
        dependents: frozenset[DistrictId] = frozenset(),
        lookup_seconds: float = LOOKUP_TIMEOUT_SECONDS,
    ) -> None:
        """
        Look up reaches with the fetches that `start_fetch` returns. Each lookup may take `lookup_seconds`.

        `clock` is the cache's. Parents in the districts of `dependents` keep their rights when a student turns 18.
        """
        self._districts, self._start_fetch, self._clock = districts, start_fetch, clock
        self._dependents = dependents
        self._lookup_seconds = lookup_seconds
        self.max_bytes = MAX_CACHED_BYTES
        self._reaches: FairLRU[_Key, CachedReach] = FairLRU(self.max_bytes, attrgetter("size"), MAX_CACHED_REACHES)
        self._reaches.weights = {name: district.weight for name, district in districts.items()}
        self._lookups: SharedTasks[_Key, CachedReach] = SharedTasks()
        self._missing_caseloads = MissingCaseloads(clock, MAX_AGE)

    @property
    def used_bytes(self) -> int:
        """Memory of the cached reaches, by estimate."""
        return self._reaches.used_size

    async def get(self, viewer: Viewer, district: DistrictId) -> CachedReach:
        """
        The reach of a viewer in one of the viewer's districts.

        Raises:
            AdapterError: the system of record does not answer, and no answer of the last hour is cached.
        """
        key = _Key(_with_effective_purpose(viewer), district, self._districts[district].today())
        cached = self._reaches.get(key)
        if cached is not None and cached.is_current(self._clock()):
            return cached
        return await self._lookups.join(key, lambda: self._look_up(key))

    async def close(self) -> None:
        """Cancel running lookups."""
        await self._lookups.close()

    async def _look_up(self, key: _Key) -> CachedReach:
        """Look up a reach and cache it. If the system of record fails, use older answers."""
        try:
            reach = await self._look_up_within(key, MAX_AGE)
        except NotOfferedError:
            raise
        except AdapterError as error:
            try:
                reach = await self._look_up_within(key, MAX_AGE_IN_OUTAGE)
            except AdapterError:
                raise error from None
            reach = replace(reach, until=min(reach.until, self._clock() + OUTAGE_RETRY_SECONDS))
        self._drop_outdated()
        if reach.size <= self.max_bytes:
            self._reaches.set(key, reach, key.district)
        return reach

    def _drop_outdated(self) -> None:
        """Drop the least recently used reaches if they are outdated: they hold answers that the cache evicted."""
        now = self._clock()
        for key in self._reaches.least_used(OLD_REACHES_CHECKED):
            reach = self._reaches.get(key)  # checked later again, if it stays
            if reach is not None and not reach.is_current(now):
                self._reaches.pop(key)

    async def _look_up_within(self, key: _Key, max_age: timedelta) -> CachedReach:
        """
        Look up a reach from answers of a maximum age.

        Answers that had to be fetched are not recorded as dependencies. A second lookup then reads them from the
        cache and records them.
        """
        reach = await self._look_up_once(key, max_age)
        return reach if reach.complete or key.viewer.emergency else await self._look_up_once(key, max_age)

    async def _look_up_once(self, key: _Key, max_age: timedelta) -> CachedReach:
        if (emergency := key.viewer.emergency) is not None:
            students = emergency.students if emergency.district == key.district else frozenset()
            return CachedReach(
                Reach(groups=merge_groups([(Ref("emergency", emergency.name), students)])), complete=False
            )
        fetch, traffic, dependencies = self._start_fetch(self._lookup_seconds)
        district = self._districts[key.district]
        lookup = ReachLookup(key.viewer, district, key.today, fetch, max_age, self._missing_caseloads)
        reach = await lookup.reach(parents_keep_rights=key.district in self._dependents)
        if not traffic.by_source:  # no source was read: the reach follows from the token and the settings alone
            return CachedReach(reach)
        oldest = self._clock() - max(source.age for source in traffic.by_source.values())
        until = oldest + max_age.total_seconds()
        return CachedReach(reach, tuple(dependencies.batches), dependencies.complete, until)


def _with_effective_purpose(viewer: Viewer) -> Viewer:
    """
    Return the viewer without the purpose unless a grant depends on it: other purposes share one reach.

    The viewer's assistants reach the same students.
    """
    depends = any(grant.purpose == viewer.purpose for grant in viewer.grants)
    purpose = viewer.purpose if depends else None
    is_same = purpose == viewer.purpose and viewer.assistant is None
    return viewer if is_same else replace(viewer, purpose=purpose, assistant=None)
