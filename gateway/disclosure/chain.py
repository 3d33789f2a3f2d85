"""
A file of the log: each line names the one before by its hash, and each minute a signature vouches for all so far.

Lines are written whole or not at all, each by one call to the system: a process that is killed leaves no torn line
but by a full disk. One file for each process and start, so that nothing is ever written into another's.
"""

from __future__ import annotations

import base64
import errno
import os
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VERSION = 1
NAME = "disclosure-*.jsonl"


class Chain:
    """One file, open for its process."""

    def __init__(self, directory: Path, signing: Ed25519PrivateKey) -> None:
        """
        Begin a file in a directory, which is made when it is not there.

        Raises:
            OSError: the file cannot be made there.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = sorted(path.name for path in directory.glob(NAME))
        now = datetime.now(UTC)
        self.path = directory / f"disclosure-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.jsonl"
        self._signing = signing
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._last = ""
        self._size = 0
        self.lines = 0
        self._signed = 0
        self._write(
            encode({"v": VERSION, "kind": "start", "file": self.path.name, "ts": stamp(now), "others": others})
        )

    def append(self, line: bytes) -> None:
        """
        Add a line: JSON without its closing brace.

        Raises:
            OSError: it could not be written.
        """
        self._write(line + b"}")

    def _write(self, line: bytes) -> None:
        whole = b'%b,"prev":"%b"}' % (line[:-1], self._last.encode())
        if os.write(self._file, whole + b"\n") != len(whole) + 1:
            os.ftruncate(self._file, self._size)  # no torn line, and the chain goes on where it was
            raise OSError(errno.ENOSPC, "No space left on device")
        self._size += len(whole) + 1
        self._last = f"sha256:{sha256(whole).hexdigest()}"
        self.lines += 1

    def sign(self, *, closing: bool = False) -> None:
        """
        Vouch for all lines so far, where there are new ones; the last signature says that no more will come.

        Raises:
            OSError: it could not be written.
        """
        if self.lines == self._signed and not closing:
            return
        head = {
            "v": VERSION,
            "kind": "closed" if closing else "head",
            "file": self.path.name,
            "ts": stamp(datetime.now(UTC)),
            "lines": self.lines,
            "last": self._last,
        }
        told = encode(head | {"signature": base64.b64encode(self._signing.sign(encode(head))).decode()})
        self._write(told)
        self._signed = self.lines
        os.fsync(self._file)
        part = self.path.with_suffix(".head.new")
        part.write_bytes(told + b"\n")
        part.replace(self.path.with_suffix(".head"))

    def close(self) -> None:
        """Sign for good."""
        try:
            self.sign(closing=True)
        finally:
            os.close(self._file)


def stamp(now: datetime) -> str:
    """An instant as the log writes it."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"


def encode(told: dict[str, Any]) -> bytes:
    """JSON of the log."""
    return msgspec.json.encode(told)
