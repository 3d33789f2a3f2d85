"""Verification: nobody without the key can change the files unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from student_graph.gateway.disclosure.checkpoints import SIDECAR_INITIAL, Checkpoint, sidecar_path, sign
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure.logs import (
    KEYS,
    PUBLIC_KEY,
    Files,
    entry,
    read_files,
    sidecar_name,
    verify_files,
    without_file,
    write,
    write_closed_log,
)
from tests.long_runs import size

Snapshots = tuple[Files, Files, str]
"""The files while the first one was open, the files when both were closed, and the name of the first one."""


async def write_snapshots(directory: Path, *, processes: int) -> Snapshots:
    """Write two files, in one process that rotates or in two processes."""
    first = DisclosureLog(directory, KEYS, max_file_bytes=1)
    for number in range(9):
        write(first, entry(f"s{number}"))
        if number in {2, 5}:
            first.current_file.sign()
    while_open, name = read_files(directory), first.current_file.name
    if processes == 1:
        await first.sign()
        second = first
    else:
        await first.close()
        second = DisclosureLog(directory, KEYS)
    write(second, entry("s1"))
    await second.close()
    return while_open, read_files(directory), name


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def snapshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    """A log of two closed files, and how it was before the first one was closed."""
    return asyncio.run(write_snapshots(tmp_path_factory.mktemp("log"), processes=request.param))


@pytest.fixture(scope="module")
def closed_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Files]:
    """A closed log of twenty disclosures: the name of its file, and all files."""
    directory = tmp_path_factory.mktemp("log")
    path = asyncio.run(write_closed_log(directory, 20))
    return path.name, read_files(directory)


@pytest.mark.row("L10")
@pytest.mark.long_run
@settings(max_examples=size(40, 150), deadline=None)
@given(data=st.data())
def test_every_edit_deletion_reordering_and_truncation_is_detected(
    data: st.DataObject, closed_log: tuple[str, Files]
) -> None:
    """Any line may be changed, also a checkpoint; the unchanged log is intact."""
    name, files = closed_log
    lines = files[name].splitlines(keepends=True)
    index = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["edit", "delete", "swap", "truncate", "repeat"])):
        case "edit":
            position = data.draw(st.integers(0, len(lines[index]) - 2))
            flipped = lines[index][position] ^ data.draw(st.sampled_from([1, 2, 4]))
            lines[index] = lines[index][:position] + bytes([flipped]) + lines[index][position + 1 :]
        case "delete":
            del lines[index]
        case "swap":
            other = data.draw(st.integers(0, len(lines) - 1).filter(lambda number: number != index))
            lines[index], lines[other] = lines[other], lines[index]
        case "truncate":
            lines = lines[:index]
        case _:
            lines.insert(index, lines[index])
    changed = b"".join(lines)
    assert changed != files[name]  # no two lines of the log are equal
    assert verify_files(files).problems == []
    assert verify_files(files | {name: changed}).problems


@pytest.mark.row("L10")
def test_an_untouched_log_is_intact(snapshots: Snapshots) -> None:
    """There are no problems, and no notes when all files are closed."""
    while_open, closed, _ = snapshots
    result = verify_files(closed)
    lines = sum(content.count(b"\n") for name, content in closed.items() if name.endswith(".jsonl"))
    assert (result.problems, result.notes, result.files, result.lines) == ([], [], 2, lines)
    assert verify_files(while_open).problems == []


@pytest.mark.row("L10")
@pytest.mark.long_run
@settings(max_examples=size(75, 300), deadline=None)
@given(data=st.data())
def test_a_change_of_any_byte_of_any_file_is_detected(data: st.DataObject, snapshots: Snapshots) -> None:
    """Bytes are replaced, inserted or deleted in lines, checkpoints and sidecars."""
    files = dict(snapshots[1])
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    position = data.draw(st.integers(0, len(content)))
    deleted = data.draw(st.integers(0, 3))
    inserted = data.draw(st.sampled_from([b"", b" ", b"\n", b"!", b"=", b"A", b"0", b"}"]) | st.binary(max_size=2))
    files[name] = content[:position] + inserted + content[position + deleted :]
    assume(files[name] != content)
    assert verify_files(files).problems


@pytest.mark.row("L10")
@pytest.mark.long_run
@settings(max_examples=size(75, 300), deadline=None)
@given(data=st.data())
def test_changed_lines_are_detected_whatever_the_sidecar_holds(data: st.DataObject, snapshots: Snapshots) -> None:
    """The sidecar may be missing, older, empty, or hold a checkpoint that was copied from the file."""
    while_open, files, name = snapshots[0], dict(snapshots[1]), snapshots[2]
    lines = files[name].splitlines(keepends=True)
    checkpoints = [line.rpartition(b',"prev"')[0] + b"}\n" for line in lines if b'"signature"' in line]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(lines)), st.integers(0, len(lines)))))
    remaining = data.draw(st.sampled_from([lines[:start], lines[:start] + lines[end:], list(reversed(lines))]))
    truncated_bytes = data.draw(st.integers(0, 40))
    changed = b"".join(remaining)
    files[name] = data.draw(st.sampled_from([changed, changed[: len(changed) - truncated_bytes]]))
    assume(files[name] != snapshots[1][name])
    sidecar = sidecar_name(name)
    content = data.draw(st.sampled_from([None, b"", files[sidecar], while_open[sidecar], *checkpoints]))
    if content is None:
        del files[sidecar]
    else:
        files[sidecar] = content
    assert verify_files(files).problems


@pytest.mark.row("L10")
async def test_a_missing_file_is_detected(tmp_path: Path) -> None:
    """Its sidecar and every later file refer to it."""
    first = await write_closed_log(tmp_path, 3)
    log = DisclosureLog(tmp_path, KEYS)
    await log.close()
    first.unlink()
    assert {problem.message for problem in verify_log(tmp_path, PUBLIC_KEY).problems} == {
        f"the file is missing; {log.current_file.path.name} refers to it",
        "the file is missing; its signature file is there",
    }


@pytest.mark.row("L10")
def test_a_file_that_is_removed_with_its_sidecar_is_missed(snapshots: Snapshots) -> None:
    """A later file lists the files before it and how long they were."""
    while_open, closed, name = snapshots
    [problem] = verify_files(without_file(closed, name)).problems
    assert (problem.file, problem.message.startswith("the file is missing")) == (name, True)
    [problem] = verify_files(closed | while_open).problems
    assert (problem.file, problem.message) == (name, "truncated: there were 13 lines")


@pytest.mark.row("L10")
async def test_a_signature_of_another_key_is_not_valid(tmp_path: Path) -> None:
    """Somebody who writes the file again cannot sign it."""
    log = DisclosureLog(tmp_path, DisclosureKeys(b"x" * 32))
    write(log, entry("s1"))
    await log.close()
    messages = [problem.message for problem in verify_log(tmp_path, PUBLIC_KEY).problems]
    assert messages == ["the signature is not valid"] * 2


@pytest.mark.row("L10", "E03")
@pytest.mark.parametrize("torn", [b"{", b'{"v":1,"id":"0', b"\x00" * 40])
def test_a_torn_line_of_a_killed_process_is_not_tampering(snapshots: Snapshots, torn: bytes) -> None:
    """It is a note after the last signature, and a problem in a file that was closed or signed further."""
    while_open, closed, name = snapshots
    result = verify_files(while_open | {name: while_open[name] + torn})
    assert result.problems == []
    assert [note.message.partition(":")[0] for note in result.notes] == [
        "the last line is incomplete",
        "not closed",
    ]
    assert verify_files(closed | {name: closed[name] + torn}).problems
    cut = b"".join(while_open[name].splitlines(keepends=True)[:5])
    assert verify_files(while_open | {name: cut + torn}).problems


@pytest.mark.row("L10")
def test_a_process_that_is_killed_before_its_first_line_is_noted(tmp_path: Path) -> None:
    """The first sidecar exists before the file; the second one says that there was a file."""
    log = DisclosureLog(tmp_path, KEYS)
    name = log.current_file.name
    sidecar = sidecar_path(log.current_file.path)
    second, start = sidecar.read_bytes(), log.current_file.path.read_bytes()
    asyncio.run(log.close())
    digest = f"sha256:{sha256(start[:-1]).hexdigest()}"
    first = sign(Checkpoint(1, SIDECAR_INITIAL, name, "", 1, digest), KEYS.signing_key)
    assert verify_files({sidecar.name: first, name: start}).problems == []
    for files in ({sidecar.name: first}, {sidecar.name: first, name: b""}):
        result = verify_files(files)
        notes = [note.message for note in result.notes]
        assert (result.problems, notes) == ([], ["its process was killed before it wrote the first line"])
    assert verify_files({sidecar.name: second}).problems
    assert verify_files({sidecar.name: second, name: b""}).problems


@pytest.mark.row("L10", "L11")
@pytest.mark.parametrize(
    "tamper",
    [Path.unlink, lambda path: path.write_bytes(b""), lambda path: path.rename(f"{path}.1")],
    ids=["removed", "emptied", "renamed"],
)
def test_a_file_that_somebody_changed_takes_no_more_lines(
    tamper: Callable[[Path], object], tmp_path: Path
) -> None:
    """The next signature notices it: lines would be written where nobody reads them."""
    log = DisclosureLog(tmp_path, KEYS)
    write(log, entry("s1"))
    tamper(log.current_file.path)
    with pytest.raises(OSError, match="moved, removed or changed"):
        log.current_file.sign()
    with pytest.raises(OSError, match="moved, removed or changed"):
        log.current_file.append(b'{"v":1')
    with pytest.raises(OSError, match="moved, removed or changed"):
        log.current_file.close()
    assert verify_files(read_files(tmp_path)).problems
