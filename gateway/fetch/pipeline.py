"""How operations ask: the chain from a viewer's question to the adapters, put together in one place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source, Sources
from student_graph.gateway.authorization.policy import authorized
from student_graph.gateway.authorization.reach_cache import ReachCache
from student_graph.gateway.cache import TrackedOperation, Cache, Limits, Fleet, CachedFetch
from student_graph.gateway.fetch.access_paths import routed
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.identity import identified
from student_graph.gateway.fetch.vendor import bounded, fetch_from_vendor
from student_graph.gateway.telemetry import Telemetry, traced
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Health, Signer, Viewer

OPERATION_TIMEOUT_SECONDS = 10.0
"""Seconds that an operation may take."""


class FetchPipeline:
    """What the operations of one process share: districts, cache, counts."""

    def __init__(
        self,
        districts: Sequence[District],
        signer: Signer,
        limits: Limits | None = None,
        others: Fleet | None = None,
        *,
        dependents: frozenset[DistrictId] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
        vendor_wait: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """
        Operations on these districts; `limits` bound what is kept between them, `others` share it.

        Parents in the districts of `dependents` keep their rights when a child comes of age; `clock` counts
        seconds.
        An operation is inside `vendor_wait()` while it waits for a source.
        """
        self.districts = {district.id: district for district in districts}
        self.telemetry = Telemetry()
        asked = traced(bounded(fetch_from_vendor), self.telemetry)
        self.cache = Cache(asked, self.districts, limits, others, clock, vendor_wait=vendor_wait)
        self.scopes = ReachCache(self.districts, self._asking, self.cache.clock, dependents)
        self._signer = signer

    def begin(self, viewer: Viewer) -> Context:
        """What the resolvers of one operation use."""
        chain, operation = self._asking(OPERATION_TIMEOUT_SECONDS)
        reach = partial(self._reach, viewer, operation)
        fetch = authorized(chain, viewer, self.districts, reach, operation)
        health = partial(self._health, operation)
        return Context(viewer, Sources(self.districts, fetch), operation, self._signer, health, reach)

    async def close(self) -> None:
        """End what nobody waits for."""
        await self.scopes.close()
        await self.cache.close()

    def _asking(self, seconds: float) -> tuple[Fetch, TrackedOperation]:
        """How to ask the sources for so many seconds, and what tells of it."""
        operation = TrackedOperation()
        return self._chain(CachedFetch(self.cache, operation, asyncio.get_running_loop().time() + seconds)), operation

    async def _reach(self, viewer: Viewer, operation: TrackedOperation, district: DistrictId) -> Reach:
        """Whom the viewer may see in a district; the operation's answer rests on it too."""
        scope = await self.scopes.find(viewer, district)
        operation.dependencies.add_reach(scope.batches, scope.until, complete=scope.complete)
        return scope.reach

    def _health(self, operation: TrackedOperation, source: Source) -> Health:
        """What is known of a source; it changes by the second, and an answer that tells it is not kept whole."""
        operation.dependencies.complete = False
        return self.telemetry.health(source)

    def _chain(self, reading: CachedFetch) -> Fetch:
        """
        authorized -> shared -> identified -> routed -> shared -> cached -> traced -> bounded -> adapter.

        Shared stands twice: outside, so that identity and access paths see all keys of a field at once; inside, so
        that the lookups which those two add (identities, coarse reads) are asked once, whoever needs them. An ask
        that neither of the two changes goes by the inner flights alone. What is at hand in the cache takes none.
        """
        once = Batcher(reading, at_hand=reading.at_hand)
        known = Batcher(routed(once, once), at_hand=reading.at_hand)
        merged = Batcher(identified(known, self.districts, self.telemetry), turns=2)
        plain = once.waiting(turns=2)

        async def fetch(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
            is_plain = source.identity is None and ask.lookup.method not in source.adapter.paths
            return await (plain if is_plain else merged)(source, ask)

        return fetch
