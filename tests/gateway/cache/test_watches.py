"""Who rests on a cached answer learns that it was replaced or removed, and holds nothing that is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from student_graph.gateway.cache import Limits, Purge
from student_graph.gateway.cache.entries import Entry
from student_graph.gateway.cache.store import Store
from student_graph.gateway.cache.watches import Watch
from tests.gateway.cache.small_cache import CacheHarness
from tests.gateway.small_district import DISTRICT


class Watched:
    """A cache with some answers, and a watch over that of the first student."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.harness = CacheHarness(limits=limits or Limits())
        self.changes = 0
        self.store: Store = self.harness.cache.store
        self.watch: Watch = self.store.watches.start(self.count)

    def count(self) -> None:
        """Count a change."""
        self.changes += 1

    async def begin(self) -> Entry:
        """Read two students, and watch the first one."""
        await self.harness.students("s1", "s2")
        entry = next(entry for entry in self.store.entries() if entry.key == "s1")
        self.watch.add(entry)
        return entry


async def test_a_replaced_answer_is_a_change() -> None:
    """Whoever read it again."""
    watched = Watched()
    entry = await watched.begin()
    watched.harness.clock.now += 7200
    await watched.harness.students("s1")
    await watched.harness.settle()

    assert watched.changes == 1
    assert entry not in watched.watch
    assert len(watched.store.watches) == 0


@pytest.mark.parametrize(("student", "changes"), [("s1", 1), ("s2", 0)])
async def test_a_purge_is_a_change_of_what_it_includes(student: str, changes: int) -> None:
    """What others rest on is no concern of this one."""
    watched = Watched()
    await watched.begin()
    watched.harness.cache.answers.purge_this_process(Purge(district=DISTRICT, students=frozenset({student})))

    assert watched.changes == changes


async def test_an_evicted_answer_is_not_a_change_and_is_released() -> None:
    """It says nothing about the source's data; the watch does not keep it in memory."""
    watched = Watched()
    entry = await watched.begin()
    watched.store.set_limits(replace(Limits(), memory=0))

    assert watched.changes == 0
    assert entry not in watched.watch
    assert watched.watch.entries == frozenset()


async def test_an_answer_that_was_replaced_before_it_is_watched_is_a_change() -> None:
    """It was served to the operation that rests on it, and is not the cached one any longer."""
    watched = Watched()
    entry = await watched.begin()
    later = watched.store.watches.start(watched.count)
    watched.harness.clock.now += 7200
    await watched.harness.students("s1")
    await watched.harness.settle()
    later.add(entry)

    assert watched.changes == 2


async def test_a_closed_watch_hears_nothing() -> None:
    """Neither does it hold anything, and the watches of others go on."""
    watched = Watched()
    entry = await watched.begin()
    other_changes: list[Any] = []
    other = watched.store.watches.start(lambda: other_changes.append(entry))
    other.add(entry)
    watched.watch.close()
    watched.harness.cache.answers.purge_this_process(Purge(district=DISTRICT))

    assert (watched.changes, len(other_changes)) == (0, 1)
    assert len(watched.store.watches) == 0
