"""Processes of a fleet claim pieces of work over a real Redis: a warm-up, or a slot of a break-glass access."""

from __future__ import annotations

from tests.gateway.cache.processes import Process


async def test_work_that_a_process_releases_can_be_claimed_again(processes: list[Process]) -> None:
    """Only by the process that has it: another one's release changes nothing."""
    process_a, process_b = (process.harness.fleet for process in processes)
    assert process_a is not None
    assert process_b is not None
    assert await process_a.claim("report", 3600)
    await process_b.release("report")
    assert not await process_b.claim("report", 3600)
    await process_a.release("report")
    assert await process_b.claim("report", 3600)
