"""CI runs a failed test once more: the closing line counts it, and the summary prints why it failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
