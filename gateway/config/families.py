"""Families of tests of a district: `districts.families` replaces a family that every district has, or adds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from pydantic import Field, model_validator

from student_graph.adapters.model.code_mapping import comparable
from student_graph.gateway.config.sections import Section
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.families import AssessmentFamily, FamilyLevel, ScoreBand

MIN_NORM_YEAR, MAX_NORM_YEAR = 1900, 2200
"""Years that norms can have."""
MAX_LEVELS = 100
"""Levels and bands of a family."""
Names = tuple[str, ...]


class LevelConfig(Section):
    """A performance level of a family of tests."""

    code: str = Field(min_length=1)
    """The vendor's code, such as `Met Standard`; case does not matter."""
    rank: int = Field(ge=1, le=MAX_LEVELS)
    """Position in the family; the lowest level is 1. Several codes may have one rank."""
    proficient: bool | None = None
    """Whether the level counts as proficient; not decided if left out."""


class BandConfig(Section):
    """A range of scores with a name."""

    method: str = Field(min_length=1)
    """Reporting method of the scores, such as `Scale Score`."""
    level: str = Field(min_length=1)
    """Name of the band."""
    low: Decimal | None = Field(default=None, allow_inf_nan=False)
    """Lower end; no limit if left out."""
    high: Decimal | None = Field(default=None, allow_inf_nan=False)
    """Upper end; no limit if left out."""
    includes_low: bool = True
    """Whether the lower end belongs to the band."""
    includes_high: bool = False
    """Whether the upper end belongs to the band."""

    @model_validator(mode="after")
    def _check_ends(self) -> BandConfig:
        if self.low is None and self.high is None:
            raise ValueError("a band with at least one end, low or high")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("a band whose low is not above its high")
        return self

    @property
    def band(self) -> ScoreBand:
        """The setting as the metrics take it."""
        return ScoreBand(
            self.method,
            self.level,
            None if self.low is None else Fraction(self.low),
            None if self.high is None else Fraction(self.high),
            self.includes_low,
            self.includes_high,
        )


class FamilyConfig(Section):
    """A family of tests. What is left out stays as every district has it, if the family is one of those."""

    name: str = Field(min_length=1)
    """Name of the family, such as `MAP Growth`; case does not matter."""
    other_names: Names | None = None
    """Other names under which sources state the family."""
    test_prefixes: Names | None = None
    """How identifiers of its tests begin, for sources that state no family."""
    levels: tuple[LevelConfig, ...] | None = Field(default=None, max_length=MAX_LEVELS)
    """Its performance levels."""
    level_methods: Names | None = None
    """Reporting methods whose levels count, the first one that a result has; all if empty."""
    percentile_methods: Names | None = None
    """Reporting methods of percentiles, the preferred one first."""
    growth_methods: Names | None = None
    """Reporting methods of growth as the vendor states it, the preferred one first."""
    norm_year: int | None = Field(default=None, ge=MIN_NORM_YEAR, le=MAX_NORM_YEAR)
    """Year of the norms of its percentiles; unknown if left out."""
    bands: tuple[BandConfig, ...] | None = Field(default=None, max_length=MAX_LEVELS)
    """Bands of its scores."""

    @model_validator(mode="after")
    def _check_levels(self) -> FamilyConfig:
        codes = [comparable(level.code) for level in self.levels or ()]
        if len(set(codes)) < len(codes):
            raise ValueError("a family whose levels have different codes: case does not count")
        proficient_by_rank: dict[int, bool | None] = {}
        for level in self.levels or ():
            if proficient_by_rank.setdefault(level.rank, level.proficient) is not level.proficient:
                raise ValueError("a family in which levels of one rank are all proficient, or all not")
        return self

    def family(self, usual: AssessmentFamily | None) -> AssessmentFamily:
        """The setting as the metrics take it; `usual` is the family of this name that every district has."""
        base = usual or AssessmentFamily(self.name)
        changes = {name: value for name in _AS_IS if (value := getattr(self, name)) is not None}
        if self.levels is not None:
            changes["levels"] = tuple(FamilyLevel(row.code, row.rank, row.proficient) for row in self.levels)
        if self.bands is not None:
            changes["bands"] = tuple(row.band for row in self.bands)
        return replace(base, **changes)


_AS_IS = ("other_names", "test_prefixes", "level_methods", "percentile_methods", "growth_methods", "norm_year")


def with_families(settings: MetricSettings, own: Sequence[FamilyConfig]) -> MetricSettings:
    """The settings of metrics with a district's families first, which replace usual ones of the same name."""
    usual = {comparable(family.name): family for family in settings.families}
    families = [config.family(usual.pop(comparable(config.name), None)) for config in own]
    return replace(settings, families=(*families, *usual.values()))
