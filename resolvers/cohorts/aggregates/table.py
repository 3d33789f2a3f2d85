"""Tables of a metric over the groups of a cohort, as clients see them."""

from collections.abc import Sequence
from datetime import date

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import internal, value
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.measure import DataQuality, Definition, Level, Metric, Unit, Window

GROUP_BYTES = 2_500
"""Bytes of the numbers of one group: an estimate, rather too high."""


@value
class GroupKey:
    """The group of one dimension."""

    dimension: Dimension
    """The dimension."""
    group: str | None = None
    """Name of the group, such as a school's number or a program's type; null for students who have none."""


@value
class LevelCount:
    """How many students have a level."""

    level: Level
    """The level."""
    students: int | None = None
    """Number of students; null if it is hidden because it is about few."""


@value
class QualityCount:
    """How many students' values are limited in a way."""

    quality: DataQuality
    """What limits the values."""
    students: int
    """Number of students."""


@value
class GroupMetrics:
    """A metric over the students of one group."""

    keys: list[GroupKey]
    """The group, one entry for each dimension of `by`; empty for all students."""
    crossed_level: Level | None = None
    """Level of the metric of `crossedWith`; null without one, and for all students."""
    unit: Unit
    """What counts once: a student, or a student at a school."""
    population: int | None = None
    """Number of students in the group; null if it is hidden because it is about few."""
    distribution: list[LevelCount]
    """Number of students by level; a student whose level is not known because a source failed has none."""
    at_risk_share: float | None = None
    """Share of the students with a level who are at risk, from 0 to 1; null if it is hidden or there are none."""
    above_zero: int | None = None
    """Number of students with a value above zero, such as those with a tardy; null if it is hidden."""
    numerator: float | None = None
    """Sum of what was counted, such as days of absence; null if hidden, and for a metric that is not a share."""
    denominator: float | None = None
    """Sum of what it was counted out of; null if hidden, and for a metric that is not a share."""
    rate: float | None = None
    """`numerator` out of `denominator`; null if hidden, and for a metric that is not a share."""
    mean: float | None = None
    """Mean of the students' values; null if hidden or there are none."""
    median: float | None = None
    """Median of the students' values; null if hidden or there are none."""
    missing: int | None = None
    """Students in the group without a value or level because a source failed; null if hidden."""
    data_quality: list[QualityCount]
    """
    What limits the values, and of how many students; empty if nothing does, or if it is hidden.

    Records at schools where a student has no enrollment are not looked for, because they change no value.
    """
    suppressed: bool
    """Whether a number is null because it is about too few students, or would reveal such a number."""


@value
class MissingSource:
    """A source that failed for some of the students."""

    source: str
    """Configured name of the source; empty if no source offers what the metric needs."""
    code: str
    """Error code, such as `SOURCE_UNAVAILABLE`."""
    students: int | None = None
    """Students whose values lack what the source has; null if small cells are hidden."""


@value
class MetricTable:
    """A metric over all students of a cohort and over groups of them."""

    metric: Metric
    """The metric."""
    crossed_with: Metric | None = None
    """The metric by whose levels the students are grouped; null if they are not."""
    window: Window | None = None
    """
    The days that the values are about, from the first to the last of any student.

    Null if there are none, and for tests if small cells are hidden: the first day may be that of one student.
    """
    definition: Definition
    """How the values are defined. Tables with different definitions cannot be compared."""
    as_of: date
    """The day on which it was computed, in the district's calendar."""
    complete: bool
    """Whether the viewer may see all students of the cohort, so that no number is hidden."""
    total: GroupMetrics
    """All students of the cohort, each once."""
    groups: list[GroupMetrics]
    """The groups of `by` and `crossedWith`, ordered by their keys; empty without them."""
    missing_sources: list[MissingSource]
    """Sources that failed for some of the students; empty if none did."""
    failures: Sequence[object] = internal(default=())
    """The errors of these sources."""


def size_of_table(outcome: Outcome[MetricTable]) -> int:
    """About how many bytes a table takes."""
    table = outcome.value if isinstance(outcome, Partial) else outcome
    return 0 if isinstance(table, AdapterError) else GROUP_BYTES * (1 + len(table.groups))
