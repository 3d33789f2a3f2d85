"""Families of tests: the order of their levels, which of them are proficient, and which scores mean what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from student_graph.adapters.model import Assessment, PerformanceLevel, Score
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
class AssessmentFamily:
    """Tests of one vendor or program whose levels have one order. Levels of two families are never compared."""

    name: str
    """Name of the family, such as `ACT`; case does not matter."""
    levels: tuple[FamilyLevel, ...] = ()
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

    def level(self, code: str) -> FamilyLevel | None:
        """The level with a code; None if the family does not have it."""
        return next((level for level in self.levels if comparable(level.code) == comparable(code)), None)

    def has_test(self, assessment: Assessment) -> bool:
        """Whether a test belongs to the family: by the family that its source states, else by its identifier."""
        if assessment.family is not None:
            return comparable(assessment.family) == comparable(self.name)
        identifier = comparable(assessment.assessment_identifier)
        return any(identifier.startswith(comparable(prefix)) for prefix in self.test_prefixes)

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


_MET = (
    FamilyLevel("Did Not Meet Standard", 1, is_proficient=False),
    FamilyLevel("Met Standard", 2, is_proficient=True),
)
"""The levels of ACT, SAT and state tests in Ed-Fi's sample district."""

DEFAULT_FAMILIES = (
    AssessmentFamily("ACT", _MET, test_prefixes=("ACT ",)),
    AssessmentFamily(
        "SAT",
        _MET,
        test_prefixes=("SAT ",),
        percentile_methods=("National College-Bound Percentile", "State College-Bound Percentile"),
    ),
    AssessmentFamily(
        "State Assessment",
        (*_MET, FamilyLevel("Advanced", 3, is_proficient=True)),
        test_prefixes=("SA-", "State Assessment"),
    ),
)
"""Families that every district has; a district's own family of the same name replaces one."""


def family_of(assessment: Assessment, families: Iterable[AssessmentFamily]) -> AssessmentFamily | None:
    """The family of a test, the first that has it; None if none has it."""
    return next((family for family in families if family.has_test(assessment)), None)
