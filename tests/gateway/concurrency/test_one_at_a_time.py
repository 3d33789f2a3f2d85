"""Work of one client waits for other work of that client, and for that of nobody else."""

from __future__ import annotations

import asyncio

from student_graph.gateway.concurrency.loop_time import LoopBudgets, use_budget
from student_graph.gateway.concurrency.one_at_a_time import OneAtATime


async def test_a_client_does_one_thing_at_a_time() -> None:
    """Two clients do one each at once, in the order in which they came; afterwards nothing is remembered."""
    budgets, one_at_a_time = LoopBudgets(), OneAtATime()
    active: list[str] = []
    seen: list[list[str]] = []

    async def work(client: str) -> None:
        use_budget(budgets.of(client))
        async with one_at_a_time.turn():
            active.append(client)
            await asyncio.sleep(0)
            seen.append(sorted(active))
            active.remove(client)

    await asyncio.gather(*(work(client) for client in "ababaab"))
    assert ["a", "b"] in seen
    assert all(len(set(clients)) == len(clients) for clients in seen)
    assert len(seen) == 7
    assert len(one_at_a_time) == 0


async def test_work_that_is_cancelled_lets_the_next_one_begin() -> None:
    """Whether it had begun or not."""
    one_at_a_time = OneAtATime()

    async def work() -> None:
        async with one_at_a_time.turn():
            await asyncio.get_running_loop().create_future()

    begun, waiting = asyncio.create_task(work()), asyncio.create_task(work())
    await asyncio.sleep(0)
    assert len(one_at_a_time) == 1
    for task in (waiting, begun):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(one_at_a_time) == 0
