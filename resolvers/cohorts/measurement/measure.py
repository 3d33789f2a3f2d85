"""Metrics for many students at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from student_graph.adapters.errors import AdapterError, ForbiddenError
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.parts import read_parts, with_needed_parts
from student_graph.resolvers.cohorts.measurement.school_year import school_year_of
from student_graph.resolvers.cohorts.measurement.slices import in_slices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, Partial
from student_graph.resolvers.metrics.facts import MetricRequest, Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Measure
from student_graph.resolvers.metrics.registry import METRICS

MAX_STUDENTS_PER_BATCH = 4000
"""Students whose records are read at once. It is so high because a school's list is one read for all of them."""


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


async def read_facts(
    info: Info, district: District, students: Sequence[StudentId], request: MetricRequest
) -> Outcomes[StudentFacts]:
    """Return the facts that a request needs of each student, in the order of the students."""
    year_start, parts = _need(request)
    read = await read_parts(info, district, students, parts, school_year_of(district, year_start))
    return [_facts(student, [read[part][index] for part in read]) for index, student in enumerate(students)]


async def _measure_batch(
    info: Info, district: District, students: Sequence[StudentId], requests: Sequence[MetricRequest]
) -> list[Outcomes[Measure]]:
    """
    The same for students whose records are all held at once.

    Requests that need the same parts share them. Others do not, so that no measure depends on what else is
    requested: the schools of a student may follow from one part or another.
    """
    needs = {_need(request): None for request in requests}
    years = {year_start: school_year_of(district, year_start) for year_start, _ in needs}
    read = await asyncio.gather(
        *(read_parts(info, district, students, parts, years[year_start]) for year_start, parts in needs)
    )
    parts_by_need = dict(zip(needs, read, strict=True))
    return [await _measure(students, parts_by_need[_need(request)], request) for request in requests]


def _need(request: MetricRequest) -> tuple[date, frozenset[Part]]:
    """First day of the school year that a request is about, and the parts of the record that it needs."""
    return request.year_start, METRICS[request.metric].parts


async def _measure(
    students: Sequence[StudentId], parts: Mapping[Part, Outcomes[Mapping[str, Any]]], request: MetricRequest
) -> list[Outcome[Measure]]:
    """One metric for each student, without holding the event loop for long."""
    spec = METRICS[request.metric]
    needed = sorted(with_needed_parts(spec.parts), key=lambda part: part.value)
    by_part = [parts[part] for part in needed]
    outcomes: list[Outcome[Measure]] = []
    async for index, student in in_slices(enumerate(students)):
        facts = _facts(student, [outcomes_of_part[index] for outcomes_of_part in by_part])
        if isinstance(facts, AdapterError):
            outcomes.append(facts)
        elif isinstance(facts, Partial):
            outcomes.append(Partial(spec.measure(facts.value, request), facts.failures))
        else:
            outcomes.append(spec.measure(facts, request))
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
