"""
What a run reports.

CI runs a failed test once more: the closing line counts it, and the summary prints why it failed. A process that
runs tests for another one leaves out what changes nothing.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from execnet.gateway_base import get_execmodel
from xdist.remote import WorkerInteractor

from tests.conftest import pytest_configure

ROOT = Path(__file__).parents[1]
FAILS_ONCE = """
from pathlib import Path

def test_fails_once():
    marker = Path(__file__).with_suffix(".ran")
    if not marker.exists():
        marker.touch()
        raise AssertionError("the first run fails")

def test_fails_always():
    raise AssertionError("every run fails")
"""

Outcome = Literal["passed", "failed", "skipped"]
ALL: list[tuple[str, Outcome]] = [
    ("setup", "passed"), ("setup", "failed"), ("setup", "skipped"),
    ("call", "passed"), ("call", "failed"), ("call", "skipped"),
    ("teardown", "passed"), ("teardown", "failed"),
]  # fmt: skip


def test_a_failed_test_runs_once_more_and_says_so(tmp_path: Path) -> None:
    """A failure that stays is a failure of the run; one that goes is printed in full."""
    (tmp_path / "test_twice.py").write_text(FAILS_ONCE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    options = ["--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml"), "--reruns", "1", str(tmp_path)]
    run = subprocess.run(  # noqa: S603 - our own arguments
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout
    assert "1 failed, 1 passed, 2 rerun" in run.stdout
    section = run.stdout.partition("failures of tests that ran again")[2]
    assert "the first run fails" in section
    assert "every run fails" in section


def sent_reports(config: pytest.Config, **options: object) -> list[tuple[str, Outcome]]:
    """The reports that pytest-xdist sends of all that there are."""
    sent: list[tuple[str, dict[str, Any]]] = []
    channel: Any = SimpleNamespace(send=sent.append, gateway=SimpleNamespace(execmodel=get_execmodel("thread")))
    worker: Any = SimpleNamespace(
        workerinput={"testrunuid": "one"},
        option=SimpleNamespace(debug=False, **({"durations": None, "xmlpath": None} | options)),
        pluginmanager=pytest.PytestPluginManager(),
        hook=config.hook,
    )
    sender = WorkerInteractor(worker, channel)
    session: Any = SimpleNamespace(items=[SimpleNamespace(nodeid="test")])
    sender.session, sender.item_index = session, 0
    pytest_configure(worker)
    for when, outcome in ALL:
        phase: Any = when
        report = pytest.TestReport("test", ("test.py", 1, "test"), {}, outcome, None, phase)
        sender.pytest_runtest_logreport(report)
    return [(event["data"]["when"], event["data"]["outcome"]) for name, event in sent if name == "testreport"]


def test_only_preparations_and_ends_that_passed_are_not_sent(pytestconfig: pytest.Config) -> None:
    """They change no count of the closing line."""
    assert sent_reports(pytestconfig) == [
        report for report in ALL if report not in {("setup", "passed"), ("teardown", "passed")}
    ]


@pytest.mark.parametrize("option", [{"durations": 10}, {"xmlpath": "report.xml"}])
def test_what_needs_all_reports_gets_them(pytestconfig: pytest.Config, option: dict[str, object]) -> None:
    """The list of the slowest, and a file for other tools."""
    assert sent_reports(pytestconfig, **option) == ALL
