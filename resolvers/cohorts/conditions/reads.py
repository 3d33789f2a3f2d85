"""What a list of students reads for its conditions and its order: the cost of a document is estimated from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.resolvers.cohorts.conditions.inputs import ProgramKind
from student_graph.resolvers.cohorts.conditions.record_conditions import program_lookup
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.fields.field import ListReads
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.registry import METRICS

METHODS: Mapping[str, LookupMethod] = {
    "enrollment": Adapter.school_enrollments_by_student,
    "gradeLevels": Adapter.school_enrollments_by_student,
    "section": Adapter.section_enrollments_by_student,
    "meals": Adapter.food_service_by_student,
    "bus": Adapter.transportation_by_student,
}
"""The lookup of each kind of condition that has one, by its GraphQL name."""
ROSTER, SCHOOL = lookup_of(Adapter.roster_by_district), lookup_of(Adapter.school_enrollments_by_school)


def reads_of_list(*, in_school: bool) -> Callable[[Mapping[str, Any]], ListReads]:
    """Return the function from the arguments of a list to its reads, for a list of all students or of a school."""

    def reads(arguments: Mapping[str, Any]) -> ListReads:
        filter, order = arguments.get("filter") or {}, arguments.get("orderBy")
        methods: dict[LookupMethod, None] = dict.fromkeys(_condition_methods(filter.get("where") or {}))
        if order:
            methods.update(dict.fromkeys(_metric_methods(order)))
        lookups = tuple(map(lookup_of, methods))
        if filter.get("ids") is not None:
            return ListReads(lookups, float(len(filter["ids"])), None)
        schools = filter.get("schools") or ([filter["school"]] if filter.get("school") else [])
        if in_school or schools:
            return ListReads(lookups, float(max(len(schools), 1)), SCHOOL)
        return ListReads(lookups, 1.0, ROSTER)

    return reads


def _condition_methods(condition: Mapping[str, Any]) -> Iterator[LookupMethod]:
    """The lookups of a condition as a client writes it, and of all its parts."""
    for kind, value in condition.items():
        if value is None:
            continue
        if kind in ("all", "any"):
            for part in value:
                yield from _condition_methods(part)
        elif kind == "not":
            yield from _condition_methods(value)
        elif kind == "metric":
            yield from _metric_methods(value)
        elif kind == "assessment":
            yield from lookup_methods({Part.RESULTS})
        elif kind == "program":
            yield program_lookup(_member(ProgramKind, value["kind"]))
        else:
            yield METHODS[kind]


def _metric_methods(choice: Mapping[str, Any]) -> Iterator[LookupMethod]:
    spec = METRICS.get(_member(Metric, choice["metric"]))
    yield from lookup_methods(spec.parts if spec is not None else ())


def _member(kind: Any, value: Any) -> Any:
    """The member of an enum, given as itself, by its value or by its name: as the executor has coerced it."""
    if isinstance(value, kind):
        return value
    return kind[value] if value in kind.__members__ else kind(value)
