"""Operations that want one table at the same time compute it once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.sources import District
from student_graph.gateway.cache import CachedFetch, Dependencies
from student_graph.gateway.cache.table_cache import TableCache
from student_graph.gateway.fetch.cache_view import OperationTables
from student_graph.resolvers.access import TableKey, TableScope
from student_graph.resolvers.operation import Operation
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness
from tests.gateway.small_district import DISTRICT

MAX_TURNS = 100
"""Turns of the event loop within which all operations have begun."""


@dataclass
class Stage:
    """Operations that want one table, which is computed when `released` is set."""

    memory: int = 100_000
    computed: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    """How many of the first computations fail."""

    def __post_init__(self) -> None:
        self.harness = CacheHarness()
        cache = self.harness.cache
        cache.tables = TableCache(cache.store, self.memory, self.harness.clock)
        nothing: frozenset[Any] = frozenset()
        self.key = TableKey(TableScope(DISTRICT, date(2026, 11, 20), None, nothing, nothing, nothing), "names", 1)

    def get(self) -> Coroutine[Any, Any, list[str]]:
        """Return the table as a new operation wants it."""
        operation = Operation(dependencies=Dependencies())
        district = District(DISTRICT, "Hill", ())

        def start_part(part: Operation, _table: Any) -> Any:
            return nullcontext(part)

        tables = OperationTables(self.harness.cache.tables, {DISTRICT: district}, operation, start_part)
        return tables.get(self.key, self._compute, lambda _: 1000)

    async def _compute(self, context: Any) -> list[str]:
        part = context.enter_result
        self.computed += 1
        number = self.computed
        await self.released.wait()
        if number <= self.failures:
            raise UnavailableError("failing (503)")
        deadline = asyncio.get_running_loop().time() + 600
        fetch = CachedFetch(self.harness.cache, part.traffic, part.staleness, part.dependencies, deadline)
        return sorted(await fetch(self.harness.source, Ask(STUDENTS, ("s1",))))

    async def start(self, count: int) -> list[asyncio.Task[list[str]]]:
        """Start so many operations, until each computes or waits."""
        tasks = [asyncio.create_task(self.get()) for _ in range(count)]
        for _ in range(MAX_TURNS):
            await asyncio.sleep(0)
        return tasks


async def test_a_table_is_computed_once_for_all_that_wait() -> None:
    """Ten equal requests at the same time make one computation, and all have its result."""
    stage = Stage()
    tasks = await stage.start(10)
    assert stage.computed == 1
    stage.released.set()
    assert await asyncio.gather(*tasks) == [["s1"]] * 10
    assert stage.computed == 1


async def test_another_one_computes_if_the_first_is_cancelled() -> None:
    """A client that leaves takes nothing from those that wait: one of them computes."""
    stage = Stage()
    first, *others = await stage.start(3)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    stage.released.set()
    assert await asyncio.gather(*others) == [["s1"]] * 2
    assert stage.computed == 2


async def test_one_that_leaves_while_it_waits_cancels_nothing() -> None:
    """One that leaves while it waits cancels neither the computation nor the others."""
    stage = Stage()
    first, second, third = await stage.start(3)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    stage.released.set()
    assert await asyncio.gather(first, third) == [["s1"]] * 2
    assert stage.computed == 1


async def test_a_failure_is_of_the_one_that_computed() -> None:
    """The others compute for themselves, and not one after the other."""
    stage = Stage(failures=1)
    tasks = await stage.start(3)
    stage.released.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], UnavailableError)
    assert results[1:] == [["s1"]] * 2
    assert stage.computed == 3


async def test_nobody_waits_where_nothing_is_kept() -> None:
    """Without memory for tables each operation computes at once."""
    stage = Stage(memory=0)
    tasks = await stage.start(3)
    assert stage.computed == 3
    stage.released.set()
    assert await asyncio.gather(*tasks) == [["s1"]] * 3
