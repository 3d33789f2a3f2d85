"""Reads the values of metrics from the parts of an application, at the moment in which somebody asks for them."""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from student_graph.adapters.sources import Source
from student_graph.gateway.disclosure import DisclosureLog
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.telemetry import catalog
from student_graph.gateway.telemetry.families import Family, Metric, family
from student_graph.gateway.telemetry.histogram import Histogram
from student_graph.gateway.web.load_shedding import LoadShedder
from student_graph.gateway.web.routes.health import Readiness
from student_graph.gateway.web.routes.memory import MemoryAccount
from student_graph.resolvers.context import Health

BREAKER_STATES = ("closed", "open", "probing")
Value: TypeAlias = float | Histogram
PROCESS_MEMORY = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Readings:
    """The parts of an application whose state is measured."""

    pipeline: FetchPipeline
    load_shedder: LoadShedder
    memory: MemoryAccount
    readiness: Readiness
    disclosure_log: DisclosureLog | None
    fleet_joined: Callable[[], bool] | None
    """Whether the fleet's Redis is reachable; None without a fleet."""

    def families(self) -> list[Family]:
        """Their values now."""
        return [*self._process_families(), *self._source_families()]

    def _process_families(self) -> Iterator[Family]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        caches = self.memory.caches.items()
        single: dict[Metric, float] = {
            catalog.IN_FLIGHT: self.load_shedder.in_flight,
            catalog.WAITING: self.load_shedder.waiting_for_vendors,
            catalog.SHED: self.load_shedder.refused,
            catalog.READY: self.readiness.ready,
            catalog.SETTINGS_REFUSED: self.readiness.settings.refusal is not None,
            catalog.CPU: usage.ru_utime + usage.ru_stime,
        }
        if self.disclosure_log is not None:
            single[catalog.DISCLOSURES] = self.disclosure_log.written
        if self.fleet_joined is not None:
            single[catalog.FLEET_JOINED] = self.fleet_joined()
        with suppress(OSError):  # another system than Linux
            pages = int(PROCESS_MEMORY.read_text(encoding="ascii").split()[1])
            single[catalog.MEMORY] = pages * os.sysconf("SC_PAGE_SIZE")
        for metric, value in single.items():
            yield family(metric, {(): value})
        yield family(catalog.CACHE_BYTES, {name: cache.used_bytes for name, cache in caches})
        yield family(catalog.CACHE_MAX_BYTES, {name: cache.max_bytes for name, cache in caches})
        yield from self._district_families()

    def _district_families(self) -> Iterator[Family]:
        """
        What the districts that share the process use of it; viewers of several districts count for none.

        A district that uses nothing has 0. One alone has only what it is counted for.
        """
        shedder, known = self.load_shedder, self.pipeline.districts
        by_metric: dict[Metric, Mapping[Any, float]] = {
            catalog.DISTRICT_IN_FLIGHT: shedder.districts.all.by_group,
            catalog.DISTRICT_SHED: shedder.districts.refused,
            catalog.DISTRICT_LOOP: shedder.budgets.shares.shares(),
            catalog.DISTRICT_ANSWERS: self.pipeline.cache.store.bytes_by_district(),
        }
        for metric, values in by_metric.items():
            shown = [name for name in known if len(known) > 1 or name in values]
            yield family(metric, {name: values.get(name, 0) for name in shown})

    def _source_families(self) -> list[Family]:
        values: dict[Metric, dict[tuple[str, ...], Value]] = {metric: {} for metric in catalog.SOURCE_METRICS}
        for source in self.pipeline.sources:
            names = (source.district, source.name)
            for metric, labels, value in self._source_values(source):
                values[metric][*names, *labels] = value
        return [family(metric, of_metric) for metric, of_metric in values.items()]

    def _source_values(self, source: Source) -> Iterator[tuple[Metric, tuple[str, ...], Value]]:
        """The values of a source: metric, further labels, value."""
        telemetry = self.pipeline.telemetry
        for name, lookup in telemetry.lookups(source).items():
            yield catalog.VENDOR_CALLS, (name,), lookup.calls
            yield catalog.LOOKUP_DURATION, (name,), lookup.seconds
            for outcome, count in lookup.outcomes.items():
                yield catalog.LOOKUPS, (name, outcome), count
        yield from self._health_values(telemetry.health(source))
        yield catalog.ANSWER_AGE, (), telemetry.ages(source)
        report: Callable[[], Mapping[str, Any]] | None = getattr(source.adapter.http, "report", None)
        if report is not None:  # another client has no gate
            yield from _gate_values(report())
            yield catalog.VENDOR_REQUESTS, (), getattr(source.adapter.http, "calls_sent", 0)

    def _health_values(self, health: Health) -> Iterator[tuple[Metric, tuple[str, ...], Value]]:
        counts = health.counts
        if health.reachable is not None:
            yield catalog.REACHABLE, (), health.reachable
        for code, failures in counts.failures_by_code.items():
            yield catalog.LOOKUP_FAILURES, (code,), failures
        yield catalog.THROTTLED, (), counts.throttled
        yield catalog.ANSWERS, ("fetched",), counts.answers
        yield catalog.ANSWERS, ("cached",), counts.served - counts.stale
        yield catalog.ANSWERS, ("stale",), counts.stale
        yield catalog.LINKS, ("matched",), health.matched
        yield catalog.LINKS, ("unmatched",), health.unmatched
        yield catalog.LINKS, ("conflicted",), health.conflicted
        yield catalog.UNREADABLE, (), sum(counts.unreadable_rows.values())
        by_kind: dict[str, int] = {}
        for unmapped in health.unmapped_codes:
            by_kind[unmapped.kind] = by_kind.get(unmapped.kind, 0) + unmapped.count
        for kind, count in by_kind.items():
            yield catalog.UNMAPPED, (kind,), count


def _gate_values(report: Mapping[str, Any]) -> Iterator[tuple[Metric, tuple[str, ...], Value]]:
    """The state of the gate of a source."""
    for state in BREAKER_STATES:
        yield catalog.BREAKER, (state,), report["breaker"] == state
    yield catalog.CREDENTIALS_REFUSED, (), report["credentialsRefused"]
    yield catalog.PAUSE, (), report["nextAttemptSeconds"]
    yield catalog.QUEUE, (), report["waiting"]
    yield catalog.RUNNING, (), report["running"]
    yield catalog.CONCURRENCY, (), report["atOnce"]
    if report["quotaLeft"] is not None and not math.isinf(report["quotaLeft"]):
        yield catalog.QUOTA_LEFT, (), report["quotaLeft"]
