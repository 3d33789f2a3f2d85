"""
Fields answered for all parents at once.

A batched function gets every parent of the field and tells of each: a value, an error in its place, or a value of
which a part is missing. An executor that works breadth first calls it once; another calls it for each parent, and
the fetch chain merges what they ask in one turn.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import Record
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.errors import graph_error
from student_graph.resolvers.fields.field import ASKS, field
from student_graph.resolvers.fields.load import settle
from student_graph.resolvers.fields.outcome import Partial

BATCH = "batch"
"""Under this name the metadata of a field hold its `Batch`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batched function, as an executor calls it."""

    function: Callable[..., Any]

    async def tell(self, parents: Sequence[Any], info: Info, arguments: Mapping[str, Any]) -> Sequence[Any]:
        """What is told of each parent, aligned with `parents`."""
        told = self.function(parents, info, **arguments)
        found: Sequence[Any] = await told if inspect.isawaitable(told) else told
        return found

    async def __call__(self, parents: Sequence[Any], info: Info, arguments: Mapping[str, Any]) -> Sequence[Any]:
        """
        The same, with the errors that clients may see in place of the adapters' own.

        Raises:
            GraphQLError: nothing can be told of any parent.
        """
        try:
            told = await self.tell(parents, info, arguments)
        except AdapterError as error:
            raise graph_error(error) from error
        if not any(issubclass(each, AdapterError) for each in set(map(type, told))):
            return told
        seen = {id(each): graph_error(each) for each in told if isinstance(each, AdapterError)}
        return [seen.get(id(each), each) for each in told]


def batched(
    function: Callable[..., Any],
    *,
    description: str | None = None,
    part_of: type[Record] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """
    A field answered by `function` for all parents at once; usable as a decorator.

    The function takes the parents, `info`, and the field's arguments; its type is what it tells of one parent, as
    `Told[...]` says. Description and class of data are found as for any `field`.
    """
    batch = Batch(function)

    async def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        [told] = await batch.tell([root], info, arguments)
        return settle(info, told)

    _dress(resolve, function)
    return field(
        resolve,
        description=description or inspect.getdoc(function),
        part_of=part_of,
        metadata={BATCH: batch, ASKS: getattr(function, "__asks__", ()), **(metadata or {})},
    )


def _dress(resolve: Callable[..., Any], function: Callable[..., Any]) -> None:
    """Give the function for one parent the name, arguments and type of the one for all."""
    parents, _, *extra = inspect.signature(function).parameters.values()
    told = {name: hint for name, hint in function.__annotations__.items() if name != parents.name}
    # What the parents are is the function's own business; their type may not be there yet.
    hints = get_type_hints(
        SimpleNamespace(__annotations__=told), vars(sys.modules[function.__module__]), include_extras=True
    )
    returned = _one_of(hints["return"])
    resolve.__name__, resolve.__module__ = function.__name__, function.__module__
    resolve.__annotations__ = {
        "root": Any,
        "info": Info,
        **{each.name: hints[each.name] for each in extra},
        "return": returned,
    }
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = [inspect.Parameter("root", kind, annotation=Any), inspect.Parameter("info", kind, annotation=Info)]
    rest = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name]) for each in extra]
    resolve.__signature__ = inspect.Signature([*first, *rest], return_annotation=returned)  # type: ignore[attr-defined]


def _one_of(told: Any) -> Any:
    """What `Told[X]` tells of one parent: X."""
    [item] = get_args(told)
    assert get_origin(item) in (Union, UnionType), "a batched function is typed by Told[...]"
    partial = next(part for part in get_args(item) if get_origin(part) is Partial)
    return get_args(partial)[0]
