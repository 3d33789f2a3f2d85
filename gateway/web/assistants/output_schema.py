"""JSON Schema (draft 2020-12) of a tool's answer, made from what its document selects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    is_leaf_type,
    is_list_type,
)

from student_graph.gateway.web.assistants.input_schema import SCALARS, nullable

ERRORS = {
    "type": "array",
    "description": "Why values are null that are not simply unknown.",
    "items": {
        "type": "object",
        "properties": {"message": {"type": "string"}, "code": {"type": "string"}, "path": {"type": "array"}},
        "required": ["message"],
    },
}
MISSING = {
    "type": "array",
    "description": "Parts that are missing from lists, because one of several sources did not answer.",
    "items": {"type": "object"},
}


def output_schema(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> dict[str, Any]:
    """Return the JSON Schema of an answer: `data` as the operation selects it, `errors` and `missing`."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    assert schema.query_type is not None
    data = _Answer(schema, fragments).object(schema.query_type, [operation.selection_set])
    return {
        "type": "object",
        "properties": {"data": nullable(data), "errors": ERRORS, "missing": MISSING},
        "required": ["data"],
    }


@dataclass(slots=True)
class _Selected:
    """A member of an object, which several selections may select."""

    type: Any
    selection_sets: list[SelectionSetNode] = field(default_factory=list)
    always: bool = False
    """Whether it is there in each object."""


@dataclass(frozen=True, slots=True)
class _Answer:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]

    def object(self, parent: Any, selection_sets: Iterable[SelectionSetNode]) -> dict[str, Any]:
        """Return the JSON Schema of an object of a type, with what all of these select."""
        members: dict[str, _Selected] = {}
        for selection_set in selection_sets:
            for name, node, owner, always in self._fields(parent, selection_set, always=True):
                type_ = self.schema.get_field(owner, node.name.value).type  # type: ignore[union-attr]
                member = members.setdefault(name, _Selected(type_))
                member.always |= always
                if node.selection_set is not None:
                    member.selection_sets.append(node.selection_set)
        return {
            "type": "object",
            "properties": {name: self._of(member.type, member.selection_sets) for name, member in members.items()},
            "required": [name for name, member in members.items() if member.always],
        }

    def _of(self, type_: Any, selection_sets: list[SelectionSetNode]) -> dict[str, Any]:
        if isinstance(type_, GraphQLNonNull):
            return self._of_value(type_.of_type, selection_sets)
        return nullable(self._of_value(type_, selection_sets))

    def _of_value(self, type_: Any, selection_sets: list[SelectionSetNode]) -> dict[str, Any]:
        if is_list_type(type_):
            return {"type": "array", "items": self._of(type_.of_type, selection_sets)}
        if is_leaf_type(type_):
            # The values of enums are not listed: a model reads them in the answer.
            return dict(SCALARS.get(type_.name, {"type": "string"}))
        return self.object(type_, selection_sets)

    def _fields(
        self, parent: Any, selection_set: SelectionSetNode, *, always: bool
    ) -> Iterator[tuple[str, FieldNode, Any, bool]]:
        """Yield the selected fields: name in the answer, node, parent, and whether it is always there."""
        for node in selection_set.selections:
            is_unconditional = always and not node.directives
            if isinstance(node, FieldNode):
                name = (node.alias or node.name).value
                yield name, node, parent, is_unconditional
                continue
            fragment: Any = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = fragment.type_condition
            owner: Any = self.schema.type_map[condition.name.value] if condition else parent
            includes_all = owner is parent or isinstance(parent, GraphQLObjectType)
            yield from self._fields(owner, fragment.selection_set, always=is_unconditional and includes_all)
