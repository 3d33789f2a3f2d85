"""What early-warning indicators say about a student."""

from datetime import date
from fractions import Fraction

from student_graph.adapters.model import internal, value
from student_graph.resolvers.metrics.measure import DataQuality, Domain, Level, Measure


@value
class Indicator:
    """
    The level of a student in one domain, such as attendance, from one or several metrics.

    The level is the most severe one of the metrics. It is on track only if every metric that has records is on
    track and none could not be read or judged.
    """

    domain: Domain
    """What the indicator is about."""
    level: Level
    """The level; `NOT_EVALUATED` if a part could not be read or judged and no other part is a risk."""
    points: int | None = None
    """0 if on track, 1 for watch, 2 if at risk; null if not evaluated."""
    reasons: list[str]
    """Why the indicator has its level: each metric with its count and threshold, and what could not be read."""
    measures: list[Measure]
    """The metrics that could be read, each with its definition and thresholds."""
    data_quality: list[DataQuality]
    """
    What limits how far the level can be trusted; empty if nothing does.

    Records at schools where the student has no enrollment are not looked for, because they change no level.
    """


@value
class RiskProfile:
    """All indicators of a student by one preset."""

    preset: str
    """Name of the preset."""
    source: str
    """Who published the preset, and where."""
    indicators: list[Indicator]
    """The indicators, in the order of the preset."""
    level: Level
    """
    The overall level. A preset with tiers judges the sum of the points; otherwise it is the most severe level of
    the indicators. It is never on track if an indicator was not evaluated.
    """
    risk_score: int | None = None
    """Sum of the points of the indicators that were evaluated; null if none was."""
    max_risk_score: int
    """The highest score that the evaluated indicators could have: 2 points each."""
    reasons: list[str]
    """What limits the overall level, as sentences; empty if nothing does."""
    as_of: date
    """The day on which it was computed, in the district's calendar."""
    order: Fraction | None = internal(default=None)
    """
    Position in a list sorted by risk, the highest first: the score, then the number of indicators at risk, then
    the share of days absent. None if nothing was evaluated; such students come last.
    """
