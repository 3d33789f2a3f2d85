"""The service levels of an application: what is counted, and how fast error budgets burn in all workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Source
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.workers.reports import Workers
from student_graph.gateway.telemetry import catalog
from student_graph.gateway.telemetry.counts import OUTAGE_CODES
from student_graph.gateway.telemetry.families import Family, Metric, family
from student_graph.gateway.telemetry.levels import LevelRecorder, LevelSettings, Objectives
from student_graph.gateway.telemetry.levels.counts import PageCounts, SourceCounts
from student_graph.gateway.telemetry.levels.history import Judged, Windows, burn_rates, sum_of
from student_graph.gateway.telemetry.levels.recorder import Counted
from student_graph.gateway.telemetry.observer import Observer
from student_graph.gateway.web.routes.health import Readiness

REPORT = "levels"
"""Name of the report by which workers tell each other what they judged."""
SHARE_WINDOW = "3d"
"""Window over which the status page shows shares."""
_Windows: TypeAlias = dict[str, dict[str, dict[str, Judged]]]


class Levels:
    """Connects an application to the recorder of its process, which outlives it when the settings are reloaded."""

    def __init__(
        self,
        recorder: LevelRecorder,
        settings: LevelSettings,
        pipeline: FetchPipeline,
        *,
        observer: Observer,
        readiness: Readiness,
        workers: Workers,
    ) -> None:
        """Count what `pipeline` and `observer` see, by these settings."""
        self._recorder, self._settings, self._pipeline = recorder, settings, pipeline
        self._observer, self._readiness, self._workers = observer, readiness, workers

    @property
    def counts(self) -> bool:
        """Whether anything is counted."""
        return self._settings.counts

    def start(self) -> None:
        """Count for this application from now on, in place of the one under earlier settings."""
        self._workers.offer(REPORT, lambda: msgspec.to_builtins(self._recorder.windows()))
        self._recorder.start(self._settings, self._pipeline.districts, self._counted)

    async def close(self) -> None:
        """Write what was counted, at the end of the process."""
        await self._recorder.close()

    async def report(self) -> dict[str, list[dict[str, Any]]]:
        """The objectives of each district that has some, with what was judged in all workers, as JSON."""
        return {
            district: _report(self._settings.objectives[DistrictId(district)], windows)
            for district, windows in (await self._windows()).items()
        }

    def families(self) -> list[Family]:
        """What this worker counted against the objectives, as metrics."""
        values: dict[Metric, dict[tuple[str, str], float]] = {
            catalog.OBJECTIVE_PAGES: {},
            catalog.OBJECTIVE_MISSED: {},
            catalog.OBJECTIVE_TARGET: {},
        }
        for district, objectives in self._settings.objectives.items():
            pages = self._observer.pages.get(district, PageCounts())
            for objective, target in objectives.targets.items():
                labels = district, objective.value
                judged = pages.judged(objective, objectives.seconds)
                values[catalog.OBJECTIVE_PAGES][labels], values[catalog.OBJECTIVE_MISSED][labels] = judged
                values[catalog.OBJECTIVE_TARGET][labels] = target
        return [
            *(family(metric, of_metric) for metric, of_metric in values.items()),
            family(catalog.LEVELS_UNWRITABLE, {(): self._recorder.is_failing}),
        ]

    async def burn_families(self) -> list[Family]:
        """How fast the budgets burn in all workers of this gateway, as metrics."""
        judged = await self._windows()
        rates = {
            (district, objective, window): rate
            for district, objectives in self._settings.objectives.items()
            if district in judged
            for objective, by_window in burn_rates(judged[district], objectives).items()
            for window, rate in by_window.items()
            if rate is not None
        }
        return [family(catalog.BURN_RATE, rates)]

    async def _windows(self) -> Mapping[str, Windows]:
        """What all workers judged, by district; districts that a worker does not have yet are left out."""
        if not self._settings.objectives:
            return {}
        collected = (await self._workers.collect(REPORT)).values()
        reports = [msgspec.convert(report, _Windows) for report in collected]
        summed = {
            district: sum_of(report[district] for report in reports)
            for district in self._settings.objectives
            if all(district in report for report in reports)
        }
        return {
            district: windows
            for district, windows in summed.items()
            if windows.keys() >= {name.value for name in self._settings.objectives[district].targets}
        }

    def _counted(self) -> Counted:
        """What was counted until now; files hold the counts of sources, too."""
        sources: dict[str, dict[str, tuple[object, SourceCounts]]] = {}
        for source in self._pipeline.sources if self._settings.directory is not None else ():
            sources.setdefault(source.district, {})[source.name] = source, self._source_counts(source)
        return Counted(self._readiness.ready, self._observer.pages, sources)

    def _source_counts(self, source: Source) -> SourceCounts:
        telemetry = self._pipeline.telemetry
        counts = telemetry.health(source).counts
        failures = {code: number for code, number in counts.failures_by_code.items() if code in OUTAGE_CODES}
        ages = list(telemetry.ages(source).counts)
        return SourceCounts(counts.asks, failures, counts.served, counts.stale, ages)


def _report(objectives: Objectives, windows: Windows) -> list[dict[str, Any]]:
    rates = burn_rates(windows, objectives)
    return [
        {
            "objective": objective.value,
            "seconds": objectives.seconds,
            "target": target,
            "pages": windows[objective.value][SHARE_WINDOW].pages,
            "share": _share(windows[objective.value][SHARE_WINDOW]),
            "burnRates": rates[objective.value],
        }
        for objective, target in objectives.targets.items()
    ]


def _share(judged: Judged) -> float | None:
    """The share of pages that kept an objective; None without pages."""
    return 1 - judged.missed / judged.pages if judged.pages else None
