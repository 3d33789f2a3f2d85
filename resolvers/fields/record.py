"""
GraphQL types from records.

A resolver's annotation names records (`list[model.School] | None`), enums and values of the model; the graph
serves each as the one GraphQL type that was made of it. So types that refer to each other need not import each
other, and a record without fields of its own in the graph needs no class at all.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from datetime import datetime
from enum import EnumMeta
from functools import reduce
from operator import attrgetter, or_
from types import UnionType
from typing import Annotated, Any, NewType, TypeVar, Union, get_args, get_origin

import strawberry
from graphql import GraphQLResolveInfo
from strawberry.types.base import get_object_definition
from strawberry.types.lazy_type import LazyType

from student_graph.adapters.model import Fetched, Record, is_internal
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.docstrings import (
    attribute_docstrings,
    described,
    described_enum,
    own_docstrings,
)
from student_graph.resolvers.fields.sensitive import Sensitive

T = TypeVar("T", bound=type)

_TYPES: dict[type, type] = {}
"""The GraphQL type made of each record and value."""


ATTRIBUTE = "attribute"
"""Under this name the metadata of a field hold the dotted attributes of its parent that it reads."""
GRAPHQL_NAMES = {"student_id": "studentUniqueId", "staff_id": "staffUniqueId", "contact_id": "contactUniqueId"}
"""GraphQL names of attributes that are not simply in camel case: Ed-Fi names a person's number so."""
DERIVED = "derived"
"""Under this name they hold what makes a derived field's function from the context."""


def reader(path: str, type_: Any) -> Callable[[Any], Any]:
    """A resolver that reads dotted attributes of its parent; the parent itself for an empty path."""
    read = attrgetter(path) if path else _itself

    def resolve(root: Any) -> Any:
        return read(root)

    resolve.__annotations__ = {"root": Any, "return": type_}
    return resolve


def _read(path: str, type_: Any) -> Any:
    return strawberry.field(resolver=reader(path, type_), metadata={ATTRIBUTE: path})


def _itself(record: Any) -> Any:
    return record


class Always:
    """What a derived field's function is when it is the same for every parent."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _: Any) -> Any:
        """The value."""
        return self.value


def _stale(context: Context) -> Callable[[Record], bool]:
    return context.operation.is_stale if context.operation.stale else NOTHING_IS_STALE


NOTHING_IS_STALE = Always(False)


def _is_stale(root: Any, info: Info) -> bool:
    return _stale(info.context)(root)


class InstanceOf:
    """Tells by its class whether a value is of a GraphQL type."""

    def __init__(self, origin: type) -> None:
        self.origin = origin
        self.discloses = getattr(origin, "about", None) == "student_id"
        """Whether its values are records of students."""

    def __call__(self, value: Any, info: GraphQLResolveInfo[Any] | None) -> bool:
        """Whether the value is one; graphql-core asks it of every object before it completes it, saying where."""
        belongs = isinstance(value, self.origin)
        if belongs and self.discloses and info is not None and not info.context.operation.planned:
            info.context.operation.disclose(value, info)
        return belongs


@described
@strawberry.type
class Provenance:
    """Where a record came from, and how old it is."""

    source = _read("fetched.source", str)
    """The district's source that gave the record, by its configured name."""
    record_id = _read("vendor_id", str)
    """The record's own id at that source."""
    fetched_at = _read("fetched.at", datetime)
    """When the source was asked (UTC)."""
    stale = strawberry.field(resolver=_is_stale, metadata={DERIVED: _stale})
    """Whether an older answer is shown because the source did not give a new one."""

    is_type_of = InstanceOf(Record)


def fetched(record: Record) -> Fetched:
    """Which source gave a record, and when; the gateway has set it on every record that a resolver sees."""
    assert record.fetched is not None, "a record that no fetch has stamped"
    return record.fetched


@dataclasses.dataclass(frozen=True)
class RecordRef(LazyType[Any, Any]):
    """The GraphQL type of a record, found when the schema is built: by then all are declared."""

    def resolve_type(self) -> type:
        """The one GraphQL type of the record."""
        record = super().resolve_type()
        return _TYPES.get(record) or record_type(type(record.__name__, (record,), {}))


def graph_type(hint: Any) -> Any:
    """An annotation as Strawberry reads it: records, values and enums of the model by their GraphQL types."""
    if get_args(hint):
        return _composed(hint)
    if isinstance(hint, NewType) and hint is not strawberry.ID:
        return hint.__supertype__
    if isinstance(hint, EnumMeta):
        return described_enum(hint)
    if isinstance(hint, type) and issubclass(hint, Record):
        return RecordRef(hint.__name__, hint.__module__)
    is_value = dataclasses.is_dataclass(hint) and not hasattr(hint, "__strawberry_definition__")
    return _value_type(hint) if is_value else hint


def _composed(hint: Any) -> Any:
    """The same for an annotation made of others."""
    origin = get_origin(hint)
    if origin is Annotated:
        return Annotated[(graph_type(hint.__origin__), *hint.__metadata__)]
    if origin in (Union, UnionType):
        return reduce(or_, (graph_type(part) for part in get_args(hint)))
    return list[graph_type(get_args(hint)[0])] if origin is list else hint  # type: ignore[misc]


def record_in(hint: Any) -> type[Record] | None:
    """The record that an annotation names, through lists, unions and connections; None without one."""
    if get_args(hint):
        return next((found for part in get_args(hint) if (found := record_in(part))), None)
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint
    return getattr(hint, "connects", None)


def record_type(cls: T) -> T:
    """
    The GraphQL type of the record that `cls` inherits: the record's attributes, its provenance, what `cls` adds.

    Internal attributes are no fields. Descriptions are the record's docstrings; a docstring under an attribute of
    `cls` describes that field.
    """
    record = next(base for base in cls.__mro__[1:] if issubclass(base, Record))
    cls.provenance = _read("", Provenance)  # type: ignore[attr-defined]
    cls.provenance.description = "Where the record came from."  # type: ignore[attr-defined]
    return _declared(cls, record)


def _value_type(value: Any) -> type:
    """The GraphQL type of a value of the model."""
    return _TYPES.get(value) or _declared(type(value.__name__, (value,), {}), value)


def _declared(cls: T, origin: type) -> T:
    """A Strawberry type with the attributes of `origin`, whose instances it accepts."""
    documented = attribute_docstrings(origin)
    annotations = inspect.get_annotations(cls)
    for attribute in dataclasses.fields(origin):
        if attribute.name in cls.__dict__:
            continue
        if is_internal(attribute.metadata):
            annotations[attribute.name] = strawberry.Private[object]
        else:
            annotations[attribute.name] = graph_type(attribute.type)
            described_field: Any = strawberry.field(
                name=GRAPHQL_NAMES.get(attribute.name), description=documented.get(attribute.name)
            )
            setattr(cls, attribute.name, described_field)
    cls.__annotations__ = annotations
    cls.is_type_of = InstanceOf(origin)  # type: ignore[attr-defined]
    sensitivity = getattr(origin, "sensitivity", None)
    directives = [] if sensitivity is None else [Sensitive(tag=sensitivity)]
    _TYPES[origin] = made = strawberry.type(cls, description=inspect.getdoc(origin), directives=directives)
    own = own_docstrings(cls)
    for declared in get_object_definition(made, strict=True).fields:
        declared.description = own.get(declared.python_name, declared.description)
    return made
