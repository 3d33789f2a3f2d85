"""Compares the answers of healthy districts before another district is in trouble, and meanwhile."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from benchmarks.support.figures import Row

MAX_RATIO = 1.2
"""Goal: times of others with trouble, compared with those without."""
RESAMPLE_COUNT = 400
"""How often the times are drawn again, to see how much a ratio changes by chance."""
MAX_SHARE_BELOW = 0.025
"""Share of these ratios that may be below the reported least ratio."""


@dataclass
class Comparison:
    """The answers of all rounds."""

    before: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    """Seconds of each complete answer."""
    refused_before: int = 0
    refused_during: int = 0

    def note(self, seconds: Sequence[float], refused: int, *, is_troubled: bool) -> None:
        """Add the times of complete answers, and how many requests were refused."""
        if is_troubled:
            self.during += seconds
            self.refused_during += refused
        else:
            self.before += seconds
            self.refused_before += refused

    def rows(self, case: str, max_ratio: float | None = MAX_RATIO) -> list[Row]:
        """The effect of one kind of trouble on others; `max_ratio` is the goal, None without one."""
        name = f"others while {case}"
        half = median(self.during) / median(self.before)
        return [
            Row("fleet", name, "p99 compared with no trouble", ratio(self.during, self.before), "x", max_ratio),
            Row("fleet", name, "the same, the least that chance explains", least(self.during, self.before), "x"),
            Row("fleet", name, "median compared with no trouble", half, "x"),
            Row("fleet", name, "requests answered", len(self.during), "requests"),
            Row("fleet", name, "requests refused or failed", self.refused_during, "requests", self.refused_before),
        ]


def p99(times: Sequence[float]) -> float:
    """The 99th percentile of times."""
    return quantiles(times, n=100)[98]


def ratio(times: Sequence[float], others: Sequence[float]) -> float:
    """The 99th percentile of times, compared with that of others."""
    return p99(times) / p99(others)


def least(times: Sequence[float], others: Sequence[float]) -> float:
    """
    The least ratio that chance explains.

    As many of the same times are drawn again and again: of 400 such ratios, 390 are greater.
    """
    rng = random.Random(len(times))  # noqa: S311 - the same each time
    drawn = sorted(
        ratio(rng.choices(times, k=len(times)), rng.choices(others, k=len(others))) for _ in range(RESAMPLE_COUNT)
    )
    return drawn[int(MAX_SHARE_BELOW * RESAMPLE_COUNT)]
