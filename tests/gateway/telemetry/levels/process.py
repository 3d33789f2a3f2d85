"""A process that counts pages of two districts, at times that a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

from student_graph.adapters.model import DistrictId
from student_graph.gateway.telemetry.levels import LevelRecorder, LevelSettings, Objectives, store
from student_graph.gateway.telemetry.levels.counts import PageCounts, SourceCounts
from student_graph.gateway.telemetry.levels.objectives import Objective
from student_graph.gateway.telemetry.levels.recorder import Counted

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC).timestamp()
DAY = date(2026, 11, 29)
HILL, DALE = DistrictId("hill"), DistrictId("dale")
OBJECTIVES = Objectives(1.0, {Objective.ANSWERED: 0.99})


class Process:
    """A process that counts pages of two districts, at times that the test says."""

    def __init__(self, folder: Path | None, worker: int = 1, now: float = NOON) -> None:
        self.now, self.is_ready = now, True
        self.pages = {HILL: PageCounts(), DALE: PageCounts()}
        self.source, self.lookups = object(), 0
        self.recorder = LevelRecorder(folder, worker, lambda: self.now)
        self.settings = LevelSettings(folder, 25, {HILL: OBJECTIVES})

    def start(self, *districts: str) -> None:
        """Count for some districts; for both if none is named."""
        self.recorder.start(self.settings, districts or (HILL, DALE), self.counted)

    def counted(self) -> Counted:
        """What this process has counted since its start."""
        return Counted(self.is_ready, self.pages, {HILL: {"sis": (self.source, SourceCounts(self.lookups))}})

    async def answer(self, pages: int, district: str = HILL, outcome: str = "complete") -> None:
        """Answer pages, and let the recorder look and write."""
        for _ in range(pages):
            self.pages[DistrictId(district)].add(outcome, (), 0.02)
        self.recorder.update()
        await self.recorder.write()


def pages_in(folder: Path, district: str = HILL) -> int:
    """All pages in the files of a district."""
    counts = store.read_days([folder], district, DAY, DAY)
    assert not counts.unreadable
    return sum(hour.pages.pages for hour in counts.hours.values())


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario with recorders whose own tasks do nothing in between."""

    async def running() -> None:
        await scenario()
        current = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(running())
