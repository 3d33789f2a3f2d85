"""Sums over the students of a group. They are exact, and take little memory even for many students."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Any

from student_graph.adapters.errors import AdapterError
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.measure import DataQuality, Level, Measure


class ExactSum:
    """A sum of fractions without rounding: one whole number for each denominator."""

    __slots__ = ("_by_denominator",)

    def __init__(self) -> None:
        self._by_denominator: dict[int, int] = {}

    def add(self, value: Fraction | float) -> None:
        """Add a value."""
        numerator, denominator = value.as_integer_ratio()
        self._by_denominator[denominator] = self._by_denominator.get(denominator, 0) + numerator

    def state(self) -> list[list[int]]:
        """Return the sum as JSON values."""
        return [[d, n] for d, n in self._by_denominator.items()]

    @classmethod
    def restored(cls, state: Iterable[Sequence[int]]) -> ExactSum:
        """Return the sum with a state."""
        result = cls()
        result._by_denominator = {d: n for d, n in state}  # noqa: C416 - pairs are lists in JSON
        return result

    def total(self) -> Fraction:
        """The sum."""
        return sum((Fraction(n, d) for d, n in self._by_denominator.items()), Fraction(0))


class Tally:
    """The counts of one group. They keep no record and no student, only eight bytes for each value."""

    __slots__ = (
        "above_zero",
        "denominator",
        "failures",
        "levels",
        "missing",
        "numerator",
        "population",
        "quality",
        "shares",
        "value_sum",
        "values",
    )

    def __init__(self) -> None:
        self.population = 0
        """Students in the group."""
        self.missing = 0
        """Students without a measure, because a source failed."""
        self.above_zero = 0
        """Students with a value above zero."""
        self.levels: Counter[Level] = Counter()
        self.quality: Counter[DataQuality] = Counter()
        self.failures: Counter[tuple[str, str]] = Counter()
        """Students without the records of a source that failed, by the source's name and the error code."""
        self.numerator, self.denominator, self.value_sum = ExactSum(), ExactSum(), ExactSum()
        self.shares = 0
        """Students whose value is a share of something."""
        self.values = array("d")

    def add(self, outcome: Outcome[Measure], failures: Iterable[AdapterError] | None = None) -> None:
        """Count a student; `failures` are those of all measures of the student, by default those of this one."""
        self.population += 1
        failed = failures_in(outcome) if failures is None else failures
        self.failures.update({(failure.source or "", failure.code) for failure in failed})
        if isinstance(outcome, AdapterError):
            self.missing += 1
        else:
            self._add_measure(outcome.value if isinstance(outcome, Partial) else outcome)

    def _add_measure(self, measure: Measure) -> None:
        self.levels[measure.level] += 1
        self.quality.update(measure.data_quality)
        exact = _exact_value(measure)
        if exact is not None:
            self.value_sum.add(exact)
            self.values.append(float(exact))
            self.above_zero += exact > 0
        if measure.numerator is not None and measure.denominator is not None:
            self.shares += 1
            self.numerator.add(measure.numerator)
            self.denominator.add(measure.denominator)

    def state(self) -> dict[str, Any]:
        """Return everything as JSON values: numbers of a group, and no record of a student."""
        return {
            "counts": [self.population, self.missing, self.above_zero, self.shares],
            "levels": {level.name: count for level, count in self.levels.items()},
            "quality": {quality.name: count for quality, count in self.quality.items()},
            "failures": [[*key, count] for key, count in self.failures.items()],
            "sums": [part.state() for part in (self.numerator, self.denominator, self.value_sum)],
            "values": self.values.tolist(),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Tally:
        """Return the tally with a state."""
        tally = cls()
        tally.population, tally.missing, tally.above_zero, tally.shares = state["counts"]
        tally.levels = Counter({Level[name]: count for name, count in state["levels"].items()})
        tally.quality = Counter({DataQuality[name]: count for name, count in state["quality"].items()})
        tally.failures = Counter({(source, code): count for source, code, count in state["failures"]})
        tally.numerator, tally.denominator, tally.value_sum = map(ExactSum.restored, state["sums"])
        tally.values = array("d", state["values"])
        return tally

    def mean(self) -> float | None:
        """The mean of all values; None if there are none."""
        return float(self.value_sum.total() / len(self.values)) if self.values else None

    def median(self) -> float | None:
        """The median of all values, the mean of the middle two if their number is even; None if there are none."""
        return median(self.values) if self.values else None


def failures_in(outcome: Outcome[Measure]) -> Sequence[AdapterError]:
    """Return the errors of an outcome; none if it is complete."""
    if isinstance(outcome, AdapterError):
        return (outcome,)
    return outcome.failures if isinstance(outcome, Partial) else ()


def _exact_value(measure: Measure) -> Fraction | None:
    """The value as a fraction; None if there is none."""
    if measure.exact is not None:
        return measure.exact
    return None if measure.value is None else Fraction(measure.value)
