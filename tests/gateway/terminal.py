"""Commands that run in a terminal, as they do for a person."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
from collections.abc import Mapping, Sequence

READ_BYTES = 65_536


def shown_in_terminal(
    command: Sequence[str | os.PathLike[str]], *, typed: str = "", environ: Mapping[str, str] | None = None
) -> str:
    """
    What a terminal shows until a command has ended; `typed` is what a person types into it.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    leader, follower = pty.openpty()
    try:
        try:
            os.write(leader, typed.encode())
            process = subprocess.Popen(  # noqa: S603 - a command of the tests
                command, stdin=follower, stdout=follower, stderr=follower, env=environ
            )
        finally:
            os.close(follower)
        with process:
            shown = _read_to_end(leader)
    finally:
        os.close(leader)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, shown)
    return shown.decode()


def _read_to_end(leader: int) -> bytes:
    """Read until no process writes to the terminal any more. One read returns a part, or only what was typed."""
    parts = []
    try:
        while part := os.read(leader, READ_BYTES):
            parts.append(part)
    except OSError as error:
        if error.errno != errno.EIO:  # Linux says so where other systems return no bytes
            raise
    return b"".join(parts)
