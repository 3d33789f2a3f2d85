"""Keeps the counts of one process: adds what was counted since the last update, and writes it into files."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeAlias

from student_graph.gateway.telemetry.levels import store
from student_graph.gateway.telemetry.levels.counts import HourCounts, PageCounts, SourceCounts, growth, total
from student_graph.gateway.telemetry.levels.history import HOUR_SECONDS, WINDOWS, PageHistory, Windows
from student_graph.gateway.telemetry.levels.objectives import LevelSettings

log = logging.getLogger("student_graph.gateway")

LOOK_SECONDS = 10.0
"""Time between two looks at what was counted."""
WRITE_SECONDS = 30.0
"""Time between two times of writing: a process that is killed loses what it counted since."""
DAYS_OF_MONTH = 31


class Counted(NamedTuple):
    """What one process has counted since its start."""

    is_ready: bool
    """Whether it accepts requests now."""
    pages: Mapping[str, PageCounts]
    """Counts of pages by district; districts without a page may be missing."""
    sources: Mapping[str, Mapping[str, tuple[object, SourceCounts]]]
    """By district and name: the source itself, and its counts since it has its present settings."""


Collect: TypeAlias = Callable[[], Counted]


class LevelRecorder:
    """The counts of one process, from its start to its end."""

    def __init__(self, directory: Path | None, worker: int, clock: Callable[[], float] = time.time) -> None:
        """
        Keep counts in files of `directory`, or only for burn rates if that is None.

        `worker` is the number of the process among those of its gateway; `clock` counts seconds since 1970.
        """
        self._files = None if directory is None else store.CountFiles(directory, worker)
        self._clock = clock
        self.settings = LevelSettings(directory)
        self._districts: Collection[str] = ()
        self._collect: Collect | None = None
        self._running: asyncio.Task[None] | None = None
        self._pages: dict[str, PageCounts] = {}
        """What had been counted at the last update."""
        self._sources: dict[tuple[str, str], tuple[object, SourceCounts]] = {}
        self._history: dict[str, PageHistory] = {}
        self._days: dict[tuple[str, date], dict[int, HourCounts]] = {}
        """What this process counted, by district and day: today, and earlier days that are not written yet."""
        self._changed: set[tuple[str, date]] = set()
        self._cleaned_on: date | None = None
        self.is_failing = False
        """Whether the last counts could not be written."""

    def start(self, settings: LevelSettings, districts: Iterable[str], collect: Collect) -> None:
        """
        Count what `collect` returns from now on, under these settings.

        Called again, it goes on with those of newer settings: what was counted of districts that they do not have
        is forgotten. The files of such a district stay until `store.remove_district` removes them, also if the
        district comes back.
        """
        is_first, known = self._collect is None, frozenset(self._districts)
        if not is_first:
            self.update()  # with what was counted under the earlier settings
        self.settings, self._collect = settings, collect
        self._districts = frozenset(districts)
        if self._files is not None and not is_first:
            self._files.begin_new_files(self._districts - known)
        for district in self._history.keys() - self._districts:
            del self._history[district]
        for key in [key for key in self._days if key[0] not in self._districts]:
            del self._days[key]
            self._changed.discard(key)
        if self._running is None and settings.counts:
            self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Write what was counted until now, at the end of the process."""
        if self._running is None:
            return
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self.update()
        await self.write()

    def update(self) -> None:
        """Add what was counted since the last update to the counts of this hour."""
        assert self._collect is not None
        counted, now = self._collect(), self._clock()
        instant = datetime.fromtimestamp(now, UTC)
        pages_before, sources_before = self._pages, self._sources
        # Copies, because those go on counting. Also of districts without settings, which may come back.
        self._pages = {district: total(pages, PageCounts()) for district, pages in counted.pages.items()}
        self._sources = {}
        for district in self._districts:
            hour = HourCounts(minutes=counted.is_ready << instant.minute)
            hour.pages = growth(self._pages.get(district, PageCounts()), pages_before.get(district))
            for name, (source, counts) in counted.sources.get(district, {}).items():
                earlier, before = sources_before.get((district, name), (None, None))
                grown = growth(counts, before if earlier is source else None)
                if grown.lookups or grown.shown:
                    hour.sources[name] = grown
                self._sources[district, name] = source, counts
            if hour.pages != PageCounts():
                self._history.setdefault(district, PageHistory()).add(hour.pages, now)
            self._add(district, instant, hour)

    def _add(self, district: str, instant: datetime, counts: HourCounts) -> None:
        if self._files is None or counts == HourCounts():
            return
        key = district, instant.date()
        hours = self._days.setdefault(key, {})
        before = hours.get(instant.hour, HourCounts())
        hours[instant.hour] = total(before, counts)
        if hours[instant.hour] != before:
            self._changed.add(key)

    def windows(self) -> dict[str, Windows]:
        """What was judged in each window, by district; of those that have objectives."""
        now, empty = self._clock(), PageHistory()
        return {
            district: self._history.get(district, empty).windows(objectives, now)
            for district, objectives in self.settings.objectives.items()
        }

    async def write(self) -> None:
        """Write the files whose counts have changed. Nothing is raised, and nothing lost, if that fails."""
        if self._files is None:
            return
        keys, today = [*self._changed], datetime.fromtimestamp(self._clock(), UTC).date()
        contents = [
            (self._files.path(district, day), self._files.encode(district, day, self._days[district, day]))
            for district, day in keys
        ]
        self._changed.clear()
        try:
            await asyncio.to_thread(_write_all, contents)
            await self._clean(today)
        except OSError as exc:
            self._changed.update(key for key in keys if key in self._days)
            if not self.is_failing:
                log.error(  # noqa: TRY400 - the place in the code says nothing
                    "the counts of service levels cannot be written (%s): they wait, requests are served",
                    exc.strerror,
                )
            self.is_failing = True
            return
        if self.is_failing:
            log.info("the counts of service levels can be written again")
        self.is_failing = False
        for key in [key for key in self._days if key[1] < today and key not in self._changed]:
            del self._days[key]

    async def _clean(self, today: date) -> None:
        """
        Remove counts that are older than the settings want, once a day.

        Raises:
            OSError: a file cannot be removed.
        """
        if self._files is None or self._cleaned_on == today:
            return
        keeps_since = today - timedelta(days=self.settings.keep_months * DAYS_OF_MONTH)
        await asyncio.to_thread(store.remove_before, self._files.directory, keeps_since)
        self._cleaned_on = today

    async def _run(self) -> None:
        await self._restore()
        write_at = time.monotonic() + WRITE_SECONDS
        while True:
            self.update()
            if time.monotonic() >= write_at:
                await self.write()
                write_at = time.monotonic() + WRITE_SECONDS
            await asyncio.sleep(LOOK_SECONDS)

    async def _restore(self) -> None:
        """Read what an earlier process with this number counted in the last days, for the burn rates."""
        if self._files is None:
            return
        since = datetime.fromtimestamp(self._clock() - max(WINDOWS.values()), UTC).date()
        for district in sorted(self._districts & self.settings.objectives.keys()):
            with suppress(OSError):
                earlier = await asyncio.to_thread(self._files.read_earlier, district, since)
                history = self._history.setdefault(district, PageHistory())
                for begins, counts in earlier.hours.items():
                    history.add_hour(int(begins.timestamp()) // HOUR_SECONDS, counts.pages)


def _write_all(contents: Iterable[tuple[Path, bytes]]) -> None:
    for path, content in contents:
        store.write(path, content)
