"""
What changed between two schemas, and what that means for clients.

Most changes are change by graphql-core. It does not look at directives on types and fields; the ones that clients
notice are compared here: `@oneOf`, `@deprecated` and `@sensitive`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    BreakingChange,
    DangerousChange,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    SafeChangeType,
    SchemaChange,
    find_schema_changes,
    print_ast,
)

_COORDINATE = re.compile(r"@?(\w+)(?:\.(\w+)(\(\w+:\))?| was removed| changed from)")
"""What a description of graphql-core is about: a type, a field, an argument or a value."""


_Directives: TypeAlias = Mapping[str, Mapping[str, str]]
"""Directives by coordinate and name, each with its argument as text."""


class Severity(Enum):
    """What a change means for clients."""

    BREAKING = "breaking"
    """A document that was valid may be refused, or its response has another shape."""
    DANGEROUS = "dangerous"
    """All documents stay valid, but a response may hold what a client does not know, or lack what it had."""
    SAFE = "safe"
    """Nobody notices who does not ask for what is new."""


class Change(NamedTuple):
    """A difference between two schemas."""

    severity: Severity
    description: str
    coordinate: str
    """The type, field, argument or input field that a document must use to notice it, such as `Student.name`."""


def schema_changes(old: GraphQLSchema, new: GraphQLSchema) -> list[Change]:
    """
    Return the changes from one schema to another, the most severe first; not those of descriptions.

    Both schemas must be built from text, so that their directives are known.
    """
    directives = _members(old)
    changes = [
        _change(change, old, directives)
        for change in find_schema_changes(old, new)
        if change.type is not SafeChangeType.DESCRIPTION_CHANGED
    ]
    changes += _directive_changes(old, new, directives)
    order = list(Severity)
    return sorted(changes, key=lambda change: (order.index(change.severity), change.description))


def _change(change: SchemaChange, old: GraphQLSchema, directives: _Directives) -> Change:
    severity = Severity.SAFE
    if isinstance(change, BreakingChange):
        severity = Severity.BREAKING
    elif isinstance(change, DangerousChange):
        severity = Severity.DANGEROUS
    match = _COORDINATE.search(change.description)
    type_name, member, argument = match.groups() if match is not None else ("", None, None)
    parts = [type_name, *([f".{member}"] if member else []), *([argument] if argument else [])]
    if change.type.name.endswith("_ADDED"):
        parts = parts[:-1] or parts  # a document uses what got the addition, not the addition
    if isinstance(old.type_map.get(type_name), GraphQLEnumType):
        parts = [type_name]
    coordinate = "".join(parts)
    reason = directives.get(coordinate, {}).get("deprecated")
    description = change.description.rstrip(".") + (f" (it was deprecated: {reason})." if reason else ".")
    return Change(severity, description, coordinate)


def _directive_changes(old: GraphQLSchema, new: GraphQLSchema, known: _Directives) -> Iterator[Change]:
    """The changes of directives on what both schemas have; `known` are those of the old one."""
    for name, type_ in new.type_map.items():
        before = old.type_map.get(name)
        if isinstance(type_, GraphQLInputObjectType) and isinstance(before, GraphQLInputObjectType):
            if type_.is_one_of and not before.is_one_of:
                yield Change(Severity.BREAKING, f"{name} became @oneOf: exactly one of its fields.", name)
            if before.is_one_of and not type_.is_one_of:
                yield Change(Severity.SAFE, f"{name} is not @oneOf anymore.", name)
    for coordinate, directives in _members(new).items():
        if (former := known.get(coordinate)) is None:
            continue
        if (reason := directives.get("deprecated")) != former.get("deprecated"):
            text = f"was deprecated: {reason}" if reason else "is not deprecated anymore"
            yield Change(Severity.SAFE, f"{coordinate} {text}".rstrip(".") + ".", coordinate)
        if (tag := directives.get("sensitive")) != former.get("sensitive"):
            text = f"{coordinate} has another class of data: {tag or 'none'}."
            yield Change(Severity.DANGEROUS, text, coordinate)


def _members(schema: GraphQLSchema) -> _Directives:
    """The directives of a schema's types, fields and values, by coordinate."""
    by_coordinate: dict[str, Mapping[str, str]] = {}
    for name, type_ in schema.type_map.items():
        by_coordinate[name] = _directives(type_.ast_node)
        members = {**getattr(type_, "fields", {}), **getattr(type_, "values", {})}
        for member_name, member in members.items():
            by_coordinate[f"{name}.{member_name}"] = _directives(member.ast_node)
    return by_coordinate


def _directives(node: Any) -> dict[str, str]:
    """The directives of a definition by name, each with its last argument as text."""
    directives = getattr(node, "directives", None) or ()
    return {
        directive.name.value: print_ast(directive.arguments[-1].value).strip('"') if directive.arguments else ""
        for directive in directives
    }
