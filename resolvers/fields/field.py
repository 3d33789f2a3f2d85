"""
GraphQL fields made from functions.

The field's description is the function's docstring, its type the function's annotation, and its class of data that
of the record in the annotation. An adapter error that the function raises becomes an error that clients may see.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

import strawberry

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.model import Record, Sensitivity
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.errors import graph_error
from student_graph.resolvers.fields.record import (
    ATTRIBUTE_METADATA,
    DERIVED_METADATA,
    attribute_resolver,
    graph_type,
    record_in,
)
from student_graph.resolvers.fields.sensitive import Sensitive

F = TypeVar("F", bound=Callable[..., Any])

SENSITIVITY_METADATA = "sensitivity"
"""Metadata key of a field: its class of data."""
LOOKUPS_METADATA = "lookups"
"""Metadata key of a field: the lookups that its resolver may use."""
LOOKUPS_BY_ARGUMENTS_METADATA = "lookups_by_arguments"
"""Metadata key of a field whose lookups depend on its arguments: the function from arguments to lookups."""
LIST_LENGTH_METADATA = "list_length"
"""Metadata key of a list field: how many items it usually has for one parent."""
OWN_LIST_METADATA = "own_list"
"""
Metadata key of a list field that has fewer items for viewers who are employed at single schools: the lookup with
as many records as the list has for them.
"""

EXPLAIN_METADATA = "explain"
"""
Metadata key of a field whose reads depend on its arguments: a function that explains them.

It takes the arguments, and the districts with what reads are expected to cost, and returns sentences.
"""
LIST_READS_METADATA = "list_reads"
"""
Metadata key of a list of students whose conditions read records of all of them: a function that says which.

It takes the arguments by their GraphQL names, variables resolved. The cost of a document is estimated from it.
"""


class ListReads(NamedTuple):
    """The reads of a list of students with a condition or an order."""

    lookups: tuple[Lookup, ...]
    """What the conditions and the order read; empty for a list without them."""
    students: float
    """How many students are judged: a number, or how many lists of `lists` they are in."""
    lists: Lookup | None
    """A list whose length says how many students are in it; None if `students` is their number."""


def uses_lookups(
    *methods: Callable[..., Any],
    list_length: float | None = None,
    by_arguments: Callable[[Mapping[str, Any]], Sequence[Lookup]] | None = None,
    own_list: Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """
    Declare which lookups of `Adapter` a resolver may use. The cost of a document is estimated from this.

    A list has as many items as one key of the first lookup has records. If the field shows fewer of them, or those
    of several lookups, `list_length` says how many it usually has for one parent. `by_arguments` returns which of
    the lookups are used with certain arguments, by their GraphQL names. `own_list` is the lookup with as many
    records as the list has for a viewer who is employed at single schools.
    """

    def declare(function: F) -> F:
        declared: Any = function  # functions take any attribute
        declared.__lookups__ = tuple(map(lookup_of, methods))
        declared.__list_length__ = list_length
        declared.__lookups_by_arguments__ = by_arguments
        declared.__own_list__ = None if own_list is None else lookup_of(own_list)
        return function

    return declare


def used_lookups(
    metadata: Mapping[str, Any], arguments: Callable[[], Mapping[str, Any] | None]
) -> Sequence[Lookup]:
    """
    Return the lookups that a field with this metadata may use.

    `arguments` is called if they depend on the field's arguments. It returns None for arguments that contain
    variables: then all lookups that the field declares are returned.
    """
    by_arguments = metadata.get(LOOKUPS_BY_ARGUMENTS_METADATA)
    values = arguments() if by_arguments is not None else None
    lookups: Sequence[Lookup] = (
        metadata.get(LOOKUPS_METADATA, ()) if by_arguments is None or values is None else by_arguments(values)
    )
    return lookups


def field(
    resolver: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    part_of: type[Record] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """
    Make a field that `resolver` resolves; usable as a decorator. `name` is its name if it is not the function's.

    If the record in the annotation has another class of data than the open one, the field is marked `@sensitive`.
    `part_of` names the record that the values are taken from, if the annotation does not.
    """
    hints = get_type_hints(resolver, include_extras=True)
    return_hint = hints.pop("return")
    for hint in hints.values():
        graph_type(hint)
    record = part_of or record_in(return_hint)
    sensitivity = record.sensitivity if record else Sensitivity.OPEN
    return strawberry.field(
        name=name,
        resolver=_with_graph_errors(resolver),
        graphql_type=graph_type(return_hint),
        description=description or inspect.getdoc(resolver),
        directives=[] if sensitivity is Sensitivity.OPEN else [Sensitive(tag=sensitivity)],
        metadata={
            SENSITIVITY_METADATA: sensitivity,
            LOOKUPS_METADATA: getattr(resolver, "__lookups__", ()),
            LIST_LENGTH_METADATA: getattr(resolver, "__list_length__", None),
            LOOKUPS_BY_ARGUMENTS_METADATA: getattr(resolver, "__lookups_by_arguments__", None),
            OWN_LIST_METADATA: getattr(resolver, "__own_list__", None),
            **(metadata or {}),
        },
    )


def derived(factory: Callable[[Context], Callable[[Any], Any]]) -> Any:
    """
    Make a field that is computed from its parent alone, without a lookup; a decorator.

    `factory` is called once for each operation and returns the function from a parent to the field's value. Its
    return annotation gives the field's type, its docstring the description.
    """
    value_hint = get_args(get_type_hints(factory)["return"])[1]

    def resolve(root: Any, info: Info) -> Any:
        return factory(info.context)(root)

    resolve.__name__, resolve.__module__ = factory.__name__, factory.__module__
    resolve.__annotations__ = {"root": Any, "info": Info, "return": value_hint}
    return field(resolve, description=inspect.getdoc(factory), metadata={DERIVED_METADATA: factory})


def attribute(path: str, type_: Any) -> Any:
    """Make a field that reads a dotted path of attributes of its parent."""
    return field(attribute_resolver(path, type_), metadata={ATTRIBUTE_METADATA: path})


def _with_graph_errors(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a resolver so that its adapter errors become errors of the graph."""
    if inspect.iscoroutinefunction(resolver):

        @wraps(resolver)
        async def wrapped(*args: Any, **arguments: Any) -> Any:
            try:
                return await resolver(*args, **arguments)
            except AdapterError as error:
                raise graph_error(error) from error

    else:

        @wraps(resolver)
        def wrapped(*args: Any, **arguments: Any) -> Any:
            try:
                return resolver(*args, **arguments)
            except AdapterError as error:
                raise graph_error(error) from error

    return wrapped
