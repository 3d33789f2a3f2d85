"""Programs, meals and transport."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import AsOf, WhenAsOf
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import active
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import by_district, lists
from student_graph.resolvers.fields.outcome import Told, mapped


@batched
@asks(Adapter.program_participations_by_student)
async def programs(
    students: Sequence[model.Student],
    info: Info,
    as_of: WhenAsOf = None,
    types: Annotated[
        list[model.ProgramType] | None, strawberry.argument(description="Only programs of these kinds.")
    ] = None,
) -> Told[list[model.ProgramParticipation] | None]:
    """The student's programs, earliest first. Special education and homelessness are fields of their own."""
    told = await lists(info, Adapter.program_participations_by_student, students, "student_id")

    def chosen(parts: list[model.ProgramParticipation]) -> list[model.ProgramParticipation] | None:
        return [
            part
            for part in parts
            if (types is None or part.program_type in types)
            and (as_of is None or active(part.begin_date, part.end_date, as_of))
        ]

    return mapped(told, chosen)


@batched
@asks(Adapter.food_service_by_student)
async def food_service(
    students: Sequence[model.Student], info: Info, as_of: AsOf = None
) -> Told[model.FoodService | None]:
    """The meals program that the student is in on a day: the one begun last, when several last."""

    async def ask(where: District, some: Sequence[model.Student]) -> Told[model.FoodService | None]:
        day = as_of or where.today()
        told = await lists(info, Adapter.food_service_by_student, some, "student_id")

        def latest(meals: list[model.FoodService]) -> model.FoodService | None:
            current = [meal for meal in meals if active(meal.begin_date, meal.end_date, day)]
            return max(current, key=lambda meal: meal.begin_date, default=None)

        return mapped(told, latest)

    return await by_district(info, students, ask)


@batched
@asks(Adapter.transportation_by_student)
async def transportation(
    students: Sequence[model.Student], info: Info, as_of: AsOf = None
) -> Told[model.Transportation | None]:
    """
    How the student gets to school; the first way, when there are several.

    Sources keep only what holds now: for any other day than today it is not recorded, and null.
    """

    async def ask(where: District, some: Sequence[model.Student]) -> Told[model.Transportation | None]:
        if as_of not in (None, where.today()):
            return [None] * len(some)
        told = await lists(info, Adapter.transportation_by_student, some, "student_id")
        return mapped(told, lambda ways: ways[0] if ways else None)

    return await by_district(info, students, ask)
