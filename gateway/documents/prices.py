"""What an operation is estimated to cost, and which of its fields cost the most."""

from __future__ import annotations

import math
from typing import NamedTuple

OPERATION_COST_BYTES = 500
"""Memory of an estimate without the fields that it names."""
MAX_SHOWN_PATH_CHARACTERS = 60
"""The longest path that an error names, from its end."""
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


class CallPrice(NamedTuple):
    """Calls to vendors that a field is expected to need; lookups that several fields use count at one of them."""

    path: str
    calls: float
    lists_students: bool
    """Whether these are the calls of conditions and an order of a list of students."""


class OperationCost(NamedTuple):
    """Estimates for an operation."""

    records: int
    """Records in its response."""
    calls: int
    """Calls to vendors, without those of `list_calls`."""
    costliest: tuple[FieldPrice, ...] = ()
    """The fields with the most records, at most three, the costliest first."""
    pages: tuple[PagePrice, ...] = ()
    """The costliest fields with the argument `first`, at most three."""
    calling: tuple[CallPrice, ...] = ()
    """The fields with the most calls, at most three, the costliest first."""
    list_calls: int = 0
    """Calls to vendors for conditions and orders of lists of students."""

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly."""
        paths = [price.path for price in self.costliest] + [page.path for page in self.pages]
        paths += [price.path for price in self.calling]
        return OPERATION_COST_BYTES + sum(NAMED_FIELD_BYTES + len(path) for path in paths)

    def record_advice(self, limit: int) -> str:
        """Return where the most records are expected, and a page size with which it would be within a limit."""
        prices = ", ".join(f"{shown_path(price.path)} ({math.ceil(price.records)})" for price in self.costliest)
        page = self.smaller_page(limit)
        advice = (
            f" It would pass with first: {page.first} at {shown_path(page.path)}, which is {page.coordinate}."
            if page
            else ""
        )
        return f"The most records are expected at {prices}.{advice}"

    def call_advice(self) -> str:
        """Return where the most calls are expected, and what to change there."""
        prices = ", ".join(f"{shown_path(price.path)} ({math.ceil(price.calls)})" for price in self.calling)
        lists = next((shown_path(price.path) for price in self.calling if price.lists_students), None)
        advice = (
            f" {lists} judges all students of its list: name a school, ids or fewer conditions." if lists else ""
        )
        return f"The most calls are expected at {prices}.{advice}"

    def smaller_page(self, limit: int) -> PagePrice | None:
        """Return the costliest field that is within `limit` with a smaller `first`, with that `first`; or None."""
        for page in self.pages:
            first = math.floor(page.first * (limit - (self.records - page.records)) / page.records)
            if first >= 1:
                return page._replace(first=first)
        return None


def shown_path(path: str) -> str:
    """Return a path as an error names it: its end, because aliases may be long."""
    return path if len(path) <= MAX_SHOWN_PATH_CHARACTERS else f"...{path[-MAX_SHOWN_PATH_CHARACTERS:]}"
