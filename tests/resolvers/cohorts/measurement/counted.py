"""Metrics that count records, for tests of what students are measured from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.resolvers.cohorts.measurement import measure as measurement
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSpec, Part, StudentFacts
from student_graph.resolvers.metrics.measure import Definition, Level, Measure, Metric, Unit, Window
from student_graph.resolvers.metrics.presets.preset import Preset, Rule
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World

PRESET = Preset("none", "No levels", (), "The test")
TODAY = date(2027, 3, 1)
YEAR_START = date(2026, 7, 1)


@dataclass
class Counted:
    """A metric that counts the records of some attributes, and remembers the facts that it got."""

    metric: Metric
    parts: frozenset[Part]
    attributes: Sequence[str]
    facts: list[StudentFacts] = field(default_factory=list)

    @property
    def spec(self) -> MetricSpec:
        """The metric as the registry has it."""
        rule = Rule(self.metric, (), high_is_risk=True, description="Records")
        return MetricSpec(self.metric, self.parts, Sensitivity.OPEN, self.measure, rule)

    def measure(self, facts: StudentFacts, request: MetricRequest) -> Measure:
        """Count the records."""
        self.facts.append(facts)
        count = sum(len(getattr(facts, name)) for name in self.attributes)
        return Measure(
            metric=request.metric,
            value=float(count),
            level=Level.NOT_EVALUATED,
            unit=Unit.STUDENT,
            window=Window(first=request.year_start, last=request.as_of),
            definition=Definition(preset=PRESET.name, description="", parameters=[], source=""),
            as_of=request.as_of,
            data_quality=sorted(facts.quality, key=lambda quality: quality.name),
            reasons=[],
            exact=Fraction(count),
        )


def use(monkeypatch: pytest.MonkeyPatch, *metrics: Counted) -> None:
    """Replace the metrics."""
    monkeypatch.setattr(measurement, "METRICS", {counted.metric: counted.spec for counted in metrics})


def request(metric: Metric, as_of: date = TODAY, year_start: date = YEAR_START) -> MetricRequest:
    """Return a request for a metric."""
    return MetricRequest(metric, PRESET, as_of, year_start)


async def measure(world: World, students: Sequence[str], *requests: MetricRequest) -> list[list[Any]]:
    """Measure students of the district; numbers of values, types of errors, and partial values as they are."""
    context = world.context()
    info: Any = SimpleNamespace(context=context)
    district = context.sources.districts[CEDAR]
    outcomes = await measure_students(info, district, [StudentId(number) for number in students], requests)
    return [list(map(shown, of_request)) for of_request in outcomes]


def shown(outcome: Any) -> Any:
    """Return the value of a measure, the code of an error, or a partial measure as it is."""
    if isinstance(outcome, Measure):
        return outcome.value
    return outcome.code if isinstance(outcome, AdapterError) else outcome


def world_of(**answers: Mapping[str, Any]) -> tuple[VendorData, World]:
    """Return a district with one source."""
    sis = VendorData({name: dict(by_key) for name, by_key in answers.items()})
    return sis, World([third_party_source("sis", sis)])
