"""What becomes of warm-ups when the settings are read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time
from typing import Any

from student_graph.adapters.model import DistrictId
from student_graph.gateway.warm.plan import WarmPlan, WarmTimes
from student_graph.gateway.warm.schedule import WarmSchedule, claim_by
from tests.gateway.small_district import DISTRICT, Ledger, district

NOW = datetime(2026, 3, 3, 6, 45, tzinfo=UTC)


class SlowWarmUp:
    """A warm-up that ends when a test lets it."""

    def __init__(self) -> None:
        self.may_end, self.is_running, self.has_ended = asyncio.Event(), asyncio.Event(), False

    async def run(self) -> AsyncIterator[Any]:
        """Wait, without progress."""
        self.is_running.set()
        await self.may_end.wait()
        self.has_ended = True
        for progress in ():
            yield progress


SOON = WarmTimes((time(6, 45, 0, 10_000),), frozenset(range(7)), WarmPlan())
"""A hundredth of a second after `NOW`."""
LATER = WarmTimes((time(18, 0),), frozenset(range(7)), WarmPlan())


async def test_a_running_warm_up_ends_and_no_other_begins() -> None:
    """After a reload the earlier schedule finishes what it is warming, and waits for no further time."""
    warm_up = SlowWarmUp()
    starts: list[str] = []

    def begin(name: str, _: WarmPlan) -> Any:
        starts.append(name)
        return warm_up

    hill = district(Ledger())
    other = DistrictId("other")
    schedule = WarmSchedule(
        {DISTRICT: SOON, other: LATER}, {DISTRICT: hill, other: hill}, begin, claim_by(None), now=lambda: NOW
    )
    schedule.start()
    await warm_up.is_running.wait()
    schedule.stop_waiting()
    warm_up.may_end.set()
    await schedule.finish()

    assert (starts, warm_up.has_ended) == ([DISTRICT], True)
