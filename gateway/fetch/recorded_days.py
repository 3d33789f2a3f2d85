"""The days on which schools recorded attendance, from the records of all students of a district."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias

from cachetools import LRUCache

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import AttendanceEvent, DistrictId, SchoolId
from student_graph.adapters.sources import District, Fetch, Source

MAX_LISTS = 256
"""Lists of a source and a school year whose days are kept: a few school years of a hundred districts."""
Days: TypeAlias = Mapping[SchoolId, frozenset[date]]
"""Days with an attendance record, by school."""


class RecordedDays:
    """Finds the days in the lists of a district's attendance; the days of each list are collected once."""

    def __init__(self, districts: Mapping[DistrictId, District]) -> None:
        self._districts = districts
        self._days: LRUCache[tuple[Source, int], tuple[datetime, Days]] = LRUCache(MAX_LISTS)
        """By source and school year: when the list was read, and its days."""

    async def get(self, fetch: Fetch, district: DistrictId, school_year: int) -> Days:
        """
        Return the days by school; empty if no source of the district lists its attendance.

        `fetch` must not be limited to the students of a viewer: the days must be the same for all viewers.

        Raises:
            AdapterError: a source failed.
        """
        lookup = lookup_of(Adapter.attendance_events_by_district)
        sources = self._districts[district].sources_for(lookup)
        ask = Ask(lookup, (district,), {"school_year": school_year})
        answers = await asyncio.gather(*(fetch(source, ask) for source in sources))
        lists = [
            self._days_of(source, school_year, answer_by_key[district])
            for source, answer_by_key in zip(sources, answers, strict=True)
            if district in answer_by_key
        ]
        schools = {school for days in lists for school in days}
        return {school: frozenset().union(*(days.get(school, ()) for days in lists)) for school in schools}

    def _days_of(self, source: Source, school_year: int, answer: Answer[list[AttendanceEvent]]) -> Days:
        if isinstance(answer.value, NotOfferedError):
            return {}
        if isinstance(answer.value, AdapterError):
            raise answer.value
        read_at, days = self._days.get((source, school_year), (None, {}))
        if read_at != answer.fetched_at:
            days = _collect(answer.value)
            self._days[source, school_year] = (answer.fetched_at, days)
        return days


def _collect(events: list[AttendanceEvent]) -> Days:
    days: dict[SchoolId, set[date]] = {}
    for event in events:
        days.setdefault(event.school_id, set()).add(event.date)
    return {school: frozenset(dates) for school, dates in days.items()}
