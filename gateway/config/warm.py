"""The settings of a district's warm-ups."""

from __future__ import annotations

from datetime import time
from typing import Literal

from pydantic import Field

from student_graph.gateway.config.sections import Section
from student_graph.gateway.warm.plan import WarmPart, WarmPlan, WarmTimes

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WarmConfig(Section):
    """When the cache is filled before people come, and with what."""

    at: tuple[time, ...] = Field(min_length=1)
    """Times of day in the district's time zone, such as `06:45`."""
    days: tuple[Day, ...] = Field(default=("mon", "tue", "wed", "thu", "fri"), min_length=1)
    """Days of the week."""
    parts: tuple[WarmPart, ...] = Field(default=tuple(WarmPart), min_length=1)
    """Parts of the pages: `rosters`, `attendance`, `grades`, `work` and `assessments`; all if left out."""
    schools: tuple[str, ...] = ()
    """Numbers of the schools; all schools of the district if left out."""

    @property
    def times(self) -> WarmTimes:
        """The settings as the schedule takes them."""
        return WarmTimes(self.at, frozenset(map(DAYS.index, self.days)), self.plan)

    @property
    def plan(self) -> WarmPlan:
        """What is warmed."""
        return WarmPlan(self.parts, self.schools)
