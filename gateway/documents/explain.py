"""
Explains a document before it runs: its plan as a tree, and which lookups each field may call at which sources.

The plan is the executor's own. The price of a way is what its last reads cost, at first what the adapter declares.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.execution.collect_fields import collect_fields
from strawberry.types.arguments import convert_arguments

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.documents.ways import WayPrices
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.execution.compiler import Compiler
from student_graph.gateway.execution.plan import FieldKind, FieldPlan, ObjectPlan, UnplannableError
from student_graph.resolvers.context import (
    DeclaredPrices,
    ListLength,
    ReadEstimates,
    ReadPrices,
    declared_list_length,
)
from student_graph.resolvers.fields.field import EXPLAIN_METADATA, used_lookups
from student_graph.resolvers.student_list.explanation import (
    ListExplanation,
    PopulationContext,
    districts_with_values_only,
)

PLACEHOLDERS = {"Boolean": True, "Int": 1, "Float": 1.0, "Date": "2027-01-01", "DateTime": "2027-01-01T00:00:00Z"}
"""Values of variables that are left out: a plan depends on no variables except those of `@skip` and `@include`."""


@dataclass(frozen=True, slots=True)
class ExplanationLine:
    """One line of an explanation: a field of the plan."""

    depth: int
    """Levels above it."""
    name: str
    """Response key, followed by the field's name if the two differ."""
    resolution: str
    """How the executor resolves the field."""
    lookups: tuple[str, ...] = ()
    """Each lookup that the field may call, with its sources and costs."""
    population: tuple[str, ...] = ()
    """In which order the students of a list with a condition are found, with estimates."""
    records: int = 0
    """Records that the field is estimated to have in the whole response: what it is priced at."""

    def as_json(self) -> dict[str, Any]:
        """The line as an entry of `extensions.explain`."""
        entry: dict[str, Any] = {
            "depth": self.depth,
            "field": self.name,
            "how": self.resolution,
            "asks": list(self.lookups),
            "records": self.records,
        }
        return {**entry, "population": list(self.population)} if self.population else entry


def explain(
    schema: GraphQLSchema,
    node: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    sources: Sequence[Source],
    *,
    prices: ReadPrices | None = None,
    records: Mapping[str, float] | None = None,
    districts: Sequence[District] = (),
    list_length: ListLength = declared_list_length,
    metric_settings: Mapping[DistrictId, Any] | None = None,
) -> list[ExplanationLine]:
    """
    The plan of an operation over some sources, one line for each field; no source is called.

    `prices` are what reads cost lately; without them, ways have the prices that the adapters declare. `records`
    are the estimated records of fields, by path. Lists of students with a condition are planned for `districts`,
    by the lengths of lists and what the districts say about metrics.

    Raises:
        GraphQLError: a required variable has no value and no placeholder fits it, or a value has the wrong type.
    """
    values = {**_placeholders(schema, operation), **variables}
    name = operation.name.value if operation.name else None
    executor = BreadthExecutor.build(schema, node, raw_variable_values=values, operation_name=name)
    if isinstance(executor, list):
        raise executor[0]
    root = schema.query_type
    assert isinstance(executor, BreadthExecutor)
    assert root is not None
    fields = collect_fields(schema, executor.fragments, executor.variable_values, root, operation)
    try:
        plan = executor.plan(root, fields.grouped_field_set)
    except UnplannableError as reason:
        return [ExplanationLine(0, "the whole operation", f"executed by graphql-core: {reason}")]
    name_districts = len({source.district for source in sources}) > 1
    known_prices = prices or DeclaredPrices()
    ways = WayPrices(known_prices, name_districts)
    estimates = ReadEstimates(known_prices, list_length)
    population = PopulationContext(districts, estimates, metric_settings or {})
    lines = _Lines(executor, sources, ways, records or {}, population)
    return list(lines.of(plan))


def as_text(lines: Iterable[ExplanationLine]) -> str:
    """An explanation as indented text."""
    rows = []
    for line in lines:
        indent = "  " * line.depth
        records = f", about {line.records:,} record{'s' * (line.records != 1)}" if line.records else ""
        rows.append(f"{indent}{line.name}: {line.resolution}{records}")
        rows += [f"{indent}    lookup {lookup}" for lookup in line.lookups]
        rows += [f"{indent}    population {sentence}" for sentence in line.population]
    return "\n".join(rows)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Makes the lines of a plan."""

    executor: BreadthExecutor
    sources: Sequence[Source]
    prices: WayPrices
    records: Mapping[str, float]
    context: PopulationContext

    def of(self, plan: ObjectPlan, depth: int = 0, parent_path: str = "") -> Iterator[ExplanationLine]:
        """The lines of an object's fields and of everything below them."""
        for field in plan.fields:
            name = field.key if field.key == field.name else f"{field.key} ({field.name})"
            path = f"{parent_path}.{field.key}" if parent_path else field.key
            resolution = "read from its parent" if field.is_read_from_parent else field.kind.value
            population = self._population(field)
            limited = population.at_enrolled_schools or self._limited_districts(field)
            lookups = tuple(_lookups(field, population.lookups, limited, self.sources, self.prices))
            count = math.ceil(self.records.get(path, 0.0))
            yield ExplanationLine(depth, name, resolution, lookups, tuple(population.sentences), count)
            abstract = is_abstract_type(field.named_type)
            for child in _child_plans(self.executor, field):
                if abstract:
                    yield ExplanationLine(depth + 1, f"... on {child.type.name}", "for objects of this type")
                yield from self.of(child, depth + 1 + abstract, path)

    def _limited_districts(self, field: FieldPlan) -> Collection[DistrictId]:
        """The districts in which a field reads no records at schools where students have no enrollment."""
        if field.strawberry_field is None:
            return ()
        shown = {child.name for plan in _child_plans(self.executor, field) for child in plan.fields}
        return districts_with_values_only(field.strawberry_field.metadata, shown, self.context)

    def _population(self, field: FieldPlan) -> ListExplanation:
        """How the students of a list with a condition are found; empty for any other field."""
        strawberry_field = field.strawberry_field
        if strawberry_field is None or EXPLAIN_METADATA not in strawberry_field.metadata:
            return ListExplanation([], [])
        schema = self.executor.schema._strawberry_schema  # type: ignore[attr-defined] # noqa: SLF001 - set by Strawberry
        raw = get_argument_values(field.definition, field.nodes[0], self.executor.variable_values)
        arguments = convert_arguments(
            dict(raw),
            strawberry_field.arguments,
            scalar_registry=schema.schema_converter.scalar_registry,
            config=schema.config,
        )
        explain_field: Any = strawberry_field.metadata[EXPLAIN_METADATA]
        explanation: ListExplanation = explain_field(arguments, self.context)
        return explanation


def _child_plans(executor: BreadthExecutor, field: FieldPlan) -> list[ObjectPlan]:
    """The plan of each object type that the field may return."""
    if field.kind is FieldKind.STOCK:
        return []
    if is_abstract_type(field.named_type):
        types: Sequence[GraphQLObjectType] = executor.schema.get_possible_types(field.named_type)
        return [Compiler(executor).child_plan(field, type_) for type_ in types]
    return list(field.children.values())


def _lookups(
    field: FieldPlan,
    of_population: Sequence[Lookup],
    limited: Collection[DistrictId],
    sources: Sequence[Source],
    prices: WayPrices,
) -> Iterator[str]:
    """
    Each lookup that a field may call: its name, how long answers stay fresh, and the ways at each source.

    In `limited` districts records at schools where students have no enrollment are not needed.
    """
    metadata = field.strawberry_field.metadata if field.strawberry_field else {}
    declared = used_lookups(metadata, lambda: field.arguments)
    for lookup in dict.fromkeys([*declared, *of_population]):
        offering = [source for source in sources if source.offers(lookup)]
        costs = "; ".join(
            prices.text(source, lookup, at_enrolled_schools=source.district in limited) for source in offering
        )
        ages = {source.freshness(lookup).fresh for source in offering} or {lookup.fresh}
        freshness = f"fresh for {' or '.join(map(_duration, sorted(ages)))}"
        yield f"{lookup.name} ({freshness}) at {costs or 'no source: none offers it'}"


def _duration(time: timedelta) -> str:
    minutes = time.total_seconds() / 60
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"


def _placeholders(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Any]:
    """A value for each required variable."""
    values: dict[str, Any] = {}
    for variable in operation.variable_definitions or ():
        type_ = type_from_ast(schema, variable.type)
        if is_non_null_type(type_) and variable.default_value is None:
            name = variable.variable.name.value
            values[name] = _placeholder(type_.of_type, name)
    return values


def _placeholder(type_: Any, name: str) -> Any:
    if is_list_type(type_):
        return []
    named_type = get_named_type(type_)
    if is_enum_type(named_type):
        return next(iter(named_type.values))
    if isinstance(named_type, GraphQLInputObjectType):
        inputs = named_type.fields.values()
        if any(is_non_null_type(field.type) and field.default_value is None for field in inputs):
            raise GraphQLError(f"The variable ${name} has no placeholder; give it a value.")
        return {}
    return PLACEHOLDERS.get(named_type.name, "x")
