"""The order of a population: by the exact value of a metric, and by student number where values are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import StudentId
from student_graph.resolvers.cohorts.conditions.inputs import SortDirection, StudentOrder
from student_graph.resolvers.cohorts.conditions.metric_leaf import MetricLeaf
from student_graph.resolvers.cohorts.conditions.requests import DistrictDay
from student_graph.resolvers.cohorts.conditions.tree import Reading
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Level, Measure

HAS_VALUE, HAS_NONE, IS_UNKNOWN = 0, 1, 2
"""Students with a value are first, then those without one, then those whose value could not be read."""
SEVERITY = {Level.AT_RISK: 0, Level.WATCH: 1, Level.ON_TRACK: 2, Level.NOT_EVALUATED: 3}
"""The position of each level in a list: lower numbers come first."""


class Position(NamedTuple):
    """A student's position in a list. Positions of different students differ."""

    group: int
    severity: int
    value: Fraction
    """The value; its negative if the highest values are first."""
    student_id: StudentId

    def as_texts(self) -> tuple[str, ...]:
        """Return the position as texts for a cursor."""
        return str(self.group), str(self.severity), str(self.value), self.student_id

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Position:
        """Return the position that a cursor holds."""
        group, severity, value, student = texts
        return cls(int(group), int(severity), Fraction(value), StudentId(student))

    @classmethod
    def by_number(cls, student: StudentId) -> Position:
        """Return the position of a student in a list that is ordered by student number only."""
        return cls(HAS_VALUE, 0, Fraction(0), student)


class Placed(NamedTuple):
    """A student's position in a list."""

    position: Position
    failures: tuple[AdapterError, ...]
    """Why the value could not be read; empty if it could."""


@dataclass(frozen=True, slots=True)
class Ordering:
    """An order by a metric."""

    request: MetricRequest
    descending: bool
    by_level: bool
    """Whether the preset's level counts before the value."""

    @classmethod
    def of(cls, order: StudentOrder, at: DistrictDay) -> Ordering:
        """
        Return the order that a client writes.

        Raises:
            GraphQLError: there is no such preset, or it does not say which values are a risk.
        """
        risk_first = order.direction is SortDirection.RISK_FIRST
        request = at.metric_request(order, judged=risk_first)
        rule = request.rule or request.preset.rule(request.metric)
        if not risk_first or rule is None:
            return cls(request, order.direction is SortDirection.DESCENDING, by_level=False)
        return cls(request, rule.high_is_risk is not rule.judges_complement, by_level=True)

    @property
    def leaf(self) -> MetricLeaf:
        """A condition that reads the same records as the order, and that every student meets."""
        text = f"metric {self.request.metric.name} ({self.request.preset.name})"
        return MetricLeaf(text, ((self.request, lambda _: True),), share=1.0)

    async def positions(self, reading: Reading, students: Sequence[StudentId]) -> list[Placed]:
        """Return the position of each student, with the reasons why a value could not be read."""
        [outcomes] = await measure_students(
            reading.info, reading.district, students, [self.request], at_enrolled_schools=True
        )
        return [
            Placed(self._position(student, outcome), _failures(outcome))
            for student, outcome in zip(students, outcomes, strict=True)
        ]

    def _position(self, student: StudentId, outcome: Outcome[Measure]) -> Position:
        if isinstance(outcome, AdapterError | Partial):
            return Position(IS_UNKNOWN, 0, Fraction(0), student)
        if outcome.exact is None:
            return Position(HAS_NONE, 0, Fraction(0), student)
        severity = SEVERITY[outcome.level] if self.by_level else 0
        return Position(HAS_VALUE, severity, -outcome.exact if self.descending else outcome.exact, student)


def _failures(outcome: Outcome[Measure]) -> tuple[AdapterError, ...]:
    if isinstance(outcome, AdapterError):
        return (outcome,)
    return outcome.failures if isinstance(outcome, Partial) else ()
