"""
GraphQL types from records.

A resolver's annotation names records (`list[model.School] | None`), enums and values of the model; the graph
serves each as the one GraphQL type that was made of it. So types that refer to each other need not import each
other, and a record without fields of its own in the graph needs no class at all.
"""

from __future__ import annotations

import dataclasses
import inspect
from datetime import datetime
from enum import EnumMeta
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, NewType, TypeVar, Union, get_args, get_origin

import strawberry
from strawberry.types.lazy_type import LazyType

from adapters.model import Fetched, Record, is_internal
from resolvers.context import Info
from resolvers.docstrings import attribute_docstrings, described, described_enum

T = TypeVar("T", bound=type)

_TYPES: dict[type, type] = {}
"""The GraphQL type made of each record and value."""


@described
@strawberry.type
class Provenance:
    """Where a record came from, and how old it is."""

    source: str
    """The district's source that gave the record, by its configured name."""
    id: str
    """The record's own id at that source."""
    fetched_at: datetime
    """When the source was asked (UTC)."""
    stale: bool
    """Whether an older answer is shown because the source did not give a new one."""


def fetched(record: Record) -> Fetched:
    """Which source gave a record, and when; the gateway has set it on every record that a resolver sees."""
    assert record.fetched is not None, "a record that no fetch has stamped"
    return record.fetched


def provenance(record: strawberry.Parent[Record], info: Info) -> Provenance:
    """Where the record came from."""
    told = fetched(record)
    stale = info.context.operation.is_stale(record)
    return Provenance(source=told.source, id=record.vendor_id, fetched_at=told.at, stale=stale)


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

    Internal attributes are no fields. Descriptions are the record's docstrings.
    """
    record = next(base for base in cls.__mro__[1:] if issubclass(base, Record))
    cls.provenance = strawberry.field(  # type: ignore[attr-defined]
        resolver=provenance, description=inspect.getdoc(provenance)
    )
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
            described_field: Any = strawberry.field(description=documented.get(attribute.name))
            setattr(cls, attribute.name, described_field)
    cls.__annotations__ = annotations
    cls.is_type_of = staticmethod(lambda value, _: isinstance(value, origin))  # type: ignore[attr-defined]
    _TYPES[origin] = made = strawberry.type(cls, description=inspect.getdoc(origin))
    return made
