"""Rotation on a full or slow disk, at a stop, and of a file that somebody took away: no line is lost."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.checkpoints import sidecar_path
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.log_file import LogFile, Sidecar
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure.logs import (
    KEYS,
    NO_SPACE,
    PUBLIC_KEY,
    disclosed_students,
    entry,
    pseudonyms,
    read_files,
    write,
)

MAX_SECONDS = 10
"""How long a test waits for what must happen."""


def set_event() -> threading.Event:
    """An event that has happened."""
    event = threading.Event()
    event.set()
    return event


@dataclass
class Disk:
    """A disk that a test fills or slows down."""

    refuses_files: bool = False
    """Whether no file can be started to continue another one."""
    refuses_lines: bool = False
    """Whether no line can be written."""
    rotations: int = 0
    """How often a file was to be started that continues another one."""
    is_rotating: threading.Event = field(default_factory=threading.Event)
    """Set when a file is to be started that continues another one."""
    may_rotate: threading.Event = field(default_factory=set_event)
    """A new file is started when this is set."""

    def open(self, *args: Any, **options: Any) -> LogFile:
        """Start a file on this disk."""
        if options.get("follows") is not None:
            self.rotations += 1
            self.is_rotating.set()
            assert self.may_rotate.wait(MAX_SECONDS)
            if self.refuses_files:
                raise NO_SPACE
        return _FileOnDisk(self, *args, **options)

    async def wait_for_rotation(self) -> None:
        """Wait until a file is to be started that continues another one."""
        assert await asyncio.to_thread(self.is_rotating.wait, MAX_SECONDS)


class _FileOnDisk(LogFile):
    def __init__(self, disk: Disk, *args: Any, **options: Any) -> None:
        self._disk = disk
        super().__init__(*args, **options)

    def append(self, line: bytes) -> None:
        if self._disk.refuses_lines:
            raise NO_SPACE
        super().append(line)

    def write_final_checkpoint(self) -> Sidecar:
        if self._disk.refuses_lines:
            raise NO_SPACE
        return super().write_final_checkpoint()


@pytest.mark.row("L11", "E07")
@pytest.mark.parametrize("failure", ["refuses_files", "refuses_lines"])
async def test_if_no_file_can_be_started_the_old_one_continues(
    failure: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The same if the old file cannot be closed: the new one is removed, and the next signature tries again."""
    disk = Disk()
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1_000, open_file=disk.open)
    old = log.current_file.path
    for number in range(3):
        write(log, entry(f"s{number}"))
    setattr(disk, failure, True)
    with caplog.at_level(logging.ERROR):
        await log.sign()
    setattr(disk, failure, False)
    assert [record.getMessage() for record in caplog.records] == [
        "the disclosure log cannot be continued in a new file (ENOSPC)"
    ]
    assert set(read_files(tmp_path)) == {old.name, sidecar_path(old).name}
    write(log, entry("s3", sensitive=True))
    await log.sign()
    new = log.current_file.path
    write(log, entry("s4"))
    await log.close()
    assert (disclosed_students(old), disclosed_students(new)) == (
        pseudonyms("s0", "s1", "s2", "s3"),
        pseudonyms("s4"),
    )
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []


@pytest.mark.row("L11", "E07")
async def test_a_full_disk_is_not_tried_again_at_every_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked once when the file is full, and then with each signature."""
    disk = Disk(refuses_files=True)
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1_000, open_file=disk.open)
    log.start()
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            write(log, entry(f"s{number}"))
        await disk.wait_for_rotation()
        for number in range(50):
            write(log, entry(f"t{number}"))
            await asyncio.sleep(0)
        await log.close()
    assert (disk.rotations, len(caplog.records)) == (1, 1)


async def test_lines_are_written_while_a_file_is_started(tmp_path: Path) -> None:
    """They go to the old file at once, however long the disk takes; no line is lost or written twice."""
    disk = Disk()
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1_000, open_file=disk.open)
    old, repeated = log.current_file.path, entry("again")
    write(log, entry("s0"), entry("s1"), repeated)
    disk.may_rotate.clear()
    rotating = asyncio.create_task(log.sign())
    await disk.wait_for_rotation()
    for number in range(20):
        write(log, entry(f"m{number}", sensitive=True), repeated)
    assert log.current_file.path == old
    disk.may_rotate.set()
    await rotating
    write(log, repeated, entry("s2"))
    await log.close()
    meanwhile = [name for number in range(20) for name in (f"m{number}", "again")]
    assert disclosed_students(old) == pseudonyms("s0", "s1", "again", *meanwhile)
    assert disclosed_students(log.current_file.path) == pseudonyms("again", "s2")
    result = verify_log(tmp_path, PUBLIC_KEY)
    assert (result.problems, result.notes) == ([], [])


@pytest.mark.row("L11", "E07")
async def test_lines_that_wait_go_to_the_new_file_in_order(tmp_path: Path) -> None:
    """They are written in full, although the old file has full lines too, and before any later line."""
    disk = Disk()
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1_000, open_file=disk.open)
    old, repeated = log.current_file.path, entry("again")
    write(log, entry("s0"), entry("s1"), repeated)
    disk.may_rotate.clear()
    rotating = asyncio.create_task(log.sign())
    await disk.wait_for_rotation()
    disk.refuses_lines = True
    write(log, entry("w0"), repeated, entry("w1"), repeated)
    with pytest.raises(UnwritableError):
        write(log, entry("never", sensitive=True))
    disk.refuses_lines = False
    disk.may_rotate.set()
    await rotating
    write(log, entry("s2"), repeated, repeated)
    await log.close()
    assert disclosed_students(old) == pseudonyms("s0", "s1", "again")
    waited = pseudonyms("w0", "again", "w1", "again", "s2", "again", "again")
    assert disclosed_students(log.current_file.path) == waited
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []


async def test_a_stop_lets_a_rotation_finish(tmp_path: Path) -> None:
    """Both files are closed: neither looks as if its process had been killed."""
    disk = Disk()
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1_000, open_file=disk.open)
    log.start()
    disk.may_rotate.clear()
    write(log, entry("s0"), entry("s1"), entry("s2"))
    await disk.wait_for_rotation()
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)  # `close` begins, and waits for the rotation
    assert not closing.done()
    disk.may_rotate.set()
    await closing
    result = verify_log(tmp_path, PUBLIC_KEY)
    assert (result.problems, result.notes, result.files) == ([], [], 2)


@pytest.mark.row("L10", "L11")
@pytest.mark.parametrize(
    "tamper", [Path.unlink, lambda path: path.rename(f"{path}.1")], ids=["removed", "renamed"]
)
async def test_a_process_whose_file_was_taken_starts_no_other_file(
    tamper: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A new file would hide it: nothing more is written until the process is restarted."""
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1_000)
    write(log, entry("s0"), entry("s1"), entry("s2"))
    tamper(log.current_file.path)
    with caplog.at_level(logging.ERROR):
        await log.sign()
    assert [record.getMessage() for record in caplog.records] == ["the disclosure log cannot be signed (ESTALE)"]
    with pytest.raises(UnwritableError):
        write(log, entry("s3", sensitive=True))
    assert [name for name in read_files(tmp_path) if name.endswith(".jsonl")] == []
    assert verify_log(tmp_path, PUBLIC_KEY).problems
    await log.close()
