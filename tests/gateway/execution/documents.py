"""Random documents over any schema: fragments, aliases, directives, arguments and variables."""

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
"""Stands for a variable that is declared when it is chosen."""


@dataclass
class Writer:
    """Writes one document at a time."""

    schema: GraphQLSchema
    random: Random
    values: dict[str, list[str]] = field(default_factory=dict)
    """GraphQL literals by name of the argument or its type; an argument without any is left out."""
    deepest: int = 3
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _aliases: int = 0

    def document(self, root: GraphQLObjectType | None = None) -> tuple[str, dict[str, Any]]:
        """A document, and values of its variables."""
        self.fragments, self.variables = [], {}
        chosen = root or self.schema.query_type
        assert chosen is not None
        body = self._selection(chosen, 0)
        kind = "mutation" if chosen is self.schema.mutation_type else "query"
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = f"{kind} Q({declared})" if declared else kind
        given = {name: value for name, (_, value) in self.variables.items() if value is not None}
        return " ".join([head, body, *self.fragments]), given

    def _selection(self, type_: Any, depth: int) -> str:
        """Some of what can be selected of a type, in braces."""
        picks = [self._pick(type_, depth) for _ in range(self.random.randrange(1, 4))]
        return "{ " + " ".join(pick for pick in [*picks, self._leaf(type_)] if pick) + " }"

    def _pick(self, type_: Any, depth: int) -> str:
        roll = self.random.random()
        if roll < 0.12:
            return f"... {self._condition()} {self._selection(type_, depth + 1)}"
        if roll < 0.24:
            return self._fragment(type_, depth)
        if roll < 0.3 or isinstance(type_, GraphQLUnionType):
            return self._narrowed(type_, depth)
        fields = list(type_.fields)
        return self._field(type_, self.random.choice(fields), depth)

    def _fragment(self, type_: Any, depth: int) -> str:
        name = f"F{len(self.fragments)}"
        place = len(self.fragments)
        self.fragments.append("")
        self.fragments[place] = f"fragment {name} on {type_.name} {self._selection(type_, depth + 1)}"
        return f"...{name} {self._condition()}"

    def _narrowed(self, type_: Any, depth: int) -> str:
        if isinstance(type_, (GraphQLInterfaceType, GraphQLUnionType)):
            possible = self.random.choice(self.schema.get_possible_types(type_))
            return f"... on {possible.name} {self._condition()} {self._selection(possible, depth + 1)}"
        return "__typename"

    def _field(self, type_: Any, name: str, depth: int) -> str:
        definition = type_.fields[name]
        named = get_named_type(definition.type)
        inner = ""
        if not is_leaf_type(named):
            if depth >= self.deepest:
                return ""
            inner = self._selection(named, depth + 1)
        given = [self._argument(key, each) for key, each in definition.args.items()]
        arguments = ", ".join(each for each in given if each)
        # Two readings of a field with other arguments or behind other names must not meet under one key.
        self._aliases += 1
        alias = f"k{self._aliases}: " if arguments or self.random.random() < 0.2 else ""
        return f"{alias}{name}{f'({arguments})' if arguments else ''} {self._condition()} {inner}"

    def _leaf(self, type_: Any) -> str:
        if isinstance(type_, GraphQLUnionType) or self.random.random() < 0.3:
            return "__typename"
        plain = [
            name
            for name, each in type_.fields.items()
            if is_leaf_type(get_named_type(each.type))
            and not any(isinstance(a.type, GraphQLNonNull) and a.default_value is None for a in each.args.values())
        ]
        return self.random.choice(plain) if plain else "__typename"

    def _condition(self) -> str:
        if self.random.random() > 0.15:
            return ""
        which = self.random.choice(["skip", "include"])
        if self.random.random() < 0.5:
            return f"@{which}(if: {self.random.choice(['true', 'false'])})"
        return f"@{which}(if: ${self._variable('Boolean!', self.random.random() < 0.5)})"

    def _argument(self, name: str, argument: Any) -> str:
        required = isinstance(argument.type, GraphQLNonNull)
        if not required and self.random.random() < 0.5:
            return ""
        literals = self.values.get(name) or self._literals(argument.type)
        if not literals:
            return ""
        literal = self.random.choice(literals)
        if literal == VARIABLE:
            named = get_named_type(argument.type).name
            literal = f"${self._variable(named, True if named == 'Boolean' else 2)}"
        return f"{name}: {literal}"

    def _literals(self, type_: GraphQLInputType) -> list[str]:
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(bare, GraphQLList):
            return [f"[{one}]" for one in self._literals(bare.of_type)]
        if isinstance(bare, GraphQLEnumType):
            return list(bare.values)
        if isinstance(bare, GraphQLScalarType) and bare.name == "Boolean":
            return ["true", "false", VARIABLE]
        if isinstance(bare, GraphQLScalarType) and bare.name == "Int":
            return ["1", "2", VARIABLE]
        return self.values.get(getattr(bare, "name", ""), [])

    def _variable(self, type_: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = (type_, value)
        return name
