"""A process is busy if it always wants the processor, whatever part of it others leave."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from student_graph.gateway.web.in_flight import ProcessorDemand
from student_graph.gateway.web.in_flight.usage import SCHEDULE_FILE
from student_graph.gateway.web.load_shedding import LoadShedder
from tests.gateway.cache.small_cache import Clock
from tests.gateway.web.in_flight.simulated_process import Process


async def test_a_process_that_gets_half_of_the_processor_and_always_wants_it_is_busy() -> None:
    """By its use of the processor alone it would never be, and each request would wait for thirty others."""
    cpu, clock, demand = Clock(), Clock(), Clock()
    shedder = LoadShedder(cpu=cpu, clock=clock, demand=demand)
    lane = shedder._everybody
    with shedder.admit("a"), shedder.admit("b"):
        for share_of_time, is_busy in ((0.5, False), (1.0, True)):
            for _ in range(100):
                clock.now += 0.01
                cpu.now += 0.005
                demand.now += 0.01 * share_of_time
                lane.note_refusal(None, clock.now)
                shedder.start()
                shedder.stop()
            assert lane.is_busy is is_busy


@pytest.mark.skipif(not Path(SCHEDULE_FILE).exists(), reason="the system does not say how long a thread waited")
def test_demand_is_the_time_on_the_processor_and_the_time_of_waiting_for_it() -> None:
    """A thread that works demands all of the time, whatever else runs on the machine; one that sleeps, nothing."""
    demand = ProcessorDemand()
    outer_start, before, inner_start = time.perf_counter(), demand(), time.perf_counter()
    while time.perf_counter() < inner_start + 0.05:
        pass
    inner_end, after, outer_end = time.perf_counter(), demand(), time.perf_counter()
    # Others may have the processor between two looks at the clocks.
    assert (inner_end - inner_start) * 0.9 <= after - before <= (outer_end - outer_start) * 1.1


async def test_when_the_processor_has_time_again_a_burst_may_queue_again() -> None:
    """Under overload one response may be ahead; after a quarter of a second of calm a whole burst of thirty."""
    process = Process()
    for _ in range(200):
        with process.shedder.admit("a"):
            process.work(0.01, "a")
    with process.shedder.admit("a"), process.shedder.admit("b"), process.shedder.admit("c"):
        process.work(1.3, "a")
        assert _queue_length(process) == 1
    process.rest(0.1)
    assert _queue_length(process) < 3
    process.rest(0.15)
    assert _queue_length(process) in range(29, 31)


def _queue_length(process: Process) -> int:
    """How many responses may be ahead of a request."""
    lane = process.shedder._everybody
    return next(length for length in range(100) if lane.is_too_long(length + 1))
