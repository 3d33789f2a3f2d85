"""Metrics for many students at once."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Measure


async def measure_students(
    info: Info, district: District, students: Sequence[StudentId], requests: Sequence[MetricRequest]
) -> Sequence[Outcomes[Measure]]:
    """
    For each request, the measure of each student, in the order of the students.

    Each part of the record that the requests need is read once, for all students. Authorization is that of the
    fetch pipeline: a part that is not granted is a `ForbiddenError` in place of the measure.
    """
    raise NotImplementedError
