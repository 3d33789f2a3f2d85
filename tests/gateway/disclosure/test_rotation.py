"""Rotation: a process continues in a new file by size and by day, and no line is lost, repeated or delayed."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise
from pathlib import Path

from student_graph.gateway.disclosure.checkpoints import SIDECAR_FINAL, sidecar_path, verify
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.log_file import MAX_EARLIER_FILES, LogFile
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure import child
from tests.gateway.disclosure.logs import (
    DAY_SECONDS,
    KEYS,
    NOON,
    PUBLIC_KEY,
    SECRET,
    Clock,
    decode_lines,
    disclosed_students,
    entry,
    pseudonyms,
    read_files,
    verify_files,
    without_file,
    write,
)


async def test_a_full_file_is_followed_by_another_one(tmp_path: Path) -> None:
    """The log rotates by itself: the old file is closed, and the new one names it and how long it was."""
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=10_000)
    log.start()
    paths, number = [log.current_file.path], 0
    while len(paths) < 3:
        while log.current_file.size < 10_000:
            write(log, entry(f"s{number}"))
            number += 1
        async with asyncio.timeout(60):
            while log.current_file.path == paths[-1]:  # noqa: ASYNC110 - the log has no event for it
                await asyncio.sleep(0.005)
        paths.append(log.current_file.path)
    await log.close()
    recorded = [students for path in paths for students in disclosed_students(path)]
    assert recorded == pseudonyms(*(f"s{student}" for student in range(number)))
    for old, new in pairwise(paths):
        checkpoint = verify(sidecar_path(old).read_bytes(), PUBLIC_KEY)
        assert checkpoint is not None
        assert (checkpoint.kind, checkpoint.lines) == (SIDECAR_FINAL, len(decode_lines(old)))
        start = decode_lines(new)[0]
        assert start["follows"] == old.name
        assert (old.name, checkpoint.lines - 1) in [(other["file"], other["lines"]) for other in start["others"]]
    result = verify_log(tmp_path, PUBLIC_KEY)
    assert (result.problems, result.notes, result.files) == ([], [], 3)


async def test_a_file_names_the_one_it_follows_whatever_came_between(tmp_path: Path) -> None:
    """A hundred other files may have been started since, with newer names: the old one is still missed."""
    clock = Clock(NOON)
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=1, wall_clock=clock)
    old = log.current_file.path
    write(log, entry("s1"))
    clock.now += 60
    for _ in range(MAX_EARLIER_FILES):
        LogFile(tmp_path, KEYS.signing_key, wall_clock=clock).close()
    await log.sign()
    await log.close()
    assert len(decode_lines(log.current_file.path)[0]["others"]) == MAX_EARLIER_FILES + 1
    problems = verify_files(without_file(read_files(tmp_path), old.name)).problems
    assert [(problem.file, problem.message.partition(";")[0]) for problem in problems] == [
        (old.name, "the file is missing")
    ]


async def test_every_day_has_a_file_of_its_own(tmp_path: Path) -> None:
    """The first signature of a new day (UTC) rotates the file; later ones of that day do not."""
    clock = Clock(NOON)
    log = DisclosureLog(tmp_path, KEYS, wall_clock=clock)
    midnight = NOON + DAY_SECONDS / 2
    names = []
    for now in (NOON, midnight - 1, midnight, NOON + DAY_SECONDS, NOON + 3 * DAY_SECONDS):
        clock.now = now
        write(log, entry("s1"))
        await log.sign()
        names.append(log.current_file.name)
    await log.close()
    assert [name[11:19] for name in names] == ["20261125", "20261125", "20261126", "20261126", "20261128"]
    assert len(set(names)) == 3
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []


async def test_every_file_can_be_read_alone(tmp_path: Path) -> None:
    """A repeated disclosure is written in full once in each file."""
    log = DisclosureLog(tmp_path, KEYS, max_file_bytes=3_000)
    repeated, paths = entry("s1", "s2"), []
    for _ in range(3):
        paths.append(log.current_file.path)
        while log.current_file.size < 3_000:
            write(log, repeated)
        await log.sign()
    await log.close()
    pseudonym = KEYS.pseudonym("hill", "s1")
    together = [line["id"] for line in disclosures_of(tmp_path, pseudonym)]
    alone = []
    for number, path in enumerate(paths):
        directory = tmp_path / str(number)
        directory.mkdir()
        (directory / path.name).write_bytes(path.read_bytes())
        lines = list(disclosures_of(directory, pseudonym))
        assert ["same" in line for line in lines] == [False, *[True] * (len(lines) - 1)]
        assert {(line["opName"], line["count"]) for line in lines} == {("Roster", 2)}
        alone += [line["id"] for line in lines]
    assert sorted(alone) == sorted(together)
    assert len(alone) == log.written


def test_the_size_of_a_file_is_a_setting(tmp_path: Path) -> None:
    """The log of `serve` follows `disclosure.file_mib`."""
    printed = child.run(child.rotate_as_serve, tmp_path, RECORD=base64.b64encode(SECRET).decode())
    assert printed.split() == ["1", "2"]
    assert verify_log(tmp_path / "disclosures", PUBLIC_KEY).problems == []
