"""
`waiting`: what a page takes when vendors take their time.

Cold, every vendor at 40 ms: one ask for each field and source, siblings side by side, so that a page takes as
long as its longest chain of asks. Deferred, one vendor at 300 ms: how long the first part waits for it.
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
from student_graph.gateway.execution import StructExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.schema import core_schema, make_schema

LATENCY = 0.04
SLOW = 0.3
CHAIN = 4
"""Asks of the page that wait for each other: section, roster, students, and what is asked of each student."""
STUDENTS = 30
DEFERRED = """
query Deferred($section: ID!) {
  section(id: $section) { sectionIdentifier courseTitle ... @defer { roster { beginDate } } }
}
"""
REST = "query Rest($section: ID!) { section(id: $section) { sectionIdentifier courseTitle } }"


class _Late:
    """A district of which each lookup takes a while."""

    def __init__(self, kept: Records, slow: Mapping[str, float], default: float) -> None:
        self.asked: Counter[str] = Counter()
        self._source = self._late(make_source(kept), slow, default)
        self._core = core_schema(make_schema(StructExecutor, defer=True))

    def _late(self, quick: Source, slow: Mapping[str, float], default: float) -> Source:
        adapter: Any = quick.adapter
        for lookup in adapter.held:
            setattr(adapter, lookup, self._waiting(getattr(adapter, lookup), lookup, slow.get(lookup, default)))
        return quick

    def _waiting(self, answer: Any, lookup: str, seconds: float) -> Any:
        async def late(ids: Sequence[Any], **arguments: Any) -> Any:
            self.asked[lookup] += 1
            await asyncio.sleep(seconds)
            return await answer(ids, **arguments)

        return late

    async def first(self, text: str) -> float:
        """Seconds to the first part of an answer; the others are waited for."""
        nothing_kept = Limits(memory=0)
        context = FetchPipeline(
            [make_district(self._source)], HmacSigner(b"k" * 32), nothing_kept
        ).start_operation(VIEWER)
        started = time.perf_counter()
        told: Any = await await_maybe(
            experimental_execute_incrementally(
                self._core,
                parse(text),
                context_value=context,
                variable_values={"section": SECTION},
                executor_class=StructExecutor,
            )
        )
        seconds = time.perf_counter() - started
        if isinstance(told, ExperimentalIncrementalExecutionResults):
            assert told.initial_result.errors is None
            later = [part async for part in told.subsequent_results]
            assert later[-1].has_next is False
        else:
            assert told.errors is None
        return seconds


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    runs = 3 if quick else 15
    return [*await _cold(runs), *await _defer(runs)]


async def _cold(runs: int) -> list[Row]:
    late = _Late(make_records(STUDENTS), {}, LATENCY)
    times = Times([await late.first(PAGE) for _ in range(runs)])
    most = max(late.asked.values()) / runs
    longest = CHAIN * LATENCY
    return [
        Row("waiting", "cold, vendors at 40 ms", "page over longest chain", times.median / longest, "x", 1.15),
        Row("waiting", "cold, vendors at 40 ms", "asks of one lookup", most, "", 1),
        Row("waiting", "cold, vendors at 40 ms", "longest chain of asks", CHAIN, ""),
        Row("waiting", "cold, vendors at 40 ms", "page", times.median * 1000, "ms"),
    ]


async def _defer(runs: int) -> list[Row]:
    late = _Late(make_records(STUDENTS), {"section_enrollments_by_section": SLOW}, 0.0)
    deferred = Times([await late.first(DEFERRED) for _ in range(runs)])
    rest = Times([await late.first(REST) for _ in range(runs)])
    after = (deferred.median - rest.median) * 1000
    return [
        Row("waiting", "defer, one vendor at 300 ms", "first part after the others alone", after, "ms", 25),
        Row("waiting", "defer, one vendor at 300 ms", "first part", deferred.median * 1000, "ms"),
    ]
