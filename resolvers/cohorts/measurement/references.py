"""Reads what students' records refer to: the sections and courses of their classes, and the tests they took."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.model import AssessmentResult, DistrictId, SectionId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.school_year import SchoolYear
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_records
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, Partial, values_of
from student_graph.resolvers.fields.record import fetched
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure_cache import Attributes

Records: TypeAlias = Mapping[Part, Outcomes[list[Any]]]
"""The records of each part that is a list, for each student."""


class SectionKey(NamedTuple):
    """A section that is read."""

    section_id: SectionId
    district_id: DistrictId


_NAMING_SECTIONS = (Part.SECTIONS, Part.GRADES, Part.CLASS_ATTENDANCE, Part.WORK)


async def with_named_sections(
    info: Info, district: District, records: Records, _: SchoolYear
) -> Outcomes[Attributes]:
    """The sections that each student's records name."""
    return await _read_for_sections(info, district, records, Adapter.sections_by_id, "sections")


async def with_courses(info: Info, district: District, records: Records, _: SchoolYear) -> Outcomes[Attributes]:
    """The courses of the sections that each student's records name."""
    return await _read_for_sections(info, district, records, Adapter.courses_by_section, "courses")


async def _read_for_sections(
    info: Info, district: District, records: Records, method: Any, attribute: str
) -> Outcomes[Attributes]:
    """Return for each student what a lookup has about the sections in the student's records, by section."""
    naming = [records[part] for part in _NAMING_SECTIONS if part in records]
    ids = [
        sorted({row.section_id for outcomes in naming for row in records_at(outcomes, index) if row.section_id})
        for index in range(len(naming[0]))
    ]
    keys = [SectionKey(section, district.id) for section in sorted({id_ for group in ids for id_ in group})]
    outcomes = await load_records(info, method, keys, "section_id")
    by_id = {key.section_id: outcome for key, outcome in zip(keys, outcomes, strict=True)}
    return [combined({}, {attribute: merge_by_key(group, by_id)}) for group in ids]


async def with_assessments(
    info: Info, _district: District, records: Records, _year: SchoolYear
) -> Outcomes[Attributes]:
    """Each student's assessment results, with the tests that they are results of."""
    results = records[Part.RESULTS]
    examples = {_assessment_key(result): result for rows in values_of(results) for result in rows}
    outcomes = await load_records(info, Adapter.assessments_by_id, list(examples.values()), "assessment_id")
    by_key = dict(zip(examples, outcomes, strict=True))

    def attributes(_: int, rows: list[Any]) -> Outcome[Attributes]:
        tests = merge_by_key(map(_assessment_key, rows), by_key)
        return combined({"results": rows}, {"assessments": tests})

    return flat_map(results, attributes)


def flat_map(
    outcomes: Outcomes[list[Any]], change: Callable[[int, list[Any]], Outcome[Attributes]]
) -> Outcomes[Attributes]:
    """Apply `change` to the index and the value of every outcome; errors and failures on either side stay."""
    return [_flat_mapped(index, outcome, change) for index, outcome in enumerate(outcomes)]


def merge_by_key(keys: Iterable[Hashable], outcomes: Mapping[Any, Outcome[Any]]) -> Outcome[dict[Any, Any]]:
    """
    Return the values of some keys as one outcome: the first error, or the values with all failures.

    A key without a value, and one that no source offers to describe, is left out.
    """
    values: dict[Any, Any] = {}
    failures: list[AdapterError] = []
    for key in keys:
        outcome = outcomes[key]
        if isinstance(outcome, AdapterError):
            if not isinstance(outcome, NotOfferedError):
                return outcome
        elif isinstance(outcome, Partial):
            failures += outcome.failures
            values[key] = outcome.value
        else:
            values[key] = outcome
    described = {key: value for key, value in values.items() if value is not None}
    return Partial(described, tuple(failures)) if failures else described


def combined(known: Attributes, more: Mapping[str, Outcome[Any]]) -> Outcome[Attributes]:
    """Combine attributes that were read separately: the first error, or all attributes with all failures."""
    return merge_by_key([*known, *more], {**known, **more})


def _flat_mapped(
    index: int, outcome: Outcome[list[Any]], change: Callable[[int, list[Any]], Outcome[Attributes]]
) -> Outcome[Attributes]:
    if isinstance(outcome, AdapterError):
        return outcome
    if not isinstance(outcome, Partial):
        return change(index, outcome)
    changed = change(index, outcome.value)
    if isinstance(changed, AdapterError):
        return changed
    if isinstance(changed, Partial):
        return Partial(changed.value, (*outcome.failures, *changed.failures))
    return Partial(changed, outcome.failures)


def records_at(outcomes: Outcomes[list[Any]], index: int) -> Sequence[Any]:
    """Return the records of one outcome; none if it is an error."""
    return next(iter(values_of(outcomes[index : index + 1])), ())


def _assessment_key(result: AssessmentResult) -> tuple[str, str]:
    """Name of the result's source, and the id of its test there."""
    return fetched(result).source, result.assessment_id
