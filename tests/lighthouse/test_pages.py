"""
The status page and the dashboard are fast and accessible, as Lighthouse measures a desktop.

Accessibility, requests and moved content hold in each run. The score of performance is lower while other programs
use the processors, and never higher than the page deserves: the best of some runs counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.visit import needs_dashboard
from tests.gateway.servers import RunningDemo, running_demo
from tests.lighthouse.measuring import PAGES, MeasuredPage, measure, needs_lighthouse
from tests.long_runs import LONG_RUNS

pytestmark = [needs_dashboard, needs_lighthouse, pytest.mark.long_run]
__test__ = LONG_RUNS
MIN_SCORE = 95
MAX_RUNS = 6
MAX_SHIFT = 0.1
"""Share of the screen that moves while the page loads, up to which Lighthouse calls a page good."""
MAX_REQUESTS = 20


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district with the dashboard."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--dashboard", "--students", "60") as running:
        yield running


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lighthouse_accepts_the_page(demo: RunningDemo, tmp_path: Path, page: MeasuredPage) -> None:
    """Accessibility without a failed audit, few requests to this machine only, little that moves, and fast."""
    performance = 0
    for _ in range(MAX_RUNS):
        [row] = measure(demo, tmp_path, [page], "desktop")
        assert row["error"] is None
        assert (row["scores"]["accessibility"], row["failed"]) == (100, [])
        assert [host.partition(":")[0] for host in row["hosts"]] == ["127.0.0.1"]
        assert row["requests"] <= MAX_REQUESTS
        assert row["times"]["cumulative-layout-shift"] <= MAX_SHIFT
        performance = max(performance, row["scores"]["performance"])
        if performance >= MIN_SCORE:
            break
    assert performance >= MIN_SCORE
