"""The fetch pipeline of an operation: the layers between its resolvers and the adapters, assembled here."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from typing import Any

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source, Sources
from student_graph.gateway.authorization.policy import authorized, counter_for
from student_graph.gateway.authorization.reach_cache import ReachCache
from student_graph.gateway.cache import AnswerCache, Cache, CachedFetch, Dependencies, Fleet, Limits
from student_graph.gateway.cache.in_flight.long_tables import LongTable
from student_graph.gateway.fetch.access_paths import RoutedFetch
from student_graph.gateway.fetch.batching import Batcher, in_spans
from student_graph.gateway.fetch.cache_view import CacheView, OperationTables
from student_graph.gateway.fetch.identity import identified
from student_graph.gateway.fetch.learned_costs import LearnedCosts, learning
from student_graph.gateway.fetch.list_lengths import ListLengths, measured
from student_graph.gateway.fetch.read_ahead import ReadAhead
from student_graph.gateway.fetch.recorded_days import RecordedDays
from student_graph.gateway.fetch.translations import TranslationCache
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.telemetry import Telemetry, traced
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Health, ReadEstimates, Signer, Viewer
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure_cache import MeasureCache
from student_graph.resolvers.operation import Operation, Staleness, Traffic

REACH_SHARE = 0.4
"""Share of an operation's time in which the viewer's students are looked up; their records need the rest."""
OPERATION_TIMEOUT_SECONDS = 10.0


class FetchPipeline:
    """Fetches records for all operations of a process, and holds what they share: districts, cache and counts."""

    def __init__(
        self,
        districts: Sequence[District],
        signer: Signer,
        limits: Limits | None = None,
        fleet: Fleet | None = None,
        *,
        dependents: frozenset[DistrictId] = frozenset(),
        metric_settings: Mapping[DistrictId, MetricSettings] | None = None,
        clock: Callable[[], float] = time.monotonic,
        vendor_wait: Callable[[], AbstractContextManager[None]] = nullcontext,
        operation_seconds: float = OPERATION_TIMEOUT_SECONDS,
        min_source_seconds: float = 0.0,
        measure_ages: bool = False,
        running: FetchPipeline | None = None,
    ) -> None:
        """
        Create the pipeline of some districts.

        `limits` bound the cache and `fleet` shares it with other processes. Parents in the districts of
        `dependents` keep their rights when a student turns 18. `metric_settings` says how districts judge their
        metrics; one that is missing has the defaults. `clock` counts seconds. An operation is inside
        `vendor_wait()` while it waits for a source. It waits for all sources for `operation_seconds` at most, and
        for each source for the source's timeout, or for `min_source_seconds` if that is longer. With
        `measure_ages`, the ages of cached answers are counted as they are served. `running` is the pipeline of the
        earlier settings. This one takes over the answers of its sources, and what was counted and learned about
        them; then `fleet` and `clock` have no effect.
        """
        self.districts = {district.id: district for district in districts}
        self.translations = TranslationCache()
        self._metric_settings = metric_settings or {}
        self._measure_cache = MeasureCache()
        self._recorded_days = RecordedDays(self.districts)
        self.keeps_answers = limits is None or limits.memory > 0
        if running is None:
            self.telemetry = Telemetry(measure_ages=measure_ages)
            self.list_lengths, self.learned_costs = ListLengths(), LearnedCosts()
            learning_fetch = learning(fetch_from_vendor, self.learned_costs)
            vendor_fetch = measured(traced(learning_fetch, self.telemetry), self.list_lengths)
            answers = AnswerCache(vendor_fetch, self.districts, limits, fleet, clock)
            self._count_sources()
        else:
            self.telemetry, self.list_lengths = running.telemetry, running.list_lengths
            self.learned_costs, answers = running.learned_costs, running.cache.answers
        on_serve = self.telemetry.record_served
        self.cache: Cache = Cache(answers, self.districts, limits, vendor_wait=vendor_wait, on_serve=on_serve)
        self.reach_cache = ReachCache(
            self.districts, self._reach_fetch, self.cache.clock, dependents, operation_seconds * REACH_SHARE
        )
        self._signer = signer
        self._operation_seconds, self._min_source_seconds = operation_seconds, min_source_seconds

    def start_operation(self, viewer: Viewer, dependencies: Dependencies | None = None) -> Context:
        """
        The context for the resolvers of one new operation.

        It notes in `dependencies` the answers that the operation uses.
        """
        operation = Operation(dependencies=dependencies or Dependencies())
        deadline = asyncio.get_running_loop().time() + self._operation_seconds
        return self._context(viewer, viewer, operation, deadline, forget=False)

    def _context(
        self,
        viewer: Viewer,
        reader: Viewer,
        operation: Operation,
        deadline: float,
        *,
        forget: bool,
        table: LongTable | None = None,
    ) -> Context:
        """
        A context of an operation that reads what `reader` may see.

        It is the viewer, or who counts students for the viewer.

        With `forget`, the answers that it reads are not kept as dependencies, so the response is not cached. It
        reads many students then, and may take longer than the operation if that is for a `table` that goes on.
        """
        dependencies: Any = operation.dependencies
        if forget:
            dependencies = dependencies.forgetting()
        seconds = deadline - asyncio.get_running_loop().time()
        staleness = Staleness(operation.staleness.max_age) if forget else operation.staleness
        layers = self._fetch(operation.traffic, staleness, dependencies, seconds, viewer.person)
        reach = partial(self._reach, reader, dependencies)
        disclosures, cached = operation.disclosures, layers.from_cache
        fetch = authorized(layers, reader, self.districts, reach, disclosures, from_cache=cached)

        def counting(*, everybody: bool, forget: bool) -> Context:
            counter = counter_for(viewer) if everybody else viewer
            until = table.extend() if forget and table is not None else deadline
            return self._context(viewer, counter, operation, until, forget=forget, table=table)

        return Context(
            reader,
            Sources(self.districts, fetch, from_cache=fetch.from_cache),
            operation,
            self._signer,
            partial(self._health, dependencies),
            reach,
            metric_settings=self._metric_settings,
            measure_cache=self._measure_cache,
            recorded_days=partial(self._recorded_days.get, layers),
            counting=counting,
            tables=self._tables(viewer, reader, operation, deadline) if self.keeps_answers else None,
            estimates=ReadEstimates(self.learned_costs, self.list_lengths),
        )

    def _tables(self, viewer: Viewer, reader: Viewer, operation: Operation, deadline: float) -> OperationTables:
        """The finished tables for an operation that reads what `reader` may see."""

        def start_part(part: Operation, table: LongTable | None) -> Context:
            return self._context(viewer, reader, part, deadline, forget=False, table=table)

        waiting = self.cache.vendor_wait
        return OperationTables(self.cache.tables, self.districts, operation, start_part, deadline, waiting)

    def background_fetch(self, *, is_awaited: bool = False) -> tuple[Fetch, Traffic]:
        """
        Start background work: returns a fetch without authorization or deadline, and the record of its work.

        `is_awaited` says that somebody waits for it, such as the user of a command; then it is no background work.
        """
        traffic, staleness = Traffic(), Staleness()
        cached = CachedFetch(
            self.cache, traffic, staleness, Dependencies(), math.inf, is_background=not is_awaited
        )
        return _Layers(self, cached, staleness), traffic

    @property
    def sources(self) -> list[Source]:
        """The sources of all districts."""
        return [source for district in self.districts.values() for source in district.sources]

    def start(self) -> None:
        """Count what the sources do, in place of those of the earlier pipeline, and start to share answers."""
        self._count_sources()
        self.cache.start()

    def _count_sources(self) -> None:
        meanings = {name: said.meanings for name, said in self._metric_settings.items()}
        self.telemetry.count_sources(self.sources, meanings)

    async def retire(self, sources: Collection[Source]) -> None:
        """
        End this pipeline, whose settings were replaced and whose last operation has ended.

        What it shares with the current pipeline stays, except for `sources`, which are no longer configured.
        """
        await self.reach_cache.close()
        self.cache.clear()
        self.cache.answers.forget(sources)
        for part in (self.telemetry, self.list_lengths, self.learned_costs):
            part.forget(sources)

    async def close(self) -> None:
        """Cancel background work."""
        await self.reach_cache.close()
        await self.cache.close()

    def _fetch(
        self,
        traffic: Traffic,
        staleness: Staleness,
        dependencies: Dependencies,
        timeout_seconds: float,
        viewer: Hashable = None,
    ) -> _Layers:
        """
        A fetch without authorization that works for `timeout_seconds` and records its work in the arguments.

        `viewer` sends the operation. Requests that go on after the operation are limited for each viewer.
        """
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        min_seconds = self._min_source_seconds
        cached = CachedFetch(
            self.cache, traffic, staleness, dependencies, deadline, viewer=viewer, min_seconds=min_seconds
        )
        return _Layers(self, cached, staleness)

    def _reach_fetch(self, timeout_seconds: float) -> tuple[Fetch, Traffic, Dependencies]:
        """A fetch for the lookup of a viewer's reach, and the records of its work."""
        traffic, dependencies = Traffic(), Dependencies()
        return self._fetch(traffic, Staleness(), dependencies, timeout_seconds), traffic, dependencies

    async def _reach(self, viewer: Viewer, dependencies: Dependencies, district: DistrictId) -> Reach:
        """The students of a district that the viewer may see; the operation's response depends on them."""
        cached = await self.reach_cache.get(viewer, district)
        dependencies.add_reach(cached.batches, cached.until, complete=cached.complete)
        return cached.reach

    def _health(self, dependencies: Dependencies, source: Source) -> Health:
        """The health of a source; a response that contains it is not cached, because it changes every second."""
        dependencies.complete = False
        return self.telemetry.health(source)


class _Layers:
    """
    authorized -> batched -> read ahead -> identified -> routed -> batched -> cached -> traced -> adapter.

    There are two batchers. The outer one gives identity and access paths all keys of a field at once. Identity and
    access paths then ask for identities and lists; the inner batcher fetches them once if several callers need
    them. An ask that identity and access paths do not change uses the inner batcher only. An ask whose answers are
    all cached uses none. Layers are made when an operation first needs them: most operations need few.
    """

    def __init__(self, pipeline: FetchPipeline, cached: CachedFetch, staleness: Staleness) -> None:
        self._pipeline, self._cached, self._staleness = pipeline, cached, staleness

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers of a source."""
        answers = self.from_cache(source, ask)
        if answers is not None:
            return answers
        is_direct = source.identity is None and ask.lookup.method not in source.adapter.paths
        return await (self._direct if is_direct else self._outer)(source, ask)

    def from_cache(self, source: Source, ask: Ask[Any]) -> Answers | None:
        """
        The answers without waiting; None if a source must be asked, or if the answers must be computed first.
        """
        if source.identity is not None:
            day = self._pipeline.districts[source.district].today()
            return self._pipeline.translations.get(source, ask, day, self._routed)
        if ask.lookup.method in source.adapter.paths:
            return self._routed.from_cache(source, ask)
        return self._cached.from_cache(source, ask)

    @cached_property
    def _inner(self) -> Batcher:
        return Batcher(in_spans(self._cached), cached_answers=self._cached.from_cache)

    @cached_property
    def _direct(self) -> Batcher:
        return self._inner.with_turns(2)

    @cached_property
    def _routed(self) -> RoutedFetch:
        view = CacheView(self._pipeline.cache, self._staleness, self._pipeline.keeps_answers)
        return RoutedFetch(self._inner, self._pipeline.learned_costs, view, self._cached)

    @cached_property
    def _outer(self) -> Batcher:
        pipeline, routed = self._pipeline, self._routed
        routing = Batcher(routed, cached_answers=routed.from_cache)
        routed.join(routing)
        translated = identified(routing, pipeline.districts, pipeline.telemetry, pipeline.translations)
        return Batcher(ReadAhead(translated, routing, routed, pipeline.districts), turns=2)
