"""A log of several days, for tests of retention."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.retention import Retirement, retire_files
from tests.gateway.disclosure.logs import DAY_SECONDS, KEYS, NOON, Clock, Files, entry, read_files, write

DAYS = [f"2026-11-{day}" for day in range(25, 30)]
"""The days of the files; the last one is that of the second process."""
FUTURE = "2027-01-01"


class FiveDays(NamedTuple):
    """A log with one file a day: four days of one process, and one day of another process."""

    names: list[str]
    """Names of the files, in order."""
    files: Files


async def write_five_days(directory: Path) -> FiveDays:
    """Write the log of five days."""
    clock, names = Clock(NOON), []
    log = DisclosureLog(directory, KEYS, wall_clock=clock)
    for day in range(4):
        names.append(log.current_file.name)
        write(log, entry(f"s{day}"), entry("s9"))
        if day < 3:
            clock.now += DAY_SECONDS
            await log.sign()
    await log.close()
    clock.now += DAY_SECONDS
    log = DisclosureLog(directory, KEYS, wall_clock=clock)
    write(log, entry("s9"))
    await log.close()
    return FiveDays([*names, log.current_file.name], read_files(directory))


def retire(directory: Path, before: str) -> Retirement:
    """Retire the files that were closed before a day."""
    return retire_files(directory, KEYS.signing_key, before)
