"""
A field of the graph, made of a function.

Its description is the function's docstring, its type the function's annotation, its class of data that of the
record which it answers with. An adapter's error that the function raises becomes one that clients may see.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

import strawberry
from strawberry.schema_directive import Location

from adapters.errors import AdapterError
from adapters.model import Record, Sensitivity
from resolvers.docstrings import described_enum
from resolvers.errors import graph_error
from resolvers.record import graph_type, record_in

SENSITIVITY = "sensitivity"
"""Under this name the metadata of a field hold its class of data."""

described_enum(Sensitivity)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The field holds data of a class that needs a grant of its own.",
)
class Sensitive:
    """The class of data that a field holds, where it is not the open one."""

    tag: Sensitivity


def field(
    resolver: Callable[..., Any],
    *,
    description: str | None = None,
    part_of: type[Record] | None = None,
    metadata: dict[str, Any] | None = None,
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
        metadata={SENSITIVITY: sensitivity, **(metadata or {})},
    )


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
