"""Answers that were replaced leave memory at once, although responses that were computed from them are kept."""

from __future__ import annotations

import gc
from weakref import ref

from student_graph.adapters.answers import Ask
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.cache.response_cache import ResponseCache
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness
from tests.gateway.small_district import DISTRICT


async def test_a_kept_response_holds_no_answers_that_were_replaced() -> None:
    """It is not sent any more, and is dropped minutes later; nobody would count what it held."""
    harness = CacheHarness()
    await harness.students("s1")
    shared = await harness.ask(Ask(STUDENTS, ("s1",)))
    assert isinstance(shared, SharedBatch)
    answers = ref(shared)
    del shared
    responses = ResponseCache(
        harness.cache.store, {DISTRICT: District(DISTRICT, "Hill", ())}, 1 << 21, harness.clock
    )
    responses.set("page", harness.operation, [b"{}"], [DISTRICT])
    assert (len(responses), answers() is None) == (1, False)

    await harness.students("s1", preferred_age=-1)
    gc.collect()
    assert (len(responses), answers()) == (1, None)
    assert responses.get("page") is None


async def test_a_batch_that_finds_no_room_still_answers() -> None:
    """Batches have an eighth of the memory, and whoever asked for this one needs its answers."""
    ids = [f"s{n}" for n in range(6)]
    for memory in range(20_000, 60_000, 1_000):
        harness = CacheHarness(limits=Limits(memory=memory, responses=False))
        ask = Ask(STUDENTS, tuple(ids))
        for number in range(6, 30):  # older ones, which must leave for it
            await harness.students(f"s{number}")
        await harness.ask(ask)
        assert set(await harness.ask(ask)) == set(ids)
