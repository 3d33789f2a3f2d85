"""`make lighthouse`: what Lighthouse says about the status page and the dashboard, on a desktop and on a phone."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.gateway.servers import running_demo
from tests.lighthouse.measuring import PAGES, measure

RUNS = 5
HEADINGS = ("page", "form", "performance", "accessibility", "best practices", "FCP", "LCP", "TBT", "CLS", "KB")
WIDTHS = (18, 8, 12, 14, 15, 6, 6, 6, 5, 5)


def main() -> None:
    """Print the medians of the runs for each page; with an argument, of so many runs."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    print(f"medians of {runs} runs, load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores at the start")
    _print_row(HEADINGS)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder), "--dashboard", "--students", "200") as running,
    ):
        for page in PAGES:
            for form in ("desktop", "mobile"):
                rows = [row for row in measure(running, Path(folder), [page], form, runs) if row["error"] is None]
                _print_row([page.name, form, *(_medians(rows) if rows else ["no run was complete"])])


def _print_row(cells: Sequence[str]) -> None:
    print("".join(map(str.ljust, cells, WIDTHS)).rstrip(), flush=True)


def _medians(rows: list[Any]) -> list[str]:
    """Scores, milliseconds, the share of the screen that moved, and kilobytes."""
    scores = [median(row["scores"][name] for row in rows) for name in rows[0]["scores"]]
    *milliseconds, shift = [median(row["times"][name] for row in rows) for name in rows[0]["times"]]
    kilobytes = median(row["bytes"] for row in rows) / 1000
    return [f"{value:.0f}" for value in (*scores, *milliseconds)] + [f"{shift:.2f}", f"{kilobytes:.0f}"]


if __name__ == "__main__":
    main()
