"""Where a student stands in each family of tests and subject, by the latest result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from student_graph.adapters import model
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.measurement.measure import read_facts
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.cohorts.measurement.requests import ResolvedChoices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.field import attribute, uses_lookups
from student_graph.resolvers.fields.outcome import Outcomes, map_values
from student_graph.resolvers.fields.record import value_type
from student_graph.resolvers.metrics.assessments import standing as metrics
from student_graph.resolvers.metrics.assessments.latest import latest_standings
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.types.metrics.arguments import load_by_choices

STANDINGS_PER_STUDENT = 3
"""Families of tests with a subject that a student usually has results of."""


@value_type
class AssessmentStanding(metrics.AssessmentStanding):
    """Where a student stands in a family of tests and its subjects, by the latest result."""

    result = attribute("result", model.AssessmentResult)
    """The result."""


@batched
@uses_lookups(*lookup_methods({Part.RESULTS}), list_length=STANDINGS_PER_STUDENT)
async def latest(summaries: Sequence[Any], info: Info) -> Outcomes[list[AssessmentStanding] | None]:
    """The latest result of each family of tests and its subjects, by family; empty if there is none."""

    async def of_students(
        district: District, students: Sequence[StudentId], choices: ResolvedChoices
    ) -> Outcomes[list[metrics.AssessmentStanding]]:
        request = choices.request(Metric.ASSESSMENT_LEVEL)
        facts = await read_facts(info, district, students, request)
        return map_values(facts, lambda of_student: latest_standings(of_student, request))

    return await load_by_choices(info, summaries, of_students)
