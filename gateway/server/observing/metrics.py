"""The metrics of an application: who measures it, who may read them, and what all workers report."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from student_graph.gateway.server.observing.levels import Levels
from student_graph.gateway.server.observing.readings import Readings
from student_graph.gateway.server.workers.reports import OneWorker, Workers
from student_graph.gateway.telemetry import catalog
from student_graph.gateway.telemetry.families import Family, by_worker, families_of_districts, family
from student_graph.gateway.telemetry.observer import Observer
from student_graph.gateway.web.observing import ObservedApp
from student_graph.gateway.web.routes.metrics import MetricsRoute
from student_graph.gateway.web.routes.operators import Operators

REPORT = "metrics"
"""Name of the report by which workers tell each other their metrics."""


class Metrics:
    """Connects an application to the observer of its process, which outlives it when the settings are reloaded."""

    def __init__(self, observer: Observer, readings: Readings, levels: Levels, workers: Workers) -> None:
        """Let `observer` observe the application whose parts `readings` reads, with its service levels."""
        self._observer, self._readings, self._levels, self._workers = observer, readings, levels, workers

    @property
    def request_observer(self) -> Observer | None:
        """Counts the requests; None if nobody observes the process."""
        return self._observer if self._observer.is_on or self._levels.counts else None

    def observed(self, app: ASGIApp) -> ASGIApp:
        """The application with its requests observed; unchanged if nobody observes the process."""
        return app if self.request_observer is None else ObservedApp(app, self.request_observer)

    def routes(self, operators: Operators) -> list[BaseRoute]:
        """The route `/metrics`, if the settings ask for it."""
        settings = self._observer.settings
        return [*MetricsRoute(operators, self._text, settings.metrics_token).routes()] if settings.metrics else []

    def start(self) -> None:
        """Measure this application from now on, in place of the one under earlier settings."""
        self._workers.offer(REPORT, lambda: msgspec.to_builtins(self._families(), str_keys=True))
        self._observer.start(self._families)
        self._levels.start()

    async def close(self) -> None:
        """Hand over what is left, at the end of the process."""
        await self._levels.close()
        await self._observer.close()

    def _families(self) -> list[Family]:
        return [*self._observer.families(), *self._readings.families(), *self._levels.families()]

    async def _text(self, accept: str, districts: Collection[str] | None) -> tuple[bytes, str]:
        """
        The metrics of all workers in the format that a client accepts, and its media type.

        `districts` are those whose metrics are shown, without those of the whole gateway; None for everything.
        """
        from student_graph.gateway.telemetry.rendering import render  # noqa: PLC0415 - an extra

        reports: Any = await self._workers.collect(REPORT)
        families = {
            number: msgspec.convert(report, list[Family], strict=False) for number, report in reports.items()
        }
        is_alone = isinstance(self._workers, OneWorker)
        restarts = family(catalog.WORKER_RESTARTS, {(): (await self._workers.overview())["restarts"]})
        listed = families[self._workers.number] if is_alone else by_worker(families)
        shown = [*listed, restarts, *await self._levels.burn_families()]
        return render(shown if districts is None else families_of_districts(shown, districts), accept)
