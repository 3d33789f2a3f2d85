"""What a response costs is measured, and what holds until enough responses were sent."""

from __future__ import annotations

import contextlib

import pytest

from student_graph.gateway.web.in_flight import ProcessorShare
from student_graph.gateway.web.load_shedding import LoadShedder, OverloadError
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
