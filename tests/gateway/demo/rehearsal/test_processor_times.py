"""The report says whether the machine of a rehearsal was too busy for it."""

from __future__ import annotations

import os

import pytest

from student_graph.gateway.demo.rehearsal.fleet import ProcessorTimes, processor_times, waiting_share


def test_the_share_of_waiting_is_that_of_all_processes() -> None:
    """A process that ran for a second and waited for three counts as much as it had work."""
    assert waiting_share([ProcessorTimes(1.0, 3.0), ProcessorTimes(4.0, 0.0)]) == pytest.approx(3 / 8)
    assert waiting_share([]) is None


def test_a_process_that_ended_has_no_times() -> None:
    """One that runs has some, if the system says them."""
    assert processor_times(2**22 + 1) is None
    own = processor_times(os.getpid())
    assert own is None or own.ran > 0
