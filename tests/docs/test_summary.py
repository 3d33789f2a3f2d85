"""The figures of the README are the saved ones."""

from __future__ import annotations

import json

from benchmarks.support.figures import RESULTS_FILE
from benchmarks.support.summary import LINES, PART_OF_README, README, format_summary


def test_the_table_of_the_readme_says_what_was_measured() -> None:
    """`make bench` writes both; nobody edits one of them alone."""
    part = PART_OF_README.search(README.read_text(encoding="utf-8"))
    assert part is not None
    table = part[0].partition("-->")[2].strip()
    assert table == format_summary(json.loads(RESULTS_FILE.read_text(encoding="utf-8"))["rows"])


def test_a_missed_goal_is_written_as_missed() -> None:
    """And a figure without a goal has none; values have three digits and their unit."""
    rows = [
        {"bench": line.bench, "case": case, "metric": metric, "value": 2.3456, "unit": "x", "goal": None,
         "met": None, "on": "2 cores, 2026-11-29"}
        for line in LINES
        for case, metric in line.figures
    ]  # fmt: skip
    rows[0] |= {"value": 1_234.5, "unit": "calls", "goal": 110, "met": False}
    first = format_summary(rows).splitlines()[2]
    assert first.endswith("| 1,234 calls; 2.35 x | 110 calls, **missed**; - | 2026-11-29 |")
