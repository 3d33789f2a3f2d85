"""What a document reads of restricted classes of data: such a document is no tool of an assistant."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from graphql import (
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from student_graph.gateway.documents.document import ParsedDocument
from student_graph.resolvers.fields.field import SENSITIVITY_METADATA
from student_graph.resolvers.fields.record import is_restricted_type


def restricted_parts(
    schema: GraphQLSchema, document: ParsedDocument, operation: OperationDefinitionNode, inputs: Collection[str]
) -> list[str]:
    """
    Return the restricted fields and inputs of an operation and of all fragments of its document, by coordinate.

    `inputs` are the values of enums and the members of input objects that are restricted.
    """
    assert document.node is not None
    info = TypeInfo(schema)
    finder = _Finder(info, inputs)
    for node in document.node.definitions:
        if node is operation or isinstance(node, FragmentDefinitionNode):
            visit(node, TypeInfoVisitor(info, finder))
    return list(finder.matches)


def is_restricted_field(parent: Any, field: GraphQLField) -> bool:
    """Return whether a field shows data of a restricted class."""
    metadata = getattr((field.extensions or {}).get("strawberry-definition"), "metadata", None) or {}
    sensitivity = metadata.get(SENSITIVITY_METADATA)
    types = (parent, get_named_type(field.type))
    return (sensitivity is not None and sensitivity.restricted) or any(
        isinstance(type_, GraphQLObjectType) and is_restricted_type(type_) for type_ in types
    )


class _Finder(Visitor):
    """Notes restricted fields, values of enums and members of input objects, in the order of the document."""

    def __init__(self, info: TypeInfo, inputs: Collection[str]) -> None:
        super().__init__()
        self._info, self._inputs = info, inputs
        self.matches: dict[str, None] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a field of a restricted class."""
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is not None and field is not None and is_restricted_field(parent, field):
            self.matches[f"{parent.name}.{node.name.value}"] = None

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        """Note a restricted value of an enum."""
        self._note_input(self._info.get_input_type(), node.value)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Note a restricted member of an input object."""
        self._note_input(self._info.get_parent_input_type(), node.name.value)

    def _note_input(self, type_: Any, name: str) -> None:
        coordinate = f"{get_named_type(type_)}.{name}"
        if coordinate in self._inputs:
            self.matches[coordinate] = None
