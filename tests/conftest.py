"""What holds for every test: a skip is a failure on a machine where all is at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rows import NOT_COVERED, SECTIONS

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell with a test's outcome which rows of the matrix it plays, also from another process."""
    outcome: Any = yield
    rows = [name for mark in item.iter_markers("row") for name in mark.args]
    if rows:
        outcome.get_result().user_properties.append(("rows", rows))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Report what this run counted, and the rows of the matrix that it played."""
    tried: dict[str, bool] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            told = [] if outcome == "passed" and report.when != "call" else _told(report)
            for text in (text for name, text in told if name == "counts"):
                terminalreporter.line(text)
            for row in (row for name, rows in told if name == "rows" for row in rows):
                tried[row] = tried.get(row, True) and outcome == "passed"
    if not tried:
        return
    terminalreporter.section("matrix of faults")
    for section, rows in SECTIONS.items():
        played = [row for row in rows if row in tried]
        passed = [row for row in played if tried[row]]
        terminalreporter.line(f"{section}: {len(rows)} rows, {len(played)} tried, {len(passed)} passed")
        for row in (row for row in played if not tried[row]):
            terminalreporter.line(f"   {row} FAILED")
        for row in (row for row in rows if row in NOT_COVERED):
            terminalreporter.line(f"   {row} not covered: {NOT_COVERED[row]}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped on a machine that has everything."""
    if not os.environ.get("STUDENT_GRAPH_SKIPS_FAIL"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _told(report: Any) -> list[tuple[str, Any]]:
    """What a test told with its outcome; a module that could not be read tells nothing."""
    found: list[tuple[str, Any]] = getattr(report, "user_properties", [])
    return found
