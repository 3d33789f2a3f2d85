"""Where a student stands in a family of tests and a subject, by the latest result."""

from datetime import date

from student_graph.adapters.model import (
    AcademicSubject,
    Assessment,
    AssessmentResult,
    Descriptor,
    internal,
    value,
)
from student_graph.resolvers.metrics.families import AssessmentFamily
from student_graph.resolvers.metrics.measure import DataQuality


@value
class ResultBand:
    """
    The vendor's name for the range that a score is in.

    The gateway computes it from the score, for information: it is no stated level, and no metric uses it.
    """

    reporting_method: Descriptor
    """What the score measures, such as Test Percentile."""
    level: str
    """Name of the band, such as `LoAvg`."""
    rank: int | None = None
    """Position of the level with this name in the family of tests, the lowest is 1; null if there is none."""


@value
class ObjectiveStanding:
    """A part of a test, with its stated level."""

    identification_code: str
    """The vendor's identifier of the part."""
    level: str | None = None
    """Code of the stated level, such as `Met Standard`; null if the result states none."""
    rank: int | None = None
    """Rank of the level in the family, the lowest is 1; null if the family does not have the level."""
    proficient: bool | None = None
    """Whether the level counts as proficient; null if that is not known."""


@value
class AssessmentStanding:
    """
    Where a student stands in a family of tests and its subjects, by the latest result.

    The latest result is the one with the latest date of administration. Levels are those that the result states: a
    level is never computed from a score. Compare levels within one family, and percentiles within one norm year.
    """

    family: str | None = None
    """Family of tests, such as `ACT`; null if neither the source nor the district names one."""
    title: str
    """Title of the test."""
    subjects: list[AcademicSubject]
    """Subjects of the test, as the test itself states them."""
    administered_on: date | None = None
    """Date of administration in UTC; null if not recorded."""
    level: str | None = None
    """Code of the stated performance level; null if the result states none."""
    rank: int | None = None
    """Rank of the level in its family, the lowest is 1; null if the family does not have the level."""
    proficient: bool | None = None
    """Whether the level counts as proficient; null if that is not known."""
    percentile: float | None = None
    """Stated percentile, from 0 to 100; null if the result states none that is a number."""
    percentile_method: str | None = None
    """What the percentile is about, such as `National College-Bound Percentile`; null without a percentile."""
    norm_year: int | None = None
    """Year of the norms of the percentile; null if not known."""
    growth: float | None = None
    """Growth as the vendor states it; null if the result states none that is a number."""
    growth_method: str | None = None
    """What the growth is about, such as `Student Growth Percentile`; null without growth."""
    objectives: list[ObjectiveStanding]
    """Parts of the test."""
    data_quality: list[DataQuality]
    """What limits how far the values can be trusted; empty if nothing does."""
    result: AssessmentResult = internal()
    assessment: Assessment = internal()
    family_of_tests: AssessmentFamily | None = internal(default=None)
