"""
Reads attendance and grades only at the schools where students are enrolled, where that changes no number.

A metric leaves out events and grades at a school where the student has no enrollment. The list of a school is
therefore enough for the values of its students, although it may lack such records. Only the data quality, which
mentions such records, needs all of them. Tables, populations and indicators do not, and neither does the field of
a metric whose data quality is not selected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from strawberry.types.nodes import SelectedField, Selection

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SchoolId
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import with_context
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, map_values, values_of
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure_cache import Attributes

_ENROLLMENTS = lookup_of(Adapter.school_enrollments_by_student)
_EVENTS = (
    lookup_of(Adapter.attendance_events_by_student),
    lookup_of(Adapter.section_attendance_events_by_student),
)
_RECORDS: Mapping[Part, str] = {
    Part.SCHOOL_ATTENDANCE: "school_attendance",
    Part.CLASS_ATTENDANCE: "class_attendance",
    Part.GRADES: "grades",
}
"""Parts whose records are at a school, and the attribute of `StudentFacts` that holds them."""
QUALITY_FIELD = "dataQuality"
"""The only field of a measure that mentions records at schools without an enrollment."""
VALUES_METADATA = "values"
"""Metadata key of the field of a metric that reads such records only for its data quality."""


def needs_enrolled_schools_only(district: District) -> bool:
    """
    Return whether values do not depend on events at schools without an enrollment.

    An enrollment of another source may be at a school that the source of the events does not know as one of the
    student's, so a single source must have both.
    """
    of_enrollments = district.sources_for(_ENROLLMENTS)
    return (
        len(of_enrollments) == 1
        and of_enrollments[0].identity is None
        and all(set(district.sources_for(lookup)) <= set(of_enrollments) for lookup in _EVENTS)
    )


def has_records_at_schools(parts: Collection[Part]) -> bool:
    """Return whether some parts are records at a school, and others say where a student is enrolled."""
    return Part.ENROLLMENTS in parts and not _RECORDS.keys().isdisjoint(parts)


def shows_quality(selections: Iterable[Selection]) -> bool:
    """Return whether selections of a measure name its data quality, in a fragment or on a condition, too."""
    return any(
        selection.name == QUALITY_FIELD
        if isinstance(selection, SelectedField)
        else shows_quality(selection.selections)
        for selection in selections
    )


def without_records_elsewhere(read: Mapping[Part, Outcomes[Attributes]]) -> Mapping[Part, Outcomes[Attributes]]:
    """Return the parts of students' records without those at schools where the student has no enrollment."""
    if Part.ENROLLMENTS not in read:
        return read
    schools: list[frozenset[SchoolId]] = [
        frozenset({row.school_id for part in values_of([outcome]) for row in part["enrollments"]})
        for outcome in read[Part.ENROLLMENTS]
    ]
    changed: dict[Part, Outcomes[Attributes]] = dict(read)
    for part, name in _RECORDS.items():
        if part in read:
            changed[part] = [
                _at_schools(outcome, name, enrolled) if enrolled else outcome
                for outcome, enrolled in zip(read[part], schools, strict=True)
            ]
    return changed


def _at_schools(outcome: Outcome[Attributes], name: str, schools: frozenset[SchoolId]) -> Outcome[Attributes]:
    """The outcome without records at other schools."""
    counted = schools | {None}
    if all(counted.issuperset([row.school_id for row in part[name]]) for part in values_of([outcome])):
        return outcome
    return map_values([outcome], lambda part: {name: [row for row in part[name] if row.school_id in counted]})[0]


def for_values(info: Info, district: District) -> Info:
    """
    Return the field's info with sources that leave out records which change no value and no level of a metric.
    """
    if not needs_enrolled_schools_only(district):
        return info
    context = info.context
    return with_context(info, replace(context, sources=context.sources.at_enrolled_schools()))
