"""Those who are told the same as the record holds: standard output, and whoever collects it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.entries import Entry
from student_graph.gateway.disclosure.log import MOST, MOST_BYTES, DisclosureLog
from student_graph.gateway.disclosure.reading import check, seen
from tests.gateway.disclosure.test_record import HILL, PUBLIC, SECRETS, Full, told, write


class Pipe:
    """A sink that can be closed and opened."""

    def __init__(self) -> None:
        self.closed = False
        self.lines: list[bytes] = []

    def append(self, line: bytes) -> None:
        """Take a line, or none."""
        if self.closed:
            raise BrokenPipeError(32, "Broken pipe")
        self.lines.append(line)


@pytest.mark.row("L11")
async def test_what_is_recorded_is_disclosed_though_nobody_collects_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is the record: copies wait, are told once that they fail, and come in order afterwards."""
    pipe = Pipe()
    log = DisclosureLog(tmp_path, SECRETS, [pipe])
    with caplog.at_level(logging.ERROR):
        for number, closed in enumerate([False, True, True, False]):
            pipe.closed = closed
            write(log, told(f"s{number}", sensitive=number % 2 == 0))
    await log.close()
    assert [json.loads(line + b"}")["students"] for line in pipe.lines] == [
        [SECRETS.pseudonym("hill", f"s{number}")] for number in range(4)
    ]
    assert [record.getMessage() for record in caplog.records] == ["the disclosure log cannot be printed (EPIPE)"]
    assert (check(tmp_path, PUBLIC).problems, log.written) == ([], 4)


async def test_the_newest_copies_wait(tmp_path: Path) -> None:
    """Ten thousand at most: the file has the others."""
    pipe = Pipe()
    pipe.closed = True
    log = DisclosureLog(tmp_path, SECRETS, [pipe])
    for _ in range(MOST + 5):
        write(log, told("s1"))
    pipe.closed = False
    write(log, told("s2"))
    await log.close()
    assert len(pipe.lines) == MOST + 1
    assert SECRETS.pseudonym("hill", "s2").encode() in pipe.lines[-1]


@pytest.mark.row("L11", "E07")
def test_a_full_device_behind_standard_output_stops_nothing(tmp_path: Path) -> None:
    """Neither open nor sensitive reads; all of them are in the file."""
    code = (
        "import asyncio, sys, pathlib\n"
        "from student_graph.gateway.disclosure.printing import Printed\n"
        "from tests.gateway.disclosure.test_record import *\n"
        "log = DisclosureLog(pathlib.Path(sys.argv[1]), SECRETS, [Printed()])\n"
        "for n in range(5): write(log, told('s1', sensitive=n % 2 == 0))\n"
        "asyncio.run(log.close())\n"
    )
    with Path("/dev/full").open("wb") as full:
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, stdout=full)  # noqa: S603 - our own
    assert check(tmp_path, PUBLIC).problems == []
    assert len(list(seen(tmp_path, SECRETS.pseudonym("hill", "s1")))) == 5


@pytest.mark.row("L11", "E07")
def test_a_process_that_finds_no_room_at_its_start_leaves_nothing(tmp_path: Path) -> None:
    """Neither a file nor a signature of one; and it does not start."""
    code = (
        "import sys, pathlib, resource, signal\n"
        "from tests.gateway.disclosure.test_record import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "with pytest.raises(OSError):\n"
        "    DisclosureLog(pathlib.Path(sys.argv[1]), SECRETS)\n"
    )
    filler = DisclosureLog(tmp_path / "other", SECRETS)
    size = filler.chain.path.stat().st_size
    filler.chain.close()
    for room in (10, size - 10):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "log"), str(room)], check=True)  # noqa: S603 - our own
        found = check(tmp_path / "log", PUBLIC)
        assert (found.problems, found.notes) == ([], [])


@pytest.mark.row("L11")
async def test_what_waits_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    """Lines of large answers are long: it is not memory that they fill; short ones of other answers still wait."""
    log = DisclosureLog(tmp_path, SECRETS, open_chain=Full)
    large = told(*(f"s{number}" for number in range(30_000))).body
    for _ in range(MOST_BYTES // (len(large) + 200)):
        write(log, Entry(large, False, HILL, 1))
    with pytest.raises(UnwritableError):
        write(log, Entry(large, False, HILL, 1))
    write(log, told("s1"))
