"""Sinks: copies of the log's lines on standard output never delay or stop a disclosure."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.entries import Entry
from student_graph.gateway.disclosure.log import MAX_WAITING_BYTES, MAX_WAITING_LINES, DisclosureLog
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure import child
from tests.gateway.disclosure.logs import HILL, KEYS, PUBLIC_KEY, FullDisk, entry, pseudonyms, write


class Pipe:
    """A sink that a test closes and opens."""

    def __init__(self) -> None:
        self.is_closed = False
        self.lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        """Take a line, or fail if the pipe is closed."""
        if self.is_closed:
            raise BrokenPipeError(32, "Broken pipe")
        self.lines.append(line)


@pytest.mark.row("L11")
async def test_disclosures_continue_while_a_sink_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The copies wait, the failure is logged once, and they are written in order afterwards."""
    pipe = Pipe()
    log = DisclosureLog(tmp_path, KEYS, [pipe])
    with caplog.at_level(logging.ERROR):
        for number, is_closed in enumerate([False, True, True, False]):
            pipe.is_closed = is_closed
            write(log, entry(f"s{number}", sensitive=number % 2 == 0))
    await log.close()
    copied = [json.loads(line + b"}")["students"] for line in pipe.lines]
    assert copied == pseudonyms("s0", "s1", "s2", "s3")
    assert [record.getMessage() for record in caplog.records] == ["the disclosure log cannot be printed (EPIPE)"]
    assert (verify_log(tmp_path, PUBLIC_KEY).problems, log.written) == ([], 4)


async def test_the_newest_copies_wait(tmp_path: Path) -> None:
    """At most ten thousand copies wait: older ones are only in the file."""
    pipe = Pipe()
    pipe.is_closed = True
    log = DisclosureLog(tmp_path, KEYS, [pipe])
    for _ in range(MAX_WAITING_LINES + 5):
        write(log, entry("s1"))
    pipe.is_closed = False
    write(log, entry("s2"))
    await log.close()
    assert len(pipe.lines) == MAX_WAITING_LINES + 1
    assert json.loads(pipe.lines[-1] + b"}")["students"] == [KEYS.pseudonym("hill", "s2")]


@pytest.mark.row("L11", "E07")
def test_a_full_standard_output_stops_no_disclosure(tmp_path: Path) -> None:
    """Open and sensitive reads continue, and all of them are in the file."""
    child.run(child.write_to_full_stdout, tmp_path, 5)
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []
    assert len(list(disclosures_of(tmp_path, KEYS.pseudonym("hill", "s1")))) == 5


@pytest.mark.row("L11", "E07")
async def test_a_process_without_room_at_its_start_leaves_nothing(tmp_path: Path) -> None:
    """It does not start, and leaves neither a file nor a sidecar."""
    log = DisclosureLog(tmp_path / "other", KEYS)
    size = log.current_file.path.stat().st_size
    await log.close()
    for room in (10, size - 10):
        child.run(child.open_on_full_disk, tmp_path / "log", room)
        result = verify_log(tmp_path / "log", PUBLIC_KEY)
        assert (result.problems, result.notes) == ([], [])


@pytest.mark.row("L11")
async def test_lines_that_wait_are_limited_in_bytes(tmp_path: Path) -> None:
    """Lines of large responses do not fill the memory; when they are refused, short lines can still wait."""
    log = DisclosureLog(tmp_path, KEYS, open_file=FullDisk)
    large = entry(*(f"s{number}" for number in range(30_000))).body
    for _ in range(MAX_WAITING_BYTES // (len(large) + 200)):
        write(log, Entry(large, False, HILL, 1))
    with pytest.raises(UnwritableError):
        write(log, Entry(large, False, HILL, 1))
    write(log, entry("s1"))
    log.current_file.close()
