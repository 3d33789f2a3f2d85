"""Processes of a fleet on a real Redis, for tests."""

from __future__ import annotations

from dataclasses import dataclass

from student_graph.adapters.sources import District
from student_graph.gateway.cache.encryption import Vault
from student_graph.gateway.cache.fleet import Fleet
from student_graph.gateway.cache.replicas import Replicas
from tests.gateway.cache.small_cache import Kept, until
from tests.gateway.redis_server import RedisServer
from tests.gateway.small_district import DISTRICT, Ledger, Sis, event, source


@dataclass
class Process:
    """One of the fleet."""

    kept: Kept
    fleet: Fleet

    async def caught_up(self) -> None:
        """Until it knows what was told before."""

        async def there() -> bool:
            return self.fleet.there

        await until(there)


def start(
    server: RedisServer, name: str, *, seconds: float = 0.05, key: bytes = b"k" * 32, patience: float = 1.0
) -> Process:
    """A process of the fleet of that name; it is told to begin by the test."""
    ledger = Ledger(students=[f"s{n}" for n in range(600)], events=[event("s1", "1", day) for day in (3, 4)])
    fleet = Fleet(server.url, Vault(key), name=name, patience=patience)
    district = District(DISTRICT, "Hill", (source(Sis, ledger, "sis"),))
    others = Replicas(fleet, {DISTRICT: district})
    return Process(Kept(ledger=ledger, seconds=seconds, others=others), fleet)


def calls(processes: list[Process]) -> int:
    """Calls of all processes to the vendor."""
    return sum(len(process.kept.calls) for process in processes)
