"""Break-glass accesses have files of their own, so that they are found without reading years of disclosures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.gateway.disclosure import DisclosureLog, UnwritableError
from student_graph.gateway.disclosure.entries import Entry, break_glass_entry
from student_graph.gateway.disclosure.log_file import LogFile
from student_graph.gateway.disclosure.search import count_break_glass, disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.disclosure.logs import HILL, KEYS, NO_SPACE, NOON, PUBLIC_KEY, Clock, read_files

START = datetime.fromtimestamp(NOON, UTC)


def access(subject: str = "ada") -> Entry:
    """The entry of a break-glass access by a teacher."""
    viewer = Viewer(subject, ViewerRole.TEACHER, frozenset({HILL}), issuer="https://login.example")
    details = {"id": "1", "reason": "HEALTH", "text": "An allergic shock."}
    return break_glass_entry(KEYS, viewer, HILL, ["s1"], classes=[Sensitivity.CONTACT], details=details)


async def test_an_access_is_signed_at_once_and_a_search_returns_it(tmp_path: Path) -> None:
    """If the process is killed within the minute, nothing about the access is unsigned."""
    log = DisclosureLog(tmp_path, KEYS)
    await log.write_break_glass(access(), "r")
    result = verify_log(tmp_path, PUBLIC_KEY)
    assert result.problems == []
    assert [note.file for note in result.notes if "-opening" in note.file] == []
    [line] = disclosures_of(tmp_path, KEYS.pseudonym(HILL, "s1"))
    assert line["opening"]["reason"] == "HEALTH"
    await log.close()


async def test_accesses_are_counted_without_reading_other_files(tmp_path: Path) -> None:
    """Only the actor's accesses since an instant count; the files of disclosures need not even be readable."""
    clock = Clock()
    log = DisclosureLog(tmp_path, KEYS, wall_clock=clock)
    for days in (0, 5, 25):
        clock.now = (START + timedelta(days=days)).timestamp()
        await log.write_break_glass(access(), "r")
        await log.write_break_glass(access("ben"), "r")
    await log.write_break_glass(access(), "r")
    log.current_file.path.write_bytes(b"\xff" * 100)

    def count(subject: str, since: datetime) -> int:
        return count_break_glass(tmp_path, KEYS.pseudonym(HILL, f"https://login.example|{subject}"), since)

    assert [count("ada", START - timedelta(days=1)), count("ben", START - timedelta(days=1))] == [4, 3]
    assert [count("ada", START + timedelta(seconds=1)), count("ada", START + timedelta(days=25))] == [3, 2]
    assert count("nobody", START - timedelta(days=1)) == 0
    await log.close()


class NoRoomForAccesses(LogFile):
    """A log file that takes every line but a break-glass access."""

    def append(self, line: bytes) -> None:
        if b'"opening":{' in line:
            raise NO_SPACE
        super().append(line)


async def test_an_access_that_cannot_be_recorded_leaves_nothing(tmp_path: Path) -> None:
    """It is refused and not tried again; other disclosures continue."""
    log = DisclosureLog(tmp_path, KEYS, open_file=NoRoomForAccesses)
    with pytest.raises(UnwritableError):
        await log.write_break_glass(access(), "r")
    assert [name for name in read_files(tmp_path) if "-opening" in name] == []
    log.write([Entry(b'"tenant":"hill","count":1', False, HILL, 1)], {}, "r")
    await log.close()
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []


class ListSink:
    """A sink that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        """Keep a line."""
        self.lines.append(line)


async def test_an_access_is_copied_to_sinks(tmp_path: Path) -> None:
    """Like every other line."""
    sink = ListSink()
    log = DisclosureLog(tmp_path, KEYS, [sink])
    await log.write_break_glass(access(), "r")
    assert [b'"opening":{' in line for line in sink.lines] == [True]
    assert log.written == 1
    await log.close()
