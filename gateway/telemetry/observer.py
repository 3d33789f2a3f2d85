"""What one process observes of its requests and of itself, from its start to its end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.telemetry import catalog
from student_graph.gateway.telemetry.families import Family, family
from student_graph.gateway.telemetry.histogram import DELAY_SECONDS, REQUEST_SECONDS, Histogram
from student_graph.gateway.telemetry.levels.counts import PageCounts
from student_graph.gateway.telemetry.settings import TelemetrySettings

if TYPE_CHECKING:  # their packages are an extra
    from student_graph.gateway.telemetry.pushing import MetricsPush
    from student_graph.gateway.telemetry.tracing import TracedSpan, Tracing

LOOP_CHECK_SECONDS = 0.1
MAX_CODES = 64
"""Error codes that are counted apart; further ones, of adapters of others, count as `OTHER_CODE`."""
OTHER_CODE = "OTHER"
CODES_SHOWN_AT_ZERO = ("INTERNAL", "NOT_RECORDED")
"""Codes that start an alert at their first error. Prometheus sees no growth in a counter that begins at 1."""
NO_DISTRICT, SEVERAL_DISTRICTS = "unknown", "several"


class Observer:
    """Traces and counts the requests of a process by its settings, and watches its event loop."""

    def __init__(self, settings: TelemetrySettings, tracing: Tracing | None = None) -> None:
        """
        Observe from now on; `tracing` replaces the one that the settings ask for.

        Raises:
            SettingsError: packages are missing.
        """
        if (problem := settings.package_problem) is not None:
            raise SettingsError(problem)
        self.settings = settings
        self.tracing = tracing or (_tracing(settings) if settings.traces else None)
        self._push: MetricsPush | None = None
        self._requests: dict[tuple[str, str], Histogram] = {}
        """How long requests took, by district and outcome."""
        self.pages: dict[str, PageCounts] = {}
        """Outcomes of the pages of viewers of one district, by district."""
        self._codes = Counter(dict.fromkeys(CODES_SHOWN_AT_ZERO, 0))
        self._suppressed_tables = 0
        self._loop_delays = Histogram(DELAY_SECONDS)
        self._watch: asyncio.Task[None] | None = None
        self._collect: Callable[[], Sequence[Family]] = self.families

    @property
    def is_on(self) -> bool:
        """Whether anything is observed."""
        return self.tracing is not None or self.settings.measures

    def start(self, collect: Callable[[], Sequence[Family]]) -> None:
        """
        Watch the event loop, and send what `collect` returns to the collector, if the settings ask for that.

        Called again, it only collects from the application under the present settings.
        """
        self._collect = collect
        if self._watch is not None:
            return
        if self.settings.measures:
            self._watch = asyncio.create_task(self._watch_loop())
        if self.settings.push_seconds is not None and self.settings.endpoint is not None:
            from student_graph.gateway.telemetry.pushing import MetricsPush  # noqa: PLC0415 - an extra

            self._push = MetricsPush(self.settings, self._collect_present)
            self._push.start()

    def _collect_present(self) -> Sequence[Family]:
        return self._collect()

    async def close(self) -> None:
        """Hand over what is left; waits for the collector for a moment at most."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await asyncio.gather(*(part.close() for part in (self._push, self.tracing) if part is not None))

    def start_request(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> TracedSpan | None:
        """Begin the span of a request for `/graphql` with these headers; None if it is not traced."""
        return None if self.tracing is None else self.tracing.start_request(method, headers)

    def count_request(
        self,
        districts: Iterable[str],
        outcome: str,
        codes: Collection[str],
        seconds: float,
        *,
        suppressed_tables: int = 0,
        trace: tuple[str, str] | None = None,
    ) -> None:
        """Count a request that has ended; `districts` are the viewer's, and `trace` the ids of its span."""
        district = NO_DISTRICT
        for name in districts:
            district = name if district is NO_DISTRICT else SEVERAL_DISTRICTS
        key = (district, outcome)
        times = self._requests.get(key) or self._requests.setdefault(key, Histogram(REQUEST_SECONDS))
        times.add(seconds, trace)
        pages = self.pages.get(district) or self.pages.setdefault(district, PageCounts())
        pages.add(outcome, codes, seconds)
        self._suppressed_tables += suppressed_tables
        for code in codes:
            self._codes[code if code in self._codes or len(self._codes) < MAX_CODES else OTHER_CODE] += 1

    def families(self) -> list[Family]:
        """What was counted."""
        lost: Mapping[str, float] = {
            "spans": self.tracing.exporter.lost if self.tracing is not None else 0,
            "metrics": self._push.lost if self._push is not None else 0,
        }
        return [
            family(catalog.BUILD, {version("student-graph"): 1}),
            family(catalog.REQUEST_DURATION, self._requests),
            family(catalog.RESPONSE_ERRORS, self._codes),
            family(catalog.SUPPRESSED, {(): self._suppressed_tables}),
            family(catalog.LOOP_DELAY, {(): self._loop_delays}),
            family(catalog.LOST, lost),
        ]

    async def _watch_loop(self) -> None:
        """Measure how late the event loop is."""
        while True:
            due = time.monotonic() + LOOP_CHECK_SECONDS
            await asyncio.sleep(LOOP_CHECK_SECONDS)
            self._loop_delays.add(max(time.monotonic() - due, 0.0))


def _tracing(settings: TelemetrySettings) -> Tracing:
    from student_graph.gateway.telemetry.tracing import Tracing  # noqa: PLC0415 - an extra

    return Tracing(settings)
