"""The properties of the rows of a response, as an OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.rest.openapi.reading import resolve

MAX_PROPERTY_DEPTH = 4
"""How many names a path to a property has at most."""
MAX_PROPERTIES = 2000
"""Maximum number of properties of one row that are looked at."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a row that is a single value."""

    path: tuple[str, ...]
    """The names that lead to it."""
    kind: str
    """Its type, such as `string` or `integer`; empty if the document does not say."""
    format: str
    """Its format, such as `date`; empty if the document does not say."""


@dataclass(frozen=True, slots=True)
class RowShape:
    """Where the rows are in a response, and what they have."""

    rows: tuple[str, ...]
    """The names that lead to the list of rows; none if the response is the list, or one object."""
    is_list: bool
    properties: tuple[Property, ...]
    envelope: tuple[Property, ...]
    """Single values beside the rows, such as a total."""


def row_shape(document: Any, schema: Any) -> RowShape | None:
    """The rows of a response with a schema; None if it has no objects."""
    resolved, seen = resolve(document, schema)
    if _is_list(resolved):
        return RowShape((), True, _properties(document, resolved.get("items"), seen), ())
    outer = dict(_merged(document, resolved, seen))
    lists = []
    for name, part in outer.items():
        inner, inner_seen = resolve(document, part, seen)
        if _is_list(inner):
            rows = _properties(document, inner.get("items"), inner_seen)
            if rows:
                lists.append((name, rows))
    properties = _properties(document, resolved, seen)
    if len(outer) == 1 and not lists and all(len(item.path) > 1 for item in properties):
        inner_properties = tuple(Property(item.path[1:], item.kind, item.format) for item in properties)
        return RowShape((next(iter(outer)),), False, inner_properties, ()) if properties else None
    if len(lists) == 1 and len(outer) <= 8:
        [(name, rows)] = lists
        return RowShape((name,), True, rows, properties)
    return RowShape((), False, properties, ()) if properties else None


def _is_list(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "array" or (isinstance(kind, list) and "array" in kind) or "items" in schema


def _properties(document: Any, schema: Any, seen: frozenset[str]) -> tuple[Property, ...]:
    properties: list[Property] = []
    for item in _leaves(document, schema, seen, ()):
        properties.append(item)
        if len(properties) >= MAX_PROPERTIES:
            break
    return tuple(properties)


def _leaves(document: Any, schema: Any, seen: frozenset[str], path: tuple[str, ...]) -> Iterator[Property]:
    """The single values below a schema; a reference that leads in a circle has none."""
    resolved, seen = resolve(document, schema, seen)
    for name, part in _merged(document, resolved, seen):
        inner, inner_seen = resolve(document, part, seen)
        kinds = inner.get("type", "")
        kind = next((k for k in kinds if k != "null"), "") if isinstance(kinds, list) else str(kinds)
        nested = any(word in inner for word in ("properties", "allOf", "oneOf", "anyOf"))
        if nested and len(path) + 1 < MAX_PROPERTY_DEPTH:
            yield from _leaves(document, inner, inner_seen, (*path, name))
        elif not nested and kind not in ("array", "object") and inner:
            yield Property((*path, name), kind, str(inner.get("format", "")))


def _merged(
    document: Any, schema: dict[str, Any], seen: frozenset[str], depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """The properties of a schema, with those of its parts."""
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from ((str(name), part) for name, part in properties.items())
    for word in ("allOf", "oneOf", "anyOf"):
        parts = schema.get(word)
        for part in parts if isinstance(parts, list) and depth < MAX_PROPERTY_DEPTH else ():
            inner, inner_seen = resolve(document, part, seen)
            yield from _merged(document, inner, inner_seen, depth + 1)
