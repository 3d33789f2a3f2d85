"""The figures that size a fleet are computed as queues behave, and printed by the command that the page names."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from unittest import mock

import pytest

from benchmarks.fleet import sizing

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.parametrize("busy", [0.3, 0.6])
def test_a_simulated_worker_waits_as_theory_says(busy: float) -> None:
    """The time in a queue with one server is exponential with the mean s / (1 - busy): textbooks call it M/M/1."""
    simulated = sizing.p99(0.02, 4, 4 * busy / 0.02)
    expected = math.log(100) * 0.02 / (1 - busy)

    assert simulated == pytest.approx(expected, rel=0.08)
    assert math.isinf(sizing.p99(0.02, 4, 4 / 0.02))


def test_the_command_of_the_page_prints_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """From one core to 64, and for eighteen districts of 100,000 students, as the page shows them."""
    figures = sizing.Figures(page_seconds=0.026, vendor_calls=0.6, warm_calls=760, gain=1.8)
    with (
        mock.patch.object(sizing, "SIMULATED_PAGES", 500),
        mock.patch.object(sys, "argv", ["sizing"]),
        mock.patch.object(sizing.Figures, "read", return_value=figures),
    ):
        sizing.main()
    printed = capsys.readouterr().out
    names = [line.split("|")[1] for line in printed.splitlines() if line.startswith("|") and "---" not in line]

    assert "`python -m benchmarks.fleet.sizing`" in PAGE.read_text(encoding="utf-8")
    assert [name for name in names if f"|{name}|" not in PAGE.read_text(encoding="utf-8")] == []
    assert " 64 " in names
    assert " 18 districts of 100,000 students " in names
