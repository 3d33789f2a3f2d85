"""
`aggregate`: a metric over all students of a district, by school and grade level.

The district's records are made when they are read, so that only the gateway makes the process grow.
"""

from __future__ import annotations

import gc
import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.support.aggregate_columns import compare_with_columns
from benchmarks.support.district import DISTRICT, NOW, VIEWER, Records, make_district, make_source
from benchmarks.support.figures import Row
from student_graph.adapters import model
from student_graph.adapters.contract import AccessPath, Adapter, CallCost
from student_graph.adapters.model import GradeLevel, SchoolId, StudentId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.limits import BYTES_PER_MIB
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.cohorts.aggregates.aggregate import metric_table
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.members import Cohort
from student_graph.resolvers.cohorts.aggregates.request import TableRequest
from student_graph.resolvers.cohorts.aggregates.suppression import shown_counts
from student_graph.resolvers.cohorts.aggregates.table import MetricTable
from student_graph.resolvers.cohorts.measurement.requests import Choices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.measure import Level, Metric

STUDENT_COUNT, QUICK_STUDENT_COUNT = 100_000, 2_000
STUDENTS_PER_SCHOOL = 1_000
STUDENTS_PER_PART = 2_000
"""Students whose records are in memory at once while two ways to count them are compared."""
CACHE_MIB = 32
"""Memory of the answers that are used again within a part of the students."""
MAX_GROWTH_MIB = 200.0
"""Goal: growth of the process while it counts 100,000 students."""
FIRST_DAY = date(2026, 8, 24)
SCHOOL_DAYS = tuple(day for number in range(280) if (day := FIRST_DAY + timedelta(number)).weekday() < 5)
GRADES = (GradeLevel.NINTH, GradeLevel.TENTH, GradeLevel.ELEVENTH, GradeLevel.TWELFTH)
SECONDS_PER_OPERATION = 24 * 3600.0


class _LargeDistrict(Adapter):
    """A source whose records are made when they are read: none is in memory twice."""

    students: int
    paths = {  # noqa: RUF012 - as every adapter declares them
        Adapter.attendance_events_by_student: (
            AccessPath(
                coarse_lookup=Adapter.attendance_events_by_school,
                key_of=lambda event: event.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=4),
                coarse_keys_from=Adapter.school_enrollments_by_student,
                coarse_key_of=lambda enrollment: enrollment.school_id,
            ),
        ),
        Adapter.school_enrollments_by_student: (
            AccessPath(
                coarse_lookup=Adapter.school_enrollments_by_school,
                key_of=lambda enrollment: enrollment.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=2),
            ),
        ),
    }

    async def schools_by_district(self, ids: Sequence[Any]) -> Any:
        """Schools of a thousand students each."""
        schools = range(-(-self.students // STUDENTS_PER_SCHOOL))
        return {id_: [_school(SchoolId(f"{number:03}")) for number in schools] for id_ in ids}

    async def students_by_id(self, ids: Sequence[StudentId]) -> Any:
        """The names of students."""
        return {student: _student(student) for student in ids}

    async def school_enrollments_by_school(self, ids: Sequence[SchoolId]) -> Any:
        """All enrollments of a school."""
        first = {school: int(school) * STUDENTS_PER_SCHOOL for school in ids}
        return {
            school: [
                _enrollment(StudentId(f"{number:06}"))
                for number in range(start, min(start + STUDENTS_PER_SCHOOL, self.students))
            ]
            for school, start in first.items()
        }

    async def school_enrollments_by_student(self, ids: Sequence[StudentId]) -> Any:
        """The enrollment of each student."""
        return {student: [_enrollment(student)] for student in ids}

    async def attendance_events_by_student(self, ids: Sequence[StudentId], *, school_year: int) -> Any:
        """The absences of each student: on one day in a hundred to one in five."""
        return {student: _absences(student) for student in ids}

    async def attendance_events_by_school(self, ids: Sequence[SchoolId], *, school_year: int) -> Any:
        """The absences of all students of a school."""
        return {
            school: [
                event
                for number in range(int(school) * STUDENTS_PER_SCHOOL, (int(school) + 1) * STUDENTS_PER_SCHOOL)
                if number < self.students
                for event in _absences(StudentId(f"{number:06}"))
            ]
            for school in ids
        }

    async def calendar_days_by_school(self, ids: Sequence[SchoolId], *, school_year: int) -> Any:
        """The days of instruction of a school."""
        return {school: [_day(school, day) for day in SCHOOL_DAYS] for school in ids}

    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Any:
        """No sessions."""
        return {school: [] for school in ids}


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    students = QUICK_STUDENT_COUNT if quick else STUDENT_COUNT
    case = f"{students:,} students"
    district = make_large_district(students)
    await _count(make_large_district(min(students, 2_000)))  # caches of code and types do not count as growth
    before, started = resident_mib(), time.process_time()
    table = await _count(district)
    seconds = time.process_time() - started
    growth = peak_mib() - before
    started = time.process_time()
    expected = count_naively(students)
    naive_seconds = time.process_time() - started
    counted = Counter({group.keys[0].group: _at_risk(group) for group in table.groups})
    assert counted == expected, "the benchmark counts something else"
    return [
        Row("aggregate", case, "growth of the process, at its peak", growth, "MiB", MAX_GROWTH_MIB),
        Row("aggregate", case, "CPU time for 1,000 students", 1000 * seconds / (students / 1000), "ms"),
        Row("aggregate", case, "over a loop that makes and counts the absences", seconds / naive_seconds, "x"),
        *_hide(50 if quick else 500),
        *compare_with_columns(_parts(students), SCHOOL_DAYS, NOW.date(), case),
    ]


def _parts(students: int) -> Iterator[list[tuple[model.SchoolEnrollment, list[model.AttendanceEvent]]]]:
    """The records of all students, some at a time."""
    for first in range(0, students, STUDENTS_PER_PART):
        numbers = [StudentId(f"{n:06}") for n in range(first, min(first + STUDENTS_PER_PART, students))]
        yield [(_enrollment(student), _absences(student)) for student in numbers]


def _hide(tables: int) -> list[Row]:
    """How long it takes to decide what is hidden in tables of 60 schools by four levels."""
    rng = Random(1)  # noqa: S311 - a fixed seed
    levels = ["AT_RISK", "WATCH", "ON_TRACK", "NOT_EVALUATED"]
    groups = [f"school {number}" for number in range(60)]
    seconds = []
    for _ in range(tables):
        atoms = {
            (frozenset((group,)), level): rng.randint(0, top)
            for group in groups
            for level, top in zip(levels, (40, 60, 400, 3), strict=True)
        }
        started = time.process_time()
        shown_counts(atoms, groups, levels, overlapping=False, first=("ON_TRACK",), last=("AT_RISK",))
        seconds.append(time.process_time() - started)
    return [
        Row(
            "aggregate",
            "60 schools by level",
            "deciding what is hidden",
            1000 * sorted(seconds)[tables // 2],
            "ms",
        )
    ]


async def _count(district: District) -> MetricTable:
    """The complete table of a district by school."""
    pipeline = FetchPipeline(
        [district],
        HmacSigner(b"k" * 32),
        Limits(memory=CACHE_MIB * BYTES_PER_MIB),
        operation_seconds=SECONDS_PER_OPERATION,
    )
    viewer = replace(VIEWER, districts=frozenset({DISTRICT}))
    info: Any = SimpleNamespace(context=pipeline.start_operation(viewer), path=SimpleNamespace(as_list=list))
    request = TableRequest(Metric.CHRONIC_ABSENCE, Choices(preset="federal_10pct"), (Dimension.SCHOOL,))
    outcome: Outcome[MetricTable] = await metric_table(cast("Info", info), Cohort(district), request)
    await pipeline.close()
    assert isinstance(outcome, MetricTable), outcome if not isinstance(outcome, Partial) else outcome.failures
    return outcome


def make_large_district(students: int) -> District:
    """A district whose records are made when they are read."""
    memory = make_source(Records({}))
    adapter = _LargeDistrict("large", memory.adapter.settings, memory.adapter.http)
    adapter.students = students
    return make_district(Source("large", "memory", DISTRICT, adapter))


def count_naively(students: int) -> Counter[str | None]:
    """Students at risk by school, counted without the gateway."""
    days = {day for day in SCHOOL_DAYS if day <= NOW.date()}
    at_risk: Counter[str | None] = Counter()
    for number in range(students):
        student = StudentId(f"{number:06}")
        at_risk[_school_of(student)] += 10 * len({event.date for event in _absences(student)} & days) >= len(days)
    return at_risk


def _at_risk(group: Any) -> int:
    return next(entry.students for entry in group.distribution if entry.level is Level.AT_RISK) or 0


def _school_of(student: StudentId) -> SchoolId:
    return SchoolId(f"{int(student) // STUDENTS_PER_SCHOOL:03}")


def _school(school: SchoolId) -> model.School:
    return model.School(vendor_id=f"row-{school}", school_id=school, name=f"School {school}", grade_levels=[])


def _student(student: StudentId) -> model.Student:
    name = model.PersonName(first_name=f"Ada {student}", last_name=f"Hill {student}")
    return model.Student(vendor_id=f"row-{student}", student_id=student, name=name)


def _enrollment(student: StudentId) -> model.SchoolEnrollment:
    grade = GRADES[int(student) % len(GRADES)]
    return model.SchoolEnrollment(
        vendor_id=f"enrollment-{student}",
        student_id=student,
        school_id=_school_of(student),
        school_year=2027,
        entry_date=FIRST_DAY,
        grade_level=grade,
        grade_level_descriptor=model.Descriptor(code_value=grade.value),
    )


def _absences(student: StudentId) -> list[model.AttendanceEvent]:
    step = 5 + int(student) * 7919 % 96
    return [_absence(student, day) for day in SCHOOL_DAYS[::step]]


def _absence(student: StudentId, day: date) -> model.AttendanceEvent:
    return model.AttendanceEvent(
        vendor_id=f"{student}#{day}",
        student_id=student,
        school_id=_school_of(student),
        date=day,
        scope=model.AttendanceScope.SCHOOL,
        category=model.AttendanceCategory.UNEXCUSED_ABSENCE,
        raw=model.Descriptor(code_value="Unexcused Absence"),
        duration=1.0,
        school_year=2027,
        session_name="Fall",
    )


def _day(school: SchoolId, day: date) -> model.CalendarDay:
    return model.CalendarDay(
        vendor_id=f"{school}#{day}",
        school_id=school,
        calendar_code="1",
        date=day,
        events=[model.Descriptor(code_value="Instructional day")],
        instructional=True,
    )


def peak_mib() -> float:
    """The largest resident memory that the process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mib() -> float:
    """The resident memory of the process in MiB, after a garbage collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / BYTES_PER_MIB
