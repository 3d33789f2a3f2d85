"""What a test lets another process do: a process that is killed, or has no room on its disk."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from student_graph.gateway.cli.serving.fixed import open_disclosure_log
from student_graph.gateway.config import settings_file
from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.log import MAX_WAIT_SECONDS, DisclosureLog
from student_graph.gateway.disclosure.log_file import FILE_GLOB
from student_graph.gateway.disclosure.retention import retire_files
from student_graph.gateway.disclosure.sinks import StdoutSink
from tests.gateway.disclosure.logs import KEYS, Clock, entry, write
from tests.gateway.disclosure.retention_logs import FUTURE
from tests.gateway.forked import forked

NO_ROOM = r"File too large|No space left"
CONFIG = """
[disclosure]
key_env = "RECORD"
file_mib = 1

[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "edfi"
"""


def run(function: Callable[[Path, int], None], directory: Path, number: int = 0, **environ: str) -> str:
    """Call a function of this module in another process; return what it prints."""
    with forked(function, directory, number, **environ) as process:
        printed = process.stdout.read()
        status = process.wait(timeout=600)  # only a process that hangs takes longer
        errors = process.stderr.read()
    assert status == 0, errors
    return printed


def write_forever(directory: Path, count: int) -> None:
    """Write disclosures until the process is killed; print a line after `count` of them."""
    log, written = DisclosureLog(directory, KEYS), 0
    while True:
        write(log, entry("s1", "s2"))
        written += 1
        if written == count:
            sys.stdout.write("written\n")
            sys.stdout.flush()


def write_on_full_disk(directory: Path, _: int) -> None:
    """Write while there is no room for more than ten bytes, and when there is room again."""
    clock = Clock()
    log = DisclosureLog(directory, KEYS, clock=clock)
    write(log, entry("before"))
    _limit_file_size(log.current_file.path.stat().st_size + 10)
    write(log, entry("waits"))
    for _ in range(3):
        with pytest.raises(UnwritableError):
            write(log, entry("never", sensitive=True))
    write(log, entry("waits too"))
    clock.now += MAX_WAIT_SECONDS + 1
    with pytest.raises(UnwritableError):
        write(log, entry("late"))
    _limit_file_size(resource.RLIM_INFINITY)
    write(log, entry("after", sensitive=True))
    asyncio.run(log.close())


def write_to_stdout(directory: Path, count: int) -> None:
    """Write `count` disclosures, every other one sensitive, with copies on standard output."""
    log = DisclosureLog(directory, KEYS, [StdoutSink()])
    for number in range(count):
        write(log, entry("s1", sensitive=number % 2 == 0))
    asyncio.run(log.close())


def write_to_full_stdout(directory: Path, count: int) -> None:
    """Do so while nothing can be written to standard output."""
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), sys.stdout.fileno())
    write_to_stdout(directory, count)


def open_on_full_disk(directory: Path, room: int) -> None:
    """Start a log where a file may have `room` bytes."""
    _limit_file_size(room)
    with pytest.raises(OSError, match=NO_ROOM):
        DisclosureLog(directory, KEYS)


def retire_on_full_disk(directory: Path, room: int) -> None:
    """Retire all files where a file may have `room` bytes."""
    _limit_file_size(room)
    with pytest.raises(OSError, match=NO_ROOM):
        retire_files(directory, KEYS.signing_key, FUTURE)


def rotate_as_serve(directory: Path, _: int) -> None:
    """Write more than one MiB with the log of `serve`, twice; print the number of files each time."""
    path = directory / "gateway.toml"
    path.write_text(CONFIG)
    log = open_disclosure_log(settings_file.load(path), path, os.environ)
    for count in (10_000, 20_000):
        write(log, entry(*(f"s{number}" for number in range(count))))
        asyncio.run(log.sign())
        sys.stdout.write(f"{len(list(log.directory.glob(FILE_GLOB)))}\n")
    asyncio.run(log.close())


def _limit_file_size(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
