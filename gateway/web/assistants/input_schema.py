"""JSON Schema (draft 2020-12) of a tool's arguments, made from the variables of its document."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_list_type,
    is_required_input_field,
    type_from_ast,
    value_from_ast_untyped,
    visit,
)

SCALARS: Mapping[str, dict[str, Any]] = {
    "Boolean": {"type": "boolean"},
    "Date": {"type": "string", "format": "date"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Float": {"type": "number"},
    "ID": {"type": "string"},
    "Int": {"type": "integer"},
    "String": {"type": "string"},
    "Time": {"type": "string", "format": "time"},
}
"""JSON Schema of each scalar of the graph."""


def input_schema(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, restricted: Collection[str]
) -> dict[str, Any]:
    """
    Return the JSON Schema of the variables of an operation.

    An argument is described as the argument or the member is that the variable fills. `restricted` values of enums
    and members of input objects, by coordinate, are left out.
    """
    info = TypeInfo(schema)
    descriptions = _Descriptions(info)
    visit(document, TypeInfoVisitor(info, descriptions))
    types = _Types(restricted)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for variable in operation.variable_definitions or ():
        name = variable.variable.name.value
        type_: Any = type_from_ast(schema, variable.type)
        description = variable.description.value if variable.description else descriptions.by_variable.get(name)
        properties[name] = types.of(type_) | _description(description) | _default(variable)
        if isinstance(type_, GraphQLNonNull) and variable.default_value is None:
            required.append(name)
    root: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        root["required"] = required
    if types.definitions:
        root["$defs"] = types.definitions
    return root


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema that also allows null. Some clients refuse a list of types, so it has two branches."""
    return {"anyOf": [schema, {"type": "null"}]}


def _description(text: str | None) -> dict[str, str]:
    return {"description": text} if text else {}


def _default(variable: VariableDefinitionNode) -> dict[str, Any]:
    if variable.default_value is None:
        return {}
    return {"default": value_from_ast_untyped(variable.default_value)}


class _Types:
    """JSON Schemas of input types. Input objects are definitions, because they may refer to themselves."""

    def __init__(self, restricted: Collection[str]) -> None:
        self._restricted = restricted
        self.definitions: dict[str, Any] = {}
        """By name of the input object."""

    def of(self, type_: Any) -> dict[str, Any]:
        """Return the JSON Schema of a type."""
        if isinstance(type_, GraphQLNonNull):
            return self._of_value(type_.of_type)
        return nullable(self._of_value(type_))

    def _of_value(self, type_: Any) -> dict[str, Any]:
        if is_list_type(type_):
            return {"type": "array", "items": self.of(type_.of_type)}
        if isinstance(type_, GraphQLEnumType):
            return self._enum(type_)
        if isinstance(type_, GraphQLInputObjectType):
            if type_.name not in self.definitions:
                self.definitions[type_.name] = {}
                self.definitions[type_.name] = self._object(type_)
            return {"$ref": f"#/$defs/{type_.name}"}
        return dict(SCALARS.get(type_.name, {}))

    def _enum(self, type_: GraphQLEnumType) -> dict[str, Any]:
        values = {
            name: value.description for name, value in type_.values.items() if self._is_offered(type_.name, name)
        }
        lines = [f"{name}: {' '.join(text.split())}" for name, text in values.items() if text]
        return {"type": "string", "enum": list(values)} | _description(
            "\n".join([type_.description or "", *lines])
        )

    def _object(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        fields = {name: field for name, field in type_.fields.items() if self._is_offered(type_.name, name)}
        # Of a `@oneOf` type exactly one member is given, and it is not null.
        as_sent = self._of_value if type_.is_one_of else self.of
        result: dict[str, Any] = {
            "type": "object",
            "properties": {
                name: as_sent(field.type) | _description(field.description) for name, field in fields.items()
            },
            "additionalProperties": False,
        }
        required = [name for name, field in fields.items() if is_required_input_field(field)]
        if required:
            result["required"] = required
        if type_.is_one_of:
            result |= {"minProperties": 1, "maxProperties": 1}
        return result | _description(type_.description)

    def _is_offered(self, type_name: str, member: str) -> bool:
        return f"{type_name}.{member}" not in self._restricted


class _Descriptions(Visitor):
    """Notes how the schema describes what each variable fills, at its first use."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self._around: list[str | None] = []
        """Descriptions of the argument and of the members of input objects around a node."""
        self.by_variable: dict[str, str | None] = {}

    def enter_argument(self, *_: Any) -> None:
        """Note what an argument is for."""
        argument = self._info.get_argument()
        self._around.append(argument.description if argument is not None else None)

    def leave_argument(self, *_: Any) -> None:
        """Forget it."""
        self._around.pop()

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Note what a member of an input object is for."""
        parent = get_named_type(self._info.get_parent_input_type())
        fields = parent.fields if isinstance(parent, GraphQLInputObjectType) else {}
        field = fields.get(node.name.value)
        self._around.append(field.description if field is not None else None)

    def leave_object_field(self, *_: Any) -> None:
        """Forget it."""
        self._around.pop()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """Note what a variable is for, if this is its first use."""
        if self._around:
            self.by_variable.setdefault(node.name.value, self._around[-1])
