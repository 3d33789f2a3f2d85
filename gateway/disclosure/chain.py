"""
A file of the log: each line names the one before by its hash, and each minute a signature vouches for all so far.

Lines are written whole or not at all, each by one call to the system: a process that is killed leaves no torn line
but by a full disk. One file for each process and start, so that nothing is ever written into another's; its first
line says how far the files were that were there before, so that none of them can be cut or taken away unseen.
"""

from __future__ import annotations

import errno
import os
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.disclosure import heads
from gateway.disclosure.heads import Head

VERSION = 1
NAME = "disclosure-*.jsonl"
OTHERS = 100
"""Files that a first line names: the newest."""
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


class Chain:
    """One file, open for its process."""

    def __init__(self, directory: Path, signing: Ed25519PrivateKey) -> None:
        """
        Begin a file in a directory, which is made when it is not there.

        Raises:
            OSError: the file cannot be made there.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(UTC)
        self.path = directory / f"disclosure-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.jsonl"
        others = [_other(path) for path in sorted(directory.glob(NAME))[-OTHERS:]]
        start = Start(VERSION, "start", self.path.name, stamp(now), os.getpid(), others)
        whole = _linked(msgspec.json.encode(start)[:-1], "")
        self._signing = signing
        self._keeping = Lock()
        self._kept = 0
        self._torn = self._gone = False
        self._size = 0
        # The head is there before the file is: a file without one is not as it was.
        heads.keep(self.path, self._head(heads.BEGUN, 1, _digest(whole)))
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._last = ""
        self.lines = 0
        self._signed = 0
        try:
            self._write(whole)
            heads.keep(self.path, self._head(heads.BESIDE, 1, self._last))
        except OSError:
            self._abandon()
            raise

    def _abandon(self) -> None:
        """Take away a file into which nothing could be written, and its signature."""
        os.close(self._file)
        self.path.unlink()
        heads.beside(self.path).unlink()

    def append(self, line: bytes) -> None:
        """
        Add a line: JSON without its closing brace.

        Raises:
            OSError: it could not be written.
        """
        self._write(_linked(line, self._last))

    def _write(self, whole: bytes) -> None:
        if self._gone:
            raise OSError(errno.ESTALE, GONE)
        if self._torn:
            self._mend()
        size = len(whole) + 1
        if os.write(self._file, whole + b"\n") != size:
            self._torn = True
            self._mend()
            raise OSError(errno.ENOSPC, "No space left on device")
        self._size += size
        self._last = _digest(whole)
        self.lines += 1

    def _mend(self) -> None:
        """Take away the part of a line that was written, so that the chain goes on where it was."""
        os.ftruncate(self._file, self._size)
        self._torn = False

    def sign(self, *, closing: bool = False) -> None:
        """
        Vouch for all lines so far, where there are new ones; the last signature says that no more will come.

        Raises:
            OSError: it could not be written, or the file is no longer where it was.
        """
        told = self.vouch(closing=closing)
        if told is not None:
            self.keep(*told)

    def vouch(self, *, closing: bool = False) -> tuple[int, bytes] | None:
        """
        Write a signature into the file; what is to be kept beside it, where there is something new.

        Raises:
            OSError: it could not be written, or the file is no longer where it was.
        """
        self._look()
        if self.lines == self._signed and not closing:
            return None
        inside, outside = (heads.CLOSED, heads.ENDED) if closing else (heads.INSIDE, heads.BESIDE)
        self._write(_linked(self._head(inside, self.lines, self._last).removesuffix(b"}\n"), self._last))
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
                heads.keep(self.path, told)
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
        self._gone = not found or here.st_size != self._size
        if self._gone:
            raise OSError(errno.ESTALE, GONE)

    def _head(self, kind: str, lines: int, last: str) -> bytes:
        head = Head(VERSION, kind, self.path.name, stamp(datetime.now(UTC)), lines, last)
        return heads.signed(head, self._signing)

    def close(self) -> None:
        """
        Sign for good.

        Raises:
            OSError: it could not be written.
        """
        try:
            self.sign(closing=True)
        finally:
            with self._keeping:
                self._kept = self.lines + 1  # a signature that is still on its way finds a closed file
                os.close(self._file)


def _other(path: Path) -> Other:
    """How far a file is, by the head beside it."""
    try:
        head = heads.unverified(heads.beside(path).read_bytes())
    except FileNotFoundError:
        head = None
    return Other(path.name, head.lines, head.last) if head is not None else Other(path.name, 0, "")


def _linked(line: bytes, last: str) -> bytes:
    """A line, which comes as JSON without its closing brace, with the digest of the one before."""
    return b'%b,"prev":"%b"}' % (line, last.encode())


def _digest(line: bytes) -> str:
    return f"sha256:{sha256(line).hexdigest()}"


def stamp(now: datetime) -> str:
    """An instant as the log writes it."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
