"""Measures the sources of districts now: one check, a few records of each kind, and one question for changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.interface import Counts
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cli.serving.versions import ask_about_itself
from student_graph.gateway.concurrency.deadlines import within
from student_graph.gateway.server.commands.sample_reads import Findings, read_samples
from student_graph.resolvers.types.scorecard.measurements import (
    SourceFigures,
    TopicCoverage,
    source_figures,
    topics_of,
)
from student_graph.resolvers.types.scorecard.models import Scorecard, district_scorecard, source_scorecard
from student_graph.resolvers.types.scorecard.values import Detail


@dataclass(frozen=True, slots=True)
class MeasuredDistrict:
    """A district, and what was measured at its sources."""

    id: str
    name: str
    sources: Sequence[SourceFigures]
    topics: Sequence[TopicCoverage]
    """The topics of the contract, with the lookups for which the sources together are used."""
    until: datetime
    seconds: float
    """How long it took."""

    @property
    def silent_sources(self) -> list[str]:
        """Names of the sources that did not answer."""
        return [figures.name for figures in self.sources if not figures.reachable]

    def scorecard(self, detail: Detail) -> Scorecard:
        """The scorecard of the district."""
        return district_scorecard(self.sources, self.topics, detail, self.until)

    def source_scorecards(self, detail: Detail) -> list[tuple[SourceFigures, Scorecard]]:
        """The scorecard of each source, with its figures."""
        return [(figures, source_scorecard(figures, detail, self.until)) for figures in self.sources]


async def measure_districts(districts: Sequence[District]) -> list[MeasuredDistrict]:
    """Measure some districts at the same time, and close the connections to their sources."""
    try:
        return await asyncio.gather(*map(_measure_district, districts))
    finally:
        sources = [source for district in districts for source in district.sources]
        await asyncio.gather(*(source.adapter.http.aclose() for source in sources))


async def _measure_district(district: District) -> MeasuredDistrict:
    """Measure one district. Sources that do not answer at all are not asked for records."""
    started_at = time.perf_counter()
    results = await asyncio.gather(*map(ask_about_itself, district.sources))
    errors = {
        source.name: result
        for source, result in zip(district.sources, results, strict=True)
        if isinstance(result, AdapterError)
    }
    answering = [source for source in district.sources if source.name not in errors]
    findings = await read_samples(district, answering)
    await asyncio.gather(*map(_try_changes, answering))
    return MeasuredDistrict(
        id=district.id,
        name=district.name,
        sources=[_figures(source, findings, errors.get(source.name)) for source in district.sources],
        topics=topics_of(district.sources, {}),
        until=datetime.now(UTC),
        seconds=time.perf_counter() - started_at,
    )


async def _try_changes(source: Source) -> None:
    """Ask a source for its latest changes. If that fails otherwise than by a refusal, it stays unknown."""
    try:
        async with within(source.adapter.settings.timeout):
            await source.adapter.try_changes()
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError):
        return


def _figures(source: Source, findings: Mapping[str, Findings], error: AdapterError | None) -> SourceFigures:
    """The figures of a source; `error` is why it did not answer at all, None if it did."""
    health = findings[source.name].health if source.name in findings else None
    counts = Counts() if health is None else health.counts
    return source_figures(
        source, counts, reachable=error is None, error_code=None if error is None else error.code
    )
