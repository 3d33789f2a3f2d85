"""The report of a month in time zones that differ from UTC by half and quarter hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from student_graph.gateway.server.commands.month import DistrictMonth, MonthOf, district_month
from student_graph.gateway.telemetry.levels.counts import HourCounts, PageCounts
from student_graph.gateway.telemetry.levels.store import CountFiles, write

DISTRICT = "hill"
ALL_MINUTES = (1 << 60) - 1
STOPPED = datetime(2025, 10, 22, 3, 10, tzinfo=UTC)
"""A minute without service."""
DAYS = [date(2025, 9, 29) + timedelta(days=number) for number in range(35)]


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which each hour from September 29 to November 2 has one page, and all its minutes but one."""
    folder = tmp_path_factory.mktemp("counts")
    files = CountFiles(folder, 1)
    for day in DAYS:
        hours = {hour: HourCounts(pages=PageCounts(failed=1), minutes=ALL_MINUTES) for hour in range(24)}
        if day == STOPPED.date():
            hours[STOPPED.hour].minutes &= ~(1 << STOPPED.minute)
        write(files.path(DISTRICT, day), files.encode(DISTRICT, day, hours))
    return folder


def month_of(counts: Path, name: str, zone: str) -> DistrictMonth:
    """What was counted in a month."""
    now = datetime(2025, 12, 1, tzinfo=UTC)
    month = MonthOf(name, ZoneInfo(zone))
    return district_month(DISTRICT, month, None, directories=[counts], records=[], now=now)


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Asia/Kolkata", datetime(2025, 9, 30, 18, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2025, 9, 30, 18, 15, tzinfo=UTC)),
        ("America/St_Johns", datetime(2025, 10, 1, 2, 30, tzinfo=UTC)),
    ],
)
def test_a_month_that_begins_within_an_hour_has_the_minutes_of_it(
    counts: Path, zone: str, begins: datetime
) -> None:
    """A gateway that was up all the time was not down at the beginning, and no page is in two months."""
    september, october, november = (month_of(counts, name, zone) for name in ("2025-09", "2025-10", "2025-11"))

    assert september.counted_until == october.counted_from == begins
    assert september.not_ready == []
    assert october.minutes == 31 * 24 * 60
    assert [(period.begins, period.ends - period.begins) for period in october.not_ready] == [
        (STOPPED, timedelta(minutes=1))
    ]
    assert sum(report.pages.pages for report in (september, october, november)) == len(DAYS) * 24
