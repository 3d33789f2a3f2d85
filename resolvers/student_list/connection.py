"""The GraphQL connection over a list of students."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import Key
from student_graph.resolvers.cohorts.conditions.inputs import StudentOrder
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_records
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.fields.paging import PageInfo, page_size
from student_graph.resolvers.student_list.by_condition import list_by_condition
from student_graph.resolvers.student_list.by_district import list_by_district
from student_graph.resolvers.student_list.by_id import list_by_id
from student_graph.resolvers.student_list.by_vendor_page import list_by_vendor_page
from student_graph.resolvers.student_list.filter import (
    ResolvedFilter,
    StudentFilter,
    StudentGroup,
    StudentPage,
    resolve_filter,
)


@batched
@uses_lookups(Adapter.students_by_id)
async def node(edges: Sequence[StudentEdge], info: Info) -> Outcomes[model.Student | None]:
    """The student."""
    outcomes = await load_records(info, Adapter.students_by_id, edges, "missing_id")
    return [edge.student or outcome for edge, outcome in zip(edges, outcomes, strict=True)]


@described
@strawberry.type
class StudentEdge:
    """A student's edge in a list."""

    cursor: str
    """Value of `after` for a page that starts after this student."""
    district_id: strawberry.Private[model.DistrictId]
    student_id: strawberry.Private[model.StudentId]
    student: strawberry.Private[model.Student | None] = None

    @property
    def missing_id(self) -> model.StudentId | None:
        """The id of a student whose record must be loaded; None if it has been loaded."""
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
    """Number of students on all pages; null if it is unknown without reading them all."""
    undecided: int | None = None
    """
    Number of students that `where` could not decide: null for a list without `where` and `orderBy`.

    A source failed or has no certain link to them, or a class of their data is granted for other students only.
    They are on no page, and `extensions.degraded` says why.
    """


async def student_connection(
    info: Info,
    filter: StudentFilter,
    first: int,
    after: str | None,
    school: Key | None = None,
    *,
    group: StudentGroup | None = None,
    order: StudentOrder | None = None,
) -> StudentConnection | None:
    """
    Return a page of the students who match a filter, within a school or a group if the field belongs to one.

    Returns None if the viewer has no such district.

    Raises:
        AdapterError: an id or cursor is invalid, or no source had a record and one failed.
        GraphQLError: the filter names no district, or `first` is out of range.
    """
    size = page_size(info, first)
    filters = resolve_filter(info, filter, school, group)
    if filters is None:
        return None

    async def read(filter: ResolvedFilter, first: int, after: str | None) -> StudentPage:
        return await _page_of_district(info, filter, first, after, order)

    if len(filters) == 1:
        return _to_connection(filters[0].district.id, await read(filters[0], size, after))
    if order is not None:
        raise bad_input("orderBy: order the students of one district at a time.")
    page = await list_by_district(info, filters, size, after, read)
    edges = [
        StudentEdge(cursor=cursor, district_id=district, student_id=entry.student_id, student=entry.student)
        for district, cursor, entry in page.entries
    ]
    return StudentConnection(edges=edges, page_info=page.info, total_count=page.total, undecided=page.undecided)


async def _page_of_district(
    info: Info, filter: ResolvedFilter, first: int, after: str | None, order: StudentOrder | None
) -> StudentPage:
    if filter.has_conditions or order is not None:
        return await list_by_condition(info, filter, order, first, after)
    reach = await info.context.reach(filter.district.id)
    if reach.everybody and filter.schools is None and filter.named_ids is None:
        return await list_by_vendor_page(info, filter, first, after)
    return await list_by_id(info, filter, first, after, reach=reach)


def _to_connection(district: model.DistrictId, page: StudentPage) -> StudentConnection:
    edges = [
        StudentEdge(cursor=entry.cursor, district_id=district, student_id=entry.student_id, student=entry.student)
        for entry in page.entries
    ]
    return StudentConnection(edges=edges, page_info=page.info, total_count=page.total, undecided=page.undecided)
