"""The days on which schools recorded attendance, from the records of all students of a district."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias

from cachetools import LRUCache

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.model import AttendanceEvent, DistrictId, SchoolId
from student_graph.adapters.paging import ListTooLongError
from student_graph.adapters.sources import District, Fetch, Source

MAX_LISTS = 1024
"""Lists of a source and a school year whose days are kept: of the districts, or of the schools of large ones."""
SCHOOLS_PER_READ = 8
"""Schools whose attendance is read at once: it is a few megabytes."""
Days: TypeAlias = Mapping[SchoolId, frozenset[date]]
"""Days with an attendance record, by school."""
_EVENTS_OF_DISTRICT = lookup_of(Adapter.attendance_events_by_district)
_EVENTS_OF_SCHOOL = lookup_of(Adapter.attendance_events_by_school)
_SCHOOLS = lookup_of(Adapter.schools_by_district)


class RecordedDays:
    """
    Finds the days in the lists of a district's attendance; the days of each list are collected once.

    If the list of the district is longer than lists may be, the lists of all its schools are read instead.
    """

    def __init__(self, districts: Mapping[DistrictId, District]) -> None:
        self._districts = districts
        self._days: LRUCache[tuple[Source, str, int], tuple[datetime, Days]] = LRUCache(MAX_LISTS)
        """By source, district or school, and school year: when the list was read, and its days."""
        self._too_long: set[Source] = set()
        """Sources that have refused to list the attendance of the district at once."""

    async def get(self, fetch: Fetch, district: DistrictId, school_year: int) -> Days:
        """
        Return the days by school; empty if no source of the district lists its attendance.

        `fetch` must not be limited to the students of a viewer: the days must be the same for all viewers.

        Raises:
            AdapterError: a source failed.
        """
        sources = self._districts[district].sources_for(_EVENTS_OF_DISTRICT)
        lists = await asyncio.gather(*(self._days_of_source(fetch, source, school_year) for source in sources))
        schools = {school for days in lists for school in days}
        return {school: frozenset().union(*(days.get(school, ()) for days in lists)) for school in schools}

    async def _days_of_source(self, fetch: Fetch, source: Source, school_year: int) -> Days:
        """The days that one source has recorded, from its list of the district or from those of its schools."""
        if source not in self._too_long and not _is_too_long(source):
            try:
                return await self._days_of_lists(
                    fetch, source, _EVENTS_OF_DISTRICT, (source.district,), school_year
                )
            except ListTooLongError:
                self._too_long.add(source)
                if not _has_schools(source):
                    raise
        answers = await fetch(source, Ask(_SCHOOLS, (source.district,)))
        value = answers[source.district].value if source.district in answers else []
        if isinstance(value, AdapterError):
            raise value
        schools = sorted({school.school_id for school in value})
        days: dict[SchoolId, frozenset[date]] = {}
        for start in range(0, len(schools), SCHOOLS_PER_READ):
            part = tuple(schools[start : start + SCHOOLS_PER_READ])
            days |= await self._days_of_lists(fetch, source, _EVENTS_OF_SCHOOL, part, school_year)
        return days

    async def _days_of_lists(
        self, fetch: Fetch, source: Source, lookup: Lookup, keys: tuple[str, ...], school_year: int
    ) -> Days:
        """The days in some lists of attendance."""
        answers = await fetch(source, Ask(lookup, keys, {"school_year": school_year}))
        days: dict[SchoolId, frozenset[date]] = {}
        for key in keys:
            if key in answers:
                days |= self._days_of(source, key, school_year, answers[key])
        return days

    def _days_of(self, source: Source, key: str, school_year: int, answer: Answer[list[AttendanceEvent]]) -> Days:
        if isinstance(answer.value, NotOfferedError):
            return {}
        if isinstance(answer.value, AdapterError):
            raise answer.value
        read_at, days = self._days.get((source, key, school_year), (None, {}))
        if read_at != answer.fetched_at:
            days = _collect(answer.value)
            self._days[source, key, school_year] = (answer.fetched_at, days)
        return days


def _has_schools(source: Source) -> bool:
    return source.offers(_EVENTS_OF_SCHOOL) and source.offers(_SCHOOLS)


def _is_too_long(source: Source) -> bool:
    """Whether the list of the district is too long by the adapter's estimate, and those of schools can be read."""
    paths = source.adapter.paths.get(Adapter.attendance_events_by_student, ())
    costs = [
        path.cost(source.adapter.estimates).per_coarse_key
        for path in paths
        if path.coarse_lookup is Adapter.attendance_events_by_district
    ]
    return bool(costs) and all(map(math.isinf, costs)) and _has_schools(source)


def _collect(events: list[AttendanceEvent]) -> Days:
    days: dict[SchoolId, set[date]] = {}
    for event in events:
        days.setdefault(event.school_id, set()).add(event.date)
    return {school: frozenset(dates) for school, dates in days.items()}
