"""
What a document will do, told before it is done: its plan as a tree, and what each field may ask of whom.

The plan is the executor's own; what a lookup costs is what the adapters declare of their access paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.execution.collect_fields import collect_fields

from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.execution.compiler import Compiler
from student_graph.gateway.execution.plan import FieldPlan, Kind, ObjectPlan, UnplannableError
from student_graph.resolvers.fields.field import ASKS

PLACEHOLDERS = {"Boolean": True, "Int": 1, "Float": 1.0, "Date": "2027-01-01", "DateTime": "2027-01-01T00:00:00Z"}
"""What stands in for a variable that is not given: a plan depends on none but those of `@skip` and `@include`."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of an explanation."""

    depth: int
    name: str
    """Response key, with the field's name where the two differ."""
    how: str
    """How the field's values are had."""
    asks: tuple[str, ...] = ()
    """What it may ask, a line for each lookup."""

    def told(self) -> dict[str, Any]:
        """The same for an answer's extensions."""
        return {"depth": self.depth, "field": self.name, "how": self.how, "asks": list(self.asks)}


def explained(
    core: GraphQLSchema,
    node: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    sources: Sequence[Source],
) -> list[Explained]:
    """
    The plan of an operation, line by line; `sources` are those that it would ask.

    Raises:
        GraphQLError: a variable cannot be made up, or is not what it must be.
    """
    given = {**_made_up(core, operation), **variables}
    name = operation.name.value if operation.name else None
    built = BreadthExecutor.build(core, node, raw_variable_values=given, operation_name=name)
    if isinstance(built, list):
        raise built[0]
    root = core.query_type
    assert isinstance(built, BreadthExecutor)
    assert root is not None
    fields = collect_fields(core, built.fragments, built.variable_values, root, operation)
    try:
        plan = built.plan(root, fields.grouped_field_set)
    except UnplannableError as reason:
        return [Explained(0, "the whole operation", f"left to graphql-core: {reason}")]
    return list(_objects(built, plan, sources, 0))


def as_text(lines: Iterable[Explained]) -> str:
    """An explanation as people read it."""
    rows = []
    for line in lines:
        rows.append(f"{'  ' * line.depth}{line.name}: {line.how}")
        rows += [f"{'  ' * line.depth}    asks {asked}" for asked in line.asks]
    return "\n".join(rows)


def _objects(
    executor: BreadthExecutor, plan: ObjectPlan, sources: Sequence[Source], depth: int
) -> Iterator[Explained]:
    for each in plan.fields:
        shown = each.key if each.key == each.name else f"{each.key} ({each.name})"
        how = "written with its parent" if each.pure else each.kind.value
        yield Explained(depth, shown, how, tuple(_asks(each, sources)))
        for child in _children(executor, each):
            if is_abstract_type(each.named):
                yield Explained(depth + 1, f"... on {child.type.name}", "by the type of each object")
            yield from _objects(executor, child, sources, depth + 1 + is_abstract_type(each.named))


def _children(executor: BreadthExecutor, each: FieldPlan) -> list[ObjectPlan]:
    """What is selected of the field's objects, whatever they turn out to be."""
    if each.kind is Kind.STOCK:
        return []
    if is_abstract_type(each.named):
        possible: Sequence[GraphQLObjectType] = executor.schema.get_possible_types(each.named)
        return [Compiler(executor).child(each, one) for one in possible]
    return list(each.children.values())


def _asks(each: FieldPlan, sources: Sequence[Source]) -> Iterator[str]:
    """What a field may ask of whom, and what that costs."""
    lookups: Sequence[Lookup] = each.strawberry.metadata.get(ASKS, ()) if each.strawberry else ()
    for lookup in lookups:
        whom = "; ".join(_cost(source, lookup) for source in sources if source.offers(lookup))
        ages = {source.freshness(lookup).fresh for source in sources if source.offers(lookup)} or {lookup.fresh}
        age = f"fresh for {' or '.join(map(_long, sorted(ages)))}"
        yield f"{lookup.name} ({age}) of {whom or 'nobody: no source answers it'}"


def _cost(source: Source, lookup: Lookup) -> str:
    split = source.adapter.paths.get(lookup.method)
    if split is None:
        return f"{source.name}: 1 a {lookup.key_kind}, or fewer"
    calls, via = split.cost(source.adapter.settings), lookup_of(split.coarse_lookup)
    point = f"{source.name}: {calls.per_key:g} a {lookup.key_kind}"
    return f"{point}, or {calls.per_coarse_key:g} a {via.key_kind} by {via.name} where that is less"


def _long(time: timedelta) -> str:
    minutes = time.total_seconds() / 60
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"


def _made_up(core: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Any]:
    """A value for each variable that must have one."""
    found: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        type_ = type_from_ast(core, each.type)
        if is_non_null_type(type_) and each.default_value is None:
            found[each.variable.name.value] = _value(type_.of_type, each.variable.name.value)
    return found


def _value(type_: Any, name: str) -> Any:
    if is_list_type(type_):
        return []
    named = get_named_type(type_)
    if is_enum_type(named):
        return next(iter(named.values))
    if isinstance(named, GraphQLInputObjectType):
        if any(is_non_null_type(each.type) and each.default_value is None for each in named.fields.values()):
            raise GraphQLError(f"The variable ${name} cannot be made up: give it a value.")
        return {}
    return PLACEHOLDERS.get(named.name, "x")
