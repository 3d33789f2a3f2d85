"""
GraphQL types made from records.

A resolver's annotation names records (`list[model.School] | None`), enums and values of the model. The graph
serves each of them as the one GraphQL type that was made from it. So types that refer to each other need not
import each other, and a record that has no extra fields in the graph needs no class at all.
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
from graphql import GraphQLObjectType, GraphQLResolveInfo
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
"""The GraphQL type of each record and value, by class."""

GRAPHQL_NAMES = {"student_id": "studentUniqueId", "staff_id": "staffUniqueId", "contact_id": "contactUniqueId"}
"""GraphQL names of attributes whose name is not just the attribute in camel case. These are the names of Ed-Fi."""
ATTRIBUTE_METADATA = "attribute"
"""Metadata key of a field that reads attributes of its parent: the dotted path, empty for the parent itself."""
DERIVED_METADATA = "derived"
"""Metadata key of a derived field: the factory that makes its function from the context."""


def attribute_resolver(path: str, type_: Any) -> Callable[[Any], Any]:
    """Return a resolver that reads a dotted path of attributes of its parent; the parent itself if it is empty."""
    read = attrgetter(path) if path else _identity

    def resolve(root: Any) -> Any:
        return read(root)

    resolve.__annotations__ = {"root": Any, "return": type_}
    return resolve


def _attribute_field(path: str, type_: Any) -> Any:
    return strawberry.field(resolver=attribute_resolver(path, type_), metadata={ATTRIBUTE_METADATA: path})


def _identity(record: Any) -> Any:
    return record


class Constant:
    """The function of a derived field that has the same value for every parent."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _: Any) -> Any:
        """Return the value."""
        return self.value


NOTHING_IS_STALE = Constant(False)


def _stale_function(context: Context) -> Callable[[Record], bool]:
    staleness = context.operation.staleness
    return staleness.is_stale if staleness.stale_records else NOTHING_IS_STALE


def _resolve_stale(root: Any, info: Info) -> bool:
    return _stale_function(info.context)(root)


class InstanceCheck:
    """The `is_type_of` of a GraphQL type: whether a value is an instance of the Python class behind the type."""

    def __init__(self, python_type: type) -> None:
        self.python_type = python_type

    def __call__(self, value: Any, _: GraphQLResolveInfo[Any] | None = None) -> bool:
        """Return whether the value belongs to the type."""
        return isinstance(value, self.python_type)


def is_student_record_type(type_: GraphQLObjectType) -> bool:
    """Return whether the objects of a GraphQL type are records about a student: showing one is a disclosure."""
    check = type_.is_type_of
    return isinstance(check, InstanceCheck) and getattr(check.python_type, "about", None) == "student_id"


def is_record_type(type_: GraphQLObjectType) -> bool:
    """Return whether the objects of a GraphQL type are records, and not parts of a record or something else."""
    check = type_.is_type_of
    return (
        isinstance(check, InstanceCheck)
        and issubclass(check.python_type, Record)
        and check.python_type is not Record
    )


def is_restricted_type(type_: GraphQLObjectType) -> bool:
    """Return whether the objects of a GraphQL type are records of a restricted class of data."""
    sensitivity = getattr(getattr(type_.is_type_of, "python_type", None), "sensitivity", None)
    return sensitivity is not None and sensitivity.restricted


@described
@strawberry.type
class Provenance:
    """Where a record came from, and how old it is."""

    source = _attribute_field("fetched.source", str)
    """Configured name of the district's source that the record came from."""
    record_id = _attribute_field("vendor_id", str)
    """Id of the record at that source."""
    fetched_at = _attribute_field("fetched.at", datetime)
    """When the record was fetched from the source (UTC)."""
    file_written_at = _attribute_field("file_written_at", datetime | None)
    """When the file was written that the source has the record from (UTC); null if the source is asked live."""
    stale = strawberry.field(resolver=_resolve_stale, metadata={DERIVED_METADATA: _stale_function})
    """Whether this is an older record, shown because the source did not send a new one."""

    is_type_of = InstanceCheck(Record)


def fetched(record: Record) -> Fetched:
    """Return which source a record came from and when. The gateway sets it on every record that resolvers see."""
    assert record.fetched is not None, "a record without `fetched`: it did not come through the fetch pipeline"
    return record.fetched


@dataclasses.dataclass(frozen=True)
class LazyRecordType(LazyType[Any, Any]):
    """A reference to the GraphQL type of a record. It is resolved when the schema is built."""

    def resolve_type(self) -> type:
        """Return the GraphQL type of the record; make it if no class declares it."""
        record = super().resolve_type()
        return _TYPES.get(record) or record_type(type(record.__name__, (record,), {}))


def graph_type(hint: Any) -> Any:
    """Translate an annotation for Strawberry: records, values and enums of the model become GraphQL types."""
    if get_args(hint):
        return _generic_graph_type(hint)
    if isinstance(hint, NewType) and hint is not strawberry.ID:
        return hint.__supertype__
    if isinstance(hint, EnumMeta):
        return described_enum(hint)
    if isinstance(hint, type) and issubclass(hint, Record):
        return LazyRecordType(hint.__name__, hint.__module__)
    is_value = dataclasses.is_dataclass(hint) and not hasattr(hint, "__strawberry_definition__")
    return _value_type(hint) if is_value else hint


def _generic_graph_type(hint: Any) -> Any:
    """Translate an annotation with parameters, such as a list or a union."""
    origin = get_origin(hint)
    if origin is Annotated:
        return Annotated[(graph_type(hint.__origin__), *hint.__metadata__)]
    if origin in (Union, UnionType):
        return reduce(or_, (graph_type(part) for part in get_args(hint)))
    return list[graph_type(get_args(hint)[0])] if origin is list else hint  # type: ignore[misc]


def record_in(hint: Any) -> type[Record] | None:
    """Return the record in an annotation, also inside lists, unions and connections; None if there is none."""
    if get_args(hint):
        return next((record for part in get_args(hint) if (record := record_in(part))), None)
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint
    return getattr(hint, "connects", None)


def record_type(cls: T) -> T:
    """
    Declare `cls` as the GraphQL type of the record that it inherits; a class decorator.

    The type has the record's attributes except internal ones, its provenance, and the fields of `cls`. Their
    descriptions are the record's docstrings; a docstring under an attribute of `cls` describes that field.
    """
    record = next(base for base in cls.__mro__[1:] if issubclass(base, Record))
    cls.provenance = _attribute_field("", Provenance)  # type: ignore[attr-defined]
    cls.provenance.description = "Where the record came from."  # type: ignore[attr-defined]
    return _declare_type(cls, record)


def value_type(cls: T) -> T:
    """
    Declare `cls` as the GraphQL type of the value that it inherits, with the fields of `cls`; a class decorator.

    The module of `cls` must be imported before a field has the value in its annotation.
    """
    return _declare_type(cls, cls.__mro__[1])


def _value_type(value: Any) -> type:
    """Return the GraphQL type of a value of the model."""
    return _TYPES.get(value) or _declare_type(type(value.__name__, (value,), {}), value)


def _declare_type(cls: T, python_type: type) -> T:
    """Declare a Strawberry type that has the attributes of `python_type` and accepts its instances."""
    docstrings = attribute_docstrings(python_type)
    annotations = inspect.get_annotations(cls)
    for attribute in dataclasses.fields(python_type):
        if attribute.name in cls.__dict__:
            continue
        if is_internal(attribute.metadata):
            annotations[attribute.name] = strawberry.Private[object]
        else:
            annotations[attribute.name] = graph_type(attribute.type)
            attribute_field: Any = strawberry.field(
                name=GRAPHQL_NAMES.get(attribute.name), description=docstrings.get(attribute.name)
            )
            setattr(cls, attribute.name, attribute_field)
    cls.__annotations__ = annotations
    cls.is_type_of = InstanceCheck(python_type)  # type: ignore[attr-defined]
    sensitivity = getattr(python_type, "sensitivity", None)
    directives = [] if sensitivity is None else [Sensitive(tag=sensitivity)]
    declared = strawberry.type(cls, description=inspect.getdoc(python_type), directives=directives)
    _TYPES[python_type] = declared
    own = own_docstrings(cls)
    for field in get_object_definition(declared, strict=True).fields:
        field.description = own.get(field.python_name, field.description)
    return declared
