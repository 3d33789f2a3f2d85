"""The counts of processes: written, merged, and neither lost nor counted twice."""

from __future__ import annotations

import errno
import logging
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from student_graph.gateway.telemetry.levels import store
from tests.gateway.telemetry.levels.process import DALE, DAY, HILL, NOON, Process, pages_in, run


def test_workers_and_their_successors_count_no_page_twice(tmp_path: Path) -> None:
    """Two workers. One is killed, and its successor goes on in a file of its own."""

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


def test_a_killed_process_loses_only_unwritten_counts(tmp_path: Path) -> None:
    """It looks every ten seconds and writes every thirty."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        await process.answer(3)
        process.pages[HILL].add("complete", (), 0.01)  # and then it is killed

    run(scenario)
    assert pages_in(tmp_path) == 3


def test_folders_of_several_hosts_are_added_and_a_copy_counts_once(tmp_path: Path) -> None:
    """By the names of the files: no two processes have the same."""
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


def test_a_folder_that_cannot_be_written_is_logged_once_and_loses_nothing(
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


def test_a_district_that_comes_back_goes_on_with_its_counts(tmp_path: Path) -> None:
    """After it was taken out by mistake: what was written of the day stays, and no page counts twice."""

    async def scenario() -> None:
        process = Process(tmp_path)
        process.start()
        process.lookups = 5
        await process.answer(3)
        process.start(DALE)
        process.now += 3_600
        await process.answer(1, DALE)
        process.source, process.lookups = object(), 2  # whose counts begin again
        process.start()
        await process.answer(2)

    run(scenario)
    counts = store.read_days([tmp_path], HILL, DAY, DAY)
    assert {hour.hour: hours.pages.pages for hour, hours in counts.hours.items()} == {12: 3, 13: 2}
    assert all(hours.minutes for hours in counts.hours.values())
    assert sum(hours.sources["sis"].lookups for hours in counts.hours.values() if hours.sources) == 7
    assert pages_in(tmp_path, DALE) == 1


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


def test_a_folder_that_is_a_file_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Counting goes on, and nothing is raised."""
    folder = tmp_path / "service-levels"
    folder.write_text("in the way")

    async def scenario() -> None:
        process = Process(folder)
        process.start()
        for _ in range(3):
            await process.answer(1)
        assert process.recorder.windows()[HILL]["answered"]["3d"].pages == 3

    run(scenario)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
