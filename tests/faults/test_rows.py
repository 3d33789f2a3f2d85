"""Every row of the matrix is played by a test, or has a reason why not."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.rows import NOT_COVERED, SECTIONS

ROW = re.compile(r'"([A-Z]\d\d)"')
TABLED = re.compile(r'^    \(?"([A-Z]\d\d)(?:-[^"]*": |", )', re.MULTILINE)
"""Rows of tables of cases."""
TESTS = Path(__file__).parents[1]


def test_each_row_is_played_or_has_a_reason() -> None:
    """And none has both."""
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")]
    marked = {
        name for text in texts for call in re.findall(r"\brow\(([^)]*)\)", text) for name in ROW.findall(call)
    }
    played = marked | {name for text in texts for name in TABLED.findall(text)}
    rows = {row for section in SECTIONS.values() for row in section}
    assert {row for row in rows if row not in played and row not in NOT_COVERED} == set()
    assert played & NOT_COVERED.keys() == set()
    assert {name for name in played if name[0] in SECTIONS} <= rows
