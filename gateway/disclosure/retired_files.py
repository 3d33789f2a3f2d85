"""
The list of retired files, `retired.jsonl`: checkpoints of log files that were removed on purpose.

It also keeps the lengths of other files that a removed file listed, because that file can no longer prove them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from student_graph.gateway.disclosure import checkpoints
from student_graph.gateway.disclosure.checkpoints import Checkpoint

RETIRED, KNOWN = "retired", "known"
"""Kinds of checkpoints in the list: of a file that was removed, and of a file that stays."""
FILE_NAME = "retired.jsonl"


def read(directory: Path, public_key: Ed25519PublicKey) -> Iterator[Checkpoint | None]:
    """The list, line by line, with None for an invalid line; empty if no file was ever retired."""
    try:
        content = (directory / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return
    for line in content.splitlines(keepends=True):
        checkpoint = checkpoints.verify(line, public_key)
        yield checkpoint if checkpoint is not None and checkpoint.kind in {RETIRED, KNOWN} else None


def add(directory: Path, entries: Iterable[Checkpoint], key: Ed25519PrivateKey) -> None:
    """
    Sign checkpoints, add all of them to the list, and wait until they are on the disk.

    Raises:
        OSError: they could not be written; none of them is in the list.
    """
    lines = b"".join(checkpoints.sign(checkpoint, key) for checkpoint in entries)
    path = directory / FILE_NAME
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
        size = file.readall().rfind(b"\n") + 1
        file.truncate(size)  # if a power failure left a line incomplete, its file was not removed
        try:
            _write(file.fileno(), lines)
        except OSError:
            file.truncate(size)
            raise
    checkpoints.sync_directory(directory)


def _write(descriptor: int, lines: bytes) -> None:
    """
    Write lines, and wait until they are on the disk.

    Raises:
        OSError: some or all of them could not be written.
    """
    if os.write(descriptor, lines) != len(lines):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)
