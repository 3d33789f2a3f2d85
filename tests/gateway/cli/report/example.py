"""
A made-up month of a district, and the page of docs/service-levels.md that shows its report.

`python -m tests.gateway.cli.report.example` writes the report into that page.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from student_graph.gateway.telemetry.levels.counts import HourCounts, SourceCounts
from student_graph.gateway.telemetry.levels.store import CountFiles, write
from tests.gateway.servers import ROOT, run_here

PAGE = ROOT / "docs" / "service-levels.md"
BEGIN, END = "<!-- tested by: tests/gateway/cli/report/test_report.py -->\n", "<!-- end of the example -->\n"
MONTH, DISTRICT = "2025-10", "grand-bend"
SETTINGS = """
[service_levels]
directory = "service-levels"

[[districts]]
id = "grand-bend"
name = "Grand Bend ISD"
time_zone = "America/Denver"

[districts.objectives]
seconds = 2.5
in_time = 0.95
answered = 0.999
complete = 0.98

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "https://sis.grand-bend.example"

[[districts.sources]]
name = "lms"
kind = "canvas"
base_url = "https://lms.grand-bend.example"
"""
FIRST_SCHOOL_HOUR, LAST_SCHOOL_HOUR = 14, 20
"""In UTC: from 8 to 14 o'clock in Denver, where it is six hours earlier in October."""
DOWN_ON, DOWN_HOURS = date(2025, 10, 14), (15, 16)
"""When the LMS fails: at 9 and at 10 o'clock."""
STOPPED = datetime(2025, 10, 22, 3, 10, tzinfo=UTC)
"""When the gateway is stopped for five minutes: on October 21, 21:10 in Denver."""


@dataclass
class Month:
    """The folder of a gateway that has counted a month."""

    folder: Path
    settings: str = SETTINGS
    lines: list[dict[str, object]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "gateway.toml"

    def write(self) -> None:
        """Write the settings, the counts of two workers, and the record of disclosures."""
        self.config.write_text(self.settings, encoding="utf-8")
        files = [CountFiles(self.folder / "service-levels", worker) for worker in (1, 2)]
        day = date(2025, 9, 30)  # the last hours of October are in November in UTC
        while day <= date(2025, 11, 1):
            for worker in files:
                hours = {hour: _hour(day, hour) for hour in range(24)}
                write(worker.path(DISTRICT, day), worker.encode(DISTRICT, day, hours))
            day += timedelta(days=1)
        self.write_record([*_disclosures()])

    def write_record(
        self, lines: list[dict[str, object]], name: str = "disclosure-20251014T060000Z-5a5a5a5a"
    ) -> None:
        """Write lines into a file of the record."""
        record = self.folder / "disclosures"
        record.mkdir(exist_ok=True)
        (record / f"{name}.jsonl").write_text(
            "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
        )

    def report(self, *arguments: str) -> str:
        """What the command prints."""
        finished = run_here("report", "--config", str(self.config), "--month", MONTH, *arguments)
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout


def _hour(day: date, hour: int) -> HourCounts:
    """What one of two workers counted: 500 pages in a school hour, 5 slow, 60 in part while the LMS is down."""
    counts = HourCounts(minutes=(1 << 60) - 1)
    if day == STOPPED.date() and hour == STOPPED.hour:
        counts.minutes &= ~sum(1 << minute for minute in range(STOPPED.minute, STOPPED.minute + 5))
    if day.weekday() > 4 or not FIRST_SCHOOL_HOUR <= hour <= LAST_SCHOOL_HOUR:
        return counts
    is_down = day == DOWN_ON and hour in DOWN_HOURS
    for number in range(500):
        code = {"SOURCE_UNAVAILABLE"} if is_down and number < 60 else set[str]()
        counts.pages.add("partial" if code else "complete", code, 3.0 if number < 5 else 0.04)
    counts.sources["sis"] = SourceCounts(lookups=300, shown=2_000, stale=0, ages=[0, 400, 800, 800, 0, 0, 0, 0, 0])
    failures = {"SOURCE_UNAVAILABLE": 90} if is_down else {}
    stale = 300 if is_down else 0
    ages = [0, 100, 400, 300, 200 - stale // 2, stale // 2, 0, 0, 0]
    counts.sources["lms"] = SourceCounts(200, failures, 1_000, stale, ages)
    return counts


def _disclosures() -> Iterator[dict[str, object]]:
    """Answers of one day: teachers saw much, counselors little, and a nurse saw meals four times."""
    actors = [("TEACHER", {"OPEN": [4, 3], "PII": [1, 1]}, 60), ("COUNSELOR", {"OPEN": [2], "CONTACT": [3]}, 12)]
    actors.append(("SUPPORT_STAFF", {"MEAL": [1]}, 4))
    for role, counts, times in actors:
        full = {"id": f"{role}-0", "ts": "2025-10-14T15:00:00.000Z", "tenant": DISTRICT, "actor": {"role": role}}
        total = sum(map(sum, counts.values()))
        yield {"v": 1, **full, "students": ["a", "b"], "counts": counts, "count": total, "decision": "allow"}
        for number in range(1, times):
            yield {
                "v": 1,
                "id": f"{role}-{number}",
                "ts": f"2025-10-14T15:{number % 60:02}:30.000Z",
                "tenant": DISTRICT,
                "same": f"{role}-0",
                "count": total,
            }


def page_with(report: str) -> str:
    """The page with a report in it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    command = f"$ student-graph report --config gateway.toml --month {MONTH}"
    return f"{before}{BEGIN}```text\n{command}\n{report.rstrip()}\n```\n{END}{after}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        month = Month(Path(folder))
        month.write()
        PAGE.write_text(page_with(month.report()), encoding="utf-8")
