"""Objects that can be loaded again by a global id."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import strawberry

from student_graph.adapters.model import DistrictId
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import derived
from student_graph.resolvers.fields.ids import NODE_TYPES, GlobalId, encode
from student_graph.resolvers.fields.load import district_of


@derived
def global_id(_: Context) -> Callable[[Any], strawberry.ID]:
    """Opaque id, unique in the graph and stable over school years."""
    return _id_of


@described
@strawberry.interface
class Node:
    """An object with a global id."""

    id = global_id


def _id_of(node: Any) -> strawberry.ID:
    type_name = _TYPE_NAMES.get(type(node)) or _type_name(type(node))
    return _encode(type_name, district_of(node), NODE_TYPES[type_name].key(node))


_TYPE_NAMES: dict[type, str] = {}
"""Names of GraphQL types with global ids, by the class of their objects."""


def _type_name(cls: type) -> str:
    """Return the GraphQL type of a class; a record has the type that is named like its class in the model."""
    name = _TYPE_NAMES[cls] = next(base.__name__ for base in cls.__mro__ if base.__name__ in NODE_TYPES)
    return name


@lru_cache(maxsize=100_000)
def _encode(type_name: str, district: DistrictId, key: str) -> strawberry.ID:
    return strawberry.ID(encode(GlobalId(type_name, district, key)))
