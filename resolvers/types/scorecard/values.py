"""What a scorecard says about one source: measures, findings, and how much of them a reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from student_graph.adapters.model import value
from student_graph.resolvers.types.scorecard.measurements import SourceFigures


class Detail(Enum):
    """How much the reader of a scorecard may see."""

    COUNTS = "counts"
    """Counts of students and records: for operators."""
    SHARES = "shares"
    """Shares in steps of ten percent, and none of fewer than ten students or rows."""


class ScorecardMeasure(Enum):
    """What the gateway measures about a source."""

    AVAILABILITY = "Availability"
    """Whether the source answered the last call."""
    STANDARD = "Standard and version"
    """Standard that the server speaks, and its version."""
    AUTHENTICATION = "Authentication"
    """How requests are authenticated."""
    ENCRYPTION = "Encryption"
    """Whether requests are encrypted."""
    STUDENT_IDS = "Student ids"
    """Whether the source uses the district's own student numbers, or which of its fields are linked with them."""
    IDENTITY_MATCH = "Identity match"
    """How many of the compared students have a certain link to the source."""
    COVERAGE = "Coverage"
    """Lookups of the graph that the source offers, by topic, and what it answered to them."""
    READABLE_ROWS = "Readable rows"
    """Rows without a required property, or with a value of another type, are left out and counted."""
    MAPPED_CODES = "Mapped codes"
    """Coded values that have a meaning in the graph."""
    ERRORS = "Failed lookups"
    """Lookups that failed, by error code."""
    THROTTLING = "Throttling"
    """How often the vendor asked for fewer requests."""
    FRESHNESS = "Age of answers"
    """How old an answer of the source may be when it is shown."""
    CHANGES = "Changes only"
    """Whether the source sends only what changed since an earlier read."""
    PAGING = "Paging"
    """How long lists are read in pages."""


@value
class ScorecardFinding:
    """One thing that the gateway measured about a source, or why it did not."""

    measure: ScorecardMeasure
    """What was measured."""
    source: str | None
    """Name of the source; null if the finding is about all sources of the district."""
    measured: bool
    """Whether there is a measurement; if not, `text` says why."""
    text: str
    """The finding as a sentence."""
    details: list[str]
    """Parts of the finding, such as one line for each topic."""
    numerator: int | None
    """Those that count, such as failed lookups; null for students and rows unless the viewer is an operator."""
    denominator: int | None
    """All that were measured; null for students and rows unless the viewer is an operator."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement of a source as a sentence."""

    text: str
    details: Sequence[str] = ()
    counted: tuple[int, int] | None = None
    """Numerator and denominator of the finding; None if nothing was counted, or if the reader gets no counts."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no measurement of a source."""

    reason: str


def missing_answer(figures: SourceFigures) -> str:
    """Why a source that has not answered shows nothing."""
    if figures.reachable is None:
        return "the source was not asked yet"
    return f"the source did not answer ({figures.error_code or 'no answer'})"
