"""
Scorecards: the findings about sources under the rows of two published models.

Project Unicorn's rubric rates a product, so a source has its rows. CoSN's K-12 Interoperability Maturity Model
rates a district, so a district has its domains. Both have levels, and their public pages do not define them: no
level is claimed, and none is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from student_graph.adapters.model import value
from student_graph.resolvers.types.scorecard.findings import findings_of
from student_graph.resolvers.types.scorecard.measurements import SourceFigures, TopicCoverage
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardFinding, ScorecardMeasure
from student_graph.resolvers.types.scorecard.wording import count_text

NO_LEVEL = (
    "No level is claimed: the public pages of the model do not define its levels. The findings are what the "
    "gateway itself measured."
)

_M = ScorecardMeasure


@value
class ScorecardRow:
    """A row of a published model, with what the gateway measured about it."""

    title: str
    """Name of the row in the model."""
    findings: list[ScorecardFinding]
    """What was measured, or why a measurement is missing; empty if the gateway cannot measure this row."""
    not_measured: str | None
    """Why the gateway cannot measure this row; null if it can measure a part of it."""


@value
class Scorecard:
    """What the gateway measured, under the rows of a published model of interoperability."""

    model: str
    """Name of the model."""
    statement: str
    """What the scorecard does not say."""
    measured_from: datetime | None
    """When counting began; null if nothing was counted."""
    measured_until: datetime
    """When the scorecard was made."""
    calls: int
    """Requests to the vendors that the counts are from."""
    rows: list[ScorecardRow]
    """All rows of the model, in its order."""


@dataclass(frozen=True, slots=True)
class _RowLayout:
    """A row of a model: the measures that belong to it, or why there are none."""

    title: str
    measures: tuple[ScorecardMeasure, ...] = ()
    not_measured: str | None = None


_ONLY_READS = "not measured by the gateway: it reads from a source and never writes to it"

PROJECT_UNICORN = "Project Unicorn: vendor rubric"
"""https://ed.link/community/project-unicorn/"""
PROJECT_UNICORN_ROWS = (
    _RowLayout("Data quality", (_M.READABLE_ROWS, _M.MAPPED_CODES, _M.STUDENT_IDS, _M.IDENTITY_MATCH)),
    _RowLayout("Data granularity", (_M.COVERAGE,)),
    _RowLayout("Export: process", (_M.AVAILABILITY, _M.PAGING, _M.ERRORS, _M.THROTTLING)),
    _RowLayout("Export: security", (_M.AUTHENTICATION, _M.ENCRYPTION)),
    _RowLayout("Export: frequency", (_M.FRESHNESS, _M.CHANGES)),
    _RowLayout("Export: format", (_M.STANDARD,)),
    _RowLayout("Import: process", not_measured=_ONLY_READS),
    _RowLayout("Import: security", not_measured=_ONLY_READS),
    _RowLayout("Import: frequency", not_measured=_ONLY_READS),
    _RowLayout("Import: format", not_measured=_ONLY_READS),
)

COSN = "CoSN: K-12 Interoperability Maturity Model"
"""
https://www.cosn.org/cosn-news/cosn-issues-new-resources-to-advance-interoperability/ names five domains; the sixth
is in the matrix at https://www.interoperabilitynow.com/step-1-data-maturity-model.html.
"""
COSN_ROWS = (
    _RowLayout(
        "Leadership & Vision",
        not_measured="not measured by the gateway: goals, plans and staff are not in the answers of a source",
    ),
    _RowLayout(
        "IT Governance",
        not_measured="not measured by the gateway: contracts and rules of purchasing are not in the answers of a "
        "source",
    ),
    _RowLayout("Data Governance", (_M.STUDENT_IDS, _M.IDENTITY_MATCH, _M.READABLE_ROWS, _M.MAPPED_CODES)),
    _RowLayout("Information & System Integration", (_M.STANDARD, _M.COVERAGE, _M.FRESHNESS, _M.CHANGES)),
    _RowLayout("Infrastructure", (_M.AVAILABILITY, _M.AUTHENTICATION, _M.ENCRYPTION, _M.ERRORS, _M.THROTTLING)),
    _RowLayout(
        "Teaching & Learning / Administrative Efficiencies",
        not_measured="not measured by the gateway: what people do with the data is not in the answers of a source",
    ),
)


def source_scorecard(figures: SourceFigures, detail: Detail, until: datetime) -> Scorecard:
    """The rows of Project Unicorn's rubric for one source."""
    findings = findings_of(figures, detail)
    rows = [_row(layout, [findings]) for layout in PROJECT_UNICORN_ROWS]
    return _scorecard(PROJECT_UNICORN, [figures], rows, until)


def district_scorecard(
    sources: Sequence[SourceFigures], topics: Sequence[TopicCoverage], detail: Detail, until: datetime
) -> Scorecard:
    """
    The domains of CoSN's model for a district: the findings about each source, and about all of them together.

    `topics` have the lookups for which at least one source of the district is used.
    """
    together = {ScorecardMeasure.COVERAGE: _district_coverage(topics)}
    findings = [together, *(findings_of(figures, detail) for figures in sources)]
    return _scorecard(COSN, sources, [_row(layout, findings) for layout in COSN_ROWS], until)


def _row(layout: _RowLayout, findings: Sequence[Mapping[ScorecardMeasure, ScorecardFinding]]) -> ScorecardRow:
    """A row with the findings of its measures, measure by measure."""
    findings_of_row = [
        of_source[measure] for measure in layout.measures for of_source in findings if measure in of_source
    ]
    return ScorecardRow(title=layout.title, findings=findings_of_row, not_measured=layout.not_measured)


def _scorecard(
    model: str, sources: Sequence[SourceFigures], rows: list[ScorecardRow], until: datetime
) -> Scorecard:
    began = [figures.counts.since for figures in sources if figures.counts.since is not None]
    return Scorecard(
        model=model,
        statement=NO_LEVEL,
        measured_from=min(began, default=None),
        measured_until=until,
        calls=sum(figures.counts.calls for figures in sources),
        rows=rows,
    )


def _district_coverage(topics: Sequence[TopicCoverage]) -> ScorecardFinding:
    """How many lookups of the graph at least one source of the district is used for."""
    used, lookups = sum(topic.used for topic in topics), sum(topic.lookups for topic in topics)
    return ScorecardFinding(
        measure=ScorecardMeasure.COVERAGE,
        source=None,
        measured=True,
        text=f"the sources together are used for {used} of the graph's {lookups} lookups",
        details=[f"{topic.topic}: {topic.used} of {count_text(topic.lookups, 'lookup')}" for topic in topics],
        numerator=used,
        denominator=lookups,
    )
