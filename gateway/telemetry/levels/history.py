"""The pages of the last three days, for how fast an error budget burns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from student_graph.gateway.telemetry.levels.counts import PageCounts, total
from student_graph.gateway.telemetry.levels.objectives import Objectives

MINUTE_SECONDS, HOUR_SECONDS = 60, 3_600
WINDOWS: Mapping[str, int] = {"5m": 300, "30m": 1_800, "1h": 3_600, "6h": 21_600, "3d": 259_200}
"""Seconds of each window. They are those of the multiwindow alerts in chapter 5 of Google's SRE workbook."""
MAX_MINUTE_WINDOW_SECONDS = 3_600
"""Seconds of the longest window that is counted by minutes; longer ones are counted by hours."""


class Judged(NamedTuple):
    """How many pages an objective counts, and how many of them missed it."""

    pages: int
    missed: int


Windows: TypeAlias = "Mapping[str, Mapping[str, Judged]]"
"""What was judged in each window, by objective and by name of the window."""


class PageHistory:
    """The pages of one district by minute and by hour, each as long as a window needs them."""

    def __init__(self) -> None:
        self._by_minute: dict[int, PageCounts] = {}
        """By minutes since 1970."""
        self._by_hour: dict[int, PageCounts] = {}
        """By hours since 1970."""

    def add(self, pages: PageCounts, now: float) -> None:
        """Count pages that ended about now; `now` is in seconds since 1970."""
        _add(self._by_minute, int(now) // MINUTE_SECONDS, pages)
        self.add_hour(int(now) // HOUR_SECONDS, pages)
        _forget(self._by_minute, int(now - MAX_MINUTE_WINDOW_SECONDS) // MINUTE_SECONDS)
        _forget(self._by_hour, int(now - max(WINDOWS.values())) // HOUR_SECONDS)

    def add_hour(self, hour: int, pages: PageCounts) -> None:
        """Count the pages of an hour, such as those of an earlier process; `hour` is in hours since 1970."""
        _add(self._by_hour, hour, pages)

    def windows(self, objectives: Objectives, now: float) -> Windows:
        """What was judged in each window until now. A window begins with a whole minute, or with a whole hour."""
        pages = {name: self._pages(seconds, now) for name, seconds in WINDOWS.items()}
        return {
            objective.value: {
                name: Judged(*counted.judged(objective, objectives.seconds)) for name, counted in pages.items()
            }
            for objective in objectives.targets
        }

    def _pages(self, seconds: int, now: float) -> PageCounts:
        is_short = seconds <= MAX_MINUTE_WINDOW_SECONDS
        slots, length = (self._by_minute, MINUTE_SECONDS) if is_short else (self._by_hour, HOUR_SECONDS)
        first, last = int(now - seconds) // length, int(now) // length
        pages = PageCounts()
        for slot, counted in slots.items():
            if first < slot <= last:
                pages = total(pages, counted)
        return pages


def burn_rates(windows: Windows, objectives: Objectives) -> dict[str, dict[str, float | None]]:
    """
    How fast each error budget burns, by objective and window; None without pages.

    At 1, exactly the budget is used in the time that it is for; at 10 it is used in a tenth of that time.
    """
    return {
        objective.value: {
            name: judged.missed / judged.pages / budget if judged.pages else None
            for name, judged in windows[objective.value].items()
        }
        for objective, budget in objectives.budgets()
    }


def sum_of(reports: Iterable[Windows]) -> Windows:
    """What several workers judged, together; objectives that not all of them have are left out."""
    listed = list(reports)
    objectives = set.intersection(*(set(report) for report in listed)) if listed else set()
    return {
        objective: {
            name: Judged(*map(sum, zip(*(report[objective][name] for report in listed), strict=True)))
            for name in WINDOWS
        }
        for objective in sorted(objectives)
    }


def _add(slots: dict[int, PageCounts], slot: int, pages: PageCounts) -> None:
    slots[slot] = total(slots[slot], pages) if slot in slots else pages


def _forget(slots: dict[int, PageCounts], until: int) -> None:
    """Forget what is older than any window."""
    for slot in [slot for slot in slots if slot < until]:
        del slots[slot]
