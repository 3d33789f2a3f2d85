"""The page of the faults has every row, with a test that plays it or a reason why not."""

from __future__ import annotations

from pathlib import Path

from tests.faults.rows import NOT_COVERED, ROWS

ROOT = Path(__file__).parents[2]


def test_a_row_is_played_or_has_a_reason() -> None:
    """A row that no test plays has a reason, and no row that a test plays has one."""
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    lines = {line[2:5]: line for line in page.splitlines() if line[:2] == "| " and line[2:5] in ROWS}

    assert lines.keys() == ROWS.keys()
    assert {name for name, line in lines.items() if "not played" in line} == NOT_COVERED.keys()
