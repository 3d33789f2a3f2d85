"""Compiles selections into plans: graphql-core collects the fields, and each field becomes a `FieldPlan`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    VariableNode,
    Visitor,
    is_leaf_type,
    is_union_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet, collect_subfields
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values
from strawberry.schema import schema_converter
from strawberry.types.field import StrawberryField

from student_graph.gateway.execution.plan import FieldKind, FieldPlan, ObjectPlan, PlanSize, UnplannableError
from student_graph.resolvers.fields.batched import BATCH_METADATA
from student_graph.resolvers.fields.record import (
    ATTRIBUTE_METADATA,
    DERIVED_METADATA,
    InstanceCheck,
    is_record_type,
    is_student_record_type,
)

CONDITION_DIRECTIVES = frozenset({"skip", "include"})
"""Directives whose arguments decide what is selected."""
OWN_MODULES = __name__.partition(".")[0] + "."
"""Start of the names of the gateway's modules."""
INCREMENTAL_DIRECTIVES = frozenset({"defer", "stream"})
"""Directives that ask for a part of the response later."""


class Compiler:
    """Makes the plans of one operation. `executor` has its schema, fragments and variables."""

    def __init__(self, executor: Executor[Any], size: PlanSize | None = None) -> None:
        """Count the plans in `size`; None starts a new count."""
        self._executor = executor
        self._size = size or PlanSize()

    def object_plan(self, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> ObjectPlan:
        """
        Make the plan of the selected fields of an object type.

        Raises:
            UnplannableError: a part of it must be executed by graphql-core.
        """
        self._size.add_object(grouped)
        plans = (self._field_plan(type_, key, details) for key, details in grouped.items())
        return ObjectPlan(
            type_,
            [plan for plan in plans if plan is not None],
            type_.is_type_of is None or isinstance(type_.is_type_of, InstanceCheck),
            self._size,
        )

    def child_plan(self, plan: FieldPlan, type_: GraphQLObjectType) -> ObjectPlan:
        """Return the plan of the objects of a field that are of `type_`; make it when the type is first seen."""
        child = plan.children.get(type_.name)
        if child is None:
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
            child = plan.children[type_.name] = self.object_plan(type_, grouped)
        return child

    def _field_plan(
        self, parent_type: GraphQLObjectType, key: str, details: list[FieldDetails]
    ) -> FieldPlan | None:
        executor, node = self._executor, details[0].node
        definition = executor.schema.get_field(parent_type, node.name.value)
        if definition is None:
            return None
        nodes = [detail.node for detail in details]
        named_type = _named_type(definition.type)
        plan = FieldPlan(key, FieldKind.RESOLVER, details, nodes, definition, parent_type, named_type, self._size)
        _set_kind(plan, executor.schema)
        plan.arguments = self._constant_arguments(plan)
        if isinstance(named_type, GraphQLObjectType) and plan.kind is not FieldKind.STOCK:
            plan.inline = self.child_plan(plan, named_type).is_built_from_record
            plan.has_student_records = is_student_record_type(named_type)
            plan.has_records = is_record_type(named_type)
        else:
            plan.inline = is_leaf_type(named_type)
        plan.composite = not is_leaf_type(named_type)
        return plan

    def _constant_arguments(self, plan: FieldPlan) -> Mapping[str, Any] | None:
        """Return the arguments if they are valid and depend on no variable, else None."""
        node = plan.nodes[0]
        if not plan.definition.args and not node.arguments:
            return {}
        if variables_in(node.arguments) or any(detail.fragment_variable_values for detail in plan.details):
            return None
        executor = self._executor
        try:
            return get_argument_values(
                plan.definition, node, executor.variable_values, None, executor.hide_suggestions
            )
        except Exception:  # noqa: BLE001 - raised again for each object, when its path is known
            return None


def _set_kind(plan: FieldPlan, schema: GraphQLSchema) -> None:
    """Set how the executor resolves the field."""
    name = plan.name
    if name == "__typename":
        plan.kind = FieldKind.TYPENAME
    elif name in ("__schema", "__type"):
        plan.kind = FieldKind.STOCK
    field = (plan.definition.extensions or {}).get("strawberry-definition")
    if not isinstance(field, StrawberryField):
        return
    plan.strawberry_field = field
    if _only_resolver_knows(plan, field, schema):
        return
    plan.is_own = _is_own(getattr(field.base_resolver, "wrapped_func", None))
    if BATCH_METADATA in field.metadata:
        plan.kind, plan.batch = FieldKind.BATCH, field.metadata[BATCH_METADATA]
        plan.is_own = _is_own(plan.batch.function)
    elif DERIVED_METADATA in field.metadata:
        plan.kind, plan.factory = FieldKind.DERIVED, field.metadata[DERIVED_METADATA]
    elif ATTRIBUTE_METADATA in field.metadata:
        plan.kind, plan.attribute = FieldKind.ATTRIBUTE, field.metadata[ATTRIBUTE_METADATA]
    elif field.is_basic_field and field.default_resolver is getattr:
        plan.kind, plan.attribute = FieldKind.ATTRIBUTE, field.python_name


def _is_own(function: object) -> bool:
    """Return whether a function is one of the gateway's modules."""
    return str(getattr(function, "__module__", "")).startswith(OWN_MODULES)


def _only_resolver_knows(plan: FieldPlan, field: StrawberryField, schema: GraphQLSchema) -> bool:
    """
    Return whether only the field's resolver gives the value that the schema's author expects.

    This is true if other code runs around the field's own: extensions, permissions, a `get_result` of a subclass
    of `StrawberryField`, the schema's `exception_handlers` for unions, or a resolver that replaces Strawberry's.
    """
    resolve = plan.definition.resolve
    return (
        bool(field.extensions or field.permission_classes)
        or getattr(field.get_result, "__func__", None) is not StrawberryField.get_result
        or (bool(schema._strawberry_schema.exception_handlers) and is_union_type(plan.named_type))  # type: ignore[attr-defined] # noqa: SLF001 - set by Strawberry
        or getattr(resolve, "__module__", None) != schema_converter.__name__
        or hasattr(resolve, "__wrapped__")
    )


def _named_type(type_: Any) -> Any:
    while isinstance(type_, (GraphQLNonNull, GraphQLList)):
        type_ = type_.of_type
    return type_


def variables_in(nodes: Iterable[Node] | None) -> list[str]:
    """Return the names of the variables in parts of a document, each once."""
    visitor = _VariableVisitor()
    for node in nodes or ():
        visit(node, visitor)
    return list(visitor.names)


def find_conditions(executor: Executor[Any]) -> tuple[str, ...]:
    """
    Return the names of the variables that decide what an operation selects. Only these shape its plan.

    Raises:
        UnplannableError: a part of the operation is to be delivered later.
    """
    visitor = _DirectiveVisitor()
    visit(executor.operation, visitor)
    for fragment in executor.fragment_definitions.values():
        visit(fragment, visitor)
    if visitor.incremental:  # graphql-core obeys these directives whether the schema declares them or not
        raise UnplannableError("incremental delivery")
    return tuple(visitor.conditions)


class _VariableVisitor(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names[node.name.value] = None


class _DirectiveVisitor(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.conditions: dict[str, None] = {}
        self.incremental = False

    def enter_directive(self, node: Any, *_: Any) -> None:
        self.incremental |= node.name.value in INCREMENTAL_DIRECTIVES
        if node.name.value in CONDITION_DIRECTIVES:
            self.conditions.update(dict.fromkeys(variables_in(node.arguments)))
