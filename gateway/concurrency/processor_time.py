"""
How much of a step of the event loop was work: other processes may have had the processor meanwhile.

A client who paid for that would be refused for what a neighbor on the machine does, or a limit of a container. To
read the processor's clock takes a call of the system. So it is read after long steps, and else 200 times a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Returns seconds since some moment."""
LONG_STEP_SECONDS = 0.001
"""How long a step may take that counts without a look at the processor's clock."""
INTERVAL_SECONDS = 0.005
"""Time between two looks at it when all steps are short."""


class ProcessorTime:
    """Corrects the duration of long steps by the processor time that passed since the last look at its clock."""

    __slots__ = ("_cpu", "_used", "_used_at")

    def __init__(self, cpu: Clock) -> None:
        """`cpu` tells the processor time of the thread."""
        self._cpu, self._used, self._used_at = cpu, cpu(), 0.0

    def of_step(self, began_at: float, ended_at: float) -> float:
        """Return the seconds that a step worked at most."""
        seconds = ended_at - began_at
        if seconds <= LONG_STEP_SECONDS and ended_at - self._used_at < INTERVAL_SECONDS:
            return seconds
        before, self._used, self._used_at = self._used, self._cpu(), ended_at
        return seconds if seconds <= LONG_STEP_SECONDS else min(seconds, self._used - before)
