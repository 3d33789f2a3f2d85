"""Chronic absence of many students: the gateway's own function, beside a columnar library on the same records."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from benchmarks.support.figures import Row
from student_graph.adapters.model import AttendanceCategory, AttendanceEvent, SchoolEnrollment, SchoolId, StudentId
from student_graph.resolvers.metrics.facts import MetricRequest, SchoolDays, StudentFacts
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS, PRESETS

MAX_RATIO = 2.0
"""Goal: most CPU time of the gateway's function, as a multiple of the library's."""
AT_RISK_SHARE = 0.1
PRESET = "federal_10pct"
ABSENCES = [AttendanceCategory.EXCUSED_ABSENCE.name, AttendanceCategory.UNEXCUSED_ABSENCE.name]

Part = Sequence[tuple[SchoolEnrollment, Sequence[AttendanceEvent]]]
"""Some students: the enrollment and the attendance events of each."""


@dataclass(slots=True)
class _Columns:
    """The records as columns, for the library."""

    students: list[str] = field(default_factory=list)
    schools: list[str] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    durations: list[float | None] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)
    enrolled_at: list[str] = field(default_factory=list)
    entries: list[date] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Add the records of some students."""
        for enrollment, events in part:
            self.enrolled.append(enrollment.student_id)
            self.enrolled_at.append(enrollment.school_id)
            self.entries.append(enrollment.entry_date)
            for event in events:
                self.students.append(event.student_id)
                self.schools.append(event.school_id)
                self.days.append(event.date)
                self.durations.append(event.duration)
                self.categories.append(event.category.name)

    def shares(self, school_days: Sequence[date], today: date) -> list[tuple[str, float, int, bool]]:
        """Return days missed, days enrolled and whether at risk, by student, with the library."""
        events = pl.DataFrame(
            {
                "student": self.students,
                "school": self.schools,
                "day": self.days,
                "part": self.durations,
                "category": self.categories,
            },
            schema_overrides={"day": pl.Date},
        )
        enrollments = pl.DataFrame({"student": self.enrolled, "school": self.enrolled_at, "entry": self.entries})
        schools = enrollments.select("school").unique()
        days = schools.join(pl.DataFrame({"day": [day for day in school_days if day <= today]}), how="cross")
        absent = (
            events.filter(pl.col("category").is_in(ABSENCES))
            .join(days, on=["school", "day"], how="semi")
            .join(enrollments, on=["student", "school"])
            .filter(pl.col("day") >= pl.col("entry"))
            .group_by("student", "day")
            .agg(pl.col("part").fill_null(1.0).max())
            .group_by("student")
            .agg(pl.col("part").sum().alias("absent"))
        )
        lengths = (
            enrollments.select("school", "entry")
            .unique()
            .join(days, on="school")
            .filter(pl.col("day") >= pl.col("entry"))
            .group_by("school", "entry")
            .agg(pl.len().alias("enrolled"))
        )
        return (
            enrollments.join(lengths, on=["school", "entry"], how="left")
            .join(absent, on="student", how="left")
            .with_columns(pl.col("absent").fill_null(0.0))
            .with_columns((pl.col("absent") >= AT_RISK_SHARE * pl.col("enrolled")).alias("at_risk"))
            .select("student", "absent", "enrolled", "at_risk")
            .rows()
        )


def compare_with_columns(parts: Iterator[Part], school_days: Sequence[date], today: date, case: str) -> list[Row]:
    """
    Measure the CPU time of both for the same students; each part is released before the next one is made.

    The library gets its columns from the records, because the gateway has no store of columns. It computes no
    reasons, no definition and no limits of the data.
    """
    request = MetricRequest(Metric.CHRONIC_ABSENCE, PRESETS[PRESET], today, school_days[0])
    own_seconds = library_seconds = 0.0
    own: dict[str, tuple[float | None, float | None]] = {}
    columns = _Columns()
    for part in parts:
        own_seconds += _measure(part, {}, SchoolDays(tuple(school_days), last_recorded=today), request, own)
        started = time.process_time()
        columns.add(part)
        library_seconds += time.process_time() - started
    started = time.process_time()
    rows = columns.shares(school_days, today)
    library_seconds += time.process_time() - started
    assert own == {student: (absent, enrolled) for student, absent, enrolled, _ in rows}, "they count differently"
    return [
        Row("aggregate", case, "chronic absence, own function, CPU time", own_seconds, "s"),
        Row("aggregate", case, "chronic absence, columns and polars, CPU time", library_seconds, "s"),
        Row("aggregate", case, "own function over polars", own_seconds / library_seconds, "x", MAX_RATIO),
    ]


def _measure(
    part: Part,
    by_school: dict[SchoolId, Mapping[SchoolId, SchoolDays]],
    school_days: SchoolDays,
    request: MetricRequest,
    shares: dict[str, tuple[float | None, float | None]],
) -> float:
    """Measure some students with the own function; returns its CPU time in seconds."""
    function = METRICS[Metric.CHRONIC_ABSENCE].measure
    started = time.process_time()
    for enrollment, events in part:
        school = enrollment.school_id
        days = by_school.get(school) or by_school.setdefault(school, {school: school_days})
        student = StudentId(enrollment.student_id)
        facts = StudentFacts(student, enrollments=(enrollment,), school_days=days, school_attendance=events)
        measure = function(facts, request)
        shares[student] = (measure.numerator, measure.denominator)
    return time.process_time() - started
