"""Every row of the faults is played by a test, or has a reason why not, and the page of the faults says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.rows import NOT_COVERED, ROWS

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_faults_is_fresh() -> None:
    """`docs/faults.md` is what `make faults` writes: each row with its tests, or with a reason."""
    written = subprocess.run(
        [sys.executable, "-m", "tests.faults.page"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == written


def test_a_row_is_played_or_has_a_reason() -> None:
    """A row that no test plays has a reason, and no row that a test plays has one."""
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    lines = {line[2:5]: line for line in page.splitlines() if line[:2] == "| " and line[2:5] in ROWS}

    assert lines.keys() == ROWS.keys()
    assert {name for name, line in lines.items() if "not played" in line} == NOT_COVERED.keys()
