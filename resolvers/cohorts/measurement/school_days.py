"""The days of instruction of students' schools, built once for each school, school year and operation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError, translate
from student_graph.adapters.model import DistrictId, SchoolEnrollment, SchoolId, Session
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.references import (
    Records,
    combined,
    flat_map,
    merge_by_key,
    records_at,
)
from student_graph.resolvers.cohorts.measurement.school_year import SchoolYear
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_lists
from student_graph.resolvers.fields.outcome import (
    Outcome,
    Outcomes,
    all_complete,
    map_with_parents,
    values_of,
)
from student_graph.resolvers.metrics.attendance.calendar import school_days
from student_graph.resolvers.metrics.facts import Part, SchoolDays
from student_graph.resolvers.metrics.measure_cache import Attributes
from student_graph.resolvers.metrics.recorded import RecordedAttendance


class DistrictKey(NamedTuple):
    """A district whose schools are read."""

    district_id: DistrictId


class SchoolKey(NamedTuple):
    """A school that is read."""

    school_id: SchoolId
    district_id: DistrictId


async def with_school_days(
    info: Info, district: District, records: Records, year: SchoolYear
) -> Outcomes[Attributes]:
    """
    The days of instruction of each student's schools in a school year.

    These are the schools where the student is enrolled in the year or, if no enrollment is recorded, where events
    of the student are recorded; if there are none either, all schools of the district.
    """
    enrollments = records[Part.ENROLLMENTS]
    events = [records[part] for part in (Part.SCHOOL_ATTENDANCE, Part.CLASS_ATTENDANCE) if part in records]
    schools = [
        tuple(
            sorted(
                _enrolled_schools(records_at(enrollments, index), year)
                or {event.school_id for outcomes in events for event in records_at(outcomes, index)}
            )
        )
        for index in range(len(enrollments))
    ]
    groups = set(schools)
    by_school = await _read_schools(info, district, {school for group in groups for school in group}, year)
    by_group = {group: merge_by_key(group, by_school) for group in groups}
    is_anywhere = any(
        not group and not isinstance(outcome, AdapterError) and not records_at([outcome], 0)
        for group, outcome in zip(schools, enrollments, strict=True)
    )
    everywhere = await _read_all_schools(info, district, year) if is_anywhere else {}

    def attributes(index: int, rows: Sequence[Any]) -> Outcome[Attributes]:
        is_known = bool(rows or schools[index])
        return combined({}, {"school_days": by_group[schools[index]] if is_known else everywhere})

    return flat_map(enrollments, attributes)


async def read_days_ahead(
    info: Info, district: District, enrollments: Outcomes[list[SchoolEnrollment]], year: SchoolYear
) -> None:
    """
    Read the days of the schools that enrollments name, while other records of the students are still being read.

    `with_school_days` needs all of them, and finds them in the operation's memo.
    """
    rows = (row for index in range(len(enrollments)) for row in records_at(enrollments, index))
    await _read_schools(info, district, _enrolled_schools(rows, year), year)


def _enrolled_schools(enrollments: Iterable[SchoolEnrollment], year: SchoolYear) -> set[SchoolId]:
    """Schools at which some enrollment overlaps the school year."""
    first, last = year.first_day, year.last_day
    return {
        row.school_id
        for row in enrollments
        if row.entry_date <= last and (row.exit_withdraw_date is None or row.exit_withdraw_date >= first)
    }


async def _read_all_schools(
    info: Info, district: District, year: SchoolYear
) -> Outcome[Mapping[SchoolId, SchoolDays]]:
    """The days of instruction of all schools of a district; empty if no source lists its schools."""
    [outcome] = await load_lists(info, Adapter.schools_by_district, [DistrictKey(district.id)], "district_id")
    if isinstance(outcome, AdapterError):
        return {} if isinstance(outcome, NotOfferedError) else outcome
    schools = sorted({school.school_id for school in values_of([outcome])[0]})
    return merge_by_key(schools, await _read_schools(info, district, schools, year))


async def _read_schools(
    info: Info, district: District, schools: Iterable[SchoolId], year: SchoolYear
) -> dict[SchoolId, Outcome[SchoolDays]]:
    """
    The days of instruction of some schools; each is built once in an operation.

    Those of a school whose source failed are built again: a long count reads its students again after a while.
    """
    memo, needed = info.context.operation.memo, sorted(schools)
    missing = [school for school in needed if (district.id, school, year) not in memo]
    built = await _build(info, district, missing, year) if missing else {}
    memo.update({(district.id, school, year): days for school, days in built.items() if all_complete([days])})
    return {school: built[school] if school in built else memo[district.id, school, year] for school in needed}


async def _build(
    info: Info, district: District, schools: Sequence[SchoolId], year: SchoolYear
) -> dict[SchoolId, Outcome[SchoolDays]]:
    """
    Build the days of instruction; those of calendars that are not complete from the days with attendance.

    A school whose calendar is complete does not depend on the attendance of others, nor on whether it can be read.
    """
    keys = [SchoolKey(school, district.id) for school in schools]
    methods: tuple[Any, Any] = (Adapter.calendar_days_by_school, Adapter.sessions_by_school)
    calendars, sessions = await asyncio.gather(
        load_lists(info, methods[0], keys, "school_id", school_year=year.name),
        load_lists(info, methods[1], keys, "school_id"),
    )
    parts = [
        merge_by_key(("days", "sessions"), {"days": days, "sessions": terms})
        for days, terms in zip(calendars, sessions, strict=True)
    ]

    cache = info.context.measure_cache

    def from_calendar(school: SchoolKey, read: Mapping[str, Any]) -> SchoolDays:
        name = (*school, year, "calendar")
        return cache.school_days(name, read, (), lambda: _school_days(read, year))

    built = list(map_with_parents(keys, parts, from_calendar))
    thin = [index for index, days in enumerate(built) if not all(map(_is_complete, values_of([days])))]
    if thin:
        some_schools, some_parts = [schools[index] for index in thin], [parts[index] for index in thin]
        estimates = await _estimate(info, district, some_schools, year, some_parts)
        for index, days in zip(thin, estimates, strict=True):
            built[index] = days
    return dict(zip(schools, built, strict=True))


def _is_complete(days: SchoolDays) -> bool:
    """Whether a calendar covers the year, so that nothing must be estimated from records of attendance."""
    return days.covered and all(map(_is_complete, days.by_calendar.values()))


async def _estimate(
    info: Info, district: District, schools: Sequence[SchoolId], year: SchoolYear, parts: Outcomes[dict[Any, Any]]
) -> Outcomes[SchoolDays]:
    """Build the days of instruction also from the days on which schools recorded attendance."""
    memo, name = info.context.operation.memo, (district.id, year, "recorded days")
    known: RecordedAttendance = memo.get(name, RecordedAttendance())
    missing = [school for school in schools if school not in known.by_school]
    if missing:  # the other parts of a long count need the days of the district, too
        is_first = name not in memo
        try:
            more = await info.context.recorded_days(district.id, year.name, missing, everywhere=is_first)
        except AdapterError as error:
            return [translate(error)] * len(schools)
        known = memo.get(name, more)
        known = memo[name] = RecordedAttendance(known.everywhere, {**known.by_school, **more.by_school})
    cache, today = info.context.measure_cache, district.today()

    def until_today(days: frozenset[date]) -> frozenset[date]:
        """Without absences that are recorded ahead: they do not say that attendance was taken."""
        return days if all(day <= today for day in days) else frozenset(day for day in days if day <= today)

    def from_attendance(school: SchoolKey, read: Mapping[str, Any]) -> SchoolDays:
        own = until_today(known.by_school.get(school.school_id, frozenset()))
        recorded, last = until_today(known.everywhere) | own, max(own, default=None)
        name = (*school, year, "attendance")
        return cache.school_days(name, read, (recorded, last), lambda: _school_days(read, year, recorded, last))

    return map_with_parents([SchoolKey(school, district.id) for school in schools], parts, from_attendance)


def _school_days(
    read: Mapping[str, Any],
    year: SchoolYear,
    recorded: frozenset[date] | None = None,
    last_recorded: date | None = None,
) -> SchoolDays:
    """The days of instruction from what was read about a school."""
    sessions: list[Session] = [row for row in read.get("sessions", ()) if row.school_year == year.name]
    return school_days(read.get("days", ()), sessions, recorded, last_recorded)
