"""The table of a large district goes on when a request's time is over, and those who ask again wait for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.sources import District
from student_graph.gateway.cache import BackgroundLimits, CachedFetch, Dependencies, Purge
from student_graph.gateway.cache.in_flight import long_tables
from student_graph.gateway.cache.in_flight.long_tables import LongTable, LongTables
from student_graph.gateway.cache.table_cache import PURGED_SECONDS, TableCache
from student_graph.gateway.fetch.cache_view import OperationTables
from student_graph.resolvers.access import TableKey, TableScope
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.operation import Operation
from tests.gateway.cache.small_cache import EVENTS, THIS_YEAR, CacheHarness
from tests.gateway.small_district import DISTRICT

NOTHING: frozenset[Any] = frozenset()
FRESH_SECONDS = EVENTS.fresh.total_seconds()
SOURCE = "hill/sis"


@dataclass
class Stage:
    """Requests whose time is over at once, and a table that is computed when `released` is set."""

    computed: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    has_read: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the computation has its answers."""
    is_large: bool = True
    """Whether the table is one of many students."""
    limits: BackgroundLimits | None = None
    result: Any = None
    """What is computed; the students with answers for None."""

    def __post_init__(self) -> None:
        self.harness = CacheHarness()
        cache = self.harness.cache
        self.tables = cache.tables = TableCache(cache.store, 100_000, self.harness.clock)
        self.tables.running = LongTables(self.limits)
        self.key = TableKey(TableScope(DISTRICT, date(2026, 11, 20), None, NOTHING, NOTHING, NOTHING), "counts", 1)
        self.operation = Operation(dependencies=Dependencies())
        """The last operation."""

    async def get(self, key: TableKey | None = None, seconds: float = 0.0) -> Any:
        """Return the table for a new operation that has so many seconds."""

        def start_part(part: Operation, table: LongTable | None) -> Any:
            return part, table

        self.operation = Operation(dependencies=Dependencies())
        deadline = asyncio.get_running_loop().time() + seconds
        tables = OperationTables(
            self.tables, {DISTRICT: District(DISTRICT, "Hill", ())}, self.operation, start_part, deadline
        )
        return await tables.get(key or self.key, self._compute, lambda _: 1000, goes_on=True)

    async def late(self, key: TableKey | None = None) -> None:
        """Ask for the table in an operation whose time ends before it is computed."""
        with pytest.raises(UnavailableError) as raised:
            await self.get(key)
        assert (raised.value.code, raised.value.retryable) == ("DEADLINE", True)

    async def end(self) -> None:
        """Let the table be computed to its end."""
        table = self.tables.running.get(self.key)
        assert table is not None
        self.released.set()
        await asyncio.wait([table.task])

    async def _compute(self, context: Any) -> Any:
        part, table = context
        if self.is_large:
            table.extend()
        self.computed += 1
        until = asyncio.get_running_loop().time() + 600
        dependencies = part.dependencies.forgetting()
        fetch = CachedFetch(self.harness.cache, part.traffic, part.staleness, dependencies, until)
        answers = await fetch(self.harness.source, Ask(EVENTS, ("s1",), THIS_YEAR))
        self.has_read.set()
        await self.released.wait()
        return sorted(answers) if self.result is None else self.result


async def test_a_table_goes_on_when_the_time_of_its_request_is_over() -> None:
    """The next requests wait for the same computation, and one after it gets what was kept."""
    stage = Stage()
    await stage.late()
    await stage.late()
    waiting = asyncio.create_task(stage.get(seconds=600.0))
    await asyncio.sleep(0)
    await stage.end()
    assert await waiting == await stage.get() == ["s1"]
    assert (stage.computed, len(stage.harness.calls)) == (1, 1)
    assert stage.operation.traffic.by_source[SOURCE].calls == 0
    assert stage.operation.traffic.by_source[SOURCE].stale == 0


async def test_a_table_of_few_students_ends_with_the_time_of_its_request() -> None:
    """What it lacks then is an error of its own: the request waits for the table that says so."""
    stage = Stage(is_large=False)
    waiting = asyncio.create_task(stage.get())
    await stage.has_read.wait()
    await stage.end()
    assert await waiting == ["s1"]


async def test_a_table_that_took_longer_than_its_answers_are_fresh_is_marked_as_stale() -> None:
    """Whoever asks again gets it, for three times as long as it took."""
    stage = Stage()
    await stage.late()
    await stage.has_read.wait()
    stage.harness.clock.now += FRESH_SECONDS + 1
    await stage.end()
    assert await stage.get() == ["s1"]
    assert stage.operation.traffic.by_source[SOURCE].stale == 1
    assert stage.operation.traffic.by_source[SOURCE].age >= FRESH_SECONDS
    stage.harness.clock.now += 3 * (FRESH_SECONDS + 1)
    assert await stage.get(seconds=600.0) == ["s1"]
    assert stage.computed == 2


async def test_a_table_is_marked_as_stale_if_some_of_it_was_purged_meanwhile() -> None:
    """A count of a hundred seconds would never end where webhooks come each second."""
    stage = Stage()
    await stage.late()
    await stage.has_read.wait()
    await stage.harness.cache.purge(Purge(district=DISTRICT))
    stage.harness.clock.now += FRESH_SECONDS / 2
    await stage.end()
    assert await stage.get() == ["s1"]
    assert stage.operation.traffic.by_source[SOURCE].stale == 1
    stage.harness.clock.now += PURGED_SECONDS
    assert await stage.get(seconds=600.0) == ["s1"]
    assert stage.computed == 2


async def test_a_finished_table_is_dropped_by_a_purge() -> None:
    """Its records are not shown any more."""
    stage = Stage()
    await stage.late()
    await stage.end()
    await stage.harness.cache.purge(Purge(district=DISTRICT))
    await stage.get(seconds=600.0)
    assert stage.computed == 2


async def test_a_table_that_lacks_something_is_not_kept() -> None:
    """The next request reads again what failed."""
    stage = Stage(result=Partial(["s1"], (UnavailableError("down"),)))
    await stage.late()
    await stage.end()
    await stage.get(seconds=600.0)
    assert stage.computed == 2


async def test_a_computation_ends_if_nobody_asks_again() -> None:
    """It would use the processor and the vendors for nobody."""
    stage = Stage(limits=BackgroundLimits(abandoned_seconds=0.0))
    await stage.late()
    table = stage.tables.running.get(stage.key)
    assert table is not None
    await asyncio.wait([table.task])
    assert table.task.cancelled()
    assert not len(stage.tables.running)


async def test_few_computations_go_on_that_nobody_waits_for() -> None:
    """With one more, the one that was abandoned first ends."""
    stage = Stage()
    keys = [replace(stage.key, request=n) for n in range(long_tables.MAX_ABANDONED_TABLES + 1)]
    await stage.late(keys[0])
    first = stage.tables.running.get(keys[0])
    assert first is not None
    for key in keys[1:]:
        await stage.late(key)
    await asyncio.wait([first.task])
    assert [stage.tables.running.get(key) is None for key in keys] == [True] + [False] * (len(keys) - 1)
    await stage.tables.running.close()


async def test_new_settings_end_computations_under_the_old_settings() -> None:
    """Whoever waits gets an error that another request may not get."""
    stage = Stage()
    waiting = asyncio.create_task(stage.get(seconds=600.0))
    await stage.has_read.wait()
    stage.tables.clear()
    with pytest.raises(UnavailableError):
        await waiting
