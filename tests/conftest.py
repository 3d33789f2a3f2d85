"""What holds for every test: a skip is a failure on a machine where all is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped on a machine that has everything."""
    if not os.environ.get("STUDENT_GRAPH_SKIPS_FAIL"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
