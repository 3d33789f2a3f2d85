"""
Access paths: one coarse read, such as a whole school's attendance, in place of many point reads.

The choice changes the cost, never the answer: a coarse read answers a key only if all coarse keys of that key
are known and were read. Authorization is above, so coarse answers are shared by all viewers; they are sorted by key
before they leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import AccessPath
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache import CachedFetch
from student_graph.gateway.cache.read import CacheRead
from student_graph.gateway.fetch.cache_view import NoView, View
from student_graph.gateway.fetch.coarse_answers import CoarseReads, Groups, answers_by_key, coarse_ask, with_keys
from student_graph.gateway.fetch.learned_costs import LearnedCosts
from student_graph.gateway.fetch.way_choice import Choice, Way, choose
from student_graph.gateway.fetch.way_costs import (
    Active,
    KeysToRequest,
    WayCosts,
    coarse_keys_ask,
    coarse_keys_by_key,
    known_way,
    named_coarse_keys,
    usable_paths,
)


class RoutedFetch:
    """A `Fetch` that answers each ask by point reads, coarse reads, or a mix: by what needs the fewest calls."""

    def __init__(
        self,
        fetch: Fetch,
        learned: LearnedCosts | None = None,
        view: View | None = None,
        keys_to_request: KeysToRequest | None = None,
        cached: CachedFetch | None = None,
    ) -> None:
        """
        Read by `fetch`, which reads each key of a lookup once in an operation.

        `keys_to_request` says which keys it would ask a source for. `cached` answers without waiting.
        """
        self._fetch = fetch
        view = view or NoView()
        self._costs = WayCosts(learned or LearnedCosts(), view, keys_to_request or view.keys_to_request)
        self._reads = CoarseReads(view)
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
        answers = self._cached.from_cache(source, ask)
        if answers is not None or ask.lookup.method not in source.adapter.paths:
            return answers
        reads: list[tuple[Ask[Any], CacheRead]] = []
        answers = self._cached_coarse_answers(source, ask, (), reads)
        if answers is not None:
            for read, cache_read in reads:
                self._cached.serve(source, read, cache_read)
        return answers

    async def _answers(self, source: Source, ask: Ask[Any], active: Active) -> Answers:
        paths = usable_paths(source, ask, active)
        point_calls = self._costs.point_calls(source, ask) if paths else {}
        if not any(point_calls.values()):
            return await self._fetch(source, ask)
        ways = await self._ways(source, ask, paths, point_calls, active)
        choice = self._choose(source, point_calls, ways)
        point_keys = set(ask.keys).difference(*choice.keys)
        for way in ways:
            self._costs.count_point_reads(source, ask, way, {key: point_calls[key] for key in point_keys})
        parts = [
            self._coarse_answers(source, ask, way, choice.coarse_keys[index], choice.keys[index])
            for index, way in enumerate(ways)
            if choice.keys[index]
        ]
        if point_keys:
            parts.append(self._point_answers(source, ask, [key for key in ask.keys if key in point_keys]))
        answers: dict[Any, Answer[Any]] = {}
        unanswered: list[Any] = []
        for part, remaining in await asyncio.gather(*parts):
            answers.update(part)
            unanswered += remaining
        if unanswered:
            answers.update(await self._fetch(source, with_keys(ask, unanswered)))
        return answers

    def _choose(self, source: Source, point_calls: Mapping[Any, float], ways: Sequence[Way[Any]]) -> Choice[Any]:
        concurrency = source.adapter.settings.concurrency
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
        unknown: list[tuple[float, AccessPath[Any]]] = []
        for path in paths:
            if path.coarse_keys_from is None:
                coarse_keys = named_coarse_keys(source, ask, path)
                coarse_keys_of = dict.fromkeys(missing.keys, coarse_keys)
                ways.append(self._costs.way(source, ask, path, coarse_keys_of, point_calls))
            else:
                unknown.append((self._costs.estimate(source, missing, path, active), path))
        for estimate, path in sorted(unknown, key=lambda item: item[0]):
            keys_ask = coarse_keys_ask(missing, path)
            if self._costs.keys_to_request(source, keys_ask) and (
                estimate >= self._choose(source, point_calls, ways).calls
            ):
                continue
            answers = await self._answers(source, keys_ask, (*active, ask.lookup.method))
            coarse_keys_of = coarse_keys_by_key(path, answers)
            count = len(frozenset().union(*set(coarse_keys_of.values())))
            self._costs.learned.record_coarse_keys(source, ask.lookup, path, len(missing.keys), count)
            if coarse_keys_of:
                ways.append(self._costs.way(source, ask, path, coarse_keys_of, point_calls))
        return ways

    async def _point_answers(
        self, source: Source, ask: Ask[Any], keys: Sequence[Any]
    ) -> tuple[Answers, list[Any]]:
        return await self._fetch(source, with_keys(ask, keys)), []

    async def _coarse_answers(
        self, source: Source, ask: Ask[Any], way: Way[Any], coarse_keys: frozenset[Any], keys: Sequence[Any]
    ) -> tuple[Answers, list[Any]]:
        """Read coarse keys; returns the answers to the keys that they answer, and the keys without an answer."""
        read = coarse_ask(ask, way.path, coarse_keys)
        answers = await self._fetch(source, read)
        groups = await self._reads.groups(source, ask, way.path, read, answers)
        self._count_requests(source, ask, way, read, keys, groups)
        return answers_by_key(ask, way, keys, answers, groups)

    def _count_requests(
        self,
        source: Source,
        ask: Ask[Any],
        way: Way[Any],
        read: Ask[Any],
        keys: Sequence[Any],
        groups: Mapping[Any, Groups],
    ) -> None:
        """Count keys that are requested for the first time since their coarse answer was read."""
        requested: dict[Any, int] = {}
        for coarse_key, group in groups.items():
            before = len(group.requested)
            group.requested.update(key for key in keys if coarse_key in way.coarse_keys_of[key])
            requested[coarse_key] = len(group.requested) - before
        self._costs.count_coarse_reads(source, ask, read, requested)

    def _cached_coarse_answers(
        self, source: Source, ask: Ask[Any], active: Active, reads: list[tuple[Ask[Any], CacheRead]]
    ) -> Answers | None:
        """The answers from coarse answers that are cached and sorted, and the reads that they are made from."""
        for path in usable_paths(source, ask, active):
            path_reads: list[tuple[Ask[Any], CacheRead]] = []
            if path.coarse_keys_from is None:
                coarse_keys_of = dict.fromkeys(ask.keys, named_coarse_keys(source, ask, path))
            else:
                keys_ask = coarse_keys_ask(ask, path)
                answers = self._cached_answers(source, keys_ask, (*active, ask.lookup.method), path_reads)
                coarse_keys_of = coarse_keys_by_key(path, answers or {})
                if len(coarse_keys_of) < len(ask.keys):
                    continue
            read = coarse_ask(ask, path, frozenset().union(*set(coarse_keys_of.values())))
            coarse_answers = self._cached_answers(source, read, (), path_reads, use_paths=False)
            if coarse_answers is None:
                continue
            groups = self._reads.known_groups(source, ask, path, read, coarse_answers)
            if groups is None:
                continue
            way = known_way(path, coarse_keys_of, {})
            by_key, unanswered = answers_by_key(ask, way, ask.keys, coarse_answers, groups)
            if not unanswered:
                self._count_requests(source, ask, way, read, ask.keys, groups)
                reads += path_reads
                return by_key
        return None

    def _cached_answers(
        self,
        source: Source,
        ask: Ask[Any],
        active: Active,
        reads: list[tuple[Ask[Any], CacheRead]],
        *,
        use_paths: bool = True,
    ) -> Answers | None:
        """The cached answers to an ask; None if a source must be asked, now or in the background."""
        assert self._cached is not None
        read = self._cached.look_up(source, ask)
        if not read.missing and not read.to_refresh:
            reads.append((ask, read))
            return read.answers
        return self._cached_coarse_answers(source, ask, active, reads) if use_paths else None
