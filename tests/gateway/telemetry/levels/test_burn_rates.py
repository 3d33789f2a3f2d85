"""How fast error budgets burn: by hand, over workers, and after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from student_graph.gateway.telemetry.levels.history import burn_rates, sum_of
from tests.gateway.telemetry.levels.process import HILL, NOON, OBJECTIVES, Process, run


def test_burn_rates_are_shares_of_missed_pages_over_the_budget() -> None:
    """By hand: 5 of 100 pages failed, and the budget is one of a hundred. Two workers count together."""

    async def scenario() -> None:
        first, second = Process(None, 1), Process(None, 2)
        for process in (first, second):
            process.start()
        await first.answer(95)
        await second.answer(5, outcome="failed")
        summed = sum_of([first.recorder.windows()[HILL], second.recorder.windows()[HILL]])
        rates = burn_rates(summed, OBJECTIVES)["answered"]
        assert rates == pytest.approx(dict.fromkeys(("5m", "30m", "1h", "6h", "3d"), 5.0))
        for process in (first, second):
            process.now += 40 * 60
            await process.answer(0)
        later = burn_rates(sum_of([p.recorder.windows()[HILL] for p in (first, second)]), OBJECTIVES)["answered"]
        assert (later["5m"], later["30m"]) == (None, None)
        assert later["1h"] == later["3d"] == pytest.approx(5.0)
        first.now += 4 * 86_400
        assert set(burn_rates(first.recorder.windows()[HILL], OBJECTIVES)["answered"].values()) == {None}

    run(scenario)


def test_a_process_that_starts_again_goes_on_with_the_burn_rates_of_its_predecessor(tmp_path: Path) -> None:
    """Those by hours, and only of the process that had its number: others count for themselves."""

    async def scenario() -> None:
        for worker, failed in ((1, 2), (2, 50)):
            process = Process(tmp_path, worker)
            process.start()
            await process.answer(98)
            await process.answer(failed, outcome="failed")
        successor = Process(tmp_path, 1, NOON + 1_800)
        successor.start()
        async with asyncio.timeout(60):  # its own task reads the files in another thread
            while not (windows := successor.recorder.windows()[HILL]["answered"])["3d"].pages:  # noqa: ASYNC110 - it says nothing when it is done
                await asyncio.sleep(0.01)
        assert (windows["3d"].pages, windows["3d"].missed) == (100, 2)
        assert windows["1h"].pages == 0

    run(scenario)
