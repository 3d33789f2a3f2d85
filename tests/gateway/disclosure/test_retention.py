"""Retention: who has the key removes old files, and nobody else can do so unnoticed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from student_graph.gateway.disclosure import retired_files
from student_graph.gateway.disclosure.checkpoints import SIDECAR, Checkpoint, sign
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure import child
from tests.gateway.disclosure.logs import (
    DAY_SECONDS,
    KEYS,
    NOON,
    PUBLIC_KEY,
    Clock,
    Files,
    entry,
    read_files,
    sidecar_name,
    verify_files,
    without_file,
    write,
    write_files,
)
from tests.gateway.disclosure.retention_logs import DAYS, FUTURE, FiveDays, retire
from tests.long_runs import size


@pytest.fixture(scope="module")
def remaining(five_days: FiveDays, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files that remain of the five days after two files were retired, one after the other."""
    directory = write_files(tmp_path_factory.mktemp("remaining"), five_days.files)
    for day in DAYS[2:4]:
        retire(directory, day)
    return read_files(directory)


def test_files_that_were_closed_before_a_day_are_retired(five_days: FiveDays, tmp_path: Path) -> None:
    """They are removed with their sidecars; the log is intact without them, and verification counts them."""
    names, files = five_days
    directory = write_files(tmp_path, files)
    # The file of a day is closed by the first signature of the next day.
    assert retire(directory, DAYS[1]) == ([], [])
    retirement = retire(directory, DAYS[3])
    assert ([removed.file for removed in retirement.removed_files], retirement.kept_files) == (names[:2], [])
    line_counts = [files[name].count(b"\n") for name in names[:2]]
    assert [removed.lines for removed in retirement.removed_files] == line_counts
    remaining = read_files(directory)
    expected = {name: files[name] for log_file in names[2:] for name in (log_file, sidecar_name(log_file))}
    assert {name: content for name, content in remaining.items() if name != retired_files.FILE_NAME} == expected
    result = verify_log(directory, PUBLIC_KEY)
    assert (result.problems, result.notes, result.files, result.retired) == ([], [], 3, 2)
    assert len(retire(directory, FUTURE).removed_files) == 3
    result = verify_log(directory, PUBLIC_KEY)
    assert (result.problems, result.files, result.retired) == ([], 0, 5)
    assert read_files(directory)[retired_files.FILE_NAME].count(b"\n") == 5


def test_nothing_is_written_if_there_is_nothing_to_retire(five_days: FiveDays, tmp_path: Path) -> None:
    """The directory stays as it was."""
    directory = write_files(tmp_path, five_days.files)
    retire(directory, DAYS[0])
    assert read_files(directory) == five_days.files


def test_a_file_that_is_not_intact_is_kept_and_named(five_days: FiveDays, tmp_path: Path) -> None:
    """So is every file that refers to it: it knows that the other file existed, and how long it was."""
    names, files = five_days
    edited = files[names[1]].replace(b'"count":1', b'"count":2', 1)
    directory = write_files(tmp_path, files | {names[1]: edited})
    retirement = retire(directory, FUTURE)
    assert [removed.file for removed in retirement.removed_files] == names[:1]
    refers = f"it refers to {names[1]}, which is not intact"
    assert [(problem.file, problem.message) for problem in retirement.kept_files] == [
        (names[1], "it is not intact"),
        *((name, refers) for name in names[2:]),
    ]
    directory = write_files(tmp_path, without_file(files, names[1]))
    retirement = retire(directory, FUTURE)
    assert [removed.file for removed in retirement.removed_files] == names[:1]
    assert [problem.message for problem in retirement.kept_files] == [refers] * 3
    assert {problem.file for problem in verify_log(directory, PUBLIC_KEY).problems} == {names[1]}


async def test_an_open_file_is_kept(tmp_path: Path) -> None:
    """However old it is: its process may be running, and nobody signed its last lines."""
    log = DisclosureLog(tmp_path, KEYS, wall_clock=Clock(NOON))
    write(log, entry("s1"))
    log.current_file.sign()
    assert retire(tmp_path, FUTURE) == ([], [])
    await log.close()
    assert len(retire(tmp_path, FUTURE).removed_files) == 1


@pytest.mark.row("L10")
@pytest.mark.long_run
@settings(max_examples=size(75, 300), deadline=None)
@given(data=st.data())
def test_a_change_of_any_byte_that_remains_is_detected(data: st.DataObject, remaining: Files) -> None:
    """Also in the list of retired files: bytes are replaced, inserted or deleted."""
    files = dict(remaining)
    name = data.draw(st.sampled_from([retired_files.FILE_NAME, *sorted(files)]))
    content = files[name]
    position, deleted = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 3))
    inserted = data.draw(st.sampled_from([b"", b" ", b"\n", b"!", b"=", b"A", b"0", b"}"]) | st.binary(max_size=2))
    files[name] = content[:position] + inserted + content[position + deleted :]
    assume(files[name] != content)
    assert verify_files(remaining).problems == []
    assert verify_files(files).problems


@pytest.mark.row("L10")
def test_a_removed_file_that_is_not_in_the_list_is_missing(five_days: FiveDays, remaining: Files) -> None:
    """A later file refers to it: one line of the list may be cut off or left out, or all of them."""
    names, (first, second) = five_days.names, remaining[retired_files.FILE_NAME].splitlines(keepends=True)
    for listed, missing in ((b"", names[:2]), (first, names[1:2]), (second, names[:1])):
        problems = verify_files(remaining | {retired_files.FILE_NAME: listed}).problems
        assert {problem.file for problem in problems} == set(missing)
    without_list = {name: content for name, content in remaining.items() if name != retired_files.FILE_NAME}
    assert {problem.file for problem in verify_files(without_list).problems} == set(names[:2])


@pytest.mark.row("L10")
def test_nobody_without_the_key_can_retire_a_file(five_days: FiveDays, remaining: Files) -> None:
    """Neither a checkpoint of another kind nor one of another key makes a file a retired one."""
    names, files = five_days
    sidecar = files[sidecar_name(names[2])]
    signed_lines = [line for line in files[names[2]].splitlines() if b'"signature":"' in line]
    in_file = [line.rpartition(b',"prev"')[0] + b"}\n" for line in signed_lines]
    checkpoint = Checkpoint(1, retired_files.RETIRED, names[2], "", 5, "")
    other_key = sign(checkpoint, DisclosureKeys(b"x" * 32).signing_key)
    for forged in (sidecar, sidecar.replace(b'"ended"', b'"retired"'), other_key, *in_file):
        listed = remaining[retired_files.FILE_NAME] + forged
        changed = without_file(remaining, names[2]) | {retired_files.FILE_NAME: listed}
        problems = verify_files(changed).problems
        assert {problem.file for problem in problems} == {names[2], retired_files.FILE_NAME}
    for name in names[2:-1]:
        assert {problem.file for problem in verify_files(without_file(remaining, name)).problems} == {name}


@pytest.mark.row("L10")
@pytest.mark.parametrize("damage", ["removed", "restored"])
async def test_the_knowledge_of_a_retired_file_is_kept(damage: str, tmp_path: Path) -> None:
    """It listed a file of a killed process with its length; such a file cannot be retired."""
    killed = DisclosureLog(tmp_path, KEYS, wall_clock=Clock(NOON))
    write(killed, entry("s1"))
    killed.current_file.sign()
    older = read_files(tmp_path)
    await DisclosureLog(tmp_path, KEYS, wall_clock=Clock(NOON + DAY_SECONDS)).close()
    write(killed, entry("s2"))
    killed.current_file.sign()
    await DisclosureLog(tmp_path, KEYS, wall_clock=Clock(NOON + DAY_SECONDS)).close()
    assert len(retire(tmp_path, FUTURE).removed_files) == 2
    files = read_files(tmp_path)
    assert verify_files(files).problems == []
    name = killed.current_file.name
    files = without_file(files, name) if damage == "removed" else files | older
    assert {problem.file for problem in verify_files(files).problems} == {name}
    await killed.close()


def test_a_restored_file_is_verified_and_can_be_retired_again(
    five_days: FiveDays, remaining: Files, tmp_path: Path
) -> None:
    """Somebody may put it back to read it: with its sidecar, and with all its lines."""
    name, files = five_days.names[0], five_days.files
    restored = {part: files[part] for part in (name, sidecar_name(name))}
    result = verify_files(remaining | restored)
    assert (result.problems, result.retired) == ([], 1)
    first_line = files[name].splitlines()[0]
    checkpoint = Checkpoint(1, SIDECAR, name, "", 1, f"sha256:{sha256(first_line).hexdigest()}")
    truncated = {name: first_line + b"\n", sidecar_name(name): sign(checkpoint, KEYS.signing_key)}
    list_only = {retired_files.FILE_NAME: remaining[retired_files.FILE_NAME]}
    [problem] = verify_files(list_only | truncated).problems
    assert (problem.file, problem.message.partition(":")[0]) == (name, "truncated")
    directory = write_files(tmp_path, remaining | restored)
    assert [removed.file for removed in retire(directory, DAYS[2]).removed_files] == [name]
    result = verify_log(directory, PUBLIC_KEY)
    assert (result.problems, result.retired, name in read_files(directory)) == ([], 2, False)


@pytest.mark.row("E07")
@pytest.mark.parametrize("room", [0, 50, 400])
def test_on_a_full_disk_nothing_is_retired(room: int, five_days: FiveDays, tmp_path: Path) -> None:
    """If the list cannot be written, no file is removed, and no part of a line remains in the list."""
    directory = write_files(tmp_path, five_days.files)
    child.run(child.retire_on_full_disk, directory, room)
    assert read_files(directory) == five_days.files | {retired_files.FILE_NAME: b""}


def test_a_line_that_a_power_failure_tore_is_repaired(remaining: Files, tmp_path: Path) -> None:
    """The next retirement removes it: no file was removed because of half a line."""
    torn = remaining | {retired_files.FILE_NAME: remaining[retired_files.FILE_NAME] + b'{"v":1,"kind":"reti'}
    assert [problem.file for problem in verify_files(torn).problems] == [retired_files.FILE_NAME]
    directory = write_files(tmp_path, torn)
    assert len(retire(directory, DAYS[4]).removed_files) == 2
    assert verify_log(directory, PUBLIC_KEY).problems == []
