"""Attacks from the outside on a served gateway; the summary of a test run prints what they cost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree as ET

import pytest

from tests.attacks.measurement import Attack, Laboratory, broken_bounds, table_row
from tests.attacks.mixed_load import growth_percent
from tests.attacks.plot import line_plot
from tests.attacks.suite import ATTACKS, laboratory
from tests.long_runs import LONG_RUNS, size

ATTACK_SECONDS, CUT_SECONDS = (1.0, 60.0) if LONG_RUNS else (0.05, 1.0)
"""How long an attack lasts, and when it is cut off if its last requests still wait."""
MACHINE_SLACK = 3.0
"""How much more processor time and memory the bounds allow on a machine that other tests use."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process in /proc")
KINDS = tuple(dict.fromkeys(attack.kind for attack in ATTACKS))
GROUPS = (
    [pytest.param([attack], id=attack.name) for attack in ATTACKS]
    if LONG_RUNS
    else [pytest.param([attack for attack in ATTACKS if attack.kind == kind], id=kind) for kind in KINDS]
)
"""Attacks that are measured together: the sample measures all of a kind, a long run each alone."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A served gateway with its vendors, and four viewers who read all the time."""
    with laboratory(tmp_path_factory.mktemp("attacks"), size(2, 16)) as running:
        running.observe_quiet(16.0 if LONG_RUNS else 1.0)
        yield running


@pytest.mark.long_run
@pytest.mark.parametrize("attacks", GROUPS)
def test_attacks_keep_within_their_bounds(
    running: Laboratory, attacks: Sequence[Attack], record_property: Callable[[str, object], None]
) -> None:
    """Others are answered, memory and connections come back, nothing fails inside, and the log stays short."""
    measurement = running.run(attacks, ATTACK_SECONDS, CUT_SECONDS)
    record_property("attack", table_row(measurement))
    assert broken_bounds(measurement, attacks, MACHINE_SLACK) == []


def test_growth_is_measured_after_the_warm_up() -> None:
    """The memory of the first five minutes does not count, and a short run has no growth."""
    values = [1.0, 50.0, 70.0, 90.0, 99.0, *[100.0] * 5, *[102.0] * 5]
    assert growth_percent(values) == pytest.approx(2.0)
    assert growth_percent(values[:14]) is None


def test_a_plot_shows_every_value() -> None:
    """The line of the SVG has a point for each value, the highest at the top of the grid or below it."""
    svg = ET.fromstring(line_plot([10.0, 90.0, 100.0], "minute", "MiB"))  # noqa: S314 - our own
    [line] = svg.findall("{http://www.w3.org/2000/svg}polyline")
    heights = [float(point.split(",")[1]) for point in line.attrib["points"].split()]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] == pytest.approx(50.0)
