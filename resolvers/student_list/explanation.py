"""How a list with a condition or an order would be found: for explanations, without asking a source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

from graphql import GraphQLError

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.model import DistrictId, SchoolId, Sensitivity
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.access import Reach
from student_graph.resolvers.cohorts.conditions.planner import Plan, Planner
from student_graph.resolvers.cohorts.conditions.population import PopulationRequest, plan_population
from student_graph.resolvers.cohorts.conditions.read_calls import ReadCalls
from student_graph.resolvers.cohorts.conditions.tree import leaves_of
from student_graph.resolvers.cohorts.measurement.enrolled_schools import (
    QUALITY_FIELD,
    VALUES_METADATA,
    needs_enrolled_schools_only,
)
from student_graph.resolvers.context import ReadEstimates, Viewer, ViewerRole
from student_graph.resolvers.student_list.by_condition import population_request
from student_graph.resolvers.student_list.filter import StudentFilter, resolve_filter

ANY_SCHOOL = SchoolId("of the field")
"""Stands for the school that a field belongs to, which is known only when it runs."""


@dataclass(frozen=True, slots=True)
class PopulationContext:
    """What a population is planned with."""

    districts: Sequence[District]
    estimates: ReadEstimates
    metric_settings: Mapping[DistrictId, Any]
    """What each district says about its data for metrics."""


def explain_students(arguments: Mapping[str, Any], context: PopulationContext) -> ListExplanation:
    """Return the plan of a list of students in districts."""
    return _explain(arguments, context, in_school=False)


def explain_students_of_school(arguments: Mapping[str, Any], context: PopulationContext) -> ListExplanation:
    """Return the plan of a list of the students of a school."""
    return _explain(arguments, context, in_school=True)


def districts_with_values_only(
    metadata: Mapping[str, Any], shown: Collection[str], context: PopulationContext
) -> Collection[DistrictId]:
    """
    Return the districts in which a field reads no records at schools where students have no enrollment.

    It has `metadata`, and shows some fields of its type.
    """
    if VALUES_METADATA not in metadata or QUALITY_FIELD in shown:
        return ()
    return [district.id for district in context.districts if needs_enrolled_schools_only(district)]


class ListExplanation(NamedTuple):
    """How a list is found."""

    sentences: list[str]
    """The start and the steps, in their order; empty for a list without a condition."""
    lookups: list[Lookup]
    """What they read, each once."""
    at_enrolled_schools: frozenset[DistrictId] = frozenset()
    """Districts in which only attendance at schools of the students' enrollments is read."""


@dataclass(slots=True)
class _ResolvingContext:
    """What a filter is resolved with, in place of the context of an operation: nothing is read here."""

    viewer: Viewer
    sources: Any
    metric_settings: Mapping[DistrictId, Any]
    operation: Any = field(default_factory=lambda: SimpleNamespace(started_at=datetime.now(UTC)))


def _explain(arguments: Mapping[str, Any], context: PopulationContext, *, in_school: bool) -> ListExplanation:
    filter, order = arguments.get("filter") or StudentFilter(), arguments.get("order_by")
    if (filter.where is None and order is None) or not context.districts:
        return ListExplanation([], [])
    by_name = {district.id: district for district in context.districts}
    viewer = Viewer("explain", ViewerRole.SUPERINTENDENT, frozenset(by_name))
    resolving: Any = _ResolvingContext(viewer, SimpleNamespace(districts=by_name), context.metric_settings)
    info: Any = SimpleNamespace(context=resolving)
    lines: list[str] = []
    lookups: dict[Lookup, None] = {}
    try:
        school = Key(context.districts[0].id, ANY_SCHOOL) if in_school else None
        for resolved in resolve_filter(info, filter, school) or ():
            planner = Planner(ReadCalls(resolved.district, context.estimates))
            request = population_request(resolving, resolved, order)
            plan = plan_population(planner, request, Reach(everybody=True), frozenset(Sensitivity))
            lines += _lines(resolved.district, plan)
            lookups |= dict.fromkeys(map(lookup_of, _methods(request, plan)))
    except (AdapterError, GraphQLError) as error:
        lines.append(f"not planned: {getattr(error, 'message', '') or 'an id is not of this graph'}")
    limited = {district.id for district in context.districts if needs_enrolled_schools_only(district)}
    return ListExplanation(lines, list(lookups), frozenset(limited))


def _methods(request: PopulationRequest, plan: Plan) -> Iterator[LookupMethod]:
    """What finding a population reads: the list that it starts from, its conditions and its order."""
    yield Adapter.students_by_id
    for start in plan.start.leaves:
        assert start.record_list is not None
        yield start.record_list.method
    if not plan.start.leaves:
        yield from (Adapter.roster_by_district, Adapter.students_by_district)
    for leaf in (*leaves_of(request.condition), *([request.order_leaf] if request.order_leaf else [])):
        yield from leaf.lookups


def _lines(district: District, plan: Plan) -> Iterator[str]:
    """The plan as sentences, for a viewer of the whole district; one with a smaller reach may start from that."""
    start = plan.start
    yield f"{district.id}: start from {start.text}, about {_count(start.students)}, {_calls(start.calls)}"
    for step in plan.steps:
        yield f"{district.id}: then {step.text}, for about {_count(step.students)}, {_calls(step.calls)} more"


def _count(students: float) -> str:
    return f"{students:,.0f} student{'s' * (round(students) != 1)}"


def _calls(calls: float) -> str:
    return f"about {calls:,.0f} call{'s' * (round(calls) != 1)}"
