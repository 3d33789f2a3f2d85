"""The record of disclosures: chained, signed, searched, and kept to what it promises when it cannot be written."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.chain import NAME, Chain
from student_graph.gateway.disclosure.entries import Asked, Entry, Told, entry
from student_graph.gateway.disclosure.log import MOST, DisclosureLog
from student_graph.gateway.disclosure.reading import check, seen
from student_graph.gateway.disclosure.secrets import Secrets
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.cache.small_cache import Clock

HILL = DistrictId("hill")
SECRETS = Secrets(b"s" * 32)
PUBLIC = SECRETS.signing.public_key()
ADA = Viewer("ada", ViewerRole.TEACHER, frozenset({HILL}), purpose="instruction", issuer="https://login.example")
ASKED = Asked("sha256:00", "Roster", ("Student.name",))


def told(*students: str, sensitive: bool = False) -> Entry:
    """A line about students."""
    classes = {Sensitivity.OPEN} | ({Sensitivity.MEAL} if sensitive else set())
    what = Told(set(students), len(students), classes)
    return entry(SECRETS, ADA, ASKED, HILL, what, policy="sha256:11", denied=0)


def write(log: DisclosureLog, *entries: Entry) -> None:
    log.write(entries, {"hill/sis": (b"fresh", 3.2)}, "r" * 32)


async def closed(folder: Path, lines: int) -> Path:
    """A record of so many lines, ended; signed in between."""
    log = DisclosureLog(folder, SECRETS)
    for number in range(lines):
        write(log, told(f"s{number % 7}", f"s{number % 3}"))
        if number == lines // 2:
            log.chain.sign()
    await log.close()
    return log.chain.path


async def test_a_line_says_who_saw_whom_and_holds_no_name(tmp_path: Path) -> None:
    """Students and viewer by keyed hashes that another district's are not; no value of what was seen."""
    path = await closed(tmp_path, 1)
    start, line, *_, end = map(json.loads, path.read_text().splitlines())
    assert (start["kind"], end["kind"]) == ("start", "closed")
    assert line["students"] == [SECRETS.pseudonym("hill", "s0")]
    assert (line["count"], line["fields"], line["categories"]) == (2, ["Student.name"], [])
    assert (line["purpose"], line["basis"], line["decision"]) == ("instruction", "99.31(a)(1)", "allow")
    assert line["sources"] == [{"name": "sis", "fresh": "fresh", "age_s": 3}]
    assert "ada" not in path.read_text().replace("sha", "")
    assert SECRETS.pseudonym("dale", "s0") != SECRETS.pseudonym("hill", "s0")
    assert Secrets(b"t" * 32).pseudonym("hill", "s0") != SECRETS.pseudonym("hill", "s0")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o077) == (
        0o600,
        path.parent.stat().st_mode & 0o077,
    )


@pytest.mark.row("L10")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_edit_deletion_change_of_order_and_cut_is_found(data: st.DataObject, whole: bytes) -> None:
    """Of any line, the signatures included; and the record as it was is whole."""
    lines = whole.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["edit", "delete", "swap", "cut", "repeat"])):
        case "edit":
            position = data.draw(st.integers(0, len(lines[at]) - 2))
            flipped = lines[at][position] ^ data.draw(st.sampled_from([1, 2, 4]))
            lines[at] = lines[at][:position] + bytes([flipped]) + lines[at][position + 1 :]
        case "delete":
            del lines[at]
        case "swap":
            other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != at))
            lines[at], lines[other] = lines[other], lines[at]
        case "cut":
            lines = lines[:at]
        case _:
            lines.insert(at, lines[at])
    changed = b"".join(lines)
    if changed == whole:  # two lines that say the same are nowhere in it
        raise AssertionError
    assert problems_of(changed)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of twenty lines, ended."""
    import asyncio  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("record")
    asyncio.run(closed(folder, 20))
    return folder


@pytest.fixture(scope="module")
def whole(record: Path) -> bytes:
    """Its one file."""
    [path] = record.glob(NAME)
    assert check(record, PUBLIC).problems == []
    TAMPERED.append(path)
    return path.read_bytes()


TAMPERED: list[Path] = []


def problems_of(changed: bytes) -> list[Any]:
    """What is found when the file holds something else; it is put back."""
    path = TAMPERED[-1]
    before = path.read_bytes()
    try:
        path.write_bytes(changed)
        return check(path.parent, PUBLIC).problems
    finally:
        path.write_bytes(before)


@pytest.mark.row("L10")
async def test_a_file_that_is_gone_is_missed(tmp_path: Path) -> None:
    """By its signature beside it, and by every later file, which names those that were there."""
    first = await closed(tmp_path, 3)
    log = DisclosureLog(tmp_path, SECRETS)
    await log.close()
    first.unlink()
    assert {problem.what for problem in check(tmp_path, PUBLIC).problems} == {
        f"the file is gone (as {log.chain.path.name} knows it)",
        "the file is gone",
    }


@pytest.mark.row("L10")
async def test_a_signature_of_another_key_is_none(tmp_path: Path) -> None:
    """Whoever writes the whole file anew cannot sign it."""
    log = DisclosureLog(tmp_path, Secrets(b"x" * 32))
    write(log, told("s1"))
    await log.close()
    assert [problem.what for problem in check(tmp_path, PUBLIC).problems] == ["the signature is not good"] * 2


@pytest.mark.row("E03")
def test_a_process_that_is_killed_leaves_no_torn_line(tmp_path: Path) -> None:
    """What it wrote is whole up to its last line, which nobody has signed."""
    code = (
        "import os, sys, pathlib\n"
        "from tests.gateway.disclosure.test_record import *\n"
        "log = DisclosureLog(pathlib.Path(sys.argv[1]), SECRETS)\n"
        "print('ready', flush=True)\n"
        "while True: write(log, told('s1', 's2'))\n"
    )
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while sum(path.stat().st_size for path in tmp_path.glob(NAME)) < 100_000:
            pass
        process.kill()
    checked = check(tmp_path, PUBLIC)
    assert checked.problems == []
    assert checked.lines > 100
    assert ["are not signed yet, or never were" in note.what for note in checked.notes] == [True]


@pytest.mark.row("L11", "E07")
def test_on_a_full_disk_sensitive_reads_fail_and_others_wait(tmp_path: Path) -> None:
    """For a minute, in order, and no line is torn; when there is room again all of it is written."""
    code = (
        "import sys, pathlib, resource\n"
        "from tests.gateway.disclosure.test_record import *\n"
        "full_disk(pathlib.Path(sys.argv[1]))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)  # noqa: S603 - our own
    checked = check(tmp_path, PUBLIC)
    assert checked.problems == []
    [path] = tmp_path.glob(NAME)
    numbers = [line["students"] for line in map(json.loads, path.read_text().splitlines()) if "students" in line]
    assert numbers == [[SECRETS.pseudonym("hill", one)] for one in ("before", "waits", "waits too", "after")]


def full_disk(folder: Path) -> None:
    """Write while there is no room, and when there is again."""
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    clock = Clock()
    log = DisclosureLog(folder, SECRETS, clock=clock)
    write(log, told("before"))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = log.chain.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
    write(log, told("waits"))
    for _ in range(3):
        with pytest.raises(UnwritableError):
            write(log, told("never", sensitive=True))
    write(log, told("waits too"))
    clock.now += 61
    with pytest.raises(UnwritableError):
        write(log, told("late"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    write(log, told("after", sensitive=True))
    asyncio.run(log.close())


class Full(Chain):
    """A file into which nothing goes."""

    def append(self, line: bytes) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.row("L11")
async def test_ten_thousand_wait_and_no_more(tmp_path: Path) -> None:
    """Then nothing is disclosed any more."""
    log = DisclosureLog(tmp_path, SECRETS, open_chain=Full)
    one = told("s1")
    for _ in range(MOST):
        write(log, one)
    with pytest.raises(UnwritableError):
        write(log, one)


@pytest.mark.row("L09")
async def test_a_hundred_thousand_lines_add_up(tmp_path: Path) -> None:
    """Records written are records read, and the record is whole."""
    log = DisclosureLog(tmp_path, SECRETS)
    entries = [told(*(f"s{n}" for n in range(size))) for size in range(1, 11)]
    for number in range(100_000):
        write(log, entries[number % 10])
    await log.close()
    count = sum(json.loads(line).get("count", 0) for line in log.chain.path.read_text().splitlines())
    assert count == 10_000 * sum(range(1, 11))
    checked = check(tmp_path, PUBLIC)
    assert (checked.problems, checked.lines) == ([], 100_002)


@pytest.mark.row("L12")
async def test_who_saw_a_student_since_a_day_is_found(tmp_path: Path) -> None:
    """By the student's keyed hash, in every file; before the day, and of others, nothing."""
    first = await closed(tmp_path, 20)
    second = DisclosureLog(tmp_path, SECRETS)
    write(second, told("s5"))
    await second.close()
    mine = SECRETS.pseudonym("hill", "s5")
    found = list(seen(tmp_path, mine))
    both = sorted((first, second.chain.path))
    expected = [line for file in both for line in file.read_text().splitlines() if mine in line]
    assert found == [json.loads(line) for line in expected]
    assert len(found) == 4
    today = found[-1]["ts"][:10]
    assert list(seen(tmp_path, mine, today)) == found
    assert list(seen(tmp_path, mine, "2999-01-01")) == []
    assert list(seen(tmp_path, SECRETS.pseudonym("dale", "s5"))) == []


@pytest.mark.row("L12")
async def test_what_is_disclosed_once_more_names_the_first_time(tmp_path: Path) -> None:
    """In a short line with a time of its own; a search tells it in full, and it is chained as every other."""
    log = DisclosureLog(tmp_path, SECRETS)
    same = told("s1", "s2")
    for _ in range(3):
        write(log, same, told("s3"))
    await log.close()
    found = list(seen(tmp_path, SECRETS.pseudonym("hill", "s2")))
    assert [(line["opName"], line["count"], "same" in line) for line in found] == [
        ("Roster", 2, False),
        ("Roster", 2, True),
        ("Roster", 2, True),
    ]
    assert len({line["id"] for line in found}) == 3
    lengths = [len(line) for line in log.chain.path.read_text().splitlines() if '"same"' in line]
    assert max(lengths) < 350
    assert check(tmp_path, PUBLIC).problems == []
