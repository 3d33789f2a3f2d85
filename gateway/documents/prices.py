"""What an operation is estimated to cost, and which of its fields cost the most."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Source
from student_graph.resolvers.context import Viewer, ViewerRole

OPERATION_COST_BYTES = 500
"""Memory of an estimate without the fields that it names."""
MAX_SHOWN_PATH_CHARACTERS = 60
"""The longest path that an error names, from its end."""
READS_PER_LIST_CALL = 10
"""A list that replaces reads of single keys costs at most one call for this number of them."""
NAMED_FIELD_BYTES = 300
"""Memory of a field that an estimate names, without its path."""


def _ways(*ways: Sequence[Callable[..., Any]]) -> Sequence[Sequence[Lookup]]:
    return tuple(tuple(map(lookup_of, way)) for way in ways)


_CASELOADS = (Adapter.caseload_staff_by_staff, Adapter.caseload_students_by_caseload)
_SCHOOLS = (Adapter.staff_assignments_by_staff, Adapter.school_enrollments_by_school)
_SECTIONS = (Adapter.section_staff_by_staff, Adapter.section_enrollments_by_section)
WAYS_TO_STUDENTS: Mapping[ViewerRole, Sequence[Sequence[Lookup]]] = {
    ViewerRole.PRINCIPAL: _ways(_SCHOOLS, _CASELOADS),
    ViewerRole.COUNSELOR: _ways(_SCHOOLS, _CASELOADS),
    ViewerRole.TEACHER: _ways(_SECTIONS, _CASELOADS),
    ViewerRole.PARENT: _ways((Adapter.contacts_by_contact,)),
    ViewerRole.STUDENT: _ways(()),
}
"""
The lists that lead from a viewer to the students within reach, by role: each way is one list for each item of the
list before it. Other roles reach all students of a district.
"""
_SCHOOL = lookup_of(Adapter.school_enrollments_by_school)


class ViewerReach(NamedTuple):
    """What is known about the students that a viewer may see, before a source is asked."""

    role: ViewerRole | None = None
    """The role that decides which lists lead to them; None if they are all students of the district."""
    named_students: int = 0
    """Students that the settings or an emergency name."""
    assigned_schools: int = 0
    """Schools whose students the settings assign to the viewer."""
    has_own_schools: bool = False
    """Whether the viewer's schools are those that employ the viewer."""

    @classmethod
    def of(cls, viewer: Viewer) -> ViewerReach:
        """Return what is known about a viewer."""
        if viewer.emergency is not None:
            return cls(ViewerRole.STUDENT, len(viewer.emergency.students))
        if viewer.role not in WAYS_TO_STUDENTS:
            return EVERYBODY
        is_staff = viewer.staff_id is not None or viewer.email is not None
        return cls(
            viewer.role,
            sum(len(assigned.students) for assigned in viewer.assigned),
            sum(len(assigned.schools) for assigned in viewer.assigned),
            is_staff and len(viewer.districts) == 1,
        )

    def student_count(self, list_length: Callable[[Lookup], float]) -> float:
        """Return about how many students these are, by the lengths of lists; infinite for a whole district."""
        if self.role is None:
            return math.inf
        of_ways = sum(math.prod(map(list_length, way)) for way in WAYS_TO_STUDENTS[self.role])
        return of_ways + self.named_students + self.assigned_schools * list_length(_SCHOOL)


EVERYBODY = ViewerReach()
"""The reach of viewers who may see all students of their districts."""


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
    parent_type: str | None = None
    """The type of the parents if the field is read for each of them alone, with a call for each."""


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
    """The fields with the most calls, at most three of `calls` and three of `list_calls`, the costliest first."""
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

    def call_advice(self, *, of_lists: bool) -> str:
        """Return where the most of `calls` are expected, or of `list_calls`, and what to change there."""
        calling = [price for price in self.calling if price.lists_students == of_lists]
        prices = ", ".join(f"{shown_path(price.path)} ({math.ceil(price.calls)})" for price in calling)
        advice = next(filter(None, map(self._advice, calling)), "")
        return f"The most calls are expected at {prices}.{advice}"

    def _advice(self, price: CallPrice) -> str:
        """What to change so that a field needs fewer calls; empty if nothing is known that would help."""
        path, type_ = shown_path(price.path), price.parent_type
        if price.lists_students:
            return f" {path} judges all students of its list: name a school, ids or fewer conditions."
        if type_ is None or price.calls <= 1:
            return ""
        is_list = any(other.lists_students and other.path == price.path for other in self.calling)
        way = (
            f": name one with students(filter: {{ {type_.lower()}: ... }})"
            if is_list
            else ": request fewer of them"
        )
        return f" {path} is read for each {type_} alone, about {math.ceil(price.calls)} times{way}."

    def smaller_page(self, limit: int) -> PagePrice | None:
        """Return the costliest field that is within `limit` with a smaller `first`, with that `first`; or None."""
        for page in self.pages:
            first = math.floor(page.first * (limit - (self.records - page.records)) / page.records)
            if first >= 1:
                return page._replace(first=first)
        return None


def source_calls(source: Source, lookup: Lookup, keys: float) -> float:
    """
    Return the price of a lookup of this number of keys at a source, in calls.

    It is that of one coarse lookup if that needs fewer calls than reads of single keys. These wait in a queue, so
    they count as one call whatever their number. A list in their place costs a share of them at most: otherwise
    the way with fewer calls would have the higher price.
    """
    costs = [path.cost(source.adapter.settings) for path in source.adapter.paths.get(lookup.method, ())]
    lists = [
        min(cost.per_coarse_key, keys * cost.per_key / READS_PER_LIST_CALL)
        for cost in costs
        if cost.per_coarse_key < keys * cost.per_key
    ]
    return max(min(lists, default=1.0), 1.0)


def shown_path(path: str) -> str:
    """Return a path as an error names it: its end, because aliases may be long."""
    return path if len(path) <= MAX_SHOWN_PATH_CHARACTERS else f"...{path[-MAX_SHOWN_PATH_CHARACTERS:]}"
