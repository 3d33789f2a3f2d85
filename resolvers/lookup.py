"""
Fields answered by one adapter lookup about their parents.

The field works in any executor, one key at a time. It carries the lookup as data, so that an executor
can ask once for all parents instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.lookup import Lookup, lookup_of
from adapters.model import Record
from adapters.sources import Key
from resolvers.context import Info
from resolvers.field import field
from resolvers.load import OfDistrict, key_of, load_many, load_one

LOOKUP = "lookup"
"""Under this name the metadata of a field hold its `FieldLookup`."""


@dataclass(frozen=True, slots=True)
class FieldLookup:
    """What an executor needs to answer the field for any number of parents at once."""

    lookup: Lookup
    key: str
    """Attribute of the parent that names the key."""

    def key_of(self, parent: Record | OfDistrict) -> Key | None:
        """What to ask about; None when the parent names nothing."""
        return key_of(parent, self.key)


def lookup(method: Callable[..., Any], *, key: str) -> Any:
    """
    A field answered by `method`, a lookup of `Adapter` without arguments, asked by each parent's attribute `key`.

    Type, description and class of data follow from the lookup.
    """
    declared = lookup_of(method)
    assert not declared.argument_names, "a field with arguments says what they mean when left out"
    asked = FieldLookup(declared, key)
    load: Any = load_many if declared.many else load_one

    async def resolve(root: Any, info: Info) -> Any:
        return await load(info, method, asked.key_of(root))

    record: Any = declared.record
    resolve.__name__ = declared.name
    resolve.__annotations__ = {
        "root": Any,
        "info": Info,
        "return": (list[record] if declared.many else record) | None,
    }
    return field(resolve, description=declared.description, metadata={LOOKUP: asked})
