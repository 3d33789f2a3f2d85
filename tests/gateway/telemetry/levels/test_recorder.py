"""The counts of processes: written, merged, and neither lost nor counted twice."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.telemetry.levels import LevelRecorder, LevelSettings, Objectives, store
from student_graph.gateway.telemetry.levels.counts import PageCounts, SourceCounts
from student_graph.gateway.telemetry.levels.history import burn_rates, sum_of
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
        self.recorder.look()
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


def test_workers_and_their_successors_count_no_page_twice(tmp_path: Path) -> None:
    """Two workers, of which one is killed and replaced by one that goes on in a file of its own."""

    async def scenario() -> None:
        first, second = Process(tmp_path, 1), Process(tmp_path, 2)
        first.start()
        second.start()
        await first.answer(3)
        await second.answer(4)
        for _ in range(3):  # the same counts again
            await first.answer(0)
        successor = Process(tmp_path, 1)
        successor.start()
        await successor.answer(5)

    run(scenario)
    assert pages_in(tmp_path) == 12
    assert len(list((tmp_path / HILL).glob("*.json"))) == 3


def test_what_was_not_written_is_all_that_a_killed_process_loses(tmp_path: Path) -> None:
    """It looks every ten seconds and writes every thirty."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        await process.answer(3)
        process.pages[HILL].add("complete", (), 0.01)  # and then it is killed

    run(scenario)
    assert pages_in(tmp_path) == 3


def test_folders_of_several_hosts_are_added_and_a_copy_counts_once(tmp_path: Path) -> None:
    """By the names of the files, of which no two processes have the same."""
    here, there, copy = (tmp_path / name for name in ("here", "there", "copy"))

    async def scenario() -> None:
        for folder, pages in ((here, 3), (there, 4)):
            process = Process(folder)
            process.start()
            await process.answer(pages)

    run(scenario)
    (copy / HILL).mkdir(parents=True)
    for path in (there / HILL).iterdir():
        (copy / HILL / path.name).write_bytes(path.read_bytes())
    counts = store.read_days([here, there, copy], HILL, DAY, DAY)
    assert sum(hour.pages.pages for hour in counts.hours.values()) == 7


def test_hours_and_days_have_counts_of_their_own(tmp_path: Path) -> None:
    """In UTC; a day is a file."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        await process.answer(1)
        process.now += 3_600
        await process.answer(2)
        process.now += 86_400
        process.lookups = 8
        await process.answer(3)

    run(scenario)
    counts = store.read_days([tmp_path], HILL, DAY, date(2026, 11, 30))
    assert {hour.isoformat()[5:16]: hours.pages.pages for hour, hours in counts.hours.items()} == {
        "11-29T12:00": 1,
        "11-29T13:00": 2,
        "11-30T13:00": 3,
    }
    assert counts.hours[datetime(2026, 11, 30, 13, tzinfo=UTC)].sources["sis"].lookups == 8


def test_minutes_count_while_requests_are_accepted(tmp_path: Path) -> None:
    """Not those in which the process starts or drains."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        for minute in range(4):
            process.now = NOON + 60 * minute
            process.is_ready = minute != 2
            await process.answer(0)

    run(scenario)
    [hour] = store.read_days([tmp_path], HILL, DAY, DAY).hours.values()
    assert f"{hour.minutes:04b}" == "1011"


def test_a_folder_that_cannot_be_written_is_said_once_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The counts wait in memory, and come when the disk has room again."""
    is_full = True
    write = store.write

    def write_if_there_is_room(path: Path, content: bytes) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    async def scenario() -> None:
        nonlocal is_full
        process = Process(tmp_path)
        process.start()
        for _ in range(3):
            await process.answer(2)
        assert process.recorder.is_failing
        assert pages_in(tmp_path) == 0
        is_full = False
        await process.answer(0)
        assert not process.recorder.is_failing

    monkeypatch.setattr(store, "write", write_if_there_is_room)
    with caplog.at_level(logging.INFO, "student_graph.gateway"):
        run(scenario)
    assert pages_in(tmp_path) == 6
    messages = [record.message for record in caplog.records]
    assert [message.split(" (")[0] for message in messages] == [
        "the counts of service levels cannot be written",
        "the counts of service levels can be written again",
    ]
    assert "No space left on device" in messages[0]


def test_nothing_is_left_of_a_removed_district(tmp_path: Path) -> None:
    """Neither in the folder nor in a process that counted it and has newer settings."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        await process.answer(3, HILL)
        await process.answer(4, DALE)
        process.start(HILL)
        assert store.remove_district(tmp_path, DALE) == 1
        await process.answer(5, DALE)
        await process.answer(1, HILL)

    run(scenario)
    assert [path.name for path in tmp_path.iterdir()] == [HILL]
    assert not any(b"dale" in path.read_bytes() for path in (tmp_path / HILL).iterdir())
    assert pages_in(tmp_path) == 4
    assert store.remove_district(tmp_path, DALE) == 0


@pytest.mark.parametrize("name", ["", ".", "..", "../hill", "a/b", "/etc", "-r", "Hill"])
def test_only_a_district_is_removed_and_no_path(tmp_path: Path, name: str) -> None:
    """Whatever a command passes on."""
    (tmp_path / "hill").mkdir()
    with pytest.raises(ValueError, match="no path"):
        store.remove_district(tmp_path, name)
    assert (tmp_path / "hill").is_dir()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"v":2}', b"\xff\xfe", b"[1]", b"null"])
def test_a_file_that_holds_something_else_is_left_out_and_named(tmp_path: Path, content: bytes) -> None:
    """Also one that a full disk has cut, and one with counts by other bounds."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        await process.answer(3)

    run(scenario)
    bad = tmp_path / HILL / "counts-20261129-w1-00000000.json"
    bad.write_bytes(content)
    counts = store.read_days([tmp_path], HILL, DAY, DAY)
    assert list(counts.unreadable) == [bad]
    assert sum(hour.pages.pages for hour in counts.hours.values()) == 3


def test_only_old_counts_are_removed(tmp_path: Path) -> None:
    """By the settings, in months."""
    (tmp_path / HILL).mkdir()
    old = tmp_path / HILL / "counts-20200101-w1-00000000.json"
    old.write_text("{}")

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        await process.answer(1)

    run(scenario)
    assert not old.exists()
    assert pages_in(tmp_path) == 1


def test_burn_rates_are_shares_of_missed_pages_over_the_budget() -> None:
    """By hand: 5 of 100 pages failed, and the budget is one of a hundred. Two workers count together."""

    async def scenario() -> None:
        first, second = Process(None, 1), Process(None, 2)
        for process in (first, second):
            process.start()
        await first.answer(95)
        await second.answer(5, outcome="failed")
        summed = sum_of([first.recorder.windows()[HILL], second.recorder.windows()[HILL]])
        rates = burn_rates(summed, OBJECTIVES)["answered"]
        assert rates == pytest.approx(dict.fromkeys(("5m", "30m", "1h", "6h", "3d"), 5.0))
        for process in (first, second):
            process.now += 40 * 60
            await process.answer(0)
        later = burn_rates(sum_of([p.recorder.windows()[HILL] for p in (first, second)]), OBJECTIVES)["answered"]
        assert (later["5m"], later["30m"]) == (None, None)
        assert later["1h"] == later["3d"] == pytest.approx(5.0)
        first.now += 4 * 86_400
        assert set(burn_rates(first.recorder.windows()[HILL], OBJECTIVES)["answered"].values()) == {None}

    run(scenario)


def test_a_process_that_starts_again_goes_on_with_the_burn_rates_of_its_predecessor(tmp_path: Path) -> None:
    """Those by hours, and only of the process that had its number: others count for themselves."""

    async def scenario() -> None:
        for worker, failed in ((1, 2), (2, 50)):
            process = Process(tmp_path, worker)
            process.start()
            await process.answer(98)
            await process.answer(failed, outcome="failed")
        successor = Process(tmp_path, 1, NOON + 1_800)
        successor.start()
        await successor.recorder._restore()
        windows = successor.recorder.windows()[HILL]["answered"]
        assert (windows["3d"].pages, windows["3d"].missed) == (100, 2)
        assert windows["1h"].pages == 0

    run(scenario)
