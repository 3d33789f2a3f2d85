"""
Schema coordinates of the parts of a document: `Student.courseGrades(schoolYear:)`.

The specification of GraphQL (September 2025) names every part of a schema so. An error with a coordinate says
which part of the schema it is about, whatever aliases and fragments the document uses.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    NamedTypeNode,
    Node,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from student_graph.gateway.concurrency.pauses import pause


class Coordinates:
    """The coordinates of a document's parts. The document is walked when an error asks for the first one."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        """Find coordinates of the schema in a document, which need not be valid."""
        self._schema = schema
        self._document = document
        self._by_node: dict[int, str] | None = None

    def of(self, error: GraphQLError) -> str | None:
        """
        The coordinate of what an error is about; None if that is no part of the schema.

        For something that the schema does not have, it is the coordinate of the part that lacks it: the type of an
        unknown field, the field of an unknown argument.
        """
        if not error.nodes:
            return None
        if self._by_node is None:
            type_info = TypeInfo(self._schema)
            finder = _Finder(self._schema, type_info)
            visit(self._document, TypeInfoVisitor(type_info, finder))
            self._by_node = finder.by_node
        # The last node is the most exact one: a variable's use and not its definition.
        coordinates = map(self._by_node.get, map(id, reversed(error.nodes)))
        return next(filter(None, coordinates), None)


class _Finder(Visitor):
    """Notes the coordinate of each node, or that of the nearest node around it."""

    def __init__(self, schema: GraphQLSchema, type_info: TypeInfo) -> None:
        super().__init__()
        self._schema = schema
        self._type_info = type_info
        self._path: list[str] = []
        """Coordinates of the nodes around the current one; an empty text for none."""
        self.by_node: dict[int, str] = {}

    def enter(self, node: Node, *_: Any) -> None:
        """Note the coordinate of a node."""
        pause()
        around = self._path[-1] if self._path else ""
        coordinate = self._coordinate(node, around) or around
        self._path.append(coordinate)
        if coordinate:
            self.by_node[id(node)] = coordinate

    def leave(self, *_: Any) -> None:
        """Leave a node."""
        self._path.pop()

    def _coordinate(self, node: Node, around: str) -> str | None:
        """The node's own coordinate; None if it has none, or if the schema does not have it."""
        info, coordinate = self._type_info, None
        if isinstance(node, FieldNode) and (parent := info.get_parent_type()):
            coordinate = f"{parent.name}.{node.name.value}" if info.get_field_def() else parent.name
        elif isinstance(node, ArgumentNode) and info.get_argument():
            coordinate = f"{around}({node.name.value}:)"
        elif isinstance(node, DirectiveNode) and info.get_directive():
            coordinate = f"@{node.name.value}"
        elif isinstance(node, ObjectFieldNode):
            coordinate = _input_field(get_named_type(info.get_parent_input_type()), node.name.value)
        elif isinstance(node, NamedTypeNode) and node.name.value in self._schema.type_map:
            coordinate = node.name.value
        return coordinate


def _input_field(type_: Any, name: str) -> str | None:
    """The coordinate of a field of an input type, or of the type if it has no such field."""
    if not isinstance(type_, GraphQLInputObjectType):
        return None
    return f"{type_.name}.{name}" if name in type_.fields else type_.name
