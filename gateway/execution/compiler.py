"""From a selection to plans: graphql-core collects the fields, and each becomes a `FieldPlan`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLDeferDirective,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Node,
    VariableNode,
    Visitor,
    is_leaf_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet, collect_subfields
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values
from strawberry.types.field import StrawberryField

from student_graph.gateway.execution.plan import FieldPlan, Kind, ObjectPlan, UnplannableError
from student_graph.resolvers.fields.batched import BATCH
from student_graph.resolvers.fields.record import ATTRIBUTE, DERIVED, InstanceOf

SHAPING = frozenset({"skip", "include"})
"""Directives whose arguments decide what is selected."""
INCREMENTAL = frozenset({"defer", "stream"})
"""Directives that ask for a part of the answer later."""


class Compiler:
    """Makes the plans of one operation; `executor` holds its schema, fragments and variables."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor

    def object_plan(self, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> ObjectPlan:
        """
        The plan of an object type's fields.

        Raises:
            UnplannableError: something in it is left to stock execution.
        """
        fields = (self._field_plan(type_, key, details) for key, details in grouped.items())
        return ObjectPlan(
            type_,
            [each for each in fields if each is not None],
            type_.is_type_of is None or isinstance(type_.is_type_of, InstanceOf),
        )

    def child(self, plan: FieldPlan, type_: GraphQLObjectType) -> ObjectPlan:
        """The plan of what is selected of the objects of a field; made at first sight of their type."""
        known = plan.children.get(type_.name)
        if known is None:
            executor = self._executor
            grouped, _, _ = collect_subfields(
                executor.schema,
                executor.fragments,
                executor.variable_values,
                executor.operation,
                type_,
                plan.details,
                executor.hide_suggestions,
            )
            known = plan.children[type_.name] = self.object_plan(type_, grouped)
        return known

    def _field_plan(self, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> FieldPlan | None:
        executor, node = self._executor, details[0].node
        definition = executor.schema.get_field(parent, node.name.value)
        if definition is None:
            return None
        nodes = [each.node for each in details]
        plan = FieldPlan(key, Kind.RESOLVER, details, nodes, definition, parent, _named(definition.type))
        _say_how(plan)
        plan.arguments = self._fixed_arguments(plan)
        if isinstance(plan.named, GraphQLObjectType) and plan.kind is not Kind.STOCK:
            plan.inline = self.child(plan, plan.named).pure
            plan.discloses = discloses(plan.named)
        else:
            plan.inline = is_leaf_type(plan.named)
        return plan

    def _fixed_arguments(self, plan: FieldPlan) -> Mapping[str, Any] | None:
        """The arguments, when they depend on no variable and are as they must be."""
        node = plan.nodes[0]
        if not plan.definition.args and not node.arguments:
            return {}
        if variables_in(node.arguments) or any(each.fragment_variable_values for each in plan.details):
            return None
        executor = self._executor
        try:
            return get_argument_values(
                plan.definition, node, executor.variable_values, None, executor.hide_suggestions
            )
        except Exception:  # noqa: BLE001 - raised again for each object, where its place is known
            return None


def _say_how(plan: FieldPlan) -> None:
    """Set how the field's values are had."""
    name = plan.name
    if name == "__typename":
        plan.kind = Kind.TYPENAME
    elif name in ("__schema", "__type"):
        plan.kind = Kind.STOCK
    found = (plan.definition.extensions or {}).get("strawberry-definition")
    if not isinstance(found, StrawberryField):
        return
    plan.strawberry = found
    if found.extensions or found.permission_classes:
        return
    if BATCH in found.metadata:
        plan.kind, plan.batch = Kind.BATCH, found.metadata[BATCH]
    elif DERIVED in found.metadata:
        plan.kind, plan.derive = Kind.DERIVED, found.metadata[DERIVED]
    elif ATTRIBUTE in found.metadata:
        plan.kind, plan.attribute = Kind.ATTRIBUTE, found.metadata[ATTRIBUTE]
    elif found.is_basic_field and found.default_resolver is getattr:
        plan.kind, plan.attribute = Kind.ATTRIBUTE, found.python_name


def discloses(type_: GraphQLObjectType) -> bool:
    """Whether objects of a type are records of students."""
    return isinstance(type_.is_type_of, InstanceOf) and type_.is_type_of.discloses


def _named(type_: Any) -> Any:
    while isinstance(type_, (GraphQLNonNull, GraphQLList)):
        type_ = type_.of_type
    return type_


def variables_in(nodes: Iterable[Node] | None) -> list[str]:
    """Names of the variables in parts of a document, each once."""
    collector = _Variables()
    for node in nodes or ():
        visit(node, collector)
    return list(collector.names)


def conditions_of(executor: Executor[Any]) -> tuple[str, ...]:
    """
    Names of the variables that decide what an operation selects: the only ones that shape its plan.

    Raises:
        UnplannableError: a part of the operation is to be delivered later.
    """
    collector = _Conditions()
    visit(executor.operation, collector)
    for fragment in executor.fragment_definitions.values():
        visit(fragment, collector)
    if collector.incremental and GraphQLDeferDirective.name in {d.name for d in executor.schema.directives}:
        raise UnplannableError("incremental delivery")
    return tuple(collector.names)


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names[node.name.value] = None


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}
        self.incremental = False

    def enter_directive(self, node: Any, *_: Any) -> None:
        self.incremental |= node.name.value in INCREMENTAL
        if node.name.value in SHAPING:
            self.names.update(dict.fromkeys(variables_in(node.arguments)))
