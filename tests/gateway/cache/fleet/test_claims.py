"""Processes of a fleet claim work over a real Redis: a warm-up, a slot of a break-glass access, an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import UnavailableError
from tests.gateway.cache.processes import Process
from tests.gateway.cache.slow_vendor import SlowLedger, SlowSis
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness, wait_until
from tests.gateway.small_district import error_code


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


async def test_a_deadline_of_one_process_is_not_an_error_in_another(
    processes: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for the work of the first one, has time left, and asks itself."""
    process_a, process_b = processes
    ledger, waits = SlowLedger(students=["s0"]), asyncio.Event()
    ledger.failing["failing s0"] = UnavailableError("the time for the work ran out", code="DEADLINE")
    process_a.harness = CacheHarness(ledger, adapter_type=SlowSis, fleet=process_a.harness.fleet)
    claims = process_b.store.claims

    async def noting_claims(digests: Any) -> Any:
        waits.set()
        return await claims(digests)

    async def has_called() -> bool:
        return bool(ledger.calls)

    monkeypatch.setattr(process_b.store, "claims", noting_claims)
    first = asyncio.create_task(process_a.harness.ask(Ask(STUDENTS, ("s0",))))
    await wait_until(has_called)
    second = asyncio.create_task(process_b.harness.ask(Ask(STUDENTS, ("s0",))))
    await waits.wait()
    ledger.event("s0").set()
    assert error_code((await second)["s0"]) is None
    assert error_code((await first)["s0"]) == "DEADLINE"
    assert len(process_b.harness.calls) == 1
