"""Runs the warm-ups of the districts at their local times."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Fleet
from student_graph.gateway.warm.plan import WarmPlan, WarmTimes, next_start
from student_graph.gateway.warm.warm_up import WarmUp

log = logging.getLogger("student_graph.warm")

CLAIM_SECONDS = 3600
"""How long a warm-up belongs to the process of a fleet that began it."""


def claim_by(fleet: Fleet | None) -> Callable[[str, int], Awaitable[bool]]:
    """Return the function by which one process of a fleet gets a piece of work; a single process gets it."""

    async def claim(name: str, seconds: int) -> bool:
        return fleet is None or await fleet.claim(name, seconds)

    return claim


class WarmSchedule:
    """Warms each district at its times, in one process of a fleet."""

    def __init__(
        self,
        times: Mapping[DistrictId, WarmTimes],
        districts: Mapping[DistrictId, District],
        warm_up: Callable[[DistrictId, WarmPlan], WarmUp],
        claim: Callable[[str, int], Awaitable[bool]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Warm districts at their times by `warm_up`.

        `claim` returns whether this process may do the work of a name, for some seconds. `now` is the clock.
        """
        self._times, self._districts = times, districts
        self._warm_up, self._claim, self._now = warm_up, claim, now
        self._tasks: dict[DistrictId, asyncio.Task[None]] = {}
        self._warming: set[DistrictId] = set()
        """Districts that are being warmed now."""
        self._is_ending = False

    def report(self, district: DistrictId) -> dict[str, Any] | None:
        """Whether a district is being warmed, and when it will be next, as JSON; None if it has no times."""
        if district not in self._times:
            return None
        start = next_start(self._times[district], self._now().astimezone(self._districts[district].time_zone))
        return {"warming": district in self._warming, "nextAt": start.isoformat()}

    def start(self) -> None:
        """Start to wait for the times."""
        self._tasks = {district: asyncio.create_task(self._repeat(district)) for district in self._times}

    def stop_waiting(self) -> None:
        """Begin no further warm-up; a running one goes on."""
        self._is_ending = True
        for district, task in self._tasks.items():
            if district not in self._warming:
                task.cancel()

    async def finish(self) -> None:
        """Wait until the running warm-ups have ended; `stop_waiting` came before."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop. What a running warm-up has read stays cached."""
        for task in self._tasks.values():
            task.cancel()
        await self.finish()

    async def _repeat(self, district: DistrictId) -> None:
        times, zone = self._times[district], self._districts[district].time_zone
        while not self._is_ending:
            now = self._now().astimezone(zone)
            start = next_start(times, now)
            await asyncio.sleep((start - now).total_seconds())
            self._warming.add(district)
            try:
                if await self._claim(f"warm/{district}/{start.isoformat()}", CLAIM_SECONDS):
                    await self.run(district)
            except Exception as exc:  # noqa: BLE001 - the next warm-up must start all the same
                log.error("district %s: the warm-up failed: %s", district, type(exc).__name__)  # noqa: TRY400
            finally:
                self._warming.discard(district)

    async def run(self, district: DistrictId) -> None:
        """Warm a district now, and log what that took."""
        keys = failed = calls = 0
        seconds = 0.0
        async for progress in self._warm_up(district, self._times[district].plan).run():
            keys += progress.keys
            failed += progress.failed
            calls += progress.calls
            seconds += progress.seconds
        log.info(
            "district %s: warmed in %.0f s with %d calls: %d keys, %d failed",
            district,
            seconds,
            calls,
            keys,
            failed,
        )
