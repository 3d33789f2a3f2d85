"""
A warm-up: fills the cache before school with what the pages of some schools will ask for.

It asks for the same lookups as pages do, for all students of a school, so that the access paths read whole lists.
It is background work: requests of people go first. What arrived stays cached, so that an interrupted warm-up
goes on where it was. Restricted classes of data are never warmed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters.answers import Ref
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SchoolId
from student_graph.adapters.sources import District, Fetch, Keys, Sources
from student_graph.gateway.warm.plan import WarmPart, WarmPlan
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.operation import Traffic
from student_graph.resolvers.student_list.matching import is_enrolled

log = logging.getLogger("student_graph.warm")

MAX_ROUNDS = 30
"""How often the keys of a lookup are asked for again that had no answer in time."""
MAX_ROUNDS_WITHOUT_PROGRESS = 3
PAUSE_SECONDS = 1.0
"""Time until unanswered keys are asked for again."""


@dataclass(frozen=True, slots=True)
class WarmProgress:
    """One part of a school that has been warmed."""

    district: str
    school: str
    """Number of the school."""
    part: WarmPart
    keys: int
    """Keys that were asked for: students, sections, members of staff and schools, each for every lookup."""
    failed: int
    """Keys that have no answer because a source failed; absences such as a missing account do not count."""
    calls: int
    """Calls to vendors."""
    seconds: float


BY_STUDENT: dict[WarmPart, tuple[LookupMethod, ...]] = {
    WarmPart.ROSTERS: (
        Adapter.students_by_id,
        Adapter.school_enrollments_by_student,
        Adapter.section_enrollments_by_student,
    ),
    WarmPart.ATTENDANCE: (Adapter.attendance_events_by_student, Adapter.section_attendance_events_by_student),
    WarmPart.GRADES: (Adapter.course_grades_by_student,),
    WarmPart.WORK: (Adapter.assignment_work_by_student,),
    WarmPart.ASSESSMENTS: (Adapter.assessment_results_by_student,),
}
"""Lookups of the students of a school, by part."""
BY_SECTION: dict[WarmPart, tuple[LookupMethod, ...]] = {
    WarmPart.ROSTERS: (
        Adapter.sections_by_id,
        Adapter.courses_by_section,
        Adapter.section_enrollments_by_section,
        Adapter.section_staff_by_section,
    ),
    WarmPart.GRADES: (Adapter.lms_courses_by_section, Adapter.course_grades_by_section),
    WarmPart.WORK: (Adapter.lms_courses_by_section, Adapter.assignment_work_by_section),
}
"""
Lookups of the sections of a school, by part.

Courses of the LMS come first: with them, grades and work are read by course, for all sections at once.
"""
BY_STAFF: dict[WarmPart, tuple[LookupMethod, ...]] = {
    WarmPart.ROSTERS: (Adapter.staff_by_id, Adapter.section_staff_by_staff, Adapter.staff_assignments_by_staff),
}
"""Lookups of those who teach in the sections of a school, by part."""


BY_SCHOOL: dict[WarmPart, tuple[LookupMethod, ...]] = {
    WarmPart.ATTENDANCE: (Adapter.calendar_days_by_school, Adapter.sessions_by_school),
}
"""Lookups of the school itself, by part: metrics of attendance count its days of instruction."""


@dataclass(slots=True)
class WarmUp:
    """The warm-up of one district."""

    district: District
    fetch: Fetch
    """Fetches without a viewer, as background work."""
    traffic: Traffic
    """Counts the calls of `fetch`."""
    plan: WarmPlan
    clock: Callable[[], float] = time.monotonic
    _sources: Sources = field(init=False)
    _failed: int = 0
    _keys: int = 0

    def __post_init__(self) -> None:
        self._sources = Sources({self.district.id: self.district}, self.fetch)

    async def run(self) -> AsyncIterator[WarmProgress]:
        """Warm one school after the other, and yield the progress of each part."""
        for school in await self._schools():
            sources = self._sources.reached_via(Ref("school", school))
            students, sections, staff = await self._members(sources, school)
            for part in self.plan.parts:
                started, calls = self.clock(), self._calls()
                self._keys = self._failed = 0
                await self._warm(sources, BY_STUDENT.get(part, ()), students)
                await self._warm(sources, BY_SECTION.get(part, ()), sections)
                await self._warm(sources, BY_STAFF.get(part, ()), staff)
                await self._warm(sources, BY_SCHOOL.get(part, ()), [school])
                yield WarmProgress(
                    self.district.id,
                    school,
                    part,
                    self._keys,
                    self._failed,
                    self._calls() - calls,
                    self.clock() - started,
                )

    async def _schools(self) -> list[str]:
        """The schools of the plan that the district has."""
        [schools] = await self._lists(self._sources, Adapter.schools_by_district, [self.district.id])
        known = [school.school_id for school in schools]
        for unknown in sorted(set(self.plan.schools) - set(known)):
            log.error("district %s: warm: there is no school %s", self.district.id, unknown)
        return [school for school in known if not self.plan.schools or school in self.plan.schools]

    async def _members(self, sources: Sources, school: str) -> tuple[list[str], list[str], list[str]]:
        """The students, the sections that are taught now, and the teachers of a school in this school year."""
        today = self.district.today()
        year = self.district.school_year(today)
        [enrollments] = await self._lists(sources, Adapter.school_enrollments_by_school, [SchoolId(school)])
        students = sorted({e.student_id for e in enrollments if is_enrolled(e, today)})
        [sections] = await self._lists(sources, Adapter.sections_by_school, [SchoolId(school)], school_year=year)
        section_ids = sorted(section.section_id for section in sections)
        assigned = await self._lists(sources, Adapter.section_staff_by_section, section_ids)
        taught_now = [
            section_id
            for section_id, members in zip(section_ids, assigned, strict=True)
            if not members or any(is_active(member.begin_date, member.end_date, today) for member in members)
        ]
        staff = sorted({member.staff_id for members in assigned for member in members})
        return students, taught_now, staff

    async def _warm(self, sources: Sources, methods: Sequence[LookupMethod], keys: Sequence[str]) -> None:
        """Ask for some lookups of the same keys, one after the other."""
        for method in methods:
            if keys:
                await self._ask(sources, method, keys)

    async def _lists(
        self, sources: Sources, method: LookupMethod, keys: Sequence[Any], **arguments: Any
    ) -> list[list[Any]]:
        """The records of each key; an empty list for a key that failed."""
        values = await self._ask(sources, method, keys, **arguments) if keys else []
        return [value if isinstance(value, list) else [] for value in values]

    async def _ask(
        self, sources: Sources, method: LookupMethod, keys: Sequence[Any], **arguments: Any
    ) -> Sequence[Any]:
        """The values of a lookup; keys without an answer in time are asked for again, as long as some arrive."""
        lookup = lookup_of(method)
        if not self.district.sources_for(lookup):
            return [None] * len(keys)
        if "school_year" in lookup.argument_names:
            arguments.setdefault("school_year", self.district.school_year(self.district.today()))
        load: Any = sources.load_many if lookup.is_list else sources.load_one
        missing, stalled = len(keys) + 1, 0
        for _ in range(MAX_ROUNDS):
            results = await load(method, Keys(self.district.id, keys), **arguments)
            failed = sum(map(_is_retryable, _errors(results.values, results.failures.values())))
            stalled = stalled + 1 if failed >= missing else 0
            if not failed or stalled >= MAX_ROUNDS_WITHOUT_PROGRESS:
                break
            missing = failed
            await asyncio.sleep(PAUSE_SECONDS)
        self._keys += len(keys)
        self._failed += failed
        values: Sequence[Any] = results.values
        return values

    def _calls(self) -> int:
        return sum(traffic.calls for traffic in self.traffic.by_source.values())


def _errors(values: Iterable[Any], failures: Iterable[Sequence[AdapterError]]) -> list[AdapterError]:
    """The errors of keys, also of those that another source has answered."""
    errors = [value for value in values if isinstance(value, AdapterError)]
    return errors + [error for group in failures for error in group]


def _is_retryable(error: AdapterError) -> bool:
    return error.retryable
