"""Where every question begins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any, TypeVar, cast

import strawberry
from graphql import GraphQLError

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sources import Key, Method
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import After, First
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input, graph_error
from student_graph.resolvers.fields.field import asks, field
from student_graph.resolvers.fields.ids import GlobalId, decode, parse_district_id, parse_student_id
from student_graph.resolvers.fields.load import load_one
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.student_list.connection import StudentConnection, students_in
from student_graph.resolvers.student_list.filter import StudentFilter, only_district, visible
from student_graph.resolvers.types.calendar import session
from student_graph.resolvers.types.district import LocalEducationAgency, agency
from student_graph.resolvers.types.source import SourceStatus, statuses
from student_graph.resolvers.types.viewer import Viewer

T = TypeVar("T")

MOST_NODES = 100

Id = Annotated[strawberry.ID, strawberry.argument(description="Global id.")]


LOADERS: dict[str, Any] = {
    "School": Adapter.schools_by_id,
    "Section": Adapter.sections_by_id,
    "Staff": Adapter.staff_by_id,
    "Student": Adapter.students_by_id,
}
"""Which lookup answers for which type of global id."""


@described
@strawberry.type
class Query:
    """Where every question begins."""

    @field
    def viewer(self, info: Info) -> Viewer | None:
        """Who asks."""
        asker = info.context.viewer
        return Viewer(asker=asker, role=asker.role, operator=asker.operator)

    @field
    @asks(Adapter.students_by_id)
    async def student(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Global id.")] = None,
        student_id: Annotated[
            str | None,
            strawberry.argument(
                name="studentUniqueId", description="The student's unique number, instead of an id."
            ),
        ] = None,
        district: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="The district that gave the number, by id or short name; "
                "may be left out by viewers of one district."
            ),
        ] = None,
    ) -> model.Student | None:
        """A student; null when there is none whom the viewer may see."""
        if (id is None) == (student_id is None):
            raise bad_input("student: name either id or studentUniqueId.")
        if id is not None:
            return await _load(info, Adapter.students_by_id, decode(id, "Student"))
        number = parse_student_id(student_id or "")
        name = parse_district_id(district) if district else only_district(info)
        return await _load(info, Adapter.students_by_id, GlobalId("Student", name, number))

    @field
    @asks(
        Adapter.students_by_district,
        Adapter.school_enrollments_by_school,
        Adapter.school_enrollments_by_student,
        Adapter.students_by_id,
    )
    async def students(
        self,
        info: Info,
        filter: Annotated[StudentFilter, strawberry.argument(description="Which students, and of which scope.")],
        first: First = 25,
        after: After = None,
    ) -> StudentConnection | None:
        """Students of a district or school; null when the viewer has no such district."""
        return await students_in(info, filter, first, after)

    @field
    @asks(Adapter.sections_by_id)
    async def section(self, info: Info, id: Id) -> model.Section | None:
        """A section; null when there is none whom the viewer may see."""
        return await _load(info, Adapter.sections_by_id, decode(id, "Section"))

    @field
    @asks(Adapter.schools_by_id)
    async def school(self, info: Info, id: Id) -> model.School | None:
        """A school; null when there is none that the viewer may see."""
        return await _load(info, Adapter.schools_by_id, decode(id, "School"))

    @field
    def district(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id, or the configured short name.")],
    ) -> LocalEducationAgency | None:
        """A district; null when there is none that the viewer may see."""
        return agency(info, parse_district_id(id))

    @field
    def districts(self, info: Info) -> list[LocalEducationAgency]:
        """Districts whose records the viewer may see, by short name."""
        found = (agency(info, district) for district in sorted(info.context.viewer.districts))
        return [district for district in found if district is not None]

    @field
    def sources(self, info: Info) -> list[SourceStatus] | None:
        """Sources of the viewer's districts."""
        return statuses(info)

    @field
    @asks(*LOADERS.values(), Adapter.sessions_by_school)
    async def node(self, info: Info, id: Id) -> Node | None:
        """Anything with a global id; null when there is none that the viewer may see."""
        return await _node(info, decode(id))

    @field
    @asks(*LOADERS.values(), Adapter.sessions_by_school)
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        """The same for each of several ids, in their order."""
        if len(ids) > MOST_NODES:
            raise bad_input(f"ids: name at most {MOST_NODES}.")
        named = [decode(id) for id in ids]
        found: Any = await asyncio.gather(*(_settled(_node(info, one)) for one in named))
        return list(found)


async def _node(info: Info, named: GlobalId) -> Node | None:
    """Whatever an id names."""
    if named.type == "LocalEducationAgency":
        return agency(info, named.district)
    if named.type == "Session":
        found: Any = await session(info, named) if visible(info.context, named.district) else None
    else:
        found = await _load(info, LOADERS[named.type], named)
    return cast("Node | None", found)


async def _load(info: Info, method: Method[Any, ..., T], named: GlobalId) -> T | None:
    """A record of one of the viewer's districts; None for others, whether or not they exist."""
    if visible(info.context, named.district) is None:
        return None
    return await load_one(info, method, Key(named.district, named.key))


async def _settled(answer: Awaitable[T]) -> T | GraphQLError:
    """An answer, or the error in its place, so that one of a list fails alone."""
    try:
        return await answer
    except AdapterError as error:
        return graph_error(error)
