"""
Access paths: one coarse read, such as a whole school's attendance, in place of many point reads.

The choice changes the cost, never the answer: a coarse read answers a key only if all coarse keys of that key are
known and were read. Coarse answers are shared by all viewers: authorization comes after this layer, and only
answers to single keys are passed on to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.contract import AccessPath
from student_graph.adapters.sources import Source
from student_graph.gateway.cache import CachedFetch
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.cache.read import CacheRead
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.cache_view import NoView, View
from student_graph.gateway.fetch.coarse_answers import (
    Batch,
    CoarseRead,
    GroupCache,
    Groups,
    answers_by_key,
    batches_beside,
    coarse_ask,
    groups_name,
    mixed,
    with_keys,
)
from student_graph.gateway.fetch.learned_costs import LearnedCosts
from student_graph.gateway.fetch.list_lengths import count_lists
from student_graph.gateway.fetch.way_choice import Choice, NamedCoarseKeys, Way, choose
from student_graph.gateway.fetch.way_costs import (
    Active,
    Estimate,
    WayCosts,
    coarse_keys_ask,
    known_coarse_keys,
    named_by_cached,
    named_coarse_keys,
    usable_paths,
)
from student_graph.gateway.http import gate_of

CachedRead: TypeAlias = tuple[Source, Ask[Any], CacheRead]
"""What the cache has for an ask to a source."""

MAX_AHEAD_SHARE = 0.5
"""Most calls of lists that are read ahead, as a share of those of point reads: half of the keys may do."""


class RoutedFetch:
    """A `Fetch` that answers each ask with the fewest calls: by point reads, coarse reads, or a mix of both."""

    def __init__(
        self,
        fetch: Batcher,
        learned: LearnedCosts | None = None,
        view: View | None = None,
        cached: CachedFetch | None = None,
    ) -> None:
        """
        Read with `fetch`, which reads each key of a lookup once in an operation; `cached` answers without waiting.

        `learned` has the costs of earlier reads, and `view` shows which keys need no read now.
        """
        self._fetch = fetch
        view = view or NoView()
        self._costs = WayCosts(learned or LearnedCosts(), view, fetch, fetch)
        self._groups = GroupCache(view)
        self._cached = cached

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask."""
        return await self._answers(source, ask, ())

    def from_cache(self, source: Source, ask: Ask[Any]) -> Answers | None:
        """
        The answers to an ask without waiting, from cached answers of its own or from cached coarse answers.

        None if a source must be asked, or if a coarse answer is not sorted by key yet.
        """
        assert self._cached is not None
        read = self._cached.look_up(source, ask)
        if not read.missing:
            return self._cached.serve(source, ask, read)
        reads: list[CachedRead] = []
        answers = self._from_lists(source, ask, (), read, reads)
        self.serve(reads if answers is not None else ())
        return answers

    def peek(self, source: Source, ask: Ask[Any], reads: list[CachedRead]) -> Answers | None:
        """The answers as `from_cache` returns them, if they are fresh. Their reads are added, not counted yet."""
        return self._cached_answers(source, ask, (), reads)

    def serve(self, reads: Iterable[CachedRead]) -> None:
        """Count reads of the cache as used by the operation."""
        assert self._cached is not None
        for read in reads:
            self._cached.serve(*read)

    async def read_lists(self, source: Source, ask: Ask[Any]) -> None:
        """Read lists whose keys need no read, and that cost much less than point reads, for a later ask."""
        paths = [path for path in usable_paths(source, ask) if path.coarse_keys_from is None]
        point_calls = self._costs.point_calls(source, ask) if paths else {}
        if not any(point_calls.values()) or self._costs.is_strict(source):
            return
        ways = await self._ways(source, ask, paths, point_calls, ())
        choice = self._choose(source, point_calls, ways)
        if choice.calls <= MAX_AHEAD_SHARE * sum(point_calls.values()):
            reads = zip(ways, choice.coarse_keys, strict=True)
            asks = [coarse_ask(ask, way.path, keys) for way, keys in reads if keys]
            await asyncio.gather(*[self._fetch(source, read) for read in asks])

    async def _answers(self, source: Source, ask: Ask[Any], active: Active) -> Answers:
        paths = usable_paths(source, ask, active)
        point_calls = self._costs.point_calls(source, ask) if paths else {}
        if not any(point_calls.values()):
            return await self._fetch(source, ask)
        ways = await self._ways(source, ask, paths, point_calls, active)
        choice = self._choose(source, point_calls, ways)
        if await count_lists(source, ask, ways, choice.calls, fetch=self._fetch, costs=self._costs):
            ways = [self._costs.way(source, ask, way.path, way.named, point_calls) for way in ways]
            choice = self._choose(source, point_calls, ways)
        others = self._costs.count_other_ways(source, ask, ways, choice, point_calls)
        answers: Answers = {}
        try:
            answers = await self._chosen_answers(source, ask, ways, choice)
            return answers
        finally:
            self._costs.settle(source, others, answers)

    async def _chosen_answers(
        self, source: Source, ask: Ask[Any], ways: Sequence[Way[Any]], choice: Choice[Any]
    ) -> Answers:
        """Read as chosen, and one by one what the lists leave open."""
        answers = {key: answer for way in ways for key, answer in way.named.failed.items()}
        point_keys = set(ask.keys).difference(*choice.keys, *(way.named.unknown for way in ways), answers)
        parts = [
            self._coarse_answers(source, ask, way, choice.coarse_keys[index], choice.keys[index])
            for index, way in enumerate(ways)
            if choice.keys[index]
        ]
        if point_keys:
            parts.append(self._point_answers(source, with_keys(ask, filter(point_keys.__contains__, ask.keys))))
        unanswered: list[Any] = []
        for part, remaining in await asyncio.gather(*parts):
            answers.update(part)
            unanswered += remaining
        if unanswered:
            answers.update(await self._fetch(source, with_keys(ask, unanswered)))
        return answers

    def join(self, batcher: Batcher) -> None:
        """Use the batches of `batcher`, which has all asks of the operation and may wait for lists."""
        self._costs.batcher = batcher.joined_by(self._fetch)

    def _choose(self, source: Source, point_calls: Mapping[Any, float], ways: Sequence[Way[Any]]) -> Choice[Any]:
        gate = gate_of(source.adapter.http)
        concurrency = source.adapter.settings.concurrency if gate is None else gate.concurrency
        return choose(point_calls, ways, concurrency, strict=self._costs.is_strict(source))

    async def _ways(
        self,
        source: Source,
        ask: Ask[Any],
        paths: Sequence[AccessPath[Any]],
        point_calls: Mapping[Any, float],
        active: Active,
    ) -> list[Way[Any]]:
        """The paths that may be cheaper, with their coarse keys: these are read only where that may pay."""
        missing = with_keys(ask, [key for key, calls in point_calls.items() if calls])
        ways: list[Way[Any]] = []
        unnamed: list[tuple[Estimate, AccessPath[Any]]] = []
        for path in paths:
            if path.coarse_keys_from is None:
                named = known_coarse_keys(source, missing, path)
                ways.append(self._costs.way(source, ask, path, named, point_calls))
            else:
                unnamed.append((self._costs.estimate(source, missing, path, active), path))
        named_by: set[Any] = set()
        for estimate, path in sorted(unnamed, key=lambda item: item[0]):
            is_free = not estimate.naming_calls or path.coarse_keys_from in named_by
            if not is_free and estimate.calls >= self._choose(source, point_calls, ways).calls:
                continue
            named_by.add(path.coarse_keys_from)
            keys_ask = coarse_keys_ask(missing, path)
            if self._costs.batcher.holds(source, keys_ask):
                answers = await self._costs.batcher(source, keys_ask)
            else:
                answers = await self._answers(source, keys_ask, (*active, ask.lookup.method))
            named = named_coarse_keys(path, keys_ask.keys, answers)
            self._costs.learned.record_coarse_keys(source, ask.lookup, path, len(missing.keys), named)
            ways.append(self._costs.way(source, ask, path, named, point_calls))
        return ways

    async def _point_answers(self, source: Source, ask: Ask[Any]) -> tuple[Answers, list[Any]]:
        return await self._fetch(source, ask), []

    async def _coarse_answers(
        self, source: Source, ask: Ask[Any], way: Way[Any], coarse_keys: frozenset[Any], keys: Sequence[Any]
    ) -> tuple[Answers, list[Any]]:
        """Read coarse keys; returns the answers to the keys that they answer, and the keys without an answer."""
        read_ask = coarse_ask(ask, way.path, coarse_keys)
        answers = await self._fetch(source, read_ask) if coarse_keys else {}
        read = CoarseRead(source, ask, way.path, read_ask, answers)
        groups = await self._groups.get(read)
        self._count_requests(read, way, keys, groups)
        return answers_by_key(read, way, keys, groups)

    def _count_requests(
        self, read: CoarseRead, way: Way[Any], keys: Collection[Any], groups: Mapping[Any, Groups]
    ) -> None:
        """Count keys that are requested for the first time since their coarse answer was read."""
        requested: dict[Any, int] = {}
        for coarse_key, group in groups.items():
            before = len(group.requested)
            group.requested.update(key for key in keys if coarse_key in way.coarse_keys_of[key])
            requested[coarse_key] = len(group.requested) - before
        self._costs.count_coarse_reads(read.source, read.ask, read.coarse_ask, requested)

    def _cached_coarse_answers(
        self, source: Source, ask: Ask[Any], active: Active, reads: list[CachedRead]
    ) -> Answers | None:
        """The answers from coarse answers that are cached and sorted, and the reads that they are made from."""
        for path in usable_paths(source, ask, active):
            path_reads: list[CachedRead] = []
            if path.coarse_keys_from is None:
                named = known_coarse_keys(source, ask, path)
            else:
                keys_ask = coarse_keys_ask(ask, path)
                answers = self._cached_answers(source, keys_ask, (*active, ask.lookup.method), path_reads)
                if answers is None:
                    continue
                named = named_by_cached(path, keys_ask.keys, answers)
            if len(named.coarse_keys_of) + len(named.unknown) < len(ask.keys):
                continue
            read_ask = coarse_ask(ask, path, named.all_coarse_keys)
            coarse_answers = self._cached_answers(source, read_ask, (), path_reads, use_paths=False)
            if coarse_answers is None:
                continue
            read = CoarseRead(source, ask, path, read_ask, coarse_answers)
            groups = self._groups.known(read)
            batch = self._batch(read, named, groups) if groups is not None else None
            if batch is not None:
                reads += path_reads
                return batch
        return None

    def _batch(
        self, read: CoarseRead, named: NamedCoarseKeys[Any], groups: Mapping[Any, Groups]
    ) -> Answers | None:
        """The answers to an ask from coarse answers; None if a key needs a point read. Equal asks share them."""
        batches = batches_beside(read, groups)
        coarse_answers = read.answers if len(groups) == 1 else None
        name = (groups_name(read), read.ask.keys)
        batch = batches.get(name)
        if batch is not None and batch.coarse_answers is coarse_answers and batch.named.is_same(named):
            return batch.answers
        way, keys = Way(read.path, named, {}), named.coarse_keys_of.keys()
        answers, unanswered = answers_by_key(read, way, keys, groups)
        if unanswered:
            return None
        self._count_requests(read, way, keys, groups)
        shared = SharedBatch(answers)
        if len(answers) <= getattr(batches, "maxsize", 0):
            batches[name] = Batch(shared, named, coarse_answers)
        return shared

    def _cached_answers(
        self, source: Source, ask: Ask[Any], active: Active, reads: list[CachedRead], *, use_paths: bool = True
    ) -> Answers | None:
        """The cached answers to an ask; None if a source must be asked, now or in the background."""
        assert self._cached is not None
        read = self._cached.look_up(source, ask)
        if not read.missing and not read.to_refresh:
            reads.append((source, ask, read))
            return read.answers
        return self._from_lists(source, ask, active, read, reads) if use_paths else None

    def _from_lists(
        self, source: Source, ask: Ask[Any], active: Active, read: CacheRead, reads: list[CachedRead]
    ) -> Answers | None:
        """The answers to an ask from cached coarse answers, or from these and those that a read has."""
        answers = self._cached_coarse_answers(source, ask, active, reads)
        if answers is not None or read.to_refresh or len(read.missing) == len(ask.keys):
            return answers
        part_reads: list[CachedRead] = []
        coarse = self._cached_coarse_answers(source, with_keys(ask, read.missing), active, part_reads)
        others = with_keys(ask, sorted(set(ask.keys).difference(read.missing)))
        points = self._cached_answers(source, others, (), part_reads, use_paths=False)
        if coarse is None or points is None:
            return None
        reads += part_reads
        return mixed(coarse, points)
