"""Names whose servers are dead hold up nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.gateway.http import names
from student_graph.gateway.http.names import SystemResolver


class Lookups:
    """The names that were looked up, each in a thread."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._begun = threading.Semaphore(0)

    def begin(self, name: str) -> None:
        """Note a lookup."""
        self.names.append(name)
        self._begun.release()

    async def wait_for(self, count: int) -> None:
        """Wait, in a thread of the event loop's pool, until so many more lookups have begun."""
        for _ in range(count):
            assert await asyncio.to_thread(self._begun.acquire, timeout=60)


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lookups]:
    """Lookups of names that begin with `dead` wait until the test ends; others are answered at once."""
    ends, lookups = threading.Event(), Lookups()

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        lookups.begin(host)
        if host.startswith("dead"):
            ends.wait()
            raise socket.gaierror("no answer")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(names.socket, "getaddrinfo", getaddrinfo)
    yield lookups
    ends.set()


async def test_dead_names_of_one_source_take_no_threads_from_others(lookups: Lookups) -> None:
    """With a hundred lookups of dead names, another source has its address, and threads of the loop are free."""
    dead, living = SystemResolver(), SystemResolver()
    waiting = [asyncio.create_task(dead(f"dead-{n % 2}", 443, socket.AF_INET)) for n in range(100)]
    [(*_, address)] = await living("living", 443, socket.AF_INET)
    assert address == ("10.0.0.1", 443)
    await lookups.wait_for(3)
    assert sorted(lookups.names) == ["dead-0", "dead-1", "living"]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_lookup_that_nobody_waits_for_goes_on_and_is_shared(lookups: Lookups) -> None:
    """Who asks again for a name after giving up waits for the same thread."""
    resolver = SystemResolver()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver("dead", 443, socket.AF_INET), 0.001)
    await lookups.wait_for(1)
    assert lookups.names == ["dead"]


async def test_a_name_without_addresses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of the system arrives, and the next lookup asks again."""
    lookups = Lookups()

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        lookups.begin(host)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(names.socket, "getaddrinfo", getaddrinfo)
    resolver = SystemResolver()
    for _ in range(2):
        with pytest.raises(OSError, match="no such name"):
            await resolver("none", 443, socket.AF_INET)
    assert lookups.names == ["none", "none"]
