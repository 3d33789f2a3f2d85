"""
`docs/faults.md`: each row of the faults, what it is, and the tests that play it.

`python -m tests.faults.page` prints the page.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tests.faults.rows import NOT_COVERED, ROWS, SECTIONS, TITLES

TESTS = Path(__file__).parents[1]
HEAD = """\
# Faults

Every fault that the gateway is held to, what it must do, and the tests that play the fault for real. `make faults`
writes this page from `tests/faults/rows.toml` and the tests. `python -m pytest -m row` plays all rows and reports
each section.
"""
COLUMNS = ("| row | fault | expected | held by |", "|---|---|---|---|")


class _Collector:
    """Notes which rows each collected test is marked with."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for row in (row for mark in item.iter_markers("row") for row in mark.args):
                self.tests.setdefault(row, set()).add(item.nodeid.partition("[")[0])


def tests_of_rows() -> dict[str, list[str]]:
    """
    The tests that are marked with each row, as `path::test`, in order.

    Raises:
        ValueError: the tests cannot be collected.
    """
    # Collecting all tests takes ten times as long as those that name a row.
    naming = [str(path) for path in sorted(TESTS.rglob("test_*.py")) if "row" in path.read_text(encoding="utf-8")]
    collector, output = _Collector(), io.StringIO()
    with redirect_stdout(output):
        status = pytest.main(
            ["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "row", *naming], [collector]
        )
    if status != pytest.ExitCode.OK:
        raise ValueError(f"the tests cannot be collected:\n{output.getvalue()[-2000:]}")
    return {row: sorted(tests) for row, tests in sorted(collector.tests.items())}


def page() -> str:
    """The page as Markdown."""
    played = tests_of_rows()
    parts = [HEAD]
    for section, names in SECTIONS.items():
        lines = [f"## {section}. {TITLES[section]}", "", *COLUMNS]
        for name in names:
            tests = "<br>".join(f"`{test}`" for test in played.get(name, ()))
            held = tests or f"not played: {NOT_COVERED[name]}"
            lines.append(f"| {name} | {ROWS[name].fault} | {ROWS[name].expected} | {held} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
