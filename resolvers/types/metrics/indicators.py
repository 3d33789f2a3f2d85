"""Early-warning indicators of a student."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.indicators import indicator_request, profile_students
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.cohorts.measurement.requests import Choices, resolve_choices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_by_district
from student_graph.resolvers.fields.outcome import Outcomes, map_values
from student_graph.resolvers.metrics.indicators.evaluate import indicator_rules
from student_graph.resolvers.metrics.indicators.profile import Indicator, RiskProfile
from student_graph.resolvers.metrics.measure import Domain
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from student_graph.resolvers.types.metrics.arguments import AtSchool, EndsOn, PresetName, at_school

PARTS = frozenset(
    part
    for preset in PRESETS.values()
    for rule in indicator_rules(preset, (Domain.ASSESSMENT,))
    for part in METRICS[rule.metric].parts
)
"""Parts of the record that indicators of some preset need."""
INDICATORS = 3
"""Indicators that a preset usually has: attendance, behavior and courses."""

AddedDomains: TypeAlias = Annotated[
    list[Domain] | None,
    strawberry.argument(
        description="Indicators in addition to those of the preset; so far only `ASSESSMENT`: whether the latest "
        "results are proficient."
    ),
]


@batched
@uses_lookups(*lookup_methods(PARTS))
async def risk_profile(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    as_of: EndsOn = None,
    school: AtSchool = None,
    add: AddedDomains = None,
) -> Outcomes[RiskProfile | None]:
    """
    All early-warning indicators of the student by a preset, with an overall level.

    An indicator that needs data which are not granted or could not be read is not evaluated, and says so.
    """
    return await _profiles(info, students, Choices(preset=preset, as_of=as_of), school, add)


@batched
@uses_lookups(*lookup_methods(PARTS), list_length=INDICATORS)
async def indicators(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    as_of: EndsOn = None,
    school: AtSchool = None,
    add: AddedDomains = None,
) -> Outcomes[list[Indicator] | None]:
    """
    The early-warning indicators of the student by a preset, in its order.

    An indicator that needs data which are not granted or could not be read is not evaluated, and says so.
    """
    profiles = await _profiles(info, students, Choices(preset=preset, as_of=as_of), school, add)
    return map_values(profiles, lambda profile: profile.indicators)


async def _profiles(
    info: Info,
    students: Sequence[model.Student],
    choices: Choices,
    school: str | None,
    add: Sequence[Domain] | None,
) -> Outcomes[RiskProfile]:
    """
    The profiles of students of any districts.

    Raises:
        GraphQLError: a choice is not possible.
    """
    if add and set(add) != {Domain.ASSESSMENT}:
        raise bad_input("add: only ASSESSMENT can be added to the indicators of a preset.")

    async def of_district(district: District, members: Sequence[model.Student]) -> Outcomes[RiskProfile]:
        resolved = resolve_choices(info.context, district, at_school(choices, school, district))
        numbers = [student.student_id for student in members]
        return await profile_students(info, district, numbers, indicator_request(resolved), add or ())

    return await load_by_district(info, students, of_district)
