"""
Reads the calendars and terms of schools before anybody asks for them, and again when they become old.

Days of membership are counted from them, so every page with indicators needs them. They are about nobody, are
small and change rarely.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import sleep
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from student_graph.adapters.answers import LookupResults
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.model import DistrictId, SchoolId
from student_graph.adapters.sources import District, Fetch, Keys, Sources
from student_graph.resolvers.operation import Traffic

log = logging.getLogger("student_graph.warm")

START_SECONDS = 1.0
"""Time from the start to the first read: by then requests are accepted, and a fleet has found its Redis."""
MAX_SCHOOLS_PER_DISTRICT = 100
"""Further schools of a district, by number, are read when a page needs them."""
SCHOOLS_PER_READ = 10
"""Schools that a source is asked about at once."""
MIN_FRESH_SECONDS = 3600.0
"""Answers that the settings of a source keep for a shorter time are read only when a page needs them."""
MIN_PAUSE_SECONDS = 240.0
"""
Shortest time between two reads of a district, within one process and within a fleet.

It is shorter than the time for which answers that became old are still served while new ones are fetched.
"""
MAX_RETRY_SECONDS = 3600.0
"""Longest time until a district is read again of which a source did not answer; the time doubles until then."""
CALENDAR_LOOKUPS: tuple[LookupMethod, ...] = (Adapter.calendar_days_by_school, Adapter.sessions_by_school)
"""What the days of instruction of a school are counted from."""
_OLD_AFTER_SECONDS = 1.0
"""How long after its last fresh moment an answer is surely old: the ages of answers are read before the pause."""


class CalendarReader:
    """Keeps the calendars and terms of the schools of some districts in the cache."""

    def __init__(
        self,
        districts: Collection[District],
        start_fetch: Callable[[], tuple[Fetch, Traffic]],
        claim: Callable[[str, int], Awaitable[bool]],
    ) -> None:
        """
        Read `districts` by fetches of `start_fetch`, which are background work and count their calls.

        `claim` returns whether this process may do the work of a name, for some seconds.
        """
        self._districts, self._start_fetch, self._claim = districts, start_fetch, claim
        self._tasks: list[asyncio.Task[None]] = []
        self.reading: set[DistrictId] = set()
        """Districts that are being read now."""

    def start(self) -> None:
        """Begin to read, without waiting for it."""
        self._tasks = [asyncio.create_task(self._repeat(district)) for district in self._districts]

    def stop(self) -> None:
        """Stop reading. Answers that were read stay cached."""
        for task in self._tasks:
            task.cancel()

    async def finish(self) -> None:
        """Wait until nothing is read anymore; `stop` came before."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, district: District) -> None:
        """Read a district after the start, and again when its answers become old."""
        await sleep(START_SECONDS)
        retry_seconds = MIN_PAUSE_SECONDS
        while True:
            pause = MIN_PAUSE_SECONDS
            try:
                if await self._claim(f"calendars/{district.id}", int(MIN_PAUSE_SECONDS)):
                    self.reading.add(district.id)
                    fresh_seconds = await self.read(district)
                    if fresh_seconds is None:
                        pause, retry_seconds = retry_seconds, min(2 * retry_seconds, MAX_RETRY_SECONDS)
                    else:
                        pause, retry_seconds = max(fresh_seconds, MIN_PAUSE_SECONDS), MIN_PAUSE_SECONDS
            except Exception as exc:  # noqa: BLE001 - the next read must come all the same
                log.error("district %s: calendars: %s", district.id, type(exc).__name__)  # noqa: TRY400
                pause = MAX_RETRY_SECONDS
            finally:
                self.reading.discard(district.id)
            await sleep(pause)

    async def read(self, district: District) -> float | None:
        """
        Read what is not cached of a district now.

        Returns the seconds until the first of the answers is old, or None if a source did not answer.
        """
        lookups = [
            lookup
            for lookup in map(lookup_of, (Adapter.schools_by_district, *CALENDAR_LOOKUPS))
            if _fresh_seconds(district, lookup) >= MIN_FRESH_SECONDS
        ]
        if lookup_of(Adapter.schools_by_district) not in lookups:
            return MIN_FRESH_SECONDS
        fetch, traffic = self._start_fetch()
        sources = Sources({district.id: district}, fetch)
        results = await sources.load_many(Adapter.schools_by_district, Keys(district.id, [district.id]))
        [schools] = results.values
        numbers = [school.school_id for school in schools] if isinstance(schools, list) else []
        reads = [
            self._read_schools(sources, district, method, numbers[:MAX_SCHOOLS_PER_DISTRICT])
            for method in CALENDAR_LOOKUPS
            if lookup_of(method) in lookups
        ]
        is_complete = all(await asyncio.gather(*reads)) and not _has_failed(results)
        used = traffic.by_source.values()
        if calls := sum(source.calls for source in used):
            end = "" if is_complete else "; a source did not answer and is asked again later"
            log.debug("district %s: calendars of schools were read with %d calls%s", district.id, calls, end)
        if not is_complete:
            return None
        oldest = max((source.age for source in used), default=0.0)
        return min(_fresh_seconds(district, lookup) for lookup in lookups) - oldest + _OLD_AFTER_SECONDS

    async def _read_schools(
        self, sources: Sources, district: District, method: LookupMethod, schools: Sequence[SchoolId]
    ) -> bool:
        """Read a lookup of some schools, until a source fails; returns whether none did."""
        arguments: dict[str, Any] = {}
        if "school_year" in lookup_of(method).argument_names:
            arguments["school_year"] = district.school_year(district.today())
        for start in range(0, len(schools), SCHOOLS_PER_READ):
            keys = Keys(district.id, schools[start : start + SCHOOLS_PER_READ])
            if _has_failed(await sources.load_many(method, keys, **arguments)):
                return False
        return True


def _fresh_seconds(district: District, lookup: Lookup) -> float:
    """How long answers to a lookup are fresh in a district; 0 if no source offers it."""
    sources = district.sources_for(lookup)
    return min((source.freshness(lookup).fresh.total_seconds() for source in sources), default=0.0)


def _has_failed(results: LookupResults[Any]) -> bool:
    """Whether a source did not answer for some key."""
    return bool(results.failures) or any(isinstance(value, AdapterError) for value in results.values)
