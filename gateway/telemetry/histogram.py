"""Counts of values by size, as in Prometheus' histograms: how many values are at or below each bound."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of times of requests and of lookups."""
AGE_SECONDS = (1.0, 10.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)
"""Bounds of ages of answers."""
DELAY_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Bounds of delays of the event loop."""


class Exemplar(NamedTuple):
    """One of the counted values, and the trace that says how it came about."""

    trace_id: str
    span_id: str
    value: float
    at: float
    """Seconds since 1970."""


@dataclass(slots=True)
class Histogram:
    """How many values are within each bound, and their sum."""

    bounds: Sequence[float]
    counts: list[int] = field(init=False)
    """Values up to each bound and over the one before it; the last ones are over all bounds."""
    total: float = 0.0
    exemplars: dict[int, Exemplar] = field(default_factory=dict)
    """By position in `counts`, the latest value that was traced."""

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float, trace: tuple[str, str] | None = None) -> None:
        """Count a value; `trace` are the ids of the trace and of the span in which it was measured."""
        position = bisect_left(self.bounds, value)
        self.counts[position] += 1
        self.total += value
        if trace is not None:
            self.exemplars[position] = Exemplar(*trace, value, time.time())
