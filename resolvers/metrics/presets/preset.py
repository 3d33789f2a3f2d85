"""What a preset consists of: for each metric a window, thresholds with open or closed edges, and a citation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from student_graph.adapters.model import AcademicSubject, GradeLevel
from student_graph.resolvers.metrics.measure import Domain, Level, Metric, Unit


class WindowKind(Enum):
    """A window relative to a day, in instructional days of the student's school."""

    YEAR_TO_DATE = "Year to date"
    """From the first day of the school year up to the day."""
    LAST_4_WEEKS = "Last 4 weeks"
    """The last 20 days of instruction."""
    LAST_8_WEEKS = "Last 8 weeks"
    """The last 40 days of instruction."""
    FIRST_4_WEEKS = "First 4 weeks"
    """The first 20 days of instruction of the school year."""
    FIRST_6_WEEKS = "First 6 weeks"
    """The first 30 days of instruction of the school year."""
    TERM = "Term"
    """From the first day of the present session up to the day."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a level begins."""

    level: Level
    at: Fraction
    """The value at the edge."""
    includes_edge: bool
    """Whether a value that equals the edge has the level."""

    def text(self, *, above: bool) -> str:
        """The threshold as a comparison, such as `>= 0.1`."""
        sign = (">=" if self.includes_edge else ">") if above else ("<=" if self.includes_edge else "<")
        return f"{sign} {float(self.at):g}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one metric is measured and judged."""

    metric: Metric
    thresholds: tuple[Threshold, ...]
    """From the most severe level to the mildest; a value that none covers is on track."""
    high_is_risk: bool
    """Whether high values are a risk, as absences are, or low ones, as rates and averages are."""
    description: str
    """The definition as text."""
    window: WindowKind = WindowKind.YEAR_TO_DATE
    unit: Unit = Unit.STUDENT
    min_days: int = 0
    """Enrolled days below which the value is not judged."""
    rounded_to: int | None = None
    """Decimals of a percentage to which the value is rounded half up before it is judged; None for none."""
    judges_complement: bool = False
    """Whether 1 minus the value is judged: the publisher states the threshold as a rate of attendance."""
    full_day_from: Fraction | None = None
    """Share of a day missed from which it counts as a day of absence, and below it as none; None to add shares."""
    subjects: frozenset[AcademicSubject] = frozenset()
    """Only courses or tests of these subjects; empty for all."""
    letter_values: tuple[tuple[str, Fraction], ...] = ()
    """What letter grades count where a grade has no number; empty if letters do not count as numbers."""
    scale_max: Fraction | None = None
    """Highest value of the scale of the thresholds: a value on another stated scale is not judged."""
    credits_by_grade: tuple[tuple[GradeLevel, Fraction], ...] = ()
    """Credits that a student on track has earned by the end of each grade level."""
    counts_returned_work: bool = False
    """Whether work that was returned with 0 and never handed in is missing, also if the LMS does not mark it."""
    max_failed_semesters: int | None = None
    """Failed semester courses in `subjects` up to which a student is on track; None if they do not matter."""

    def level_of(self, exact: Fraction | None) -> Level:
        """How the rule judges a value."""
        if exact is None or not self.thresholds:
            return Level.NOT_EVALUATED
        judged = 1 - exact if self.judges_complement else exact
        if self.rounded_to is not None:
            judged = _round_half_up(judged, self.rounded_to)
        for threshold in self.thresholds:
            is_beyond = judged > threshold.at if self.high_is_risk else judged < threshold.at
            if is_beyond or (threshold.includes_edge and judged == threshold.at):
                return threshold.level
        return Level.ON_TRACK


@dataclass(frozen=True, slots=True)
class Preset:
    """A published set of rules."""

    name: str
    """Name in settings and queries, such as `federal_10pct`."""
    title: str
    rules: tuple[Rule, ...]
    source: str
    """Who published it, and where."""
    notes: tuple[str, ...] = field(default=())
    """Traps, such as a text and a code of one publisher that differ."""
    domains: tuple[Domain, ...] = ()
    """The indicators that the preset defines, in order; empty if it defines single metrics only."""
    tiers: tuple[Threshold, ...] = ()
    """Levels of the sum of the indicators' points, the most severe first; empty if the preset has none."""

    def rule(self, metric: Metric) -> Rule | None:
        """The rule for a metric; None if the preset has none."""
        return next((rule for rule in self.rules if rule.metric is metric), None)


def _round_half_up(share: Fraction, decimals: int) -> Fraction:
    """A share rounded half up, as a percentage with this number of decimals."""
    scale = 100 * 10**decimals
    return Fraction(math.floor(share * scale + Fraction(1, 2)), scale)
