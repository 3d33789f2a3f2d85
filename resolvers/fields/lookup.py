"""
Fields answered by one adapter lookup about their parents.

The field carries the lookup as data, so that what a document will ask of whom can be told before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import lists, records
from student_graph.resolvers.fields.outcome import Told

LOOKUP = "lookup"
"""Under this name the metadata of a field hold its `FieldLookup`."""


@dataclass(frozen=True, slots=True)
class FieldLookup:
    """What a field asks."""

    lookup: Lookup
    key: str
    """Attribute of the parent that names the key."""


def lookup(method: Callable[..., Any], *, key: str) -> Any:
    """
    A field answered by `method`, a lookup of `Adapter` without arguments, asked by each parent's attribute `key`.

    Type, description and class of data follow from the lookup.
    """
    declared = lookup_of(method)
    assert not declared.argument_names, "a field with arguments says what they mean when left out"
    load: Any = lists if declared.is_list else records

    async def ask(parents: Sequence[Any], info: Info) -> Any:
        return await load(info, method, parents, key)

    record: Any = declared.record_type
    ask.__name__ = declared.name
    ask.__annotations__["return"] = Told[(list[record] if declared.is_list else record) | None]  # type: ignore[misc]
    return batched(
        asks(method)(ask), description=declared.description, metadata={LOOKUP: FieldLookup(declared, key)}
    )
