"""Metrics for many students at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple

from student_graph.adapters.errors import AdapterError, ForbiddenError
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.enrolled_schools import (
    for_values,
    has_records_at_schools,
    without_records_elsewhere,
)
from student_graph.resolvers.cohorts.measurement.parts import are_restricted, read_parts, with_needed_parts
from student_graph.resolvers.cohorts.measurement.school_year import school_year_of
from student_graph.resolvers.cohorts.measurement.slices import in_slices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, Partial, all_complete, values_of
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSpec, Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Measure, Metric
from student_graph.resolvers.metrics.measure_cache import Attributes, KnownStudent, MeasureCache
from student_graph.resolvers.metrics.registry import METRICS


class _Need(NamedTuple):
    """The records that a request needs."""

    year_start: date
    """First day of the school year."""
    parts: frozenset[Part]
    at_enrolled_schools: bool = False
    """Whether records at schools where the student has no enrollment are left out."""


MAX_SHARED_NEEDS = 1000
"""Maximum number of needs that equal requests share; there are only a few for each school year."""
MAX_STUDENTS_PER_BATCH = 4000
"""Maximum number of students to read at once. It is high because a school's list is one read for all of them."""


async def measure_students(
    info: Info,
    district: District,
    students: Sequence[StudentId],
    requests: Sequence[MetricRequest],
    *,
    cached: bool = False,
    at_enrolled_schools: bool = False,
) -> Sequence[Outcomes[Measure]]:
    """
    For each request, the measure of each student, in the order of the students.

    Each part of the record that the requests need is read once, for all students of a batch. Authorization is that
    of the fetch pipeline: a part that is not granted is a `ForbiddenError` in place of the measures that need it,
    and so is every other error. If one of several sources failed, the measure is partial and its data quality says
    `SOURCE_MISSING`. The students must be ones that the viewer may see: others look like students without records.

    With `cached`, measures of the same records are those of earlier operations, and are cached for later ones.
    With `at_enrolled_schools`, records at schools where a student has no enrollment are neither looked for nor
    counted: no value and no level changes, and no data quality mentions such records.
    """
    if at_enrolled_schools:
        info = for_values(info, district)
    needs = [_need(request, at_enrolled_schools=at_enrolled_schools) for request in requests]
    measures: list[list[Outcome[Measure]]] = [[] for _ in requests]
    for start in range(0, len(students), MAX_STUDENTS_PER_BATCH):
        batch = students[start : start + MAX_STUDENTS_PER_BATCH]
        by_request = await _measure_batch(info, district, batch, requests, needs, cached=cached)
        for outcomes, of_batch in zip(measures, by_request, strict=True):
            outcomes.extend(of_batch)
    return measures


def note_evidence(info: Info, metric: Metric, measures: Outcomes[Measure]) -> None:
    """
    Note what measures in the response were counted from, if its class of data needs a grant.

    Without this, the record of disclosures would have no record of the class for the student.
    """
    if METRICS[metric].sensitivity is not Sensitivity.OPEN:
        evidence = [record for measure in values_of(measures) for record in measure.evidence]
        info.context.operation.disclosures.note_basis(evidence)


async def read_facts(
    info: Info, district: District, students: Sequence[StudentId], request: MetricRequest
) -> Outcomes[StudentFacts]:
    """Return the facts that a request needs of each student, in the order of the students."""
    need = _need(request)
    read = await read_parts(info, district, students, need.parts, school_year_of(district, need.year_start))
    return [_facts(student, [read[part][index] for part in read]) for index, student in enumerate(students)]


async def _measure_batch(
    info: Info,
    district: District,
    students: Sequence[StudentId],
    requests: Sequence[MetricRequest],
    needs: Sequence[_Need],
    *,
    cached: bool,
) -> list[Outcomes[Measure]]:
    """
    The same for students whose records are all held at once.

    Requests that need the same parts share them. Requests with other parts do not share, so that no measure
    depends on what else is requested: the schools of a student may follow from any part.
    """
    distinct = list(dict.fromkeys(needs))
    read = _read_once if cached else _read
    records = await asyncio.gather(*(read(info, district, students, need) for need in distinct))
    by_need = dict(zip(distinct, records, strict=True))
    cache = info.context.measure_cache
    return [
        await _measure(students, by_need[need], request, cache)
        for need, request in zip(needs, requests, strict=True)
    ]


def _need(request: MetricRequest, *, at_enrolled_schools: bool = False) -> _Need:
    parts = METRICS[request.metric].parts_for(request)
    at_enrolled_schools = at_enrolled_schools and has_records_at_schools(with_needed_parts(parts))
    return _shared(_Need(request.year_start, parts, at_enrolled_schools))


@lru_cache(MAX_SHARED_NEEDS)
def _shared(need: _Need) -> _Need:
    """The same object for equal needs. It is part of the keys of cached students, which are then compared fast."""
    return need


@dataclass(frozen=True, slots=True)
class _Records:
    """The records that a need consists of."""

    columns: Sequence[Outcomes[Attributes]]
    """For each part, in a fixed order, the outcome of each student."""
    known: Sequence[Outcome[KnownStudent]] = ()
    """Each student's records with measures, or why a part could not be read; empty if nothing is cached."""


async def _read(
    info: Info, district: District, students: Sequence[StudentId], need: _Need, *, days_first: bool = False
) -> _Records:
    """Read the records of a need; with `days_first`, attendance after the days of school."""
    year = school_year_of(district, need.year_start)
    read = await read_parts(info, district, students, need.parts, year, days_first=days_first)
    if need.at_enrolled_schools:
        read = without_records_elsewhere(read)
    return _Records([read[part] for part in sorted(with_needed_parts(need.parts), key=attrgetter("value"))])


async def _read_once(info: Info, district: District, students: Sequence[StudentId], need: _Need) -> _Records:
    """Read the records of a need, with the measures of them; once in an operation for all its fields."""
    memo, name = info.context.operation.memo, (district.id, tuple(students), need)
    while name in memo:
        # The fields of an operation begin at the same time: the first one reads, and the others wait for it.
        records: _Records | None = await asyncio.shield(memo[name])
        if records is not None:
            return records
    future = memo[name] = asyncio.get_running_loop().create_future()
    try:
        # Tables read most schools anyway: only for a page it saves calls to wait for the days.
        columns = (await _read(info, district, students, need, days_first=need.at_enrolled_schools)).columns
        members = () if are_restricted(need.parts) else zip(students, zip(*columns, strict=True), strict=True)
        make = partial(_known_student, info.context.measure_cache, district, need)
        records = _Records(columns, [make(student, parts) async for student, parts in in_slices(members)])
    except BaseException:  # such as the end of a deferred part: then another field reads
        del memo[name]
        future.set_result(None)
        raise
    future.set_result(records)
    return records


def _known_student(
    cache: MeasureCache, district: District, need: _Need, student: StudentId, parts: Sequence[Outcome[Attributes]]
) -> Outcome[KnownStudent]:
    """A student's records with their cached measures; records of a source that failed are missing."""
    values: Any = parts
    if all_complete(parts):
        facts = partial(_complete_facts, student, values)
        return cache.student((district.id, student, need, False), values, facts)
    joined = _facts(student, parts)
    if isinstance(joined, AdapterError):
        return joined
    failures = joined.failures if isinstance(joined, Partial) else ()
    known_facts = joined.value if isinstance(joined, Partial) else joined
    values = [part.value if isinstance(part, Partial) else part for part in parts]
    known = cache.student((district.id, student, need, bool(failures)), values, lambda: known_facts)
    return Partial(known, failures) if failures else known


def _complete_facts(student: StudentId, parts: Sequence[Attributes]) -> StudentFacts:
    """The facts of one student from parts that are complete."""
    return StudentFacts(student, **{name: value for part in parts for name, value in part.items()})


async def _measure(
    students: Sequence[StudentId], records: _Records, request: MetricRequest, cache: MeasureCache
) -> list[Outcome[Measure]]:
    """One metric for each student, without holding the event loop for long."""
    spec = METRICS[request.metric]
    outcomes: list[Outcome[Measure]] = []
    if records.known:
        measure: Callable[[Any], Measure] = cache.measure_of(request)
        if all_complete(records.known):
            return [measure(student) async for student in in_slices(records.known)]
        students_facts: Iterable[Outcome[Any]] = records.known
    else:
        measure = partial(_measured, spec, request)
        students_facts = (
            _facts(*student) for student in zip(students, zip(*records.columns, strict=True), strict=True)
        )
    async for facts in in_slices(students_facts):
        if isinstance(facts, AdapterError):
            outcomes.append(facts)
        elif isinstance(facts, Partial):
            outcomes.append(Partial(measure(facts.value), facts.failures))
        else:
            outcomes.append(measure(facts))
    return outcomes


def _measured(spec: MetricSpec, request: MetricRequest, facts: StudentFacts) -> Measure:
    """A measure that is not cached."""
    return spec.measure(facts, request)


def _facts(student: StudentId, parts: Sequence[Outcome[Attributes]]) -> Outcome[StudentFacts]:
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
