"""
A field of the graph, made of a function.

Its description is the function's docstring, its type the function's annotation, its class of data that of the
record which it answers with. An adapter's error that the function raises becomes one that clients may see.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, get_args, get_type_hints

import strawberry

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Record, Sensitivity
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.errors import graph_error
from student_graph.resolvers.fields.record import ATTRIBUTE, DERIVED, graph_type, reader, record_in
from student_graph.resolvers.fields.sensitive import Sensitive

F = TypeVar("F", bound=Callable[..., Any])

SENSITIVITY = "sensitivity"
"""Under this name the metadata of a field hold its class of data."""

ASKS = "asks"
"""Under this name they hold the lookups that the field may ask."""


def asks(*methods: Callable[..., Any]) -> Callable[[F], F]:
    """Say which lookups of `Adapter` a resolver may ask: what a document will cost is told from it."""

    def declare(function: F) -> F:
        function.__asks__ = tuple(map(lookup_of, methods))  # type: ignore[attr-defined]
        return function

    return declare


def field(
    resolver: Callable[..., Any],
    *,
    description: str | None = None,
    part_of: type[Record] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """
    A field answered by `resolver`; usable as a decorator.

    A record of a class that is not open marks the field `@sensitive`, and every field knows its class as metadata.
    `part_of` names the record that an answer was taken from, where the annotation does not.
    """
    hints = get_type_hints(resolver, include_extras=True)
    returned = hints.pop("return")
    for hint in hints.values():
        graph_type(hint)
    record = part_of or record_in(returned)
    sensitivity = record.sensitivity if record else Sensitivity.OPEN
    return strawberry.field(
        resolver=_translating(resolver),
        graphql_type=graph_type(returned),
        description=description or inspect.getdoc(resolver),
        directives=[] if sensitivity is Sensitivity.OPEN else [Sensitive(tag=sensitivity)],
        metadata={SENSITIVITY: sensitivity, ASKS: getattr(resolver, "__asks__", ()), **(metadata or {})},
    )


def derived(make: Callable[[Context], Callable[[Any], Any]]) -> Any:
    """
    A field computed from its parent alone, at no vendor's cost; a decorator.

    `make` is called once an operation and answers with the function from a parent to the field's value. It is
    typed as that function is, and described for graph users.
    """
    returned = get_args(get_type_hints(make)["return"])[1]

    def resolve(root: Any, info: Info) -> Any:
        return make(info.context)(root)

    resolve.__name__, resolve.__module__ = make.__name__, make.__module__
    resolve.__annotations__ = {"root": Any, "info": Info, "return": returned}
    return field(resolve, description=inspect.getdoc(make), metadata={DERIVED: make})


def attribute(path: str, type_: Any) -> Any:
    """A field that reads dotted attributes of its parent, where the parent is no record of just that."""
    return field(reader(path, type_), metadata={ATTRIBUTE: path})


def _translating(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose adapter errors are errors of the graph."""
    if inspect.iscoroutinefunction(resolver):

        @wraps(resolver)
        async def translated(*args: Any, **arguments: Any) -> Any:
            try:
                return await resolver(*args, **arguments)
            except AdapterError as error:
                raise graph_error(error) from error

    else:

        @wraps(resolver)
        def translated(*args: Any, **arguments: Any) -> Any:
            try:
                return resolver(*args, **arguments)
            except AdapterError as error:
                raise graph_error(error) from error

    return translated
