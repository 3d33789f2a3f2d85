"""How many students the districts of a rehearsal have, and in which time zones they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from student_graph.gateway.demo.rehearsal.vendors.plan import TIME_ZONES, plan_districts, time_zones_of_one_day


def test_districts_are_in_proportion_to_the_largest_one() -> None:
    """However small they get, a school has classes."""
    sizes = [plan.students for plan in plan_districts(4, 1, largest=2_000)]
    assert sizes == [2_000, 60, 100, 60]


def test_one_district_may_be_much_larger_than_the_proportion_of_the_others() -> None:
    """So that 100,000 students are rehearsed on one machine beside others of 200 and more."""
    sizes = [plan.students for plan in plan_districts(18, 1, others=5_000, smallest=200)]
    assert (sizes[0], min(sizes), sorted(sizes)[-2]) == (100_000, 200, 3_500)


def test_no_day_ends_during_a_rehearsal() -> None:
    """At 04:50 UTC in winter it is ten minutes before midnight in New York, and 18:50 in Honolulu."""
    start = datetime(2026, 11, 30, 4, 50, tzinfo=UTC)
    zones = time_zones_of_one_day(start, timedelta(hours=1))
    assert "America/New_York" not in zones
    assert {"Pacific/Honolulu", "America/Chicago", "America/Puerto_Rico"} < set(zones)
    assert set(time_zones_of_one_day(start - timedelta(minutes=55), timedelta(hours=1))) == set(TIME_ZONES) - {
        "America/Puerto_Rico"
    }
    assert time_zones_of_one_day(start, timedelta(days=1)) == TIME_ZONES


def test_districts_share_the_time_zones_that_are_left() -> None:
    """Whatever their number."""
    zones = ["America/Denver", "America/Chicago"]
    assert [plan.time_zone for plan in plan_districts(5, 1, time_zones=zones)] == [*zones, *zones, zones[0]]
