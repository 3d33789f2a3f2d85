"""Old files are taken away by who has the key, and by nobody else unseen."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from student_graph.gateway.disclosure import retired
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.reading import check
from student_graph.gateway.disclosure.retiring import Retirement, retire
from student_graph.gateway.disclosure.secrets import Secrets
from student_graph.gateway.disclosure.signatures import BESIDE, Head, beside, signed
from tests.gateway.cache.small_cache import Clock
from tests.gateway.disclosure.test_changing import DAY, NOON
from tests.gateway.disclosure.test_record import PUBLIC, SECRETS, told, write
from tests.gateway.disclosure.test_tampering import Files, checked, files_in

DAYS = [f"2026-11-{day}" for day in range(25, 30)]
"""The days of the files of a record; the last one is that of its second process."""


async def written(folder: Path) -> list[str]:
    """A file of each day, by a process of four days and one of the day after: their names."""
    wall, names = Clock(NOON), []
    log = DisclosureLog(folder, SECRETS, wall=wall)
    for day in range(4):
        names.append(log.chain.name)
        write(log, told(f"s{day}"), told("s9"))
        if day < 3:
            wall.now += DAY
            await log.sign()
    await log.close()
    wall.now += DAY
    log = DisclosureLog(folder, SECRETS, wall=wall)
    write(log, told("s9"))
    await log.close()
    return [*names, log.chain.name]


def put(folder: Path, files: Files) -> Path:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def of(name: str) -> set[str]:
    """A file, and what stands beside it."""
    return {name, beside(Path(name)).name}


def without(files: Files, name: str) -> Files:
    return {each: content for each, content in files.items() if each not in of(name)}


def retired_in(folder: Path, before: str) -> Retirement:
    return retire(folder, SECRETS.signing, before)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Files]:
    """A record of five days: names in order, and contents."""
    folder = tmp_path_factory.mktemp("record")
    return asyncio.run(written(folder)), files_in(folder)


@pytest.fixture(scope="module")
def rest(record: tuple[list[str], Files], tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What is left of it when two files were retired, one after the other."""
    folder = put(tmp_path_factory.mktemp("rest"), record[1])
    for day in DAYS[2:4]:
        retired_in(folder, day)
    return files_in(folder)


def test_files_that_ended_before_a_day_are_retired(record: tuple[list[str], Files], tmp_path: Path) -> None:
    """With their heads, and no others; the record is whole without them, and counts them."""
    names, files = record
    folder = put(tmp_path, files)
    # The file of a day ends with the first signature of the next one.
    assert retired_in(folder, DAYS[1]) == ([], [])
    found = retired_in(folder, DAYS[3])
    assert ([head.file for head in found.gone], found.kept) == (names[:2], [])
    assert [head.lines for head in found.gone] == [files[name].count(b"\n") for name in names[:2]]
    left = files_in(folder)
    assert set(left) == {retired.NAME}.union(*map(of, names[2:]))
    assert all(left[name] == files[name] for name in set(left) - {retired.NAME})
    result = check(folder, PUBLIC)
    assert (result.problems, result.notes, result.files, result.retired) == ([], [], 3, 2)
    assert len(retired_in(folder, "2027-01-01").gone) == 3
    result = check(folder, PUBLIC)
    assert (result.problems, result.files, result.retired) == ([], 0, 5)
    assert files_in(folder)[retired.NAME].count(b"\n") == 5


def test_nothing_is_written_when_there_is_nothing_to_retire(
    record: tuple[list[str], Files], tmp_path: Path
) -> None:
    """The folder is as it was."""
    folder = put(tmp_path, record[1])
    retired_in(folder, DAYS[0])
    assert files_in(folder) == record[1]


def test_what_is_not_whole_is_kept_and_named(record: tuple[list[str], Files], tmp_path: Path) -> None:
    """And so is what tells of it: a file that knows that another one was longer, or was there."""
    names, files = record
    edited = files[names[1]].replace(b'"count":1', b'"count":2', 1)
    folder = put(tmp_path, files | {names[1]: edited})
    found = retired_in(folder, "2027-01-01")
    assert [head.file for head in found.gone] == names[:1]
    assert [(each.file, each.what) for each in found.kept] == [
        (names[1], "it is not whole"),
        *((name, f"it tells of {names[1]}, which is not whole") for name in names[2:]),
    ]
    folder = put(tmp_path, without(files, names[1]))
    found = retired_in(folder, "2027-01-01")
    assert [head.file for head in found.gone] == names[:1]
    assert [each.what for each in found.kept] == [f"it tells of {names[1]}, which is not whole"] * 3
    assert {each.file for each in check(folder, PUBLIC).problems} == {names[1]}


def test_what_has_not_ended_is_kept(tmp_path: Path) -> None:
    """However old it is: its process may run, and what it never signed nobody vouches for."""
    running = DisclosureLog(tmp_path, SECRETS, wall=Clock(NOON))
    write(running, told("s1"))
    running.chain.sign()
    assert retired_in(tmp_path, "2027-01-01") == ([], [])
    asyncio.run(running.close())
    assert len(retired_in(tmp_path, "2027-01-01").gone) == 1


@pytest.mark.row("L10")
@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_a_change_of_any_byte_of_what_is_left_is_found(data: st.DataObject, rest: Files) -> None:
    """Of the heads of retired files too: replaced, put in, or taken out."""
    files = dict(rest)
    name = data.draw(st.sampled_from([retired.NAME, *sorted(files)]))
    content = files[name]
    at, gone = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 3))
    more = data.draw(st.sampled_from([b"", b" ", b"\n", b"!", b"=", b"A", b"0", b"}"]) | st.binary(max_size=2))
    files[name] = content[:at] + more + content[at + gone :]
    assume(files[name] != content)
    assert checked(rest).problems == []
    assert checked(files).problems


@pytest.mark.row("L10")
def test_a_file_without_its_head_among_the_retired_is_gone(record: tuple[list[str], Files], rest: Files) -> None:
    """Where a later file names it: one head may be cut off or left out, or all of them may be."""
    names, (first, second) = record[0], rest[retired.NAME].splitlines(keepends=True)
    for left, missed in ((b"", names[:2]), (first, names[1:2]), (second, names[:1])):
        problems = checked(rest | {retired.NAME: left}).problems
        assert {each.file for each in problems} == set(missed)
    without_any = {name: content for name, content in rest.items() if name != retired.NAME}
    assert {each.file for each in checked(without_any).problems} == set(names[:2])


@pytest.mark.row("L10")
def test_who_has_no_key_retires_nothing(record: tuple[list[str], Files], rest: Files) -> None:
    """No other head makes a file one that was retired: neither those of files, nor one of another key."""
    names, files = record
    own = files[beside(Path(names[2])).name]
    marks = [line for line in files[names[2]].splitlines() if b'"signature":"' in line]
    inner = [line.rpartition(b',"prev"')[0] + b"}\n" for line in marks]
    theirs = signed(Head(1, retired.RETIRED, names[2], "", 5, ""), Secrets(b"x" * 32).signing)
    for forged in (own, own.replace(b'"ended"', b'"retired"'), theirs, *inner):
        changed = without(rest, names[2]) | {retired.NAME: rest[retired.NAME] + forged}
        assert {each.file for each in checked(changed).problems} == {names[2], retired.NAME}
    for name in names[2:-1]:
        assert {each.file for each in checked(without(rest, name)).problems} == {name}


@pytest.mark.row("L10")
@pytest.mark.parametrize("harm", ["gone", "older"])
async def test_what_a_retired_file_knew_is_still_known(harm: str, tmp_path: Path) -> None:
    """Of a file of a process that was killed, which cannot be retired: that it was there, and how long it was."""
    killed = DisclosureLog(tmp_path, SECRETS, wall=Clock(NOON))
    write(killed, told("s1"))
    killed.chain.sign()
    older = files_in(tmp_path)
    await DisclosureLog(tmp_path, SECRETS, wall=Clock(NOON + DAY)).close()
    write(killed, told("s2"))
    killed.chain.sign()
    await DisclosureLog(tmp_path, SECRETS, wall=Clock(NOON + DAY)).close()
    assert len(retired_in(tmp_path, "2027-01-01").gone) == 2
    files = files_in(tmp_path)
    assert checked(files).problems == []
    files = without(files, killed.chain.name) if harm == "gone" else files | older
    assert {each.file for each in checked(files).problems} == {killed.chain.name}


def test_a_file_that_is_put_back_is_checked_and_can_be_retired_again(
    record: tuple[list[str], Files], rest: Files, tmp_path: Path
) -> None:
    """To look at it: with its head, and as long as it was."""
    [name, *_], files = record
    back = {each: files[each] for each in of(name)}
    assert (checked(rest | back).problems, checked(rest | back).retired) == ([], 1)
    first = files[name].splitlines()[0]
    head = Head(1, BESIDE, name, "", 1, f"sha256:{sha256(first).hexdigest()}")
    cut = {name: first + b"\n", beside(Path(name)).name: signed(head, SECRETS.signing)}
    nobody = {each: content for each, content in rest.items() if each == retired.NAME}
    [problem] = checked(nobody | cut).problems
    assert (problem.file, problem.what[:4]) == (name, "cut:")
    folder = put(tmp_path, rest | back)
    assert [head.file for head in retired_in(folder, DAYS[2]).gone] == [name]
    result = check(folder, PUBLIC)
    assert (result.problems, result.retired, name in files_in(folder)) == ([], 2, False)


@pytest.mark.row("E07")
@pytest.mark.parametrize("room", [0, 50, 400])
def test_on_a_full_disk_nothing_is_retired(room: int, record: tuple[list[str], Files], tmp_path: Path) -> None:
    """What cannot be written down is not removed, and no part of it is left."""
    folder = put(tmp_path, record[1])
    code = (
        "import sys, pathlib, resource, signal\n"
        "from tests.gateway.disclosure.test_retiring import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "with pytest.raises(OSError):\n"
        "    retired_in(pathlib.Path(sys.argv[1]), '2027-01-01')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder), str(room)], check=True)  # noqa: S603 - our own
    assert files_in(folder) == record[1] | {retired.NAME: b""}


def test_what_a_power_failure_tore_is_mended(rest: Files, tmp_path: Path) -> None:
    """By the next file that is retired: nothing was removed for the sake of half a line."""
    torn = rest | {retired.NAME: rest[retired.NAME] + b'{"v":1,"kind":"reti'}
    assert [each.file for each in checked(torn).problems] == [retired.NAME]
    folder = put(tmp_path, torn)
    assert len(retired_in(folder, DAYS[4]).gone) == 2
    assert check(folder, PUBLIC).problems == []
