"""
A file of the log: each line names the one before by its hash, and each minute a signature vouches for all so far.

Lines are written whole or not at all, each by one call to the system: a process that is killed leaves no torn line
but by a full disk. Nothing is ever written into another process's file; the first line of each says how far the
files were that were there before, so that none of them can be cut or taken away unseen. A file that goes on where
another one of its process ends names that one, and holds nothing more before it has ended.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from student_graph.gateway.disclosure import signatures
from student_graph.gateway.disclosure.signatures import Head

VERSION = 1
NAME = "disclosure-*.jsonl"
OPENING = "-opening"
"""Label of a file that holds what was opened for a child's health or safety, and nothing else."""
OTHERS = 100
"""Files that a first line names: the newest, and the one that it follows."""
GONE = "The file is not where it was, or not as it was"


class Other(msgspec.Struct, frozen=True):
    """A file that was there before another one, and how far it was then."""

    file: str
    lines: int
    last: str


class Start(msgspec.Struct, frozen=True):
    """The first line of a file."""

    v: int
    kind: str
    file: str
    ts: str
    process: int
    others: list[Other]
    follows: str | None = None
    """The file of the same process that ends where this one goes on; None at its start."""


class Chain:
    """One file, open for its process."""

    def __init__(
        self,
        directory: Path,
        signing: Ed25519PrivateKey,
        *,
        label: str = "",
        follows: Chain | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        Begin a file in a directory, which is made when it is not there.

        `label` ends its name; `follows` is the file of this process that is to end then; `wall` tells seconds
        since 1970.

        Raises:
            OSError: the file cannot be made there.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._wall = wall
        now = self._now()
        self.day = now.date()
        """The day (UTC) on which it was begun."""
        self.name = f"disclosure-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{label}.jsonl"
        self.path = directory / self.name
        newest = sorted(directory.glob(NAME))[-OTHERS:]
        others = [_other(path) for path in sorted({*newest, *((follows.path,) if follows else ())})]
        before = follows.name if follows else None
        start = Start(VERSION, "start", self.name, stamp(now), os.getpid(), others, before)
        first = msgspec.json.encode(start)[:-1]
        self._signing = signing
        self._keeping = Lock()
        self._kept = 0
        self._torn = self._gone = False
        self.size = 0
        """Bytes so far."""
        # The head is there before the file is: a file without one is not as it was.
        signatures.keep(self.path, self._head(signatures.BEGUN, 1, _digest(_linked(first, ""))))
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._last = ""
        self.lines = 0
        self._signed = 0
        try:
            self._write(first)
            signatures.keep(self.path, self._head(signatures.BESIDE, 1, self._last))
        except OSError:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Take away a file into which nothing was written but how it begins, and its signature."""
        os.close(self._file)
        self.path.unlink()
        signatures.beside(self.path).unlink()

    def append(self, line: bytes) -> None:
        """
        Add a line: JSON without its closing brace.

        Raises:
            OSError: it could not be written.
        """
        self._write(line)

    def _write(self, line: bytes) -> None:
        if self._gone:
            raise OSError(errno.ESTALE, GONE)
        if self._torn:
            self._mend()
        whole = _linked(line, self._last)
        size = len(whole)
        if os.write(self._file, whole) != size:
            self._torn = True
            self._mend()
            raise OSError(errno.ENOSPC, "No space left on device")
        self.size += size
        self._last = _digest(whole)
        self.lines += 1

    def _mend(self) -> None:
        """Take away the part of a line that was written, so that the chain goes on where it was."""
        os.ftruncate(self._file, self.size)
        self._torn = False

    def sign(self) -> None:
        """
        Vouch for all lines so far, where there are new ones.

        Raises:
            OSError: it could not be written, or the file is no longer where it was.
        """
        told = self.vouch()
        if told is not None:
            self.keep(*told)

    def vouch(self) -> tuple[int, bytes] | None:
        """
        Write a signature into the file; what is to be kept beside it, where there is something new.

        Raises:
            OSError: it could not be written, or the file is no longer where it was.
        """
        self._look()
        return None if self.lines == self._signed else self._vouched(signatures.INSIDE, signatures.BESIDE)

    def end(self) -> tuple[int, bytes]:
        """
        Write the last signature, which says that no more will come; what is to be kept beside the file.

        Raises:
            OSError: it could not be written, or the file is no longer where it was; it goes on then.
        """
        self._look()
        return self._vouched(signatures.CLOSED, signatures.ENDED)

    def _vouched(self, inside: str, outside: str) -> tuple[int, bytes]:
        self._write(self._head(inside, self.lines, self._last).removesuffix(b"}\n"))
        self._signed = self.lines
        return self.lines, self._head(outside, self.lines, self._last)

    def keep(self, lines: int, told: bytes) -> None:
        """
        Have the lines so far last, and the signature beside them; it waits for the disk, and may in a thread.

        Raises:
            OSError: the disk does not take them; the next signature tries again.
        """
        with self._keeping:
            if lines <= self._kept:
                return
            try:
                os.fsync(self._file)
                signatures.keep(self.path, told)
            except OSError:
                self._signed = 0
                raise
            self._kept = lines

    def _look(self) -> None:
        """Stop when lines would go into a file that nobody finds any more, or that somebody else has changed."""
        if self._torn:
            self._mend()
        here = os.fstat(self._file)
        try:
            there = self.path.stat()
            found = (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
        except FileNotFoundError:
            found = False
        self._gone = not found or here.st_size != self.size
        if self._gone:
            raise OSError(errno.ESTALE, GONE)

    def _head(self, kind: str, lines: int, last: str) -> bytes:
        return signatures.signed(Head(VERSION, kind, self.name, stamp(self._now()), lines, last), self._signing)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    def close(self, ended: tuple[int, bytes] | None = None) -> None:
        """
        Sign for good, where that is not done, and have all of it last; it may wait for the disk in a thread.

        Raises:
            OSError: it could not be written.
        """
        try:
            self.keep(*(ended or self.end()))
        finally:
            with self._keeping:
                self._kept = self.lines + 1  # a signature that is still on its way finds a closed file
                os.close(self._file)


def _other(path: Path) -> Other:
    """How far a file is, by the head beside it."""
    try:
        head = signatures.unverified(signatures.beside(path).read_bytes())
    except FileNotFoundError:
        head = None
    return Other(path.name, head.lines, head.last) if head is not None else Other(path.name, 0, "")


def _linked(line: bytes, last: str) -> bytes:
    """A line, which comes as JSON without its closing brace, with the digest of the one before."""
    return b'%b,"prev":"%b"}\n' % (line, last.encode())


def _digest(line: bytes) -> str:
    """The digest of a line without its end."""
    return f"sha256:{sha256(line[:-1]).hexdigest()}"


def stamp(now: datetime) -> str:
    """An instant as the log writes it."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
