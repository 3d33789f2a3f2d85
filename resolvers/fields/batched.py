"""
Fields that one function resolves for all parents at once.

A batched function gets all parents of the field and returns one outcome for each: a value, an error, or a partial
value. The breadth-first executor calls it once. graphql-core calls it for each parent, and the fetch pipeline then
merges the lookups of one turn of the event loop.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CoroutineType, SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from graphql import GraphQLError

from student_graph.adapters.answers import has_instances
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import Record
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.errors import graph_error
from student_graph.resolvers.fields.field import (
    LIST_LENGTH_METADATA,
    LOOKUPS_BY_ARGUMENTS_METADATA,
    LOOKUPS_METADATA,
    field,
)
from student_graph.resolvers.fields.load import value_or_raise
from student_graph.resolvers.fields.outcome import Partial

BATCH_METADATA = "batch"
"""Metadata key of a batched field: its `Batch`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batched function as an executor calls it."""

    function: Callable[..., Any]

    async def outcomes(self, parents: Sequence[Any], info: Info, arguments: Mapping[str, Any]) -> Sequence[Any]:
        """Return the outcome for each parent, aligned with `parents`."""
        result = self.function(parents, info, **arguments)
        # Nearly all of them are coroutines, and to ask if an object is awaitable takes as long as a small lookup.
        is_awaitable = result.__class__ is CoroutineType or inspect.isawaitable(result)
        outcomes: Sequence[Any] = await result if is_awaitable else result
        return outcomes

    async def __call__(self, parents: Sequence[Any], info: Info, arguments: Mapping[str, Any]) -> Sequence[Any]:
        """
        Return the outcomes with adapter errors replaced by errors that clients may see.

        Raises:
            GraphQLError: the function failed for all parents.
        """
        try:
            outcomes = await self.outcomes(parents, info, arguments)
        except AdapterError as error:
            raise graph_error(error) from error
        if not has_instances(outcomes, AdapterError):
            return outcomes
        return _with_graph_errors(outcomes)


def _with_graph_errors(outcomes: Sequence[Any]) -> list[Any]:
    """Replace adapter errors by errors that clients may see; equal ones become the same error."""
    errors: dict[tuple[Any, ...], GraphQLError] = {}
    replaced = []
    for outcome in outcomes:
        if isinstance(outcome, AdapterError):
            error = graph_error(outcome)
            key = (error.message, *sorted((error.extensions or {}).items()))
            replaced.append(errors.setdefault(key, error))
        else:
            replaced.append(outcome)
    return replaced


def batched(
    function: Callable[..., Any],
    *,
    description: str | None = None,
    part_of: type[Record] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """
    Make a field that `function` resolves for all parents at once; usable as a decorator.

    The function takes the parents, `info` and the field's arguments. It is annotated with `Outcomes[X]`; X is the
    field's type. Description and class of data are found as for any `field`.
    """
    batch = Batch(function)

    async def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        [outcome] = await batch.outcomes([root], info, arguments)
        return value_or_raise(info, outcome)

    _copy_signature(resolve, function)
    return field(
        resolve,
        description=description or inspect.getdoc(function),
        part_of=part_of,
        metadata={
            BATCH_METADATA: batch,
            LOOKUPS_METADATA: getattr(function, "__lookups__", ()),
            LIST_LENGTH_METADATA: getattr(function, "__list_length__", None),
            LOOKUPS_BY_ARGUMENTS_METADATA: getattr(function, "__lookups_by_arguments__", None),
            **(metadata or {}),
        },
    )


def _copy_signature(resolve: Callable[..., Any], function: Callable[..., Any]) -> None:
    """Give the resolver of one parent the name, arguments and type of the function for all parents."""
    parents, _, *arguments = inspect.signature(function).parameters.values()
    # The annotation of the parents is left out: it may name a class that is not defined yet.
    annotations = {name: hint for name, hint in function.__annotations__.items() if name != parents.name}
    hints = get_type_hints(
        SimpleNamespace(__annotations__=annotations), vars(sys.modules[function.__module__]), include_extras=True
    )
    return_hint = _value_hint(hints["return"])
    resolve.__name__, resolve.__module__ = function.__name__, function.__module__
    resolve.__annotations__ = {
        "root": Any,
        "info": Info,
        **{argument.name: hints[argument.name] for argument in arguments},
        "return": return_hint,
    }
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("root", positional, annotation=Any),
        inspect.Parameter("info", positional, annotation=Info),
        *(
            argument.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[argument.name])
            for argument in arguments
        ),
    ]
    signature = inspect.Signature(parameters, return_annotation=return_hint)
    resolve.__signature__ = signature  # type: ignore[attr-defined]


def _value_hint(outcomes: Any) -> Any:
    """Return X of the annotation `Outcomes[X]`."""
    [outcome] = get_args(outcomes)
    assert get_origin(outcome) in (Union, UnionType), "a batched function must be annotated with Outcomes[...]"
    partial = next(part for part in get_args(outcome) if get_origin(part) is Partial)
    return get_args(partial)[0]
