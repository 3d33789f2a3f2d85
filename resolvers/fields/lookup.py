"""
Fields that are one adapter lookup, keyed by an attribute of the parent.

The field carries its lookup as metadata, so that the lookups of a document are known before it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_lists, load_records
from student_graph.resolvers.fields.outcome import Outcomes

LOOKUP_METADATA = "lookup"
"""Metadata key of a lookup field: its `FieldLookup`."""


@dataclass(frozen=True, slots=True)
class FieldLookup:
    """The lookup of a field."""

    lookup: Lookup
    key: str
    """Attribute of the parent that is the key."""


def lookup(method: Callable[..., Any], *, key: str) -> Any:
    """
    Make a field from `method`, a lookup of `Adapter` without arguments; the parent's attribute `key` is its key.

    Type, description and class of data are those of the lookup.
    """
    declared = lookup_of(method)
    assert not declared.argument_names, "a field with arguments needs a function that gives their defaults"
    load: Any = load_lists if declared.is_list else load_records

    async def load_field(parents: Sequence[Any], info: Info) -> Any:
        return await load(info, method, parents, key)

    record: Any = declared.record_type
    value_type = (list[record] if declared.is_list else record) | None
    load_field.__name__ = declared.name
    load_field.__annotations__["return"] = Outcomes[value_type]  # type: ignore[valid-type]
    return batched(
        uses_lookups(method)(load_field),
        description=declared.description,
        metadata={LOOKUP_METADATA: FieldLookup(declared, key)},
    )
