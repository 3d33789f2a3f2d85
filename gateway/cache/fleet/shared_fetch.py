"""
Fetches each answer once per fleet: uses what other processes stored, and waits for what they are fetching.

A process claims an answer in Redis before it asks the source. Restricted classes of data stay in the memory of the
process that fetched them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.fleet.codec import answer_digests
from student_graph.gateway.cache.fleet.redis_store import RedisStore, RedisUnavailableError
from student_graph.gateway.cache.fleet.shared_request import SharedRequest
from student_graph.gateway.cache.lifetimes import lifetimes_of
from student_graph.gateway.cache.purges import PurgeLog


class SharedFetch:
    """A `Fetch` that looks for answers in the fleet first."""

    def __init__(
        self,
        fetch: Fetch,
        store: RedisStore,
        districts: Mapping[DistrictId, District],
        purges: PurgeLog,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Call `fetch` for answers that no process has.

        `clock` returns seconds since 1970, the same in all processes.
        """
        self.fetch, self.store, self.purges, self.clock = fetch, store, purges, clock
        self._districts = districts
        self._digest_secret = store.digest_secret
        self._releasing: set[asyncio.Task[None]] = set()

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask, from Redis, from another process or from the source."""
        if ask.lookup.sensitivity.restricted or not self.store.is_usable:
            return await self.fetch(source, ask)
        lifetimes = lifetimes_of(source, ask, self._districts.get(source.district))
        digests = answer_digests(self._digest_secret, source, ask)
        return await SharedRequest(self, source, ask, lifetimes, digests).answers()

    def release_in_background(self, request_id: str, errors: Mapping[str, str]) -> None:
        """Release a request's claims without making its caller wait."""

        async def release() -> None:
            with suppress(RedisUnavailableError):
                await self.store.release(request_id, errors)

        task = asyncio.create_task(release())
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)
