"""The days on which schools recorded attendance, from the records of all students of a district."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
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
from student_graph.resolvers.metrics.recorded import RecordedAttendance

MAX_LISTS = 1024
"""
How many lists have their days kept. A list belongs to a source, a school year, and a district, or a school of a
large district.
"""
SCHOOLS_PER_READ = 8
"""Schools whose attendance is read at once: it is a few megabytes."""
MAX_OTHER_SCHOOLS = 40
"""
Schools whose attendance stands for that of a district whose list is too long.

On each day of school somebody is absent in one of so many schools; three hundred lists would say the same.
"""
Days: TypeAlias = Mapping[SchoolId, frozenset[date]]
"""Days with an attendance record, by school."""
_EVENTS_OF_DISTRICT = lookup_of(Adapter.attendance_events_by_district)
_EVENTS_OF_SCHOOL = lookup_of(Adapter.attendance_events_by_school)
_SCHOOLS = lookup_of(Adapter.schools_by_district)


class RecordedDays:
    """
    Finds the days in the lists of a district's attendance; the days of each list are collected once.

    If the list of the district is longer than lists may be, those of the schools in question are read instead, and
    some others stand for the district.
    """

    def __init__(self, districts: Mapping[DistrictId, District]) -> None:
        self._districts = districts
        self._days: LRUCache[tuple[Source, str, int], tuple[datetime, Days]] = LRUCache(MAX_LISTS)
        """By source, district or school, and school year: when the list was read, and its days."""
        self._too_long: set[Source] = set()
        """Sources that have refused to list the attendance of the whole district."""

    async def get(
        self,
        fetch: Fetch,
        district: DistrictId,
        school_year: int,
        schools: Collection[SchoolId],
        *,
        everywhere: bool = True,
    ) -> RecordedAttendance:
        """
        Return the days of the district and of some schools; none if no source lists the district's attendance.

        `fetch` must not be limited to the students of a viewer: the days must be the same for all viewers. Without
        `everywhere` the days of the district are not read where that takes lists of other schools.

        Raises:
            AdapterError: a source failed.
        """
        sources = self._districts[district].sources_for(_EVENTS_OF_DISTRICT)
        lists = await asyncio.gather(
            *(
                self._days_of_source(fetch, source, school_year, schools, everywhere=everywhere)
                for source in sources
            )
        )
        names = set(schools).union(*(source_lists.by_school for source_lists in lists))
        return RecordedAttendance(
            frozenset().union(*(source_lists.everywhere for source_lists in lists)),
            {
                school: frozenset().union(*(source_lists.by_school.get(school, ()) for source_lists in lists))
                for school in names
            },
        )

    async def _days_of_source(
        self, fetch: Fetch, source: Source, school_year: int, schools: Collection[SchoolId], *, everywhere: bool
    ) -> RecordedAttendance:
        """The days that one source has recorded, from its list of the district or from those of schools."""
        if source not in self._too_long and not _is_too_long(source):
            try:
                days = await self._days_of_lists(
                    fetch, source, _EVENTS_OF_DISTRICT, (source.district,), school_year
                )
                return RecordedAttendance(frozenset().union(*days.values()), days)
            except ListTooLongError:
                self._too_long.add(source)
                if not _has_schools(source):
                    raise
        others = await self._other_schools(fetch, source) if everywhere else []
        names = sorted({*others, *schools})
        by_school: dict[SchoolId, frozenset[date]] = {}
        for start in range(0, len(names), SCHOOLS_PER_READ):
            part = tuple(names[start : start + SCHOOLS_PER_READ])
            by_school |= await self._days_of_lists(fetch, source, _EVENTS_OF_SCHOOL, part, school_year)
        return RecordedAttendance(frozenset().union(*(by_school.get(name, ()) for name in others)), by_school)

    async def _other_schools(self, fetch: Fetch, source: Source) -> Sequence[SchoolId]:
        """
        The schools that stand for all of a district: some from all parts of its list, always the same ones.

        Raises:
            AdapterError: the source failed.
        """
        answers = await fetch(source, Ask(_SCHOOLS, (source.district,)))
        value = answers[source.district].value if source.district in answers else []
        if isinstance(value, AdapterError):
            raise value
        schools = sorted({school.school_id for school in value})
        return schools[:: max(1, math.ceil(len(schools) / MAX_OTHER_SCHOOLS))]

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
