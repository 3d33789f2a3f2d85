"""Metrics for many students at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from student_graph.adapters.errors import AdapterError, ForbiddenError
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.parts import read_parts, with_needed_parts
from student_graph.resolvers.cohorts.measurement.school_year import SchoolYear, school_year_of
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, Partial
from student_graph.resolvers.metrics.facts import MetricRequest, Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Measure
from student_graph.resolvers.metrics.registry import METRICS

MAX_STUDENTS_PER_BATCH = 4000
"""Students whose records are read at once. It is so high because a school's list is one read for all of them."""
MAX_SLICE_SECONDS = 0.005
"""How long computing holds the event loop at a time."""


async def measure_students(
    info: Info, district: District, students: Sequence[StudentId], requests: Sequence[MetricRequest]
) -> Sequence[Outcomes[Measure]]:
    """
    For each request, the measure of each student, in the order of the students.

    Each part of the record that the requests need is read once, for all students of a batch. Authorization is that
    of the fetch pipeline: a part that is not granted is a `ForbiddenError` in place of the measures that need it,
    and so is every other error. If one of several sources failed, the measure is partial and its data quality says
    `SOURCE_MISSING`. The students must be ones that the viewer may see: others look like students without records.
    """
    measures: list[list[Outcome[Measure]]] = [[] for _ in requests]
    for start in range(0, len(students), MAX_STUDENTS_PER_BATCH):
        batch = students[start : start + MAX_STUDENTS_PER_BATCH]
        by_request = await _measure_batch(info, district, batch, requests)
        for outcomes, of_batch in zip(measures, by_request, strict=True):
            outcomes.extend(of_batch)
    return measures


async def _measure_batch(
    info: Info, district: District, students: Sequence[StudentId], requests: Sequence[MetricRequest]
) -> list[Outcomes[Measure]]:
    """The same for students whose records are all held at once."""
    years = {request.year_start: school_year_of(district, request.year_start) for request in requests}
    read = await asyncio.gather(*(_read_for(info, district, students, requests, year) for year in years.values()))
    parts_by_year = dict(zip(years, read, strict=True))
    return [await _measure(students, parts_by_year[request.year_start], request) for request in requests]


async def _read_for(
    info: Info,
    district: District,
    students: Sequence[StudentId],
    requests: Sequence[MetricRequest],
    year: SchoolYear,
) -> Mapping[Part, Outcomes[Mapping[str, Any]]]:
    """All parts that the requests about a school year need."""
    parts = {part for r in requests if r.year_start == year.first_day for part in METRICS[r.metric].parts}
    return await read_parts(info, district, students, parts, year)


async def _measure(
    students: Sequence[StudentId], parts: Mapping[Part, Outcomes[Mapping[str, Any]]], request: MetricRequest
) -> list[Outcome[Measure]]:
    """One metric for each student, without holding the event loop for long."""
    spec = METRICS[request.metric]
    needed = sorted(with_needed_parts(spec.parts), key=lambda part: part.value)
    by_part = [parts[part] for part in needed]
    outcomes: list[Outcome[Measure]] = []
    slice_ends = perf_counter() + MAX_SLICE_SECONDS
    for index, student in enumerate(students):
        facts = _facts(student, [outcomes_of_part[index] for outcomes_of_part in by_part])
        if isinstance(facts, AdapterError):
            outcomes.append(facts)
        elif isinstance(facts, Partial):
            outcomes.append(Partial(spec.measure(facts.value, request), facts.failures))
        else:
            outcomes.append(spec.measure(facts, request))
        if perf_counter() > slice_ends:
            await asyncio.sleep(0)
            slice_ends = perf_counter() + MAX_SLICE_SECONDS
    return outcomes


def _facts(student: StudentId, parts: Sequence[Outcome[Mapping[str, Any]]]) -> Outcome[StudentFacts]:
    """The facts of one student from the outcomes of the parts that a metric needs."""
    errors = [part for part in parts if isinstance(part, AdapterError)]
    if errors:
        return next((error for error in errors if isinstance(error, ForbiddenError)), errors[0])
    attributes: dict[str, Any] = {}
    failures: list[AdapterError] = []
    for part in parts:
        if isinstance(part, Partial):
            attributes |= part.value
            failures += part.failures
        else:
            attributes |= part  # type: ignore[arg-type] # errors have left above
    if not failures:
        return StudentFacts(student, **attributes)
    quality = frozenset({DataQuality.SOURCE_MISSING})
    return Partial(StudentFacts(student, **attributes, quality=quality), tuple(failures))
