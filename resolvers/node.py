"""Things that can be asked for again by a global id."""

from __future__ import annotations

import strawberry

from resolvers.docstrings import described
from resolvers.field import field
from resolvers.ids import NODES, GlobalId, encode
from resolvers.load import district_of


@described
@strawberry.interface
class Node:
    """Something with an id of its own in the whole graph."""

    @field
    def id(self) -> strawberry.ID:
        """Opaque id, unique in the graph and stable over school years."""
        name = type(self).__name__
        named = GlobalId(name, district_of(self), NODES[name].key(self))  # type: ignore[arg-type]
        return strawberry.ID(encode(named))
