"""
The cache of operations: the sources' answers, and complete responses and tables that were computed from them.

It stands between the operations and the adapters and knows no viewers: the layer above decides which answers a
viewer may see, each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache.answers import AnswerCache
from student_graph.gateway.cache.entries import Bucket
from student_graph.gateway.cache.lifetimes import Lifetimes
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.response_cache import ResponseCache
from student_graph.gateway.cache.table_cache import TableCache


class Cache:
    """
    What all operations under the same settings share.

    The answers outlive the settings. Responses and tables do not, because they depend on grants, limits and the
    meanings of codes.
    """

    def __init__(
        self,
        answers: AnswerCache,
        districts: Mapping[DistrictId, District],
        limits: Limits | None = None,
        *,
        vendor_wait: Callable[[], AbstractContextManager[None]] = nullcontext,
        on_serve: Callable[[Source, int, int, float], None] = lambda *_: None,
    ) -> None:
        """
        Cache responses and tables of these districts beside `answers`, within limits.

        An operation is inside `vendor_wait()` while it waits for a source. `on_serve` is called when cached
        answers are served. It gets the source, the number of answers, how many of them are stale, and the age of
        the oldest one in seconds.
        """
        self.limits = limits or Limits()
        self.answers = answers
        self.clock, self.store, self.in_flight = answers.clock, answers.store, answers.in_flight
        self.on_serve = on_serve
        self.vendor_wait = vendor_wait
        self.responses = ResponseCache(self.store, districts, self.limits.response_memory, self.clock)
        weights: dict[Hashable, float] = {name: district.weight for name, district in districts.items()}
        self.tables = TableCache(self.store, self.limits.table_memory, self.clock, weights=weights)
        self._districts = districts

    def start(self) -> None:
        """Use the districts and limits, and start to share with the fleet, if there is one."""
        self.answers.configure(self._districts, self.limits)
        self.answers.add_purge_listener(self.tables.purge)
        self.answers.start()

    def clear(self) -> None:
        """Drop responses and tables, because the settings have changed."""
        self.answers.remove_purge_listener(self.tables.purge)
        self.responses.clear()
        self.tables.clear()

    async def close(self) -> None:
        """Cancel all requests, and leave the fleet."""
        self.clear()
        await self.tables.running.close()
        await self.answers.close()

    def prefers_stale(self, source: Source, bucket: Bucket) -> bool:
        """Whether a stale answer is better than waiting: the source failed recently, or its gate is closed."""
        return self.answers.prefers_stale(source, bucket)

    def refresh_in_background(self, source: Source, ask: Ask[Any], keys: Sequence[Any]) -> None:
        """Request keys that were served stale, unless their source failed a few seconds ago."""
        self.answers.refresh_in_background(source, ask, keys)

    async def purge(self, purge: Purge) -> int:
        """Remove the answers that a purge includes, here and in the fleet; returns how many were removed here."""
        self.tables.purge(purge)
        return await self.answers.purge(purge)

    def counts(self) -> dict[str, Any]:
        """What is cached now, for operators."""
        responses = {"wholeAnswers": len(self.responses), "wholeBytes": self.responses.used_bytes}
        return self.answers.counts() | responses

    def lifetimes(self, source: Source, ask: Ask[Any]) -> Lifetimes:
        """How long the answers to an ask are fresh, stale and usable."""
        return self.answers.lifetimes(source, ask)

    def record_timeout(self, source: Source, ask: Ask[Any], error: AdapterError) -> None:
        """Record that a source answered no key of an ask within its timeout."""
        self.answers.record_timeout(source, ask, error)
