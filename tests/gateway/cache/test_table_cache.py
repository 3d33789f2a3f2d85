"""Finished tables are kept as long as all that they rest on is cached and fresh, and no longer."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import AttendanceEvent
from student_graph.gateway.cache import CachedFetch, Dependencies, Limits, Purge
from student_graph.gateway.cache.table_cache import TableCache
from student_graph.gateway.cache.table_dependencies import TableDependencies, merge, new_part
from student_graph.resolvers.operation import Operation
from tests.gateway.cache.small_cache import ACTIONS, EVENTS, STUDENTS, THIS_YEAR, CacheHarness
from tests.gateway.small_district import DISTRICT

FRESH_SECONDS = EVENTS.fresh.total_seconds()
BYTES = 1000


@dataclass
class Tables:
    """A cache of tables, each of which is the names of the students who have an answer."""

    harness: CacheHarness = field(default_factory=CacheHarness)
    computed: int = 0
    """How many tables were computed."""
    wall_time: float = 0.0
    memory: int = 100_000

    def __post_init__(self) -> None:
        cache = self.harness.cache
        self.tables = TableCache(cache.store, self.memory, self.harness.clock, lambda: self.wall_time)
        cache.tables = self.tables

    async def get(
        self,
        *asks: Ask[Any],
        key: str = "table",
        size: int = BYTES,
        max_age: float | None = None,
        forget: bool = False,
    ) -> tuple[Any, Operation]:
        """Return a table of some asks, and the bookkeeping of the operation that wanted it."""
        operation = Operation(dependencies=Dependencies())
        operation.staleness.max_age = None if max_age is None else timedelta(seconds=max_age)
        cached = self.tables.get(key, operation.staleness.max_age)
        if cached is not None:
            merge(cached.bookkeeping, operation, kept_for=self.tables.now - cached.kept_at)
            return cached.value, operation
        self.computed += 1
        part = new_part(operation)
        value = [sorted(await self._read(ask, part, forget=forget)) for ask in asks]
        merge(part, operation)
        self.tables.set(key, value, size, part, day_ends_at=86_400.0)
        return value, operation

    async def _read(self, ask: Ask[Any], part: Operation, *, forget: bool) -> Answers:
        deadline = asyncio.get_running_loop().time() + 600
        dependencies: Any = part.dependencies
        dependencies = dependencies.forgetting() if forget else dependencies
        fetch = CachedFetch(self.harness.cache, part.traffic, part.staleness, dependencies, deadline)
        return await fetch(self.harness.source, ask)


def events(*students: str) -> Ask[Any]:
    """Return the ask for the attendance of students."""
    return Ask(EVENTS, students, THIS_YEAR)


async def test_a_table_is_kept_from_its_first_computation() -> None:
    """What was fetched for it is cached, so the second operation computes and fetches nothing."""
    tables = Tables()
    first, _ = await tables.get(events("s1", "s2"), Ask(STUDENTS, ("s1",)))
    calls = len(tables.harness.calls)
    second, operation = await tables.get()

    assert first == second == [["s1", "s2"], ["s1"]]
    assert (tables.computed, len(tables.harness.calls)) == (1, calls)
    assert operation.traffic.by_source["hill/sis"].asks == 2
    assert operation.traffic.by_source["hill/sis"].calls == 0


@pytest.mark.parametrize("forget", [False, True])
async def test_a_table_is_never_older_than_its_lookups_allow(forget: bool) -> None:
    """It is kept until the first of its answers is stale: one that was read earlier."""
    tables = Tables()
    await tables.harness.ask(events("s1"))
    tables.harness.clock.now += 30
    await tables.get(events("s1"), events("s2"), forget=forget)
    tables.harness.clock.now += FRESH_SECONDS - 31
    _, operation = await tables.get(events("s1"), forget=forget)
    assert tables.computed == 1
    assert operation.traffic.by_source["hill/sis"].age == pytest.approx(FRESH_SECONDS - 1, abs=0.5)

    tables.harness.clock.now += 2
    await tables.get(events("s1"), forget=forget)
    assert tables.computed == 2


async def test_a_table_is_dropped_when_an_answer_is_replaced() -> None:
    """A viewer who wants newer records replaces an answer; the table of the older one is not used any more."""
    tables = Tables()
    await tables.get(events("s1"))
    tables.harness.clock.now += 10
    await tables.harness.ask(events("s1"), preferred_age=1.0)
    await tables.get(events("s1"))
    assert tables.computed == 2


@pytest.mark.parametrize("forget", [False, True])
async def test_a_table_is_dropped_when_records_are_purged(forget: bool) -> None:
    """A webhook says that attendance has changed: a table of attendance is computed again, one of names is not."""
    tables = Tables()
    await tables.get(events("s1"), key="attendance", forget=forget)
    await tables.get(Ask(STUDENTS, ("s1",)), key="names", forget=forget)
    await tables.harness.cache.purge(Purge(district=DISTRICT, records=frozenset({AttendanceEvent.__name__})))
    assert len(tables.tables) == 1
    await tables.get(key="names")
    assert tables.computed == 2


async def test_an_operation_that_wants_newer_records_gets_no_old_table() -> None:
    """It computes its own; others get the kept one."""
    tables = Tables()
    await tables.get(events("s1"))
    tables.harness.clock.now += 10
    await tables.get(events("s1"), max_age=20)
    assert tables.computed == 1
    await tables.get(events("s1"), max_age=5)
    assert tables.computed == 2


async def test_a_table_ends_with_the_day() -> None:
    """At the district's midnight ages, enrollments and rights are other ones."""
    tables = Tables()
    await tables.get(events("s1"))
    tables.wall_time = 86_400.0
    await tables.get(events("s1"))
    assert tables.computed == 2


async def test_a_table_of_a_source_that_failed_is_not_kept() -> None:
    """The next operation asks again."""
    tables = Tables()
    tables.harness.ledger.failing[EVENTS.name] = UnavailableError("down")
    await tables.get(events("s1"))
    tables.harness.ledger.failing.clear()
    value, _ = await tables.get(events("s1"))
    assert (value, tables.computed) == ([["s1"]], 2)


async def test_tables_are_bounded_in_bytes() -> None:
    """The least recently used tables go; one that takes more than its share is not kept at all."""
    tables = Tables(memory=20_000)
    for number in range(10):
        await tables.get(events("s1"), key=str(number))
        assert tables.tables.used_bytes <= tables.tables.max_bytes
    assert 0 < len(tables.tables) < 10
    assert tables.tables.get("9") is not None
    assert tables.tables.get("0") is None
    await tables.get(events("s1"), key="large", size=6_000)
    assert tables.tables.get("large") is None


async def test_a_restricted_table_leaves_memory_with_the_first_of_its_answers() -> None:
    """Its timer is that of the restricted answers; the response that rests on it is not cached."""
    tables = Tables()
    tables.harness.clock.now = asyncio.get_running_loop().time()
    _, operation = await tables.get(Ask(ACTIONS, ("s1",)))
    assert len(tables.tables) == 1
    table = tables.tables.get("table")
    assert table is not None
    assert table.dependencies.is_restricted
    assert table.dependencies.valid_until - tables.harness.clock.now <= 60
    assert isinstance(operation.dependencies, Dependencies)
    assert not operation.dependencies.complete


async def test_a_response_rests_on_what_its_table_rests_on() -> None:
    """It may be cached if the table was kept, with all batches of the table; not if answers were fetched."""
    tables = Tables()
    _, first = await tables.get(events("s1"))
    _, second = await tables.get(events("s1"))
    assert isinstance(first.dependencies, Dependencies)
    assert isinstance(second.dependencies, Dependencies)
    assert not first.dependencies.complete
    assert second.dependencies.complete
    assert [batch.keys for batch in second.dependencies.batches] == [("s1",)]
    assert second.dependencies.valid_until < math.inf


async def test_without_memory_nothing_is_kept() -> None:
    """A process that caches nothing keeps no table."""
    tables = Tables(CacheHarness(limits=Limits(memory=0)), memory=0)
    await tables.get(events("s1"))
    await tables.get(events("s1"))
    assert tables.computed == 2


async def test_a_released_part_holds_no_answers() -> None:
    """A count of many students releases what it read, and keeps only until when it is fresh."""
    tables = Tables()
    await tables.get(events("s1"), forget=True)
    table = tables.tables.get("table")
    assert table is not None
    assert isinstance(table.dependencies, TableDependencies)
    assert table.dependencies.batches == []
