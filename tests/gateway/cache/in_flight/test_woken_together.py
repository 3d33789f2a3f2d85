"""Operations that waited for the same answer go on in turns, and do not hold the event loop together."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from tests.gateway.cache.small_cache import CacheHarness
from tests.gateway.concurrency.test_time_slices import work

OPERATIONS = 50
WORK_SECONDS = 0.002
"""What each operation does before it gives way by itself."""
MAX_IN_ONE_ROUND = 8
"""More than fit into a slice of the event loop."""


async def test_few_of_many_operations_go_on_in_one_round_of_the_event_loop() -> None:
    """A vendor that never answers lets a thousand of them go on at the moment at which their request fails."""
    harness = CacheHarness(vendor_seconds=0.05)
    finished = 0
    seen = [0]

    async def operate() -> None:
        nonlocal finished
        await harness.students("s1")
        work(WORK_SECONDS)
        finished += 1

    async def count_in_every_round() -> None:
        while finished < OPERATIONS:
            seen.append(finished)
            await asyncio.sleep(0)
        seen.append(finished)

    await asyncio.gather(count_in_every_round(), *(operate() for _ in range(OPERATIONS)))
    assert harness.calls == [("s1",)]
    assert max(after - before for before, after in pairwise(seen)) <= MAX_IN_ONE_ROUND
