"""What the status page shows to each viewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.background_reads import BackgroundReads
from student_graph.gateway.server.merged_health import merged_health
from student_graph.gateway.server.observing import Levels
from student_graph.gateway.server.workers.reports import Workers
from student_graph.gateway.web.routes.health import Readiness
from student_graph.gateway.web.routes.status import StatusRoutes
from student_graph.gateway.web.routes.status_events import EventStreams
from student_graph.resolvers.context import Viewer

_Health: TypeAlias = "Mapping[tuple[str, str], Mapping[str, Any]]"
"""By district and name of the source."""

MAX_NAMED_CODES = 5
"""Codes without a meaning that are named for a source; the number says how many values there are in all."""


SOURCES = "sources"
"""Name under which workers report the health of sources to each other."""


def status_routes(reports: StatusReports, authenticator: Authenticator) -> StatusRoutes:
    """The status page of an application. Its streams of events end when the process drains."""
    return StatusRoutes(reports, authenticator, EventStreams(lambda: reports.readiness.draining))


DOWN = "down"


def _state(health: Mapping[str, Any]) -> str:
    """Whether a source answers, by its health: `up`, `down`, or `unknown` if nobody has asked it yet."""
    requests = health["requests"]
    is_left_alone = requests is not None and (requests["breaker"] != "closed" or requests["credentialsRefused"])
    if health["reachable"] is False or is_left_alone:
        return DOWN
    return "unknown" if health["reachable"] is None else "up"


@dataclass(frozen=True, slots=True)
class StatusReports:
    """Makes reports of the districts of a viewer: names of sources for everybody, health for operators."""

    pipeline: FetchPipeline
    background: BackgroundReads
    readiness: Readiness
    levels: Levels
    workers: Workers

    def sources(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The health of all sources as this worker sees it, by district and name."""
        return {
            district.id: {source.name: self._health(source) for source in district.sources}
            for district in self.pipeline.districts.values()
        }

    def public(self) -> dict[str, Any]:
        """What anybody may know: whether the service is up."""
        return {"status": self.readiness.status}

    async def of(self, viewer: Viewer) -> dict[str, Any]:
        """
        What a viewer may know.

        A viewer who is no operator gets what `sources` of the graph shows to them: names and kinds.
        """
        health = await self._health_in_all_workers() if viewer.operator else {}
        objectives = await self.levels.report() if viewer.operator else {}
        districts = [self.pipeline.districts[district] for district in sorted(viewer.districts & self._known())]
        return {
            **self.public(),
            "operator": viewer.operator,
            "since": self.readiness.settings.applied_at.isoformat(timespec="seconds"),
            "districts": [self._district(district, viewer, health, objectives) for district in districts],
        }

    async def readiness_of(self, district: DistrictId) -> dict[str, Any]:
        """
        Whether the pages of a district can be answered, and which of its sources do not answer.

        `degraded` are pages that lack something; `down` is a district without a source that answers.
        """
        health = await self._health_in_all_workers()
        sources = self.pipeline.districts[district].sources
        states = {source.name: _state(health[district, source.name]) for source in sources}
        down = [name for name, state in states.items() if state == DOWN]
        status = self.readiness.status
        if self.readiness.ready and down:
            status = "degraded" if len(down) < len(states) else DOWN
        return {"status": status, "district": district, "down": down, "sources": states}

    def _known(self) -> frozenset[str]:
        return frozenset(self.pipeline.districts)

    async def _health_in_all_workers(self) -> _Health:
        """The health of each source by district and name. A worker may be about to get the settings of others."""
        reports = (await self.workers.collect(SOURCES)).values()
        return {
            (district.id, source.name): merged_health(
                [health for report in reports if (health := report.get(district.id, {}).get(source.name))],
                MAX_NAMED_CODES,
            )
            for district in self.pipeline.districts.values()
            for source in district.sources
        }

    def _district(
        self, district: District, viewer: Viewer, health: _Health, objectives: Mapping[str, Any]
    ) -> dict[str, Any]:
        report: dict[str, Any] = {
            "id": district.id,
            "name": district.name,
            "sources": list(self._sources(district.sources, viewer, health)),
        }
        if not viewer.operator:
            return report
        background = self.background.report(district.id)
        return {**report, "background": background, "objectives": objectives.get(district.id, [])}

    @staticmethod
    def _sources(sources: Iterable[Source], viewer: Viewer, health: _Health) -> Iterator[dict[str, Any]]:
        for source in sources:
            names = {"name": source.name, "kind": source.kind}
            yield {**names, "health": health[source.district, source.name]} if viewer.operator else names

    def _health(self, source: Source) -> dict[str, Any]:
        health = self.pipeline.telemetry.health(source)
        counts = health.counts
        report = getattr(source.adapter.http, "report", None)  # another client has no gate
        answers = counts.served + counts.answers
        last_lookup_at = self.pipeline.telemetry.last_lookup_at(source)
        students = health.matched + health.unmatched + health.conflicted
        return {
            "lastLookupAt": None if last_lookup_at is None else last_lookup_at.isoformat(timespec="microseconds"),
            "reachable": health.reachable,
            "lastErrorCode": health.last_error_code,
            "requests": None if report is None else report(),
            "calls": health.calls,
            "lookups": counts.asks,
            "failedLookups": counts.failed_asks,
            "failuresByCode": dict(counts.failures_by_code),
            "throttled": counts.throttled,
            "answers": answers,
            "cachedShare": counts.served / answers if answers else None,
            "staleAnswers": counts.stale,
            "oldestSeconds": round(counts.oldest_served.total_seconds()),
            "students": None if source.identity is None else students,
            "linkedShare": health.matched / students if source.identity is not None and students else None,
            "conflicts": None if source.identity is None else health.conflicted,
            "unmapped": health.unmapped,
            "unmappedCodes": [
                {"kind": code.kind, "code": code.code, "count": code.count}
                for code in health.unmapped_codes[:MAX_NAMED_CODES]
            ],
            "unreadableRows": sum(counts.unreadable_rows.values()),
            "droppedConnections": health.unexpected_responses,
            "since": None if counts.since is None else counts.since.isoformat(timespec="seconds"),
        }
