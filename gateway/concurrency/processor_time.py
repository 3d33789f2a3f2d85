"""
How much of a step of the event loop was work: other processes may have used the processor meanwhile.

A client who paid for that time would be refused because of other programs on the machine, or of a container's
limit. Reading the processor's clock takes a system call. It is therefore read after long steps, and otherwise
200 times a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Returns seconds since some moment."""
LONG_STEP_SECONDS = 0.001
"""Longest step that counts in full without reading the processor's clock."""
INTERVAL_SECONDS = 0.005
"""Time between two reads of the clock when all steps are short."""


class ProcessorTime:
    """Corrects the duration of long steps by the processor time that passed since the last look at its clock."""

    __slots__ = ("_cpu", "_used", "_used_at")

    def __init__(self, cpu: Clock) -> None:
        """`cpu` tells the processor time of the thread."""
        self._cpu, self._used, self._used_at = cpu, cpu(), 0.0

    def of_step(self, began_at: float, ended_at: float) -> float:
        """Return for how many seconds a step worked at most."""
        seconds = ended_at - began_at
        if seconds <= LONG_STEP_SECONDS and ended_at - self._used_at < INTERVAL_SECONDS:
            return seconds
        before, self._used, self._used_at = self._used, self._cpu(), ended_at
        return seconds if seconds <= LONG_STEP_SECONDS else min(seconds, self._used - before)
