"""What a response costs is measured, and what holds until enough responses were sent."""

from __future__ import annotations

import contextlib
import math

import pytest

from student_graph.gateway.web.in_flight import ProcessorShare
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder, OverloadError
from tests.gateway.cache.small_cache import Clock


def is_refused(shedder: LoadShedder) -> bool:
    """Whether one more request of Ada is refused."""
    try:
        with shedder.admit("ada"):
            return False
    except OverloadError:
        return True


async def test_a_process_that_has_just_started_lets_a_hundred_requests_queue() -> None:
    """Nobody knows yet what a response costs. Requests that wait for vendors are not among them."""
    shedder = LoadShedder(cpu=Clock(), clock=Clock())
    shedder.start()
    try:
        with contextlib.ExitStack() as requests:
            admitted = []
            while not is_refused(shedder):
                admitted.append(requests.enter_context(shedder.admit("ada")))
            assert len(admitted) in (100, 101)
            for request in admitted[:50]:
                requests.enter_context(request.vendor_wait())
            assert not is_refused(shedder)
    finally:
        shedder.stop()


async def test_the_start_of_the_process_is_no_work_for_its_first_responses() -> None:
    """Importing and connecting took ten seconds; thirty responses of ten milliseconds may queue after all."""
    cpu, clock = Clock(), Clock()
    shedder = LoadShedder(cpu=cpu, clock=clock)
    cpu.now = clock.now = 10.0
    shedder.start()
    try:
        for _ in range(128):
            with shedder.admit():
                cpu.now += 0.01
                clock.now += 0.1
        assert shedder._everybody.cost == pytest.approx(0.01)
    finally:
        shedder.stop()


def test_the_share_of_the_processor_counts_waits_for_it() -> None:
    """Within a twentieth of a second. A tenth of a processor counts as half: else a class would be refused."""
    cpu, demand = Clock(), Clock()
    share = ProcessorShare(cpu, demand)
    share.sample()
    shares = [share.value]
    for used, waited in ((0.05, 0.0), (0.05, 0.02), (0.05, 0.45), (0.0, 0.0), (0.05, 0.0)):
        cpu.now += used
        demand.now += used + waited
        assert share.sample() == demand.now
        shares.append(share.value)
    assert shares == pytest.approx([1.0, 1.0, 0.71, 0.5, 0.5, 0.93], abs=0.02)


@pytest.mark.parametrize("crowd", [130, 1_000])
async def test_a_crowd_that_ends_together_does_not_make_a_response_look_cheap(crowd: int) -> None:
    """
    Requests that take turns are all nearly done when the first one ends; what is left of the work is small.

    If the last responses were taken for cheap ones, more and more requests would be admitted.
    """
    cpu, clock = Clock(), Clock()
    shedder = LoadShedder(LoadLimits(burst=math.inf), cpu=cpu, clock=clock)
    shedder.start()
    costs = list[float]()
    try:
        for _ in range(5):
            with contextlib.ExitStack() as requests:
                for _ in range(crowd):
                    requests.enter_context(shedder.admit("ada"))
                cpu.now += crowd * 0.002
                clock.now += crowd * 0.002
            costs.append(shedder._everybody.cost or 0.0)
    finally:
        shedder.stop()
    assert costs[1:] == pytest.approx([0.002] * 4, rel=0.15)


async def test_after_a_crowd_the_cost_is_that_of_the_last_responses() -> None:
    """A crowd looked at long lists; now pages are ten times cheaper, and ten times as many may queue."""
    cpu, clock = Clock(), Clock()
    shedder = LoadShedder(LoadLimits(burst=math.inf), cpu=cpu, clock=clock)
    shedder.start()
    try:
        with contextlib.ExitStack() as requests:
            for _ in range(500):
                requests.enter_context(shedder.admit("ada"))
            cpu.now += 500 * 0.02
        for _ in range(4_000):
            with shedder.admit("ada"):
                cpu.now += 0.002
                clock.now += 0.02
        assert shedder._everybody.cost == pytest.approx(0.002, rel=0.1)
        assert len(shedder._everybody._costs) <= 20
    finally:
        shedder.stop()
