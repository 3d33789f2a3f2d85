"""
`telemetry`: processor time that traces and metrics cost a page.

Three pages: one that is read from a vendor over HTTP each time, one that is executed with cached answers, and one
from the cache of responses. Each is answered without telemetry, with requests counted, and with a tenth of them
or all of them traced, too, in random order in one process. Spans go to a collector in another process, and handing
them over counts. Then the hooks that a page without telemetry meets are counted, and a hook is timed: what they
cost if nobody observes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import truediv
from pathlib import Path
from types import FrameType
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from benchmarks.support.district import DISTRICT, make_district, make_records, make_source
from benchmarks.support.edfi_process import EdFiProcess, edfi_process
from benchmarks.support.figures import Row
from benchmarks.support.in_process import PAGE_REQUEST, create_service, post
from benchmarks.telemetry.collector import collector_process
from student_graph.adapters.edfi.adapter import EdFiSettings
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.concurrency import observation
from student_graph.gateway.config.districts import connect
from student_graph.gateway.server.process import freeze_garbage_collector
from student_graph.gateway.server.service import Application
from student_graph.gateway.telemetry import TelemetrySettings, tracing
from student_graph.gateway.telemetry import histogram as histograms

MAX_SAMPLED_PERCENT, MAX_OFF_PERCENT = 5.0, 0.5
"""
Goals: additional processor time of a page with a tenth of the requests traced, and of hooks without a listener.
"""
CLASS_STUDENTS = 30
VENDOR_STUDENTS = 300
HOOK_FILES = {Path(str(module.__file__)).resolve() for module in (observation, histograms)}
"""Modules whose functions are called where something may be observed."""
CALLS_PER_BLOCK = 3
"""Calls of a block that may be a span: the function, and the begin and the end of the block."""
EXPORT_INTERVAL_SECONDS = 3600.0
"""Long enough that spans are sent in full batches only."""
WARM_UP_PAGES = 3
TIMED_BLOCKS = 200_000
SLICES_PER_ROUND = 10
"""In a slice, each variant answers its pages once, in random order."""
VENDOR_PAGE = (
    "{ viewer { students(first: 10) { edges { node { name { firstName } gradeLevel "
    "attendance { chronicAbsence { value } } courseGrades { numeric } } } } } }"
)


@dataclass(slots=True)
class _Case:
    """A page, and how often it is answered in one slice of a round."""

    name: str
    district: District
    pages: int
    limits: Limits
    body: bytes = PAGE_REQUEST
    fewer_rounds: int = 1
    """The number of rounds is divided by this, for a slow page."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    # A busy process hands over full batches; on a slow machine, the pages between two of them take longer here.
    tracing.EXPORT_INTERVAL_SECONDS = EXPORT_INTERVAL_SECONDS
    rounds, count = (2, 2) if quick else (9, 20)
    rows: list[Row] = []
    records = make_records(CLASS_STUDENTS)
    with collector_process() as collector, edfi_process(VENDOR_STUDENTS) as vendor:
        for case in (
            _vendor_case(vendor, max(count // 20, 1)),
            _Case("answers from the cache", make_district(make_source(records)), count, Limits(responses=False)),
            _Case("response from the cache", make_district(make_source(records)), 10 * count, Limits()),
        ):
            rows += await _rows_of(case, collector, max(rounds // case.fewer_rounds, 2))
    return rows


async def _rows_of(case: _Case, collector: str, rounds: int) -> list[Row]:
    settings = {
        "off": TelemetrySettings(),
        "counted": TelemetrySettings(metrics=True),
        "10 % traced": TelemetrySettings(endpoint=collector, metrics=True, sample=0.1),
        "all traced": TelemetrySettings(endpoint=collector, metrics=True, sample=1.0),
    }
    applications = {name: _application(case, telemetry) for name, telemetry in settings.items()}
    exports = {name: _measured_export(application) for name, application in applications.items()}
    await _warm_up(case, applications, exports)
    freeze_garbage_collector()  # as in a serving gateway: otherwise a collection takes as long as 100 pages
    seconds = await _seconds(case, applications, rounds)
    gc.unfreeze()
    hooks = await _count_hooks(case, applications["off"])
    for application in applications.values():
        _check(await post(application.asgi, case.body))
        if application.observer.tracing is not None:
            application.observer.tracing.flush()
    await asyncio.gather(*(application.close() for application in applications.values()))
    pages = rounds * SLICES_PER_ROUND * case.pages
    off = statistics.median(seconds["off"])
    over = {
        name: 100
        * (statistics.median(map(truediv, times, seconds["off"])) - 1 + exports[name].total / pages / off)
        for name, times in seconds.items()
    }
    return [
        Row("telemetry", case.name, "CPU, 10 % traced over off", over["10 % traced"], "%", MAX_SAMPLED_PERCENT),
        Row("telemetry", case.name, "CPU, counted over off", over["counted"], "%"),
        Row("telemetry", case.name, "CPU, all traced over off", over["all traced"], "%"),
        Row("telemetry", case.name, "hooks, off", 100 * hooks * _hook_seconds() / off, "%", MAX_OFF_PERCENT),
        Row("telemetry", case.name, "hooks of a page, off", hooks, "calls"),
        Row("telemetry", case.name, "CPU of a page, off", 1000 * off, "ms"),
    ]


def _vendor_case(vendor: EdFiProcess, pages: int) -> _Case:
    """A page that is read from a vendor each time, because nothing is cached."""
    settings = EdFiSettings.model_validate(vendor.settings | {"students": VENDOR_STUDENTS})
    source = connect(DISTRICT, "sis", "edfi", settings)
    district = District(DISTRICT, "Cedar Hollow", (source,), frozen_on=vendor.now)
    body = json.dumps({"query": VENDOR_PAGE}).encode()
    return _Case("answers of a vendor", district, pages, Limits(0), body, fewer_rounds=3)


def _application(case: _Case, telemetry: TelemetrySettings) -> Application:
    return Application(create_service(case.district, limits=case.limits, telemetry=telemetry))


async def _seconds(case: _Case, applications: Mapping[str, Application], rounds: int) -> dict[str, list[float]]:
    """Processor time of a page in the thread that answers it, by name of the application, one value a round."""
    seconds: dict[str, list[float]] = {name: [] for name in applications}
    variants = list(applications.items())
    for _ in range(rounds):
        used = dict.fromkeys(applications, 0.0)
        for _ in range(SLICES_PER_ROUND):
            # In random order and few pages at a time, so that slow moments of the machine affect all of them.
            random.shuffle(variants)
            for name, application in variants:
                started = time.thread_time()
                for _ in range(case.pages):
                    await post(application.asgi, case.body)
                used[name] += time.thread_time() - started
        for name, total in used.items():
            seconds[name].append(total / case.pages / SLICES_PER_ROUND)
    return seconds


async def _warm_up(
    case: _Case, applications: Mapping[str, Application], exports: Mapping[str, _ExportSeconds]
) -> None:
    """Answer some pages, and hand over spans once: the first connection to a collector costs milliseconds."""
    for name, application in applications.items():
        for _ in range(WARM_UP_PAGES):
            _check(await post(application.asgi, case.body))
        if (tracer := application.observer.tracing) is not None:
            while (span := tracer.start_request("POST", ())) is None:
                pass
            span.end()
            tracer.flush()
        exports[name].total = 0.0


class _ExportSeconds:
    """Processor time of the threads that send the spans of an application to the collector."""

    def __init__(self) -> None:
        self.total = 0.0


def _measured_export(application: Application) -> _ExportSeconds:
    seconds = _ExportSeconds()
    if application.observer.tracing is not None:
        exporter = application.observer.tracing.exporter
        export = exporter.export

        def measured(spans: Sequence[ReadableSpan]) -> SpanExportResult:
            started = time.thread_time()
            try:
                return export(spans)
            finally:
                seconds.total += time.thread_time() - started

        exporter.export = measured  # type: ignore[method-assign] # the exporter has no hook for its time
    return seconds


def _check(response: bytes) -> None:
    errors = json.loads(response).get("errors", ())
    assert not errors, errors


async def _count_hooks(case: _Case, application: Application) -> float:
    """How many functions of the hooks a page calls; the mean of several."""
    counts = [0]

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and Path(frame.f_code.co_filename) in HOOK_FILES:
            counts[0] += 1

    with _profiling(count):
        for _ in range(case.pages):
            await post(application.asgi, case.body)
    return counts[0] / case.pages


@contextmanager
def _profiling(profile: Any) -> Iterator[None]:
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def _hook_seconds() -> float:
    """Processor time of one call of a block that is not traced; the median of several measurements."""
    measurements: list[float] = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(TIMED_BLOCKS):
            with observation.span("a part of the work"):
                pass
        measurements.append((time.process_time() - started) / TIMED_BLOCKS / CALLS_PER_BLOCK)
    return statistics.median(measurements)
