"""Early-warning indicators of a student."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.lookup import Lookup, lookup_of
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
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.indicators.evaluate import indicator_rules
from student_graph.resolvers.metrics.indicators.profile import Indicator, RiskProfile
from student_graph.resolvers.metrics.measure import Domain
from student_graph.resolvers.metrics.presets.preset import Preset
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from student_graph.resolvers.types.metrics.arguments import AtSchool, EndsOn, PresetName, at_school


def _lookups(arguments: Mapping[str, Any]) -> list[Lookup]:
    """The lookups for the preset in some arguments; those of all presets for one of a district."""
    name = arguments.get("preset")
    names = MetricSettings().default_presets if name is None else (name,)
    presets = [PRESETS[name] for name in names if name in PRESETS] or list(PRESETS.values())
    domains = (Domain.ASSESSMENT,) if arguments.get("add") else ()
    return list(map(lookup_of, _methods(presets, domains)))


def _methods(presets: Iterable[Preset], domains: Sequence[Domain]) -> list[Callable[..., Any]]:
    rules = [rule for preset in presets if preset.domains for rule in indicator_rules(preset, domains)]
    return lookup_methods({part for rule in rules for part in METRICS[rule.metric].parts})


ALL_METHODS = _methods(PRESETS.values(), (Domain.ASSESSMENT,))
"""Lookups that the indicators of some preset use."""
INDICATORS_PER_PRESET = 3
"""Indicators that a preset usually has: attendance, behavior and courses."""

AddedDomains: TypeAlias = Annotated[
    list[Domain] | None,
    strawberry.argument(
        description="Indicators in addition to those of the preset; so far only `ASSESSMENT`: whether the latest "
        "results are proficient."
    ),
]


@batched
@uses_lookups(*ALL_METHODS, by_arguments=_lookups)
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
@uses_lookups(*ALL_METHODS, list_length=INDICATORS_PER_PRESET, by_arguments=_lookups)
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
