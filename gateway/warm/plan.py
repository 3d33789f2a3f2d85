"""When a district is warmed, and what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum

DAYS_OF_WEEK = 7


class WarmPart(Enum):
    """A part of the pages that a warm-up prepares."""

    ROSTERS = "rosters"
    ATTENDANCE = "attendance"
    GRADES = "grades"
    WORK = "work"
    ASSESSMENTS = "assessments"


@dataclass(frozen=True, slots=True)
class WarmPlan:
    """What a warm-up prepares."""

    parts: tuple[WarmPart, ...] = tuple(WarmPart)
    schools: tuple[str, ...] = ()
    """Numbers of the schools; empty for all schools of the district."""


@dataclass(frozen=True, slots=True)
class WarmTimes:
    """When a district is warmed, and what."""

    at: tuple[time, ...]
    """Local times of day."""
    days: frozenset[int]
    """Days of the week; 0 is Monday."""
    plan: WarmPlan


def next_start(times: WarmTimes, after: datetime) -> datetime:
    """Return the first start after an instant; `after` and the result are in the district's time zone."""
    starts = (
        datetime.combine(after.date() + timedelta(days=day), at, after.tzinfo)
        for day in range(DAYS_OF_WEEK + 1)
        for at in sorted(times.at)
        if (after.weekday() + day) % DAYS_OF_WEEK in times.days
    )
    return next(start for start in starts if start > after)
