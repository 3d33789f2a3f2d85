"""Whoever can write to the files, and has no key, changes nothing of the record unseen."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.reading import Checked, check
from student_graph.gateway.disclosure.signatures import BEGUN, Head, beside, signed
from tests.gateway.disclosure.test_record import PUBLIC, SECRETS, told, write

Files = dict[str, bytes]
"""Contents by name."""


def files_in(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def checked(files: Files) -> Checked:
    """What is found in a directory that holds these files."""
    with tempfile.TemporaryDirectory() as name:
        for each, content in files.items():
            (Path(name) / each).write_bytes(content)
        return check(Path(name), PUBLIC)


async def _written(folder: Path, *, starts: int) -> tuple[Files, Files, str]:
    """The files when the first was signed and not ended; two files that are; the name of the first."""
    first = DisclosureLog(folder, SECRETS, size=1)
    for number in range(9):
        write(first, told(f"s{number}"))
        if number in {2, 5}:
            first.chain.sign()
    before, path = files_in(folder), first.chain.path
    if starts == 1:
        await first.sign()
        second = first
    else:
        await first.close()
        second = DisclosureLog(folder, SECRETS)
    write(second, told("s1"))
    await second.close()
    return before, files_in(folder), path.name


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files, str]:
    """A record of two files that have ended, and how it was before the first one did."""
    return asyncio.run(_written(tmp_path_factory.mktemp("record"), starts=request.param))


def head_of(name: str) -> str:
    return beside(Path(name)).name


@pytest.mark.row("L10")
def test_a_record_that_nobody_touched_is_whole(written: tuple[Files, Files, str]) -> None:
    """Nothing is wrong with it, nor to be noted when all has ended."""
    before, after, _ = written
    found = checked(after)
    lines = sum(content.count(b"\n") for name, content in after.items() if name.endswith(".jsonl"))
    assert (found.problems, found.notes, found.files, found.lines) == ([], [], 2, lines)
    assert checked(before).problems == []


@pytest.mark.row("L10")
@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_a_change_of_any_byte_of_any_file_is_found(data: st.DataObject, written: tuple[Files, Files, str]) -> None:
    """Bytes that are replaced, put in, or taken out: in lines, in signatures, and beside the file."""
    files = dict(written[1])
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    at = data.draw(st.integers(0, len(content)))
    gone = data.draw(st.integers(0, 3))
    put = data.draw(st.sampled_from([b"", b" ", b"\n", b"!", b"=", b"A", b"0", b"}"]) | st.binary(max_size=2))
    files[name] = content[:at] + put + content[at + gone :]
    assume(files[name] != content)
    assert checked(files).problems


@pytest.mark.row("L10")
@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_lines_that_are_cut_moved_or_left_out_are_found_whatever_is_done_beside(
    data: st.DataObject, written: tuple[Files, Files, str]
) -> None:
    """The signature beside the file may be gone, older, empty, or one from within the file."""
    before, files, name = written[0], dict(written[1]), written[2]
    lines = files[name].splitlines(keepends=True)
    inner = [line.rpartition(b',"prev"')[0] + b"}\n" for line in lines if b'"signature"' in line]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(lines)), st.integers(0, len(lines)))))
    kept = data.draw(st.sampled_from([lines[:start], lines[:start] + lines[end:], list(reversed(lines))]))
    part = data.draw(st.integers(0, 40))
    changed = b"".join(kept)
    files[name] = data.draw(st.sampled_from([changed, changed[: len(changed) - part]]))
    assume(files[name] != written[1][name])
    head = data.draw(st.sampled_from([None, b"", files[head_of(name)], before[head_of(name)], *inner]))
    if head is None:
        del files[head_of(name)]
    else:
        files[head_of(name)] = head
    assert checked(files).problems


@pytest.mark.row("L10")
def test_a_file_that_goes_with_its_signature_is_missed_by_those_after_it(
    written: tuple[Files, Files, str],
) -> None:
    """A file begins with the names of those that were there, and with how far they were."""
    before, after, name = written
    files = {each: content for each, content in after.items() if each not in {name, head_of(name)}}
    [problem] = checked(files).problems
    assert (problem.file, problem.what.startswith("the file is gone")) == (name, True)
    [problem] = checked(after | before).problems
    assert (problem.file, problem.what) == (name, "cut: there were 13 lines")


@pytest.mark.row("L10", "E03")
@pytest.mark.parametrize("torn", [b"{", b'{"v":1,"id":"0', b"\x00" * 40])
def test_a_torn_line_of_a_killed_process_is_no_tampering(written: tuple[Files, Files, str], torn: bytes) -> None:
    """After the last signature it is noted; where the file has ended, or was signed further, it is a problem."""
    before, after, name = written
    found = checked(before | {name: before[name] + torn})
    assert found.problems == []
    assert [note.what.partition(":")[0] for note in found.notes] == ["the line after it is torn", "not ended"]
    assert checked(after | {name: after[name] + torn}).problems
    signed = b"".join(before[name].splitlines(keepends=True)[:5])
    assert checked(before | {name: signed + torn}).problems


@pytest.mark.row("L10")
def test_a_process_that_is_killed_before_its_first_line_is_noted(
    tmp_path: Path,
) -> None:
    """A signature is there a moment before the file is; the next one, that there was a file, is a problem."""
    log = DisclosureLog(tmp_path, SECRETS)
    head = beside(log.chain.path)
    later, named = head.read_bytes(), head.name
    start = log.chain.path.read_bytes()
    asyncio.run(log.close())
    first = Head(1, BEGUN, log.chain.path.name, "", 1, f"sha256:{sha256(start[:-1]).hexdigest()}")
    begun = signed(first, SECRETS.signing)
    assert checked({named: begun, log.chain.path.name: start}).problems == []
    for files in ({named: begun}, {named: begun, log.chain.path.name: b""}):
        found = checked(files)
        assert (found.problems, [note.what for note in found.notes]) == (
            [],
            ["the process ended before its first line"],
        )
    assert checked({named: later}).problems
    assert checked({named: later, log.chain.path.name: b""}).problems


@pytest.mark.row("L10", "L11")
@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda path: path.write_bytes(b""), lambda path: path.rename(f"{path}.1")]
)
def test_a_file_that_is_taken_from_its_process_takes_no_more_lines(
    harm: Callable[[Path], object], tmp_path: Path
) -> None:
    """Instead of writing where nobody will look: the next signature notices."""
    log = DisclosureLog(tmp_path, SECRETS)
    write(log, told("s1"))
    harm(log.chain.path)
    with pytest.raises(OSError, match="not where it was"):
        log.chain.sign()
    with pytest.raises(OSError, match="not where it was"):
        log.chain.append(b'{"v":1')
    with pytest.raises(OSError, match="not where it was"):
        log.chain.close()
    assert checked(files_in(tmp_path)).problems
