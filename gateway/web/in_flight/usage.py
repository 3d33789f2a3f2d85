"""How much of the processor the process has used, and how much of it within budgets."""

from __future__ import annotations

import math
import os
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from student_graph.gateway.concurrency.loop_time import LoopBudgets

SCHEDULE_FILE = "/proc/thread-self/schedstat"
"""
Linux writes there, for the thread that opens it, the nanoseconds on the processor, those of waiting for it, and a
count.
"""


class ProcessorDemand:
    """
    Seconds for which a thread has used the processor, or waited for it because others had it.

    A thread that gets half of a processor and always wants it has used half of the time, and demanded all of it.
    """

    def __init__(self) -> None:
        """Measure the thread of the first call. On systems that do not say how long it waited, waits count 0."""
        self._file: int | None = None
        self._is_open = False

    def __call__(self) -> float:
        """The seconds so far."""
        if not self._is_open:
            self._open()
        used = time.thread_time()
        if self._file is None:
            return used
        return used + int(os.pread(self._file, 100, 0).split()[1]) / 1e9

    def _open(self) -> None:
        self._is_open = True
        try:
            self._file = os.open(SCHEDULE_FILE, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        weakref.finalize(self, os.close, self._file)


SHARE_WINDOW_SECONDS = 0.02
"""Demanded time over which the share of the processor is averaged: a burst is over in a few of them."""
MIN_SHARE = 0.5
"""Smallest share that shortens a queue. Where others have more of a machine for a moment, no class is refused."""


class ProcessorShare:
    """The share of the processor that a process gets when it needs it: with half, a queue takes twice as long."""

    def __init__(self, cpu: Callable[[], float], demand: Callable[[], float]) -> None:
        """`cpu` returns the seconds that were used, and `demand` those that were used or waited for."""
        self._cpu, self._demand = cpu, demand
        self._before: tuple[float, float] | None = None
        self._share = 1.0

    @property
    def value(self) -> float:
        """From `MIN_SHARE` to 1."""
        return max(self._share, MIN_SHARE)

    def sample(self) -> float:
        """Measure, and return the seconds that were demanded so far. The first call only begins."""
        used, demanded = self._cpu(), self._demand()
        if self._before is not None and demanded > self._before[1]:
            seconds = demanded - self._before[1]
            share = min((used - self._before[0]) / seconds, 1.0)
            self._share += (share - self._share) * (1 - math.exp(-seconds / SHARE_WINDOW_SECONDS))
        self._before = used, demanded
        return demanded


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used until some moment."""

    cpu: float
    """Seconds of processor time."""
    charged: float
    """Loop time charged to clients, in seconds. Other processes may have taken the processor meanwhile."""
    charged_within: float
    """The part of it that clients used within their budgets."""
    charged_to_strangers: float
    """The part of it that nobody pays for, such as that of refusing requests by their heads."""

    @classmethod
    def now(cls, cpu: float, budgets: LoopBudgets) -> Usage:
        """What was used until now: so many seconds of processor time, and what is charged to budgets."""
        return cls(
            cpu, budgets.charged_seconds, budgets.charged_within_seconds, budgets.charged_to_strangers_seconds
        )

    def within_budgets(self, before: Usage) -> float:
        """Seconds of processor time since then for clients within their budgets; all of it if none is charged."""
        charged = self.charged - before.charged
        share = (self.charged_within - before.charged_within) / charged if charged > 0 else 1.0
        return (self.cpu - before.cpu) * share

    def for_strangers(self, before: Usage) -> float:
        """Seconds of processor time since then that nobody pays for."""
        charged = self.charged - before.charged
        share = (self.charged_to_strangers - before.charged_to_strangers) / charged if charged > 0 else 0.0
        return (self.cpu - before.cpu) * share
