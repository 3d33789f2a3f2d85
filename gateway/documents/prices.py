"""What an operation is estimated to cost, and which of its fields cost the most."""

from __future__ import annotations

import math
from typing import NamedTuple

OPERATION_COST_BYTES = 500
"""Memory of an estimate without the fields that it names."""
NAMED_FIELD_BYTES = 300
"""Memory of a field that an estimate names, without its path."""


class FieldPrice(NamedTuple):
    """Records of one field of an operation."""

    path: str
    """Response keys from the root, joined by dots."""
    records: float
    """Records of the field itself in the whole response."""
    first: int | None = None
    """Number of edges that it is priced at, for a field with the argument `first`."""
    coordinate: str = ""
    """Its schema coordinate, such as `Student.courseGrades`."""


class PagePrice(NamedTuple):
    """A field with the argument `first`, with everything below it."""

    path: str
    first: int
    """Number of edges that it is priced at."""
    records: float
    """Records in the whole response, of the field and of all fields below it."""
    coordinate: str = ""
    """Schema coordinate of its argument, such as `Query.students(first:)`."""


class OperationCost(NamedTuple):
    """Estimates for an operation."""

    records: int
    """Records in its response."""
    calls: int
    """Calls to vendors."""
    costliest: tuple[FieldPrice, ...] = ()
    """The fields with the most records, at most three, the costliest first."""
    pages: tuple[PagePrice, ...] = ()
    """The costliest fields with the argument `first`, at most three."""

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly."""
        paths = [price.path for price in self.costliest] + [page.path for page in self.pages]
        return OPERATION_COST_BYTES + sum(NAMED_FIELD_BYTES + len(path) for path in paths)

    def smaller_page(self, limit: int) -> PagePrice | None:
        """Return the costliest field that is within `limit` with a smaller `first`, with that `first`; or None."""
        for page in self.pages:
            first = math.floor(page.first * (limit - (self.records - page.records)) / page.records)
            if first >= 1:
                return page._replace(first=first)
        return None
