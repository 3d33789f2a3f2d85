"""Arguments of fields with metrics, and the fields that hold one metric each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, TypeAlias

import strawberry

from student_graph.adapters import model
from student_graph.adapters.model import DistrictId, Record, Sensitivity, StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.enrolled_schools import (
    VALUES_METADATA,
    has_records_at_schools,
    shows_quality,
)
from student_graph.resolvers.cohorts.measurement.measure import measure_students, note_evidence
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods, with_needed_parts
from student_graph.resolvers.cohorts.measurement.requests import Choices, ResolvedChoices, resolve_choices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.docstrings import own_docstrings
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.ids import parse_school
from student_graph.resolvers.fields.load import load_by_district
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.metrics import measure as metrics
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.presets.preset import WindowKind
from student_graph.resolvers.metrics.registry import METRICS
from student_graph.resolvers.types.metrics.measure import Measure

PresetName: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Name of a preset, as `presets` of the district lists them; the district's default if omitted."
    ),
]
RelativeWindow: TypeAlias = Annotated[
    WindowKind | None,
    strawberry.argument(description="A window that ends on a day; that of the preset if omitted."),
]
WindowFrom: TypeAlias = Annotated[
    date | None,
    strawberry.argument(
        name="from",
        description="First day of an explicit window, included; the first day of the school year of `to` if "
        "omitted.",
    ),
]
WindowTo: TypeAlias = Annotated[
    date | None,
    strawberry.argument(name="to", description="Last day of an explicit window, included; today if omitted."),
]
EndsOn: TypeAlias = Annotated[
    date | None, strawberry.argument(description="The day on which a relative window ends; today if omitted.")
]
AtSchool: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="Only at this school, given as its id or as the district's own number; all schools of the "
        "district if omitted."
    ),
]
InSubject: TypeAlias = Annotated[
    model.AcademicSubject | None,
    strawberry.argument(description="Only courses or tests of this subject; all if omitted."),
]
OfFamily: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Only tests of this family, such as `ACT`; case does not matter. All if omitted."
    ),
]

RECORD_OF_CLASS: dict[Sensitivity, type[Record]] = {Sensitivity.DISCIPLINE: model.DisciplineIncident}
"""A record of each class of data that metrics are in, other than the open one."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A student, and the choices by which metrics of the student are computed."""

    student_id: StudentId
    district_id: DistrictId
    choices: ResolvedChoices


async def choose(
    info: Info,
    students: Sequence[model.Student],
    choices: Choices,
    school: str | None = None,
    sensitivity: Sensitivity = Sensitivity.OPEN,
) -> Outcomes[Chosen]:
    """
    Resolve the choices of a field for each student.

    The outcome is an error in a district where the viewer has no grant for the class of data of all its metrics.

    Raises:
        AdapterError: the school's id is not one.
        GraphQLError: there is no such preset, or the window is not possible, or the school is of another district.
    """

    async def of_district(district: District, members: Sequence[model.Student]) -> Outcomes[Chosen]:
        resolved = resolve_choices(info.context, district, at_school(choices, school, district))
        if not info.context.viewer.rights_in(district).allow(sensitivity):
            denied = info.context.operation.disclosures.denied
            denied[district.id] = denied.get(district.id, 0) + len(members)
            return [info.context.viewer.not_granted(district, sensitivity)] * len(members)
        return [Chosen(student.student_id, district.id, resolved) for student in members]

    return await load_by_district(info, students, of_district)


def at_school(choices: Choices, school: str | None, district: District) -> Choices:
    """
    Return the choices at a school.

    Raises:
        AdapterError: the text cannot be the id of a school.
        GraphQLError: the school belongs to another district.
    """
    if school is None:
        return choices
    of, number = parse_school(school, lambda: district.id)
    if of != district.id:
        raise bad_input("school: belongs to another district than the student.")
    return replace(choices, school=number)


async def load_by_choices(
    info: Info,
    summaries: Sequence[Any],
    load: Callable[[District, Sequence[StudentId], ResolvedChoices], Awaitable[Outcomes[Any]]],
) -> list[Any]:
    """Call `load` once for the students of all summaries with the same choices; an outcome for each summary."""
    by_choices: dict[tuple[DistrictId, int], list[int]] = {}
    for index, summary in enumerate(summaries):
        # Summaries of a field have one object; to hash and compare its contents would take longer.
        by_choices.setdefault((summary.chosen.district_id, id(summary.chosen.choices)), []).append(index)
    outcomes: list[Any] = [None] * len(summaries)
    for (district_id, _), indexes in by_choices.items():
        choices = summaries[indexes[0]].chosen.choices
        students = [summaries[index].chosen.student_id for index in indexes]
        district = info.context.sources.districts[district_id]
        for index, outcome in zip(indexes, await load(district, students, choices), strict=True):
            outcomes[index] = outcome
    return outcomes


def measure_field(metric: Metric) -> Any:
    """
    Make a field of a summary that is one metric. It is computed only if a query selects it.

    Description and class of data are those of the metric. Records at schools where a student has no enrollment are
    read only if the data quality is selected, which mentions them.
    """
    spec = METRICS[metric]
    is_at_schools = has_records_at_schools(with_needed_parts(spec.parts))

    async def measure(summaries: Sequence[Any], info: Info) -> Any:
        only_values = is_at_schools and not any(shows_quality(field.selections) for field in info.selected_fields)

        async def of_students(
            district: District, students: Sequence[StudentId], choices: ResolvedChoices
        ) -> Outcomes[metrics.Measure]:
            requests = [choices.request(metric)]
            [measures] = await measure_students(
                info, district, students, requests, cached=True, at_enrolled_schools=only_values
            )
            note_evidence(info, metric, measures)
            return measures

        return await load_by_choices(info, summaries, of_students)

    measure.__name__ = metric.name.lower()
    measure.__annotations__["return"] = Outcomes[Measure | None]
    return batched(
        uses_lookups(*lookup_methods(spec.parts))(measure),
        description=own_docstrings(Metric)[metric.name],
        part_of=RECORD_OF_CLASS.get(spec.sensitivity),
        metadata={VALUES_METADATA: True} if is_at_schools else {},
    )
