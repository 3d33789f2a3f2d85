"""Watches files for changes, by looking at them several times a second: that also works on shared file systems."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

POLL_SECONDS = 0.25
"""Time between two looks at the files. A change counts once two looks find the same: it is written to its end."""

_State: TypeAlias = "tuple[int, int, int] | None"
"""Inode, size and time of the last change of a file, in nanoseconds; None if there is no such file."""


async def watch_files(files: Callable[[], Iterable[Path]], on_change: Callable[[], None]) -> None:
    """
    Call `on_change` each time that one of some files has changed, was replaced, removed or is there again.

    `files` are asked for at each look, because a reload may bring others. A file that is new among them is no
    change.
    """
    known = await asyncio.to_thread(_states, files())
    previous = known
    while True:
        await asyncio.sleep(POLL_SECONDS)
        watched = tuple(files())
        states = await asyncio.to_thread(_states, watched) if watched else {}
        is_settled = states == previous
        previous = states
        if not is_settled:
            continue
        if any(path in known and known[path] != state for path, state in states.items()):
            on_change()
        known = states


def _states(files: Iterable[Path]) -> dict[Path, _State]:
    return {path: _state(path) for path in files}


def _state(path: Path) -> _State:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
