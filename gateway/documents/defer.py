"""Checks where a document may use `@defer`, and whether its operations are answered in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_list_type,
    is_non_null_type,
    visit,
)

MAX_DEFERRED_FRAGMENTS = 20
"""Fragments with `@defer` in one operation; those of a named fragment count at every spread."""


@dataclass(frozen=True, slots=True)
class DeferConditions:
    """When a document's operations are answered in parts: if one of its uses of `@defer` is on."""

    always: bool = False
    """Whether a use of `@defer` has no condition."""
    variables: frozenset[str] = frozenset()
    """Variables that switch the others on."""

    def __bool__(self) -> bool:
        """Whether a use of `@defer` can be on."""
        return self.always or bool(self.variables)

    def are_met(self, operation: OperationDefinitionNode, values: Mapping[str, Any]) -> bool:
        """Whether a use is on in an operation with these values of variables, as the client sent them."""
        if self.always:
            return True
        defaults = {
            node.variable.name.value: node.default_value.value
            for node in operation.variable_definitions or ()
            if isinstance(node.default_value, BooleanValueNode)
        }
        return any(values.get(name, defaults.get(name)) is True for name in self.variables)


def defer_conditions(document: DocumentNode) -> DeferConditions:
    """When a valid document's operations are answered in parts."""
    finder = _DeferFinder()
    visit(document, finder)
    conditions = [condition for node in finder.directives if (condition := _condition(node)) is not False]
    return DeferConditions(True in conditions, frozenset(name for name in conditions if isinstance(name, str)))


def defer_error(schema: GraphQLSchema, document: DocumentNode) -> GraphQLError | None:
    """
    Why a valid document's `@defer` is refused; None if it is not.

    `@defer` below a list is refused because each item would come in a part of its own.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            checker = _DeferChecker(schema, fragments)
            root_type = schema.get_root_type(operation.operation)
            try:
                count = checker.count(operation.selection_set, root_type, in_list=False)
            except GraphQLError as error:
                return error
            if count > MAX_DEFERRED_FRAGMENTS:
                message = f"@defer may be used at most {MAX_DEFERRED_FRAGMENTS} times in an operation."
                return GraphQLError(message, operation)
    return None


def _condition(node: DirectiveNode) -> bool | str:
    """Whether a use of `@defer` is on: always, never, or the variable that says so."""
    for argument in node.arguments or ():
        if argument.name.value == "if" and isinstance(argument.value, VariableNode):
            return argument.value.name.value
        if argument.name.value == "if" and isinstance(argument.value, BooleanValueNode):
            return argument.value.value
    return True


def _uses(node: Any) -> Iterator[DirectiveNode]:
    """The uses of `@defer` at a fragment that can be on."""
    return (d for d in node.directives or () if d.name.value == "defer" and _condition(d) is not False)


class _DeferFinder(Visitor):
    """Collects the uses of `@defer`."""

    def __init__(self) -> None:
        super().__init__()
        self.directives: list[DirectiveNode] = []

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value == "defer":
            self.directives.append(node)


@dataclass(slots=True)
class _DeferChecker:
    """Counts the deferred fragments of one operation, and refuses those below a list."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    _counts: dict[tuple[str, bool], int] = field(default_factory=dict)
    """Deferred fragments in named fragments, outside and inside a list: each is walked once for each."""

    def count(self, selections: SelectionSetNode | None, type_: Any, *, in_list: bool) -> int:
        """
        The deferred fragments in selections on a type.

        Raises:
            GraphQLError: one of them is below a list.
        """
        total = 0
        for node in selections.selections if selections is not None else ():
            if isinstance(node, FieldNode):
                total += self._count_field(node, type_, in_list=in_list)
                continue
            for use in _uses(node):
                total += 1
                if in_list:
                    raise GraphQLError("@defer is not supported inside a list; use it above the list.", use)
            if isinstance(node, FragmentSpreadNode):
                total += self._count_fragment(node.name.value, in_list=in_list)
            else:
                condition = node.type_condition  # type: ignore[attr-defined] # an inline fragment
                inner = self.schema.get_type(condition.name.value) if condition else type_
                total += self.count(node.selection_set, inner, in_list=in_list)  # type: ignore[attr-defined]
        return total

    def _count_field(self, node: FieldNode, type_: Any, *, in_list: bool) -> int:
        if node.name.value in ("__schema", "__type"):
            raise GraphQLError("@defer is not supported beside __schema and __type.", node)
        definition = self.schema.get_field(type_, node.name.value)
        if definition is None or node.selection_set is None:
            return 0
        nullable = definition.type.of_type if is_non_null_type(definition.type) else definition.type
        below_list = in_list or is_list_type(nullable)
        return self.count(node.selection_set, get_named_type(definition.type), in_list=below_list)

    def _count_fragment(self, name: str, *, in_list: bool) -> int:
        known = self._counts.get((name, in_list))
        if known is None:
            fragment = self.fragments[name]
            type_ = self.schema.get_type(fragment.type_condition.name.value)
            known = self._counts[name, in_list] = self.count(fragment.selection_set, type_, in_list=in_list)
        return known
