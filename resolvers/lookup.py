"""
Fields answered by one adapter lookup about their parents.

The field works in any executor, one key at a time. It carries the lookup as data, so that an executor
can ask once for all parents instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import strawberry

from adapters.lookup import Lookup, lookup_of
from adapters.model import Record
from adapters.sources import District, Key
from resolvers.context import Info
from resolvers.field import field
from resolvers.load import OfDistrict, district_calendar, key_of, load_many, load_one

LOOKUP = "lookup"
"""Under this name the metadata of a field hold its `FieldLookup`."""


class Defaulted(NamedTuple):
    """An argument of lookups that the graph makes optional."""

    description: str
    default: Callable[[District], Hashable]
    """The resolved value for those who do not name one."""


ARGUMENTS: Mapping[str, Defaulted] = {
    "school_year": Defaulted(
        "School year by the calendar year in which it ends; the district's current one when left out.",
        lambda district: district.school_year(district.today()),
    ),
}
"""Arguments that a lookup may have, by name."""


@dataclass(frozen=True, slots=True)
class FieldLookup:
    """What an executor needs to answer the field for any number of parents at once."""

    lookup: Lookup
    key: str
    """Attribute of the parent that names the key."""

    def key_of(self, parent: Record | OfDistrict) -> Key | None:
        """What to ask about; None when the parent names nothing."""
        return key_of(parent, self.key)

    def arguments(self, district: District, given: Mapping[str, Any]) -> dict[str, Any]:
        """Resolved arguments: what a client left out is the district's own."""
        return {
            name: ARGUMENTS[name].default(district) if value is None else value for name, value in given.items()
        }


def lookup(method: Callable[..., Any], *, key: str) -> Any:
    """
    A field answered by `method`, a lookup of `Adapter`, asked with each parent's attribute `key`.

    Type, arguments, description and class of data follow from the lookup.
    """
    declared = lookup_of(method)
    asked = FieldLookup(declared, key)
    load: Any = load_many if declared.many else load_one

    async def resolve(root: Any, info: Info, **given: Any) -> Any:
        arguments = asked.arguments(district_calendar(info, root), given)
        return await load(info, method, asked.key_of(root), **arguments)

    record: Any = declared.record
    resolve.__name__ = declared.name
    resolve.__annotations__ = {
        "root": Any,
        "info": Info,
        **{name: _optional(name) for name in _named(method)},
        "return": (list[record] if declared.many else record) | None,
    }
    resolve.__signature__ = _signature(resolve.__annotations__)  # type: ignore[attr-defined]
    return field(resolve, description=declared.description, metadata={LOOKUP: asked})


def _named(method: Callable[..., Any]) -> list[str]:
    """Names of a lookup's own arguments."""
    return [p.name for p in inspect.signature(method).parameters.values() if p.kind is p.KEYWORD_ONLY]


def _optional(name: str) -> Any:
    """Annotation of an argument that may be left out."""
    return Annotated[int | None, strawberry.argument(description=ARGUMENTS[name].description)]


def _signature(annotations: Mapping[str, Any]) -> inspect.Signature:
    """The signature of a resolver with these arguments, the first two given by the executor."""
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if name in ("root", "info") else None,
            annotation=annotation,
        )
        for name, annotation in annotations.items()
        if name != "return"
    ]
    return inspect.Signature(parameters, return_annotation=annotations["return"])
