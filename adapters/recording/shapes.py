"""
The shapes of responses, and how those of today differ from those of a recording. No value is in either of them.

A shape is what can be said about a list of responses without their values: which properties there are, of which
types, whether they may be null or missing, and which codes were seen in the properties that a recording keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from student_graph.adapters.recording.recording import Exchange

MAX_CODES = 200
"""Codes of one property that are remembered; a property with more of them has no codes."""
CODE_PROPERTY = re.compile(r"Descriptor$|(^|_)(state|status|type)$|(Status|Type|Role)$|^role$")
"""Properties whose values are codes of the vendor, and are compared as such."""
_ID = re.compile(r"(?=.*[0-9])[\w@.:+-]+|made-up-.*|sis_.*")


class Change(Enum):
    """How a property differs from the recording."""

    NEW = "new"
    MISSING = "missing"
    TYPE = "other type"
    NULL = "null for the first time"
    CODE = "new code"
    STATUS = "other status"


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One difference of a response from the recording."""

    resource: str
    """Method and path of the request, without ids."""
    path: str
    """The property, such as `names[].firstName`; empty for the response as a whole."""
    change: str
    """A value of `Change`."""
    detail: str = ""
    """The types, the status or the code; never a value of a person."""


@dataclass(slots=True)
class Property:
    """What was seen of a property."""

    types: set[str] = field(default_factory=set)
    """JSON types without null: `text`, `number`, `boolean`, `object`, `list`."""
    can_be_null: bool = False
    is_always_there: bool = True
    """Whether every object that could have it has it."""
    codes: set[str] | None = field(default_factory=set)
    """Codes that were seen; None if they are too many."""


Shape = Mapping[str, Property]
"""Properties by their path."""


def shapes_of(exchanges: Iterable[Exchange]) -> dict[str, dict[str, Property]]:
    """The shapes of the successful responses, by resource, and the statuses of all under the path `(status)`."""
    bodies: dict[str, list[Any]] = {}
    shapes: dict[str, dict[str, Property]] = {}
    for exchange in exchanges:
        resource = resource_of(exchange)
        statuses = shapes.setdefault(resource, {}).setdefault("(status)", Property())
        if statuses.codes is not None:
            statuses.codes.add(str(exchange.status))
        if exchange.status < 300 and exchange.body is not None:
            bodies.setdefault(resource, []).append(exchange.body)
    for resource, values in bodies.items():
        _add(shapes[resource], "", values)
    return shapes


def resource_of(exchange: Exchange) -> str:
    """Method and path of a request, with `*` for each part that may be an id."""
    path = exchange.target.partition("?")[0]
    parts = [
        "*" if _ID.fullmatch(part) and not re.fullmatch(r"v[0-9p]+", part) else part for part in path.split("/")
    ]
    return f"{exchange.method} {'/'.join(parts)}"


def _add(shape: dict[str, Property], path: str, values: list[Any]) -> None:
    """Add to a shape what all values at a path show."""
    known = shape.setdefault(path, Property())
    for value in values:
        if value is None:
            known.can_be_null = True
        else:
            known.types.add(_type(value))
    objects = [value for value in values if isinstance(value, dict)]
    for name in sorted({name for value in objects for name in value}):
        child = f"{path}.{name}" if path else name
        _add(shape, child, [value[name] for value in objects if name in value])
        shape[child].is_always_there &= all(name in value for value in objects)
        if CODE_PROPERTY.search(name):
            _add_codes(shape[child], [value.get(name) for value in objects])
    items = [item for value in values if isinstance(value, list) for item in value]
    if items:
        _add(shape, f"{path}[]", items)


def _add_codes(known: Property, values: Iterable[Any]) -> None:
    codes = {value for value in values if isinstance(value, str) and not value.startswith("made-up-")}
    if known.codes is not None:
        known.codes |= codes
        if len(known.codes) > MAX_CODES:
            known.codes = None


def _type(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def differences(recorded: Mapping[str, Shape], present: Mapping[str, Shape]) -> Iterator[Difference]:
    """
    How the present shapes differ from recorded ones, by resource and path.

    A resource that was read on one side only is no difference: which ones are read depends on the data. A property
    that was always there is missing if no object has it now.
    """
    for resource in sorted(recorded.keys() & present.keys()):
        before, now = recorded[resource], present[resource]
        for path in sorted(before.keys() | now.keys()):
            yield from _compare(resource, path, before, now)


def _compare(resource: str, path: str, before: Shape, now: Shape) -> Iterator[Difference]:
    old, new = before.get(path), now.get(path)
    if path == "(status)":
        for status in sorted((new.codes if new else None) or ()):
            if old is not None and status not in (old.codes or ()):
                yield Difference(resource, "", Change.STATUS.value, status)
        return
    if old is None:
        if _has_parent(path, before) and new is not None:
            yield Difference(resource, path, Change.NEW.value, _types(new))
    elif new is None:
        if old.is_always_there and _has_parent(path, now):
            yield Difference(resource, path, Change.MISSING.value, _types(old))
    else:
        yield from _compare_property(resource, path, old, new)


def _compare_property(resource: str, path: str, old: Property, new: Property) -> Iterator[Difference]:
    if new.types - old.types and old.types:
        yield Difference(resource, path, Change.TYPE.value, f"{_types(new)} in place of {_types(old)}")
    if new.can_be_null and not old.can_be_null and old.types:
        yield Difference(resource, path, Change.NULL.value)
    if old.codes and new.codes:
        for code in sorted(new.codes - old.codes):
            yield Difference(resource, path, Change.CODE.value, code)


def _has_parent(path: str, shape: Shape) -> bool:
    """Whether the object that a property belongs to was seen: what is in an empty list is unknown."""
    parent = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
    return parent in shape and (not parent or bool(shape[parent].types))


def _types(known: Property) -> str:
    return " or ".join(sorted(known.types)) or "null"
