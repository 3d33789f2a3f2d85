"""Processes of a fleet on a real Redis, for tests."""

from __future__ import annotations

from dataclasses import dataclass

from student_graph.adapters.sources import District
from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.redis_fleet import RedisFleet
from student_graph.gateway.cache.fleet.redis_store import RedisStore
from tests.gateway.cache.small_cache import CacheHarness, wait_until
from tests.gateway.redis_server import RedisServer
from tests.gateway.small_district import DISTRICT, Ledger, Sis, event, source

REDIS_SECONDS = 60.0
"""Timeout of one operation, which no machine reaches. A Redis that was killed fails at once."""


@dataclass
class Process:
    """One process of a fleet: its cache and its connection to Redis."""

    harness: CacheHarness
    store: RedisStore

    async def has_joined(self) -> None:
        """Wait until the process has received all earlier events."""

        async def is_usable() -> bool:
            return self.store.is_usable

        await wait_until(is_usable)


def create_process(
    server: RedisServer,
    name: str,
    *,
    vendor_seconds: float = 0.05,
    key: bytes = b"k" * 32,
    timeout: float = REDIS_SECONDS,
) -> Process:
    """A process of the fleet with that name. The test starts its cache."""
    ledger = Ledger(students=[f"s{n}" for n in range(600)], events=[event("s1", "1", day) for day in (3, 4)])
    store = RedisStore(server.url, Encryptor(key), name=name, timeout=timeout)
    district = District(DISTRICT, "Hill", (source(Sis, ledger, "sis"),))
    fleet = RedisFleet(store, {DISTRICT: district})
    return Process(CacheHarness(ledger=ledger, vendor_seconds=vendor_seconds, fleet=fleet), store)


def count_calls(processes: list[Process]) -> int:
    """The number of calls of all processes to the vendor."""
    return sum(len(process.harness.calls) for process in processes)
