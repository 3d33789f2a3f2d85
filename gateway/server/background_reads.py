"""Background reads of an application: data that pages will probably need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from student_graph.adapters.model import DistrictId
from student_graph.gateway.cache import Fleet
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.warm.calendars import CalendarReader
from student_graph.gateway.warm.plan import WarmPlan, WarmTimes
from student_graph.gateway.warm.schedule import WarmSchedule, claim_by
from student_graph.gateway.warm.warm_up import WarmUp


class BackgroundReads:
    """Warm-ups at their times, and calendars of schools."""

    def __init__(
        self,
        pipeline: FetchPipeline,
        warm: Mapping[DistrictId, WarmTimes],
        fleet: Fleet | None,
        *,
        calendars: bool,
    ) -> None:
        """Warm districts at their times, and read the calendars of all districts if `calendars` says so."""
        self._pipeline, claim = pipeline, claim_by(fleet)
        self._schedule = WarmSchedule(warm, pipeline.districts, self._warm_up, claim)
        districts = pipeline.districts.values() if calendars else ()
        self._calendars = CalendarReader(districts, pipeline.background_fetch, claim)

    def _warm_up(self, district: DistrictId, plan: WarmPlan) -> WarmUp:
        """A warm-up of a district, which begins when it is run."""
        fetch, traffic = self._pipeline.background_fetch()
        return WarmUp(self._pipeline.districts[district], fetch, traffic, plan)

    def report(self, district: DistrictId) -> dict[str, Any]:
        """What is read in the background for a district, as JSON."""
        return {
            "warmUp": self._schedule.report(district),
            "readsCalendars": district in self._calendars.reading,
        }

    def start(self) -> None:
        """Begin to wait for the times, and to read."""
        self._schedule.start()
        self._calendars.start()

    def stop_waiting(self) -> None:
        """Start no further reads; a running warm-up goes on."""
        self._schedule.stop_waiting()
        self._calendars.stop()

    async def finish(self) -> None:
        """Wait until running work has ended; `stop_waiting` came before."""
        await self._schedule.finish()
        await self._calendars.finish()

    async def close(self) -> None:
        """Stop. What was read stays cached."""
        self._calendars.stop()
        await self._schedule.close()
        await self._calendars.finish()
