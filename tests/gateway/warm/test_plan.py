"""A warm-up starts at local times on its days of the week."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from student_graph.gateway.warm.plan import WarmPlan, WarmTimes, next_start
from tests.subcases import subcases

CHICAGO = ZoneInfo("America/Chicago")
SCHOOL_DAYS = frozenset(range(5))


def instant(text: str) -> datetime:
    """An instant in the time zone of the district."""
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


@subcases(
    ("after", "expected"),
    [
        ("2026-11-30T05:00", "2026-11-30T06:45"),  # a Monday
        ("2026-11-30T06:45", "2026-11-30T11:30"),
        ("2026-11-30T12:00", "2026-12-01T06:45"),
        ("2026-12-04T23:59", "2026-12-07T06:45"),  # Friday night
        ("2026-12-05T10:00", "2026-12-07T06:45"),  # Saturday
        ("2026-10-30T12:00", "2026-11-02T06:45"),  # clocks are set back on the Sunday between
    ],
)
def test_the_next_start_is_on_a_school_day(after: str, expected: str) -> None:
    """Today if a time is still to come, otherwise at the first time of the next school day."""
    times = WarmTimes((time(11, 30), time(6, 45)), SCHOOL_DAYS, WarmPlan())

    assert next_start(times, instant(after)) == instant(expected)


def test_one_day_a_week_comes_again_after_a_week() -> None:
    """After Monday's time the next one is on the Monday after."""
    times = WarmTimes((time(6, 45),), frozenset({0}), WarmPlan())

    assert next_start(times, instant("2026-11-30T07:00")) == instant("2026-12-07T06:45")
