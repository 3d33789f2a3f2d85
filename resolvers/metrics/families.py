"""Families of tests: the order of their levels, which are proficient, bands, and which scores mean what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from student_graph.adapters.model import Assessment, PerformanceLevel, Score
from student_graph.resolvers.metrics.exact import exact
from student_graph.resolvers.metrics.meanings import comparable


@dataclass(frozen=True, slots=True)
class FamilyLevel:
    """A performance level of a family of tests."""

    code: str
    """The vendor's code, such as `Met Standard`; case does not matter."""
    rank: int
    """Position in the family; the lowest level is 1. Several codes may have one rank."""
    is_proficient: bool | None = None
    """Whether the level counts as proficient; None if the family does not say."""


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """A range of scores that a vendor gives a name. Each end belongs to the band as the vendor states it."""

    method: str
    """Reporting method of the scores, such as `Test Percentile`; case does not matter."""
    level: str
    """Name of the band, such as `LoAvg`; that of a level of the family, if it has one."""
    low: Fraction | None = None
    """Lower end; None if there is none."""
    high: Fraction | None = None
    """Upper end; None if there is none."""
    includes_low: bool = True
    """Whether the lower end belongs to the band."""
    includes_high: bool = False
    """Whether the upper end belongs to the band."""

    def has(self, number: Fraction) -> bool:
        """Whether a score is in the band."""
        is_above = self.low is None or self.low < number or (self.includes_low and number == self.low)
        is_below = self.high is None or number < self.high or (self.includes_high and number == self.high)
        return is_above and is_below


@dataclass(frozen=True, slots=True)
class AssessmentFamily:
    """Tests of one vendor or program whose levels have one order. Levels of two families are never compared."""

    name: str
    """Name of the family, such as `ACT`; case does not matter."""
    levels: tuple[FamilyLevel, ...] = ()
    other_names: tuple[str, ...] = ()
    """Other names under which sources state the family."""
    test_prefixes: tuple[str, ...] = ()
    """How identifiers of its tests begin, for sources that state no family; case does not matter."""
    level_methods: tuple[str, ...] = ()
    """Reporting methods whose levels count, the first one that a result has; empty for all."""
    percentile_methods: tuple[str, ...] = ()
    """Reporting methods of percentiles, the preferred one first; empty for those that `is_percentile` knows."""
    growth_methods: tuple[str, ...] = ()
    """Reporting methods of growth as the vendor states it, the preferred one first."""
    norm_year: int | None = None
    """Year of the norms of its percentiles; None if not known."""
    bands: tuple[ScoreBand, ...] = ()
    """Bands of scores, for information: a level is stated by the source, and never computed from a score."""

    def level(self, code: str) -> FamilyLevel | None:
        """The level with a code; None if the family does not have it."""
        return next((level for level in self.levels if comparable(level.code) == comparable(code)), None)

    def has_test(self, assessment: Assessment) -> bool:
        """Whether a test belongs to the family: by the family that its source states, else by its identifier."""
        if assessment.family is not None:
            return comparable(assessment.family) in map(comparable, (self.name, *self.other_names))
        identifier = comparable(assessment.assessment_identifier)
        return any(identifier.startswith(comparable(prefix)) for prefix in self.test_prefixes)

    def band(self, score: Score) -> ScoreBand | None:
        """The band of a score; None if the family has none for its reporting method, or it is no number."""
        number = exact(score.numeric)
        if number is None:
            return None
        return next((band for band in self.bands if _is(band.method, score) and band.has(number)), None)

    def stated_levels(self, levels: Iterable[PerformanceLevel]) -> list[PerformanceLevel]:
        """The levels of a result that count: those of the first reporting method of the family that it has."""
        rows = list(levels)
        for method in self.level_methods:
            matching = [row for row in rows if _is(method, row)]
            if matching:
                return matching
        return [] if self.level_methods else rows


def _is(method: str, row: PerformanceLevel | Score) -> bool:
    return row.reporting_method is not None and comparable(row.reporting_method.code_value) == comparable(method)


def scores_of(methods: Iterable[str], scores: Iterable[Score]) -> list[Score]:
    """The scores of the first reporting method that a result has; empty if it has none of them."""
    rows = list(scores)
    return next((matching for method in methods if (matching := [row for row in rows if _is(method, row)])), [])


def family_of(assessment: Assessment, families: Iterable[AssessmentFamily]) -> AssessmentFamily | None:
    """The family of a test, the first that has it; None if none has it."""
    return next((family for family in families if family.has_test(assessment)), None)
