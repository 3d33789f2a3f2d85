"""Attacks from the outside on a served gateway; the summary of a test run prints what they cost."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from tests.attacks.client import Attackers
from tests.attacks.good_vendors import facts
from tests.attacks.measurement import Attack, Laboratory, Measurement, broken_bounds, goals_line, table_row
from tests.attacks.mixed_load import Minute, MixedLoad, growth_percent, report
from tests.attacks.plot import line_plot
from tests.attacks.shapes import measure
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


@pytest.mark.long_run
def test_one_document_holds_up_nothing_whatever_its_shape(running: Laboratory) -> None:
    """The largest documents of each kind, and random ones: time of the event loop, memory, size of the answer."""
    costs = asyncio.run(measure(running.gateway, size(3, 300)))
    assert costs.broken(MACHINE_SLACK) == []
    assert costs.answered


async def test_a_connection_that_was_closed_while_idle_is_no_request_without_an_answer() -> None:
    """The next request goes over a new one; a request that was sent and is not answered counts as closed."""
    answers = [b"HTTP/1.1 204 No Content\r\n\r\n"] * 2 + [b""]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        attackers = Attackers(SimpleNamespace(host=host, port=port), "any", 60.0)  # type: ignore[arg-type]
        for expected in ({"204": 1}, {"204": 2}, {"204": 2, "closed": 1}):
            await attackers.exchange(b"GET / HTTP/1.1\r\n\r\n")
            assert dict(attackers.replies) == expected
            for connection in attackers._idle:
                assert await connection.reader.read() == b""
        await attackers.close()


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


def measurement(name: str, refused: int, slowdown: float, remaining_mib: float) -> Measurement:
    """What an attack did to others."""
    return Measurement(
        name, "growing", 10.0, 1.0, {"200": 9}, 1.0, 0, remaining_mib, remaining_mib, 0, 0, 0, [], 100,
        {"503": refused} if refused else {}, 10.0, slowdown, 20.0, 5.0, 1.0,
    )  # fmt: skip


def test_the_last_line_of_the_table_counts_rows_within_the_goals() -> None:
    """It names the rows outside of them, and what each missed."""
    rows = [measurement("a", 0, 2.0, 32.0), measurement("b", 3, 2.5, 1.0), measurement("c", 0, 1.0, 40.0)]
    goals = "0 refused, p99 at most 2 x, at most 32 MiB left"
    assert goals_line(rows[:1]) == f"1 of 1 rows are within the goals ({goals})"
    outside = "outside: b (3 refused, p99 2.5 x), c (40 MiB left)"
    assert goals_line(rows) == f"1 of 3 rows are within the goals ({goals}); {outside}"


def test_a_soak_that_is_interrupted_still_writes_its_plot_and_counts(tmp_path: Path) -> None:
    """The files hold the minutes that were complete."""
    load = MixedLoad(SimpleNamespace(facts=facts()), 60)  # type: ignore[arg-type] # no gateway is asked
    load.minutes += [Minute(number, 100.0 + number, 60.0, 1_200, 50.0, 20, 0, {"total": 9.0}) for number in (1, 2)]
    load.replies["200"] = 2_400
    assert report(load, tmp_path / "soak") == 0
    assert [row["minute"] for row in json.loads((tmp_path / "soak.json").read_text())["minutes"]] == [1, 2]
    assert "<polyline" in (tmp_path / "soak.svg").read_text()
