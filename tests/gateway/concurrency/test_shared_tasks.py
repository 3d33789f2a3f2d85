"""Work that several callers wait for runs once."""

from __future__ import annotations

import asyncio

import pytest

from student_graph.gateway.concurrency.shared_tasks import SharedTasks


async def test_callers_of_one_key_share_one_task() -> None:
    """Two callers at once start the work once and get the same result; a later caller starts it again."""
    tasks: SharedTasks[str, int] = SharedTasks()
    runs = 0
    release = asyncio.Event()

    async def work() -> int:
        nonlocal runs
        runs += 1
        await release.wait()
        return runs

    callers = [asyncio.create_task(tasks.join("key", work)) for _ in range(2)]
    await asyncio.sleep(0)
    release.set()

    assert await asyncio.gather(*callers) == [1, 1]
    assert await tasks.join("key", work) == 2


async def test_a_cancelled_caller_leaves_the_task_running() -> None:
    """The other callers still get the result."""
    tasks: SharedTasks[str, str] = SharedTasks()
    release = asyncio.Event()

    async def work() -> str:
        await release.wait()
        return "result"

    first, second = (asyncio.create_task(tasks.join("key", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    release.set()

    assert await second == "result"


async def test_close_ends_what_still_runs() -> None:
    """No task is left when the owner has closed."""
    tasks: SharedTasks[str, None] = SharedTasks()
    task = tasks.start("key", asyncio.Event().wait)  # type: ignore[arg-type]

    await tasks.close()

    assert task.cancelled()
