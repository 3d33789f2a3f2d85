"""The connection over students, and who is in it."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from adapters import model
from adapters.contract import Adapter
from adapters.sources import Key
from resolvers.context import Info
from resolvers.docstrings import described
from resolvers.field import field
from resolvers.load import load_one
from resolvers.paging import PageInfo, page_size
from resolvers.roll import roll
from resolvers.scan import scan
from resolvers.scope import Listing, StudentFilter, scope_of


@described
@strawberry.type
class StudentEdge:
    """A student's place in a list."""

    cursor: str
    """Give it as `after` to go on behind this student."""
    key: strawberry.Private[Key]
    student: strawberry.Private[model.Student | None] = None

    @field
    async def node(self, info: Info) -> model.Student | None:
        """The student."""
        return self.student or await load_one(info, Adapter.students_by_id, self.key)


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
    size = page_size(first)
    scope = scope_of(info, filter, school)
    if scope is None:
        return None
    walk = scan if scope.school is None and scope.ids is None else roll
    return connection(scope.district.id, await walk(info, scope, size, after))


def connection(district: model.DistrictId, listing: Listing) -> StudentConnection:
    """A page as the graph shows it."""
    edges = [
        StudentEdge(cursor=place.cursor, key=Key(district, place.student_id), student=place.student)
        for place in listing.places
    ]
    return StudentConnection(edges=edges, page_info=listing.info, total_count=listing.total)
