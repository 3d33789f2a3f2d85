"""Things that can be asked for again by a global id."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import strawberry

from student_graph.adapters.model import DistrictId
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import derived
from student_graph.resolvers.fields.ids import NODES, GlobalId, encode
from student_graph.resolvers.fields.load import district_of


@derived
def global_id(_: Context) -> Callable[[Any], strawberry.ID]:
    """Opaque id, unique in the graph and stable over school years."""
    return _id_of


@described
@strawberry.interface
class Node:
    """Something with an id of its own in the whole graph."""

    id = global_id


def _id_of(thing: Any) -> strawberry.ID:
    name = _TYPES.get(type(thing)) or _type_of(type(thing))
    return _encoded(name, district_of(thing), NODES[name].key(thing))


_TYPES: dict[type, str] = {}
"""Names of the types with global ids, by the class of their things."""


def _type_of(cls: type) -> str:
    """The type of a class's things; a record is told by the class that it is of in the model."""
    name = _TYPES[cls] = next(base.__name__ for base in cls.__mro__ if base.__name__ in NODES)
    return name


@lru_cache(maxsize=100_000)
def _encoded(name: str, district: DistrictId, key: str) -> strawberry.ID:
    return strawberry.ID(encode(GlobalId(name, district, key)))
