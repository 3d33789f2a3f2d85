"""Programs, meals and transport."""

from __future__ import annotations

from typing import Annotated

import strawberry

from adapters import model
from adapters.contract import Adapter
from resolvers.arguments import AsOf, WhenAsOf
from resolvers.context import Info
from resolvers.field import field
from resolvers.load import district_calendar, key_of, load_many
from resolvers.times import active


@field
async def programs(
    student: strawberry.Parent[model.Student],
    info: Info,
    as_of: WhenAsOf = None,
    types: Annotated[
        list[model.ProgramType] | None, strawberry.argument(description="Only programs of these kinds.")
    ] = None,
) -> list[model.ProgramParticipation] | None:
    """The student's programs, earliest first. Special education and homelessness are fields of their own."""
    parts = await load_many(info, Adapter.program_participations_by_student, key_of(student, "student_id"))
    return [
        part
        for part in parts
        if (types is None or part.program_type in types)
        and (as_of is None or active(part.begin_date, part.end_date, as_of))
    ]


@field
async def food_service(
    student: strawberry.Parent[model.Student], info: Info, as_of: AsOf = None
) -> model.FoodService | None:
    """The meals program that the student is in on a day: the one begun last, when several last."""
    day = as_of or district_calendar(info, student).today()
    meals = await load_many(info, Adapter.food_service_by_student, key_of(student, "student_id"))
    current = [meal for meal in meals if active(meal.begin_date, meal.end_date, day)]
    return max(current, key=lambda meal: meal.begin_date, default=None)


@field
async def transportation(
    student: strawberry.Parent[model.Student], info: Info, as_of: AsOf = None
) -> model.Transportation | None:
    """
    How the student gets to school; the first way, when there are several.

    Sources keep only what holds now: for any other day than today it is not recorded, and null.
    """
    if as_of not in (None, district_calendar(info, student).today()):
        return None
    ways = await load_many(info, Adapter.transportation_by_student, key_of(student, "student_id"))
    return ways[0] if ways else None
