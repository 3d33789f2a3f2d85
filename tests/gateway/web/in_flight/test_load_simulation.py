"""
Load shedding against simulated requests: a morning at a school is no overload, ten times too much load is one.

All times are simulated, so they depend on no machine.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from student_graph.gateway.web.in_flight.lane import UTILIZATION_WINDOW_SECONDS
from tests.gateway.web.in_flight.simulated_load import Result, Simulation, always
from tests.long_runs import size

MORNING_PAGES = [0.03] * 60 + [0.1] * 60 + [0.5] * 3 + [1.0] * 2
"""Seconds of processor time of pages: cached and new ones of teachers, lists of a school, lists of a district."""
SPREAD = [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
"""Costs of pages as multiples of their mean: no two take the same time."""
BURST_SECONDS = 0.3
"""Processor time that may be ahead of a request after a quiet time."""
ONSET_SECONDS = 0.6
"""Time after which a burst is over, if the processor works for nothing else."""
CALM_SECONDS = 0.05
"""A moment of calm in each second."""


def overload(
    cost: float,
    seconds: float,
    *,
    people: int = 1,
    share: float = 1.0,
    factor: float = 10.0,
    arrives: Callable[[float], bool] = always,
    works: Callable[[float], bool] = always,
) -> Result:
    """So many times what can be answered of pages of this mean cost; to refuse one takes a hundredth of it."""
    pages = [cost * part for part in SPREAD]
    simulation = Simulation(pages, people=people, share=share, refusal_seconds=cost / 100)
    return simulation.run(factor * share / cost, seconds, arrives=arrives, works=works)


@pytest.mark.long_run
async def test_a_morning_at_a_school_is_not_an_overload() -> None:
    """The processor works a sixth of the time: hardly a page is refused, and none is much slower."""
    result = Simulation(MORNING_PAGES).run(rate=1.6, seconds=size(150, 1_000))
    assert result.refused <= len(result.answers) / 100
    assert result.p99_slowdown < 3.5


@pytest.mark.row("F01")
@pytest.mark.parametrize(("people", "share"), [(1, 1.0), (300, 1.0), (300, 0.5)])
@pytest.mark.parametrize("cost", [0.001, 0.006, 0.05])
async def test_under_ten_times_the_load_what_is_admitted_is_answered_in_time(
    cost: float, people: int, share: float
) -> None:
    """
    As soon as the burst is over, for one person or a crowd, with all of the processor or half of it.

    The people of the crowd have come a few seconds ago: nobody of them was answered within the budget before.
    """
    onset = ONSET_SECONDS / share
    result = overload(cost, onset + 200 * cost / share, people=people, share=share)
    assert result.goodput >= 0.9
    assert result.p99(after=onset) <= 3 * result.p99_alone


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("cost", [0.001, 0.006, 0.05])
async def test_of_an_overload_one_burst_is_late(cost: float, share: float) -> None:
    """
    However long the overload lasts: what may queue after a quiet time, and what came until it was noticed.

    With half of the processor half of it: it takes as long.
    """
    result = overload(cost, 2 * ONSET_SECONDS, share=share)
    assert late_seconds(result) <= (BURST_SECONDS + 2 * UTILIZATION_WINDOW_SECONDS) * share + 2 * cost


def late_seconds(result: Result, after: float = 0.0) -> float:
    """Processor time of the pages that were late and began so many seconds after the start of the load."""
    limit = 3 * result.p99_alone
    return sum(answer.cost for answer in result.answers if answer.began >= after and answer.seconds > limit)


@pytest.mark.parametrize("pausing", ["arrives", "works"])
async def test_moments_of_calm_let_no_burst_queue_under_overload(pausing: str) -> None:
    """For a twentieth of each second no request comes, or all responses wait for slow clients: they are late."""
    result = overload(0.006, 6, **{pausing: lambda now: now % 1 < 1 - CALM_SECONDS})
    assert late_seconds(result, after=ONSET_SECONDS) <= 0.02 * (6 - ONSET_SECONDS)
    assert result.goodput >= 0.9 * (1 - CALM_SECONDS)


@pytest.mark.parametrize(("factor", "goodput"), [(1.2, 0.8), (2.0, 0.85)])
async def test_a_processor_with_a_little_too_much_to_do_is_used(factor: float, goodput: float) -> None:
    """Requests come rarely enough that the shortest queue would often run empty: then it is a little longer."""
    assert overload(0.006, 6, factor=factor).goodput >= goodput


async def test_four_fifths_of_the_processor_is_not_an_overload() -> None:
    """Requests that come at random times queue now and then, and are not refused."""
    result = overload(0.006, 10, factor=0.8)
    assert result.refused <= len(result.answers) / 100


@pytest.mark.parametrize("cost", [0.001, 0.006])
async def test_forty_people_open_a_page_at_the_bell(cost: float) -> None:
    """After a quiet time nobody is refused; a class later, the same again."""
    simulation, result = Simulation([cost], people=40), Result()
    for _ in range(2):
        for person in range(40):
            simulation.send(result, f"teacher {person}")
        simulation.run(0.001, 1.0)
        simulation.rest(5.0)
    simulation.shedder.stop()
    assert result.refused == 0


@pytest.mark.long_run
@pytest.mark.parametrize("share", [1.0, 0.5])
async def test_in_a_minute_of_overload_the_burst_at_its_start_is_less_than_one_in_a_hundred(share: float) -> None:
    """So it does not matter for the 99th percentile."""
    result = overload(0.006, size(50, 60), share=share)
    assert result.p99() <= 3 * result.p99_alone
