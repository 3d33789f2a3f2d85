"""Snapshots: nobody can restore an older state of a file unnoticed, whatever moment of a rotation it is from."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.log_file import LogFile, Sidecar
from tests.gateway.disclosure.logs import (
    KEYS,
    Files,
    entry,
    read_files,
    sidecar_name,
    verify_files,
    write,
)
from tests.long_runs import size


class SnapshotFile(LogFile):
    """A log file that takes a snapshot of its directory whenever something is signed."""

    def __init__(self, snapshots: list[Files], *args: Any, **options: Any) -> None:
        self._snapshots = snapshots
        super().__init__(*args, **options)

    def persist(self, sidecar: Sidecar) -> None:
        self._snapshots.append(read_files(self.path.parent))
        super().persist(sidecar)
        self._snapshots.append(read_files(self.path.parent))

    def write_final_checkpoint(self) -> Sidecar:
        self._snapshots.append(read_files(self.path.parent))
        return super().write_final_checkpoint()


async def write_snapshots(directory: Path) -> list[Files]:
    """All states of a log of four files, with lines written between any two steps."""
    snapshots: list[Files] = []
    log = DisclosureLog(directory, KEYS, max_file_bytes=2_000, open_file=partial(SnapshotFile, snapshots))
    for file in range(4):
        for number in range(5):
            write(log, entry(f"s{file}", f"s{number}"))
        log.current_file.sign()
        write(log, entry("s5"))
        if file < 3:
            await log.sign()
    await log.close()
    return [*snapshots, read_files(directory)]


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> list[Files]:
    """All states of one log; the last one is its final state."""
    return asyncio.run(write_snapshots(tmp_path_factory.mktemp("log")))


@pytest.mark.row("L10", "E03")
def test_a_process_that_is_killed_during_a_rotation_leaves_an_intact_log(snapshots: list[Files]) -> None:
    """Also when the new file exists and the old one is not closed: both hold only lines that are signed."""
    assert [verify_files(files).problems for files in snapshots] == [[]] * len(snapshots)
    with_two_open_files = [files for files in snapshots if len(verify_files(files).notes) > 1]
    assert len(with_two_open_files) == 3


@pytest.mark.row("L10")
@pytest.mark.long_run
@settings(max_examples=size(50, 200), deadline=None)
@given(data=st.data())
def test_an_older_state_of_any_file_but_the_newest_is_detected(
    data: st.DataObject, snapshots: list[Files]
) -> None:
    """Also the state just before the file was closed, with any signature that was ever in its sidecar."""
    final = snapshots[-1]
    names = sorted(name for name in final if name.endswith(".jsonl") and _is_continued(name, final))
    assert len(names) == 3
    name = data.draw(st.sampled_from(names))
    files = dict(final)
    for restored in (name, sidecar_name(name)):
        states = {snapshot.get(restored) for snapshot in snapshots}
        content = data.draw(st.sampled_from(sorted(states, key=repr)))
        if content is None:
            del files[restored]
        else:
            files[restored] = content
    assume(files.get(name) != final[name])
    assert verify_files(final).problems == []
    assert verify_files(files).problems


def _is_continued(name: str, files: Files) -> bool:
    return any(f'"follows":"{name}"'.encode() in content for content in files.values())
