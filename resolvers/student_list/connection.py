"""The connection over students, and who is in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_records
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.fields.paging import PageInfo, page_size
from student_graph.resolvers.student_list.by_id import roll
from student_graph.resolvers.student_list.by_vendor_page import scan
from student_graph.resolvers.student_list.filter import Listing, StudentFilter, scope_of


@batched
@uses_lookups(Adapter.students_by_id)
async def node(edges: Sequence[StudentEdge], info: Info) -> Outcomes[model.Student | None]:
    """The student."""
    told = await load_records(info, Adapter.students_by_id, edges, "wanted")
    return [edge.student or each for edge, each in zip(edges, told, strict=True)]


@described
@strawberry.type
class StudentEdge:
    """A student's place in a list."""

    cursor: str
    """Give it as `after` to go on behind this student."""
    district_id: strawberry.Private[model.DistrictId]
    student_id: strawberry.Private[model.StudentId]
    student: strawberry.Private[model.Student | None] = None

    @property
    def wanted(self) -> model.StudentId | None:
        """The number to look the student up by; None when the record is at hand."""
        return None if self.student else self.student_id

    node = node


@described
@strawberry.type
class StudentConnection:
    """A page of a list of students."""

    connects: ClassVar[type[model.Record]] = model.Student

    edges: list[StudentEdge]
    """Students of this page."""
    page_info: PageInfo
    """Where the page ends."""
    total_count: int | None = None
    """How many there are on all pages; null where nobody knows without reading them all."""


async def students_in(
    info: Info, filter: StudentFilter, first: int, after: str | None, school: Key | None = None
) -> StudentConnection | None:
    """
    A page of the students that a filter names; None when the viewer has no such district.

    Raises:
        AdapterError: an id or cursor that cannot be one, or no source could say.
        GraphQLError: the filter names no scope, or `first` is out of range.
    """
    size = page_size(info, first)
    scope = scope_of(info, filter, school)
    if scope is None:
        return None
    reach = await info.context.reach(scope.district.id)
    among_all = reach.everybody and scope.school is None and scope.ids is None
    walk = scan if among_all else partial(roll, reach=reach)
    return connection(scope.district.id, await walk(info, scope, size, after))


def connection(district: model.DistrictId, listing: Listing) -> StudentConnection:
    """A page as the graph shows it."""
    edges = [
        StudentEdge(cursor=place.cursor, district_id=district, student_id=place.student_id, student=place.student)
        for place in listing.places
    ]
    return StudentConnection(edges=edges, page_info=listing.info, total_count=listing.total)
