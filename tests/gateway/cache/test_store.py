"""The cache is bounded in bytes and in number of answers. The least recently used answers are evicted first."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest

from student_graph.adapters.answers import Ask
from student_graph.gateway.cache import Limits, Purge
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.cache.limits import BYTES_PER_MIB
from tests.gateway.cache.small_cache import EVENTS, STUDENTS, THIS_YEAR, CacheHarness
from tests.gateway.small_district import DISTRICT, Ledger
from tests.long_runs import size


async def test_the_least_recently_used_answer_is_evicted_first() -> None:
    """With room for three answers, only the one that was not used since must be requested again."""
    harness = CacheHarness(limits=Limits(entries=3))
    for student in ("s1", "s2", "s3"):
        await harness.students(student)
    await harness.students("s1")
    await harness.students("s4")
    harness.ledger.calls.clear()
    for student in ("s1", "s3", "s4", "s2"):
        await harness.students(student)
    assert harness.calls == [("s2",)]


async def test_using_a_batch_uses_all_of_its_answers() -> None:
    """Answers that were served as one batch are not the least recently used ones."""
    harness = CacheHarness(limits=Limits(entries=12))
    batch = tuple(f"s{n}" for n in range(8))
    await harness.students(*batch)
    await harness.students("s8", "s9", "s10", "s11")
    await harness.students(*batch)
    await harness.students(*batch)
    await harness.students("s12", "s13")
    harness.ledger.calls.clear()
    await harness.students(*batch)
    assert harness.calls == []


async def test_the_same_batch_is_the_same_mapping_until_one_of_its_answers_changes() -> None:
    """The layers above may compute something once for a batch."""
    harness = CacheHarness()
    batch = Ask(STUDENTS, tuple(f"s{n}" for n in range(8)))
    await harness.ask(batch)
    first, second = await harness.ask(batch), await harness.ask(batch)
    assert first is second
    await harness.students("s3", preferred_age=-1)
    third = await harness.ask(batch)
    assert third is not first
    assert list(third) == list(first)


async def test_a_batch_computes_its_summary_once() -> None:
    """Operations that get the same mapping share what was computed from it."""
    batch = SharedBatch()
    computed: list[SharedBatch] = []
    for _ in range(2):
        assert batch.summary(lambda answers, text: computed.append(answers) or text, "summary") == "summary"
    assert computed == [batch]


@pytest.mark.row("D11")
@pytest.mark.long_run
@pytest.mark.parametrize("memory", [1, 3][: size(1, 2)])
async def test_bytes_are_bounded_and_match_what_python_allocates(memory: int) -> None:
    """Far more is requested than fits. The bytes that Python allocates exceed the bound by a fifth at most."""
    harness = CacheHarness(limits=Limits(memory=memory * BYTES_PER_MIB))
    gc.collect()
    tracemalloc.start()
    bytes_before = tracemalloc.get_traced_memory()[0]
    for start in range(0, 5_000 * memory, 50):
        ids = [str(100_000 + start + n) for n in range(50)]
        harness.ledger.students = ids
        await harness.students(*ids)
        harness.ledger.calls.clear()
    harness.ledger.students = []
    gc.collect()
    allocated = tracemalloc.get_traced_memory()[0] - bytes_before
    tracemalloc.stop()
    assert harness.cache.store.used_bytes <= memory * BYTES_PER_MIB
    assert len(harness.cache.store) > 300
    assert allocated <= memory * BYTES_PER_MIB * 1.2


async def test_removed_answers_are_not_counted() -> None:
    """After random requests and purges, an empty cache counts no answers and no bytes."""
    rng = random.Random(7)  # noqa: S311 - not for security
    harness = CacheHarness(limits=Limits(entries=40), ledger=Ledger(students=[f"s{n}" for n in range(60)]))
    for _ in range(600):
        students = rng.sample([f"s{n}" for n in range(60)], rng.randint(1, 12))
        await harness.students(*students, preferred_age=rng.choice([None, -1]))
        await harness.ask(Ask(EVENTS, tuple(students), THIS_YEAR))
        if rng.random() < 0.2:
            await harness.cache.purge(Purge(district=DISTRICT, students=frozenset(students)))
        assert len(harness.cache.store) <= 40
    await harness.cache.purge(Purge(district=DISTRICT))
    assert (len(harness.cache.store), harness.cache.store.used_bytes) == (0, 0)
