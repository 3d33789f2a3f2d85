"""Programs, meals and transportation of students."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import ActiveOn, AsOf
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_by_district, load_lists
from student_graph.resolvers.fields.outcome import Outcomes, map_values
from student_graph.resolvers.metrics.groups import participates


@batched
@uses_lookups(Adapter.program_participations_by_student)
async def programs(
    students: Sequence[model.Student],
    info: Info,
    as_of: ActiveOn = None,
    types: Annotated[
        list[model.ProgramType] | None, strawberry.argument(description="Only programs of these types.")
    ] = None,
) -> Outcomes[list[model.ProgramParticipation] | None]:
    """
    The student's participation in programs, earliest first.

    Special education and homelessness have fields of their own.
    """
    participations = await load_lists(info, Adapter.program_participations_by_student, students, "student_id")

    def matching(rows: list[model.ProgramParticipation]) -> list[model.ProgramParticipation] | None:
        return [
            row
            for row in rows
            if (types is None or row.program_type in types) and (as_of is None or participates(row, as_of))
        ]

    return map_values(participations, matching)


@batched
@uses_lookups(Adapter.food_service_by_student)
async def food_service(
    students: Sequence[model.Student], info: Info, as_of: AsOf = None
) -> Outcomes[model.FoodService | None]:
    """The student's meals program on a day; the one that began last, if there are several. Null if none."""

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[model.FoodService | None]:
        day = as_of or district.today()
        meals_by_student = await load_lists(info, Adapter.food_service_by_student, members, "student_id")

        def latest(meals: list[model.FoodService]) -> model.FoodService | None:
            current = [meal for meal in meals if participates(meal, day)]
            return max(current, key=lambda meal: meal.begin_date, default=None)

        return map_values(meals_by_student, latest)

    return await load_by_district(info, students, load_district)


@batched
@uses_lookups(Adapter.transportation_by_student)
async def transportation(
    students: Sequence[model.Student], info: Info, as_of: AsOf = None
) -> Outcomes[model.Transportation | None]:
    """
    How the student gets to school; the first record, if there are several. Null if not recorded.

    Sources record only the present: null for any day other than today.
    """

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[model.Transportation | None]:
        if as_of not in (None, district.today()):
            return [None] * len(members)
        transportations = await load_lists(info, Adapter.transportation_by_student, members, "student_id")
        return map_values(transportations, lambda rows: rows[0] if rows else None)

    return await load_by_district(info, students, load_district)
