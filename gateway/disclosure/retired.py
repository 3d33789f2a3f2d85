"""
Heads of files that were taken away on purpose: lines of `retired.jsonl`, beside the files that are left.

What such a file knew of one that stayed stands there too, for it can no longer say.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from student_graph.gateway.disclosure import signatures
from student_graph.gateway.disclosure.signatures import Head

RETIRED, KNOWN = "retired", "known"
"""Kinds of heads in it: of a file that is gone, and of one that is there."""
NAME = "retired.jsonl"


def read(directory: Path, public: Ed25519PublicKey) -> Iterator[Head | None]:
    """Its heads, line by line; None where one is not good. None at all when nothing was retired."""
    try:
        content = (directory / NAME).read_bytes()
    except FileNotFoundError:
        return
    for line in content.splitlines(keepends=True):
        head = signatures.opened(line, public)
        yield head if head is not None and head.kind in {RETIRED, KNOWN} else None


def add(directory: Path, told: Iterable[Head], key: Ed25519PrivateKey) -> None:
    """
    Sign heads and have them last, all or none.

    Raises:
        OSError: they could not be written.
    """
    lines = b"".join(signatures.signed(head, key) for head in told)
    path = directory / NAME
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
        whole = file.readall().rfind(b"\n") + 1
        file.truncate(whole)  # what a power failure tore was never relied on
        try:
            _write(file.fileno(), lines)
        except OSError:
            file.truncate(whole)
            raise
    signatures.settle(directory)


def _write(file: int, lines: bytes) -> None:
    """
    Write lines, and have them last.

    Raises:
        OSError: some or all of them could not be written.
    """
    if os.write(file, lines) != len(lines):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file)
