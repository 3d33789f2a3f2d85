"""Random documents for any schema, with fragments, aliases, directives, arguments and variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

VARIABLE = "$"
"""Placeholder literal for a variable, which is declared when the literal is chosen."""


TYPES_WITH_TIMES = frozenset({"Scorecard"})
"""Types whose values are of the time of the execution, so that two executions differ; they are not selected."""


@dataclass
class Writer:
    """Writes random documents."""

    schema: GraphQLSchema
    random: Random
    values: dict[str, list[str]] = field(default_factory=dict)
    """GraphQL literals by name of an argument or its type; an argument without literals is omitted."""
    max_depth: int = 3
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _aliases: int = 0

    def document(self, root: GraphQLObjectType | None = None) -> tuple[str, dict[str, Any]]:
        """Return a document and the values of its variables."""
        self.fragments, self.variables = [], {}
        root_type = root or self.schema.query_type
        assert root_type is not None
        body = self._selection(root_type, 0)
        kind = "mutation" if root_type is self.schema.mutation_type else "query"
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = f"{kind} Q({declared})" if declared else kind
        values = {name: value for name, (_, value) in self.variables.items() if value is not None}
        return " ".join([head, body, *self.fragments]), values

    def _selection(self, type_: Any, depth: int) -> str:
        """Return a selection of some fields of a type, in braces."""
        picks = [self._pick(type_, depth) for _ in range(self.random.randrange(1, 4))]
        return "{ " + " ".join(pick for pick in [*picks, self._leaf(type_)] if pick) + " }"

    def _pick(self, type_: Any, depth: int) -> str:
        roll = self.random.random()
        if roll < 0.12:
            return f"... {self._condition()} {self._selection(type_, depth + 1)}"
        if roll < 0.24:
            return self._fragment(type_, depth)
        if roll < 0.3 or isinstance(type_, GraphQLUnionType):
            return self._inline_fragment(type_, depth)
        fields = [
            name
            for name, definition in type_.fields.items()
            if get_named_type(definition.type).name not in TYPES_WITH_TIMES
        ]
        return self._field(type_, self.random.choice(fields), depth)

    def _fragment(self, type_: Any, depth: int) -> str:
        index = len(self.fragments)
        name = f"F{index}"
        self.fragments.append("")
        self.fragments[index] = f"fragment {name} on {type_.name} {self._selection(type_, depth + 1)}"
        return f"...{name} {self._condition()}"

    def _inline_fragment(self, type_: Any, depth: int) -> str:
        if isinstance(type_, (GraphQLInterfaceType, GraphQLUnionType)):
            possible = self.random.choice(self.schema.get_possible_types(type_))
            return f"... on {possible.name} {self._condition()} {self._selection(possible, depth + 1)}"
        return "__typename"

    def _field(self, type_: Any, name: str, depth: int) -> str:
        definition = type_.fields[name]
        named_type = get_named_type(definition.type)
        selection = ""
        if not is_leaf_type(named_type):
            if depth >= self.max_depth:
                return ""
            selection = self._selection(named_type, depth + 1)
        literals = [self._argument(key, argument) for key, argument in definition.args.items()]
        arguments = ", ".join(literal for literal in literals if literal)
        # Fields with different arguments must not have the same response key.
        self._aliases += 1
        alias = f"k{self._aliases}: " if arguments or self.random.random() < 0.2 else ""
        return f"{alias}{name}{f'({arguments})' if arguments else ''} {self._condition()} {selection}"

    def _leaf(self, type_: Any) -> str:
        if isinstance(type_, GraphQLUnionType) or self.random.random() < 0.3:
            return "__typename"
        leaves = [
            name
            for name, definition in type_.fields.items()
            if is_leaf_type(get_named_type(definition.type))
            and not any(
                isinstance(argument.type, GraphQLNonNull) and argument.default_value is None
                for argument in definition.args.values()
            )
        ]
        return self.random.choice(leaves) if leaves else "__typename"

    def _condition(self) -> str:
        if self.random.random() > 0.15:
            return ""
        directive = self.random.choice(["skip", "include"])
        if self.random.random() < 0.5:
            return f"@{directive}(if: {self.random.choice(['true', 'false'])})"
        return f"@{directive}(if: ${self._variable('Boolean!', self.random.random() < 0.5)})"

    def _argument(self, name: str, argument: Any) -> str:
        required = isinstance(argument.type, GraphQLNonNull)
        if not required and self.random.random() < 0.5:
            return ""
        literals = self.values.get(name) or self._literals(argument.type)
        if not literals:
            return ""
        literal = self.random.choice(literals)
        if literal == VARIABLE:
            type_name = get_named_type(argument.type).name
            literal = f"${self._variable(type_name, True if type_name == 'Boolean' else 2)}"
        return f"{name}: {literal}"

    def _literals(self, type_: GraphQLInputType) -> list[str]:
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(nullable, GraphQLList):
            return [f"[{literal}]" for literal in self._literals(nullable.of_type)]
        if isinstance(nullable, GraphQLEnumType):
            return list(nullable.values)
        if isinstance(nullable, GraphQLScalarType) and nullable.name == "Boolean":
            return ["true", "false", VARIABLE]
        if isinstance(nullable, GraphQLScalarType) and nullable.name == "Int":
            return ["1", "2", VARIABLE]
        return self.values.get(getattr(nullable, "name", ""), [])

    def _variable(self, type_: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = (type_, value)
        return name
