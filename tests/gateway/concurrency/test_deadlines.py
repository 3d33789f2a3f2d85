"""How much time work has, and how long somebody waits for it."""

from __future__ import annotations

import asyncio
import gc
import math
import weakref

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.concurrency.deadlines import awaited_until, patience_seconds, remaining_seconds, within
from student_graph.gateway.http import Gate


async def test_patience_ends_with_the_deadline_or_when_nobody_waits_any_more() -> None:
    """Whichever comes first. Work that nobody waits for is in no hurry."""
    now = asyncio.get_running_loop().time()
    assert (remaining_seconds(), patience_seconds()) == (math.inf, math.inf)
    async with within(100):
        with awaited_until(lambda: now + 50):
            assert 99 < remaining_seconds() <= 100
            assert 49 < patience_seconds() <= 50
        with awaited_until(lambda: now - 1):
            assert patience_seconds() == 0
        with awaited_until(lambda: math.inf):
            assert 99 < patience_seconds() <= 100


@pytest.mark.row("A12")
async def test_a_pause_is_waited_for_if_the_waiters_have_the_time() -> None:
    """The work has longer than they. Without the time they get an error at once, which says when to ask again."""
    until = asyncio.get_running_loop().time() + 10
    gate = Gate(concurrency=1)
    gate.pause(60)
    async with within(300):
        with awaited_until(lambda: until), pytest.raises(UnavailableError) as refused:
            await gate.enter()
        assert (refused.value.code, refused.value.retry_after) == ("RATE_LIMITED", 60)
        with awaited_until(lambda: math.inf):
            entering = asyncio.create_task(gate.enter())
            await asyncio.sleep(0)
            assert not entering.done()
            entering.cancel()


async def test_a_block_that_has_ended_is_freed_without_a_garbage_collection() -> None:
    """Its timeout has the task, whose result may be all answers of a vendor."""
    gc.disable()
    try:
        async with within(100) as timeout:
            freed = weakref.ref(timeout)
        del timeout
        assert freed() is None
    finally:
        gc.enable()
