"""Conditions on a metric, compared exactly, and the values by which a list is ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from student_graph.adapters.contract import LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.resolvers.cohorts.conditions.tree import Reading, RecordList
from student_graph.resolvers.cohorts.conditions.verdicts import Undecided, Verdict
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.cohorts.measurement.parts import lookup_methods
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Level, Measure
from student_graph.resolvers.metrics.registry import METRICS

MeasureTest: TypeAlias = Callable[[Measure], bool]


class Bounds(NamedTuple):
    """Bounds of a value; None is open."""

    at_least: Fraction | None = None
    at_most: Fraction | None = None
    above: Fraction | None = None
    below: Fraction | None = None

    @classmethod
    def of(
        cls, at_least: float | None, at_most: float | None, above: float | None = None, below: float | None = None
    ) -> Bounds:
        """Return the bounds that decimal numbers write: 0.1 is exactly one tenth."""
        return cls(
            *(None if number is None else Fraction(repr(number)) for number in (at_least, at_most, above, below))
        )

    def allow(self, value: Fraction | None) -> bool:
        """Return whether a value is within the bounds; no value is within none, unless all are open."""
        if value is None:
            return self == Bounds()
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    @property
    def contradict(self) -> bool:
        """Whether no value is within the bounds."""
        lows = [
            (bound, closed) for bound, closed in ((self.at_least, True), (self.above, False)) if bound is not None
        ]
        highs = [
            (bound, closed) for bound, closed in ((self.at_most, True), (self.below, False)) if bound is not None
        ]
        return any(
            low > high or (low == high and not (low_closed and high_closed))
            for low, low_closed in lows
            for high, high_closed in highs
        )

    def text(self) -> str:
        """Return the bounds as comparisons, such as `>= 0.1`."""
        if self.at_least is not None and self.at_least == self.at_most:
            return f"= {float(self.at_least):g}"
        signs = zip((">=", "<=", ">", "<"), self, strict=True)
        return ", ".join(f"{sign} {float(bound):g}" for sign, bound in signs if bound is not None)


@dataclass(frozen=True, slots=True)
class MetricLeaf:
    """A condition on the measures of some metrics, all of which must pass their test."""

    text: str
    tests: tuple[tuple[MetricRequest, MeasureTest], ...]
    share: float
    record_list: RecordList | None = None
    reached_via: RecordList | None = None

    @property
    def sensitivities(self) -> frozenset[Sensitivity]:
        """The classes of data of its metrics, and of all records that they read."""
        read = {lookup_of(method).sensitivity for method in self.lookups}
        return frozenset(read | {METRICS[request.metric].sensitivity for request, _ in self.tests})

    @property
    def lookups(self) -> Sequence[LookupMethod]:
        """The lookups that its metrics read."""
        return lookup_methods(
            {part for request, _ in self.tests for part in METRICS[request.metric].parts_for(request)}
        )

    def listed(self, records: Mapping[StudentId, Sequence[Any]]) -> list[StudentId]:
        """Return nobody, because no list decides a metric."""
        return []

    async def judge(self, reading: Reading, students: Sequence[StudentId]) -> Sequence[Verdict]:
        """Return whether each student meets it; undecided if a source that a measure needs failed."""
        requests = [request for request, _ in self.tests]
        by_request = await measure_students(
            reading.info, reading.district, students, requests, at_enrolled_schools=True
        )
        return [self._verdict(outcomes) for outcomes in zip(*by_request, strict=True)]

    def _verdict(self, outcomes: Sequence[Outcome[Measure]]) -> Verdict:
        reasons: list[AdapterError] = []
        for outcome, (_, test) in zip(outcomes, self.tests, strict=True):
            if isinstance(outcome, AdapterError):
                reasons.append(outcome)
            elif isinstance(outcome, Partial):
                reasons += outcome.failures
            elif not test(outcome):
                return False
        return Undecided(tuple(reasons)) if reasons else True


def passes(bounds: Bounds, levels: frozenset[Level] = frozenset()) -> MeasureTest:
    """Return the test whether a measure is within bounds and has one of some levels, if there are any."""

    def test(measure: Measure) -> bool:
        return bounds.allow(measure.exact) and (not levels or measure.level in levels)

    return test
