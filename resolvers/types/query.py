"""The root type of the graph."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any, TypeVar, cast

import strawberry
from graphql import GraphQLError

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sources import Key, Method
from student_graph.resolvers.cohorts.conditions.reads import reads_of_list
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import After, First
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input, graph_error
from student_graph.resolvers.fields.field import EXPLAIN_METADATA, LIST_READS_METADATA, field, uses_lookups
from student_graph.resolvers.fields.ids import GlobalId, decode, parse_district_id, parse_student_id
from student_graph.resolvers.fields.load import load_one, value_or_raise
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.student_list.connection import StudentConnection, student_connection
from student_graph.resolvers.student_list.explanation import explain_students
from student_graph.resolvers.student_list.filter import OrderBy, StudentFilter, single_district, visible_district
from student_graph.resolvers.types.calendar import sessions_by_ids
from student_graph.resolvers.types.district import LocalEducationAgency, agencies, agency
from student_graph.resolvers.types.source import SourceStatus, statuses
from student_graph.resolvers.types.viewer import Viewer

T = TypeVar("T")

MAX_NODES = 100

Id = Annotated[strawberry.ID, strawberry.argument(description="Global id: the `id` of the record.")]


NODE_LOOKUPS: dict[str, Any] = {
    "School": Adapter.schools_by_id,
    "Section": Adapter.sections_by_id,
    "Staff": Adapter.staff_by_id,
    "Student": Adapter.students_by_id,
}
"""The lookup for each type of global id, except those that `_node` resolves in another way."""


@described
@strawberry.input(one_of=True)
class StudentKey:
    """What names one student: exactly one of these."""

    id: strawberry.ID | None = strawberry.UNSET
    """Global id of the student."""
    student_unique_id: str | None = strawberry.UNSET
    """The district's unique number of the student; `district` names the district if the viewer has several."""


@described
@strawberry.type
class Query:
    """The root of every query."""

    @field
    def viewer(self, info: Info) -> Viewer | None:
        """
        The signed-in person or service, with their own students, sections and permissions.

        Example: `{ viewer { role students(first: 5) { totalCount edges { node { id } } } } }`
        """
        viewer = info.context.viewer
        return Viewer(viewer=viewer, role=viewer.role, operator=viewer.operator)

    @field
    @uses_lookups(Adapter.students_by_id)
    async def student(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Global id of the student.")] = None,
        student_id: Annotated[
            str | None,
            strawberry.argument(
                name="studentUniqueId", description="The district's unique number of the student, instead of `id`."
            ),
        ] = None,
        district: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="The district that assigned the number, as its id or short name. "
                "A viewer with one district can omit it."
            ),
        ] = None,
        by: Annotated[
            StudentKey | None,
            strawberry.argument(description="What names the student, in place of `id` and `studentUniqueId`."),
        ] = None,
    ) -> model.Student | None:
        """
        One student, by `by`, `id` or `studentUniqueId`; null if the viewer may see no such student.

        Example: `{ student(by: {studentUniqueId: "401363"}) { id name { firstName } } }`
        """
        if by is not None:
            if id is not None or student_id is not None:
                raise bad_input("student: pass exactly one of by, id and studentUniqueId.")
            id, student_id = by.id or None, by.student_unique_id or None
        if (id is None) == (student_id is None):
            raise bad_input("student: pass exactly one of by, id and studentUniqueId.")
        if id is not None:
            return await _load(info, Adapter.students_by_id, decode(id, "Student"))
        number = parse_student_id(student_id or "")
        name = parse_district_id(district) if district else single_district(info)
        return await _load(info, Adapter.students_by_id, GlobalId("Student", name, number))

    @partial(
        field,
        metadata={EXPLAIN_METADATA: explain_students, LIST_READS_METADATA: reads_of_list(in_school=False)},
    )
    @uses_lookups(
        Adapter.students_by_district,
        Adapter.school_enrollments_by_school,
        Adapter.school_enrollments_by_student,
        Adapter.students_by_id,
    )
    async def students(
        self,
        info: Info,
        filter: Annotated[
            StudentFilter,
            strawberry.argument(description="Which students to list, and of which district or school."),
        ],
        first: First = 25,
        after: After = None,
        order_by: OrderBy = None,
    ) -> StudentConnection | None:
        """
        Students of a district or school whose records the viewer may see.

        They are ordered by student number, or by a metric. Null if the viewer has no such district.

        Example: `{ students(filter: {gradeLevels: [NINTH]}, first: 10) { totalCount edges { node { id } } } }`
        """
        return await student_connection(info, filter, first, after, order=order_by)

    @field
    @uses_lookups(Adapter.sections_by_id)
    async def section(self, info: Info, id: Id) -> model.Section | None:
        """
        One section; null if the viewer may see no such section.

        Example: `query ($id: ID!) { section(id: $id) { courseTitle roster { student { id } } } }`
        """
        return await _load(info, Adapter.sections_by_id, decode(id, "Section"))

    @field
    @uses_lookups(Adapter.schools_by_id)
    async def school(self, info: Info, id: Id) -> model.School | None:
        """
        One school; null if the viewer may see no such school.

        Example: `query ($id: ID!) { school(id: $id) { name students(filter: {}) { totalCount } } }`
        """
        return await _load(info, Adapter.schools_by_id, decode(id, "School"))

    @field
    def district(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id or configured short name of the district.")
        ],
    ) -> LocalEducationAgency | None:
        """
        One district; null if the viewer may see no such district.

        Example: `{ district(id: "cedar-hollow-school-district") { name schools { id name } } }`
        """
        return agency(info, parse_district_id(id))

    @field
    def districts(self, info: Info) -> list[LocalEducationAgency]:
        """
        Districts whose records the viewer may see, ordered by short name.

        Example: `{ districts { id name } }`
        """
        return agencies(info)

    @field
    def sources(self, info: Info) -> list[SourceStatus] | None:
        """
        Source systems of the viewer's districts: what each offers and, for operators, how it performs.

        Example: `{ sources { name reachable offers } }`
        """
        return statuses(info)

    @field
    @uses_lookups(*NODE_LOOKUPS.values(), Adapter.sessions_by_school)
    async def node(self, info: Info, id: Id) -> Node | None:
        """
        The record with a global id, of any type; null if the viewer may see no such record.

        Example: `query ($id: ID!) { node(id: $id) { id ... on Student { name { firstName } } } }`
        """
        return await _node(info, decode(id))

    @field
    @uses_lookups(*NODE_LOOKUPS.values(), Adapter.sessions_by_school)
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="Global ids of the records; at most 100.")
        ],
    ) -> list[Node | None]:
        """
        The records with some global ids, in the order of `ids`.

        An entry is null if the viewer may see no such record. An entry that fails, such as one whose id is not of
        this graph, is null and has its own error.

        Example: `query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }`
        """
        if len(ids) > MAX_NODES:
            raise bad_input(f"ids: pass at most {MAX_NODES}.")
        nodes: Any = await asyncio.gather(*(_node_or_error(info, id) for id in ids))
        return list(nodes)


async def _node(info: Info, global_id: GlobalId) -> Node | None:
    """The record with a global id; None if the viewer may see no such record."""
    if global_id.type == "LocalEducationAgency":
        return agency(info, global_id.district)
    if global_id.type == "Session":
        node: Any = await _load_session(info, global_id)
    else:
        node = await _load(info, NODE_LOOKUPS[global_id.type], global_id)
    return cast("Node | None", node)


async def _load(info: Info, method: Method[Any, ..., T], global_id: GlobalId) -> T | None:
    """The record with a global id; None outside the viewer's districts, whether or not it exists."""
    if visible_district(info.context, global_id.district) is None:
        return None
    return await load_one(info, method, Key(global_id.district, global_id.key))


async def _load_session(info: Info, global_id: GlobalId) -> model.Session | None:
    """The term with a global id; None outside the viewer's districts, whether or not it exists."""
    if visible_district(info.context, global_id.district) is None:
        return None
    [outcome] = await sessions_by_ids(info, [global_id])
    return value_or_raise(info, outcome)


async def _node_or_error(info: Info, id: str) -> Node | GraphQLError | None:
    """The record with a global id, or its error as a value, so that one entry of a list can fail alone."""
    try:
        return await _node(info, decode(id))
    except AdapterError as error:
        return graph_error(error)
