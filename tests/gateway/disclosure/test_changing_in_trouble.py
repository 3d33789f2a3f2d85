"""A change of files on a full or a slow disk, at a stop, and of a file that somebody took: no line is lost."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.chain import Chain
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.reading import check
from student_graph.gateway.disclosure.signatures import beside
from tests.gateway.disclosure.test_changing import students, told_in
from tests.gateway.disclosure.test_record import PUBLIC, SECRETS, told, write
from tests.gateway.disclosure.test_tampering import files_in


class Disk(Chain):
    """A file on a disk that is full when a test says so, and slow until it lets go."""

    unbegun = unwritten = False
    turning = threading.Event()

    def __init__(self, *args: Any, follows: Chain | None = None, **more: Any) -> None:
        if follows is not None:
            assert Disk.turning.wait(5)
            if Disk.unbegun:
                raise OSError(28, "No space left on device")
        super().__init__(*args, follows=follows, **more)

    def append(self, line: bytes) -> None:
        self._room()
        super().append(line)

    def end(self) -> tuple[int, bytes]:
        self._room()
        return super().end()

    def _room(self) -> None:
        if Disk.unwritten:
            raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def disk() -> type[Disk]:
    """With room, and fast."""
    Disk.unbegun = Disk.unwritten = False
    Disk.turning.set()
    return Disk


@pytest.mark.row("L11", "E07")
@pytest.mark.parametrize("failing", ["unbegun", "unwritten"])
async def test_when_no_file_can_be_begun_the_old_one_goes_on(
    failing: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, disk: type[Disk]
) -> None:
    """Nor when the old one cannot be ended: nothing is left of the new one, and the next signature tries again."""
    log = DisclosureLog(tmp_path, SECRETS, size=1_000, open_chain=disk)
    old = log.chain.path
    for number in range(3):
        write(log, told(f"s{number}"))
    setattr(disk, failing, True)
    with caplog.at_level(logging.ERROR):
        await log.sign()
    setattr(disk, failing, False)
    assert [record.getMessage() for record in caplog.records] == [
        "the disclosure log cannot be continued in a new file (ENOSPC)"
    ]
    assert set(files_in(tmp_path)) == {old.name, beside(old).name}
    write(log, told("s3", sensitive=True))
    await log.sign()
    write(log, told("s4"))
    await log.close()
    assert told_in(old) + told_in(log.chain.path) == students("s0", "s1", "s2", "s3", "s4")
    assert told_in(log.chain.path) == students("s4")
    assert check(tmp_path, PUBLIC).problems == []


@pytest.mark.row("L11", "E07")
async def test_a_full_disk_is_not_asked_for_a_new_file_at_every_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, disk: type[Disk]
) -> None:
    """Once when the file is large enough; then with the next signature."""
    log = DisclosureLog(tmp_path, SECRETS, size=1_000, open_chain=disk)
    log.start()
    disk.unbegun = True
    with caplog.at_level(logging.ERROR):
        for number in range(50):
            write(log, told(f"s{number}"))
            await asyncio.sleep(0.001)
        await log.close()
    assert len(caplog.records) == 1


async def test_lines_are_written_while_a_file_is_begun(tmp_path: Path, disk: type[Disk]) -> None:
    """Into the old one, at once, however long the disk takes; no line is lost or written twice."""
    log = DisclosureLog(tmp_path, SECRETS, size=1_000, open_chain=disk)
    old = log.chain.path
    same = told("again")
    write(log, told("s0"), told("s1"), same)
    disk.turning.clear()
    changing = asyncio.create_task(log.sign())
    for number in range(20):
        write(log, told(f"m{number}", sensitive=True), same)
        await asyncio.sleep(0)
    assert log.chain.path == old
    disk.turning.set()
    await changing
    write(log, same, told("s2"))
    await log.close()
    between = [name for number in range(20) for name in (f"m{number}", "again")]
    assert told_in(old) == students("s0", "s1", "again", *between)
    assert told_in(log.chain.path) == students("again", "s2")
    found = check(tmp_path, PUBLIC)
    assert (found.problems, found.notes) == ([], [])


@pytest.mark.row("L11", "E07")
async def test_lines_that_wait_go_to_the_new_file_in_order(tmp_path: Path, disk: type[Disk]) -> None:
    """In full, though the old file has them in full too; then what comes afterwards."""
    log = DisclosureLog(tmp_path, SECRETS, size=1_000, open_chain=disk)
    old, same = log.chain.path, told("again")
    write(log, told("s0"), told("s1"), same)
    disk.turning.clear()
    changing = asyncio.create_task(log.sign())
    await asyncio.sleep(0)
    disk.unwritten = True
    write(log, told("w0"), same, told("w1"), same)
    with pytest.raises(UnwritableError):
        write(log, told("never", sensitive=True))
    disk.unwritten = False
    disk.turning.set()
    await changing
    write(log, told("s2"), same, same)
    await log.close()
    assert told_in(old) == students("s0", "s1", "again")
    assert told_in(log.chain.path) == students("w0", "again", "w1", "again", "s2", "again", "again")
    assert check(tmp_path, PUBLIC).problems == []


async def test_a_stop_lets_a_change_of_files_come_to_its_end(tmp_path: Path, disk: type[Disk]) -> None:
    """Both files are ended; neither is left as if its process had been killed."""
    log = DisclosureLog(tmp_path, SECRETS, size=1_000, open_chain=disk)
    log.start()
    disk.turning.clear()
    write(log, told("s0"), told("s1"), told("s2"))
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0.01)
    disk.turning.set()
    await closing
    found = check(tmp_path, PUBLIC)
    assert (found.problems, found.notes, found.files) == ([], [], 2)


@pytest.mark.row("L10", "L11")
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.rename(f"{path}.1")])
async def test_a_process_whose_file_was_taken_begins_no_other(
    harm: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A new file would hide it: nothing more is written until the process is started again."""
    log = DisclosureLog(tmp_path, SECRETS, size=1_000)
    write(log, told("s0"), told("s1"), told("s2"))
    harm(log.chain.path)
    with caplog.at_level(logging.ERROR):
        await log.sign()
    assert [each.getMessage() for each in caplog.records] == ["the disclosure log cannot be signed (ESTALE)"]
    with pytest.raises(UnwritableError):
        write(log, told("s3", sensitive=True))
    assert [name for name in files_in(tmp_path) if name.endswith(".jsonl")] == []
    assert check(tmp_path, PUBLIC).problems
