"""
`waiting`: the response time of a page when vendors are slow.

Without a cache, every vendor takes 40 ms. There is one lookup call for each field and source, and siblings run
concurrently, so that a page takes as long as its longest chain of dependent calls. With `@defer` and one vendor
that takes 300 ms: how long the first part of the response is delayed.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExperimentalIncrementalExecutionResults, experimental_execute_incrementally, parse
from strawberry.utils.await_maybe import await_maybe

from benchmarks.support.district import PAGE, SECTION, VIEWER, Records, make_district, make_records, make_source
from benchmarks.support.figures import Row, Times
from student_graph.adapters.sources import Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.schema import core_schema, make_schema

LATENCY_SECONDS = 0.04
SLOW_VENDOR_SECONDS = 0.3
CHAIN_LENGTH = 4
"""Dependent lookup calls of the page: the section, its roster, the students, and the records of each student."""
STUDENT_COUNT = 30
DEFERRED_QUERY = """
query Deferred($section: ID!) {
  section(id: $section) { sectionIdentifier courseTitle ... @defer { roster { beginDate } } }
}
"""
QUERY_WITHOUT_DEFERRED = "query Rest($section: ID!) { section(id: $section) { sectionIdentifier courseTitle } }"


class _SlowDistrict:
    """A district with a delay in each lookup, in seconds: `delays` by lookup, `default` for the others."""

    def __init__(self, records: Records, delays: Mapping[str, float], default: float) -> None:
        self.calls: Counter[str] = Counter()
        """Calls of each lookup."""
        self._source = self._delayed(make_source(records), delays, default)
        self._core = core_schema(make_schema(EncodingExecutor, defer=True))

    def _delayed(self, source: Source, delays: Mapping[str, float], default: float) -> Source:
        adapter: Any = source.adapter
        for lookup in adapter.records:
            setattr(
                adapter,
                lookup,
                self._delayed_lookup(getattr(adapter, lookup), lookup, delays.get(lookup, default)),
            )
        return source

    def _delayed_lookup(self, call: Any, lookup: str, seconds: float) -> Any:
        async def wait_and_call(ids: Sequence[Any], **arguments: Any) -> Any:
            self.calls[lookup] += 1
            await asyncio.sleep(seconds)
            return await call(ids, **arguments)

        return wait_and_call

    async def seconds_to_first_part(self, text: str) -> float:
        """Seconds to the first part of a response; the other parts are awaited but not timed."""
        no_cache = Limits(memory=0)
        context = FetchPipeline([make_district(self._source)], HmacSigner(b"k" * 32), no_cache).start_operation(
            VIEWER
        )
        started = time.perf_counter()
        result: Any = await await_maybe(
            experimental_execute_incrementally(
                self._core,
                parse(text),
                context_value=context,
                variable_values={"section": SECTION},
                executor_class=EncodingExecutor,
            )
        )
        seconds = time.perf_counter() - started
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            assert result.initial_result.errors is None
            later_parts = [part async for part in result.subsequent_results]
            assert later_parts[-1].has_next is False
        else:
            assert result.errors is None
        return seconds


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    runs = 3 if quick else 15
    return [*await _measure_cold(runs), *await _measure_defer(runs)]


async def _measure_cold(runs: int) -> list[Row]:
    slow_district = _SlowDistrict(make_records(STUDENT_COUNT), {}, LATENCY_SECONDS)
    times = Times([await slow_district.seconds_to_first_part(PAGE) for _ in range(runs)])
    max_calls = max(slow_district.calls.values()) / runs
    longest = CHAIN_LENGTH * LATENCY_SECONDS
    return [
        Row("waiting", "cold, vendors at 40 ms", "page over longest chain", times.median / longest, "x", 1.15),
        Row("waiting", "cold, vendors at 40 ms", "asks of one lookup", max_calls, "", 1),
        Row("waiting", "cold, vendors at 40 ms", "longest chain of asks", CHAIN_LENGTH, ""),
        Row("waiting", "cold, vendors at 40 ms", "page", times.median * 1000, "ms"),
    ]


async def _measure_defer(runs: int) -> list[Row]:
    slow_district = _SlowDistrict(
        make_records(STUDENT_COUNT), {"section_enrollments_by_section": SLOW_VENDOR_SECONDS}, 0.0
    )
    deferred = Times([await slow_district.seconds_to_first_part(DEFERRED_QUERY) for _ in range(runs)])
    rest = Times([await slow_district.seconds_to_first_part(QUERY_WITHOUT_DEFERRED) for _ in range(runs)])
    after = (deferred.median - rest.median) * 1000
    return [
        Row("waiting", "defer, one vendor at 300 ms", "first part after the others alone", after, "ms", 25),
        Row("waiting", "defer, one vendor at 300 ms", "first part", deferred.median * 1000, "ms"),
    ]
