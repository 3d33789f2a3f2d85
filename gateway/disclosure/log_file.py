"""
One file of the disclosure log: an append-only hash chain, signed every minute.

Every line is a JSON object whose last key, `prev`, is the digest of the line before it (empty in the first line):

* The first line is a `StartLine`. It lists earlier files and their lengths: none can be cut or removed unnoticed.
* Lines without `kind` are disclosures: `log.LINE_FORMAT` and `entries.disclosure_entry` name their keys.
* Lines of kind `head` and `closed` are checkpoints: `checkpoints.SignedCheckpoint`.

Each line is written with one system call. A process that is killed within that call, or whose disk is full, may
leave a partial last line. No response was sent for such a line, and the verification mentions it. A process never
writes into another process's file. When a process continues in a new file, that file names the old one. No more
lines are written into the new file until the old one has its final checkpoint.
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
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from student_graph.gateway.disclosure import checkpoints
from student_graph.gateway.disclosure.checkpoints import Checkpoint

FORMAT_VERSION = 1
FILE_GLOB = "disclosure-*.jsonl"
BREAK_GLASS_LABEL = "-opening"
"""Part of the name of a file that holds one break-glass access and nothing else."""
MAX_EARLIER_FILES = 100
"""Maximum number of files that a start line lists: the newest ones, and also the file that it continues."""
FILE_CHANGED = "The file was moved, removed or changed by somebody else"


class EarlierFile(msgspec.Struct, frozen=True):
    """A file that existed when another one was started, with its length at that time."""

    file: str
    """Its name."""
    lines: int
    last: str
    """Digest of its last line."""


class StartLine(msgspec.Struct, frozen=True):
    """The first line of a file; the names of its attributes are the keys in the file."""

    v: int
    """Version of the format."""
    kind: str
    """Always `start`."""
    file: str
    """Name of this file, so that a copy under another name is noticed."""
    ts: str
    """When the file was started: an instant in UTC."""
    process: int
    """Id of the process."""
    others: list[EarlierFile]
    """Files that existed before."""
    follows: str | None = None
    """The file of the same process that this one continues; None for the first file of a process."""


class Sidecar(NamedTuple):
    """A checkpoint that has to be written into the sidecar of a file."""

    lines: int
    """How many lines of the file it covers."""
    content: bytes


class LogFile:
    """One file of the log, open for writing by its process."""

    def __init__(
        self,
        directory: Path,
        signing_key: Ed25519PrivateKey,
        *,
        label: str = "",
        follows: LogFile | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Start a new file in a directory, which is created if it does not exist.

        `label` is appended to the file's name; `follows` is the file that this process closes next; `wall_clock`
        returns seconds since 1970.

        Raises:
            OSError: the file cannot be created.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._wall_clock = wall_clock
        now = self._now()
        self.day = now.date()
        """The day (UTC) on which the file was started."""
        self.name = f"disclosure-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{label}.jsonl"
        self.path = directory / self.name
        first_line = self._start_line(now, follows)
        self._signing_key = signing_key
        self._persisting = Lock()
        self._persisted_lines = 0
        self._has_partial_line = self._was_changed = False
        self.size = 0
        """Bytes written so far."""
        # The sidecar exists before the file does: a file without a sidecar was tampered with.
        digest = _digest(_link(first_line, ""))
        checkpoints.write_sidecar(self.path, self._sign(checkpoints.SIDECAR_INITIAL, 1, digest))
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._last_digest = ""
        self.lines = 0
        """Lines written so far, checkpoints included."""
        self._signed_lines = 0
        try:
            self._write(first_line)
            checkpoints.write_sidecar(self.path, self._sign(checkpoints.SIDECAR, 1, self._last_digest))
        except OSError:
            self.discard()
            raise

    def _start_line(self, now: datetime, follows: LogFile | None) -> bytes:
        """The first line, as JSON without its closing brace."""
        newest = sorted(self.path.parent.glob(FILE_GLOB))[-MAX_EARLIER_FILES:]
        paths = {*newest, follows.path} if follows else set(newest)
        earlier = [_earlier_file(path) for path in sorted(paths)]
        previous = follows.name if follows else None
        start = StartLine(FORMAT_VERSION, "start", self.name, format_instant(now), os.getpid(), earlier, previous)
        return msgspec.json.encode(start)[:-1]

    def discard(self) -> None:
        """Remove the file and its sidecar, if nothing but the start line was written."""
        os.close(self._descriptor)
        self.path.unlink()
        checkpoints.sidecar_path(self.path).unlink()

    def append(self, line: bytes) -> None:
        """
        Add a line: JSON without its closing brace.

        Raises:
            OSError: the line could not be written.
        """
        self._write(line)

    def _write(self, line: bytes) -> None:
        if self._was_changed:
            raise OSError(errno.ESTALE, FILE_CHANGED)
        if self._has_partial_line:
            self._truncate_partial_line()
        linked = _link(line, self._last_digest)
        size = len(linked)
        if os.write(self._descriptor, linked) != size:
            self._has_partial_line = True
            self._truncate_partial_line()
            raise OSError(errno.ENOSPC, "No space left on device")
        self.size += size
        self._last_digest = _digest(linked)
        self.lines += 1

    def _truncate_partial_line(self) -> None:
        """Remove the part of a line that was written, so that the chain continues after the last complete line."""
        os.ftruncate(self._descriptor, self.size)
        self._has_partial_line = False

    def sign(self) -> None:
        """
        Write a checkpoint for all lines so far into the file and its sidecar, if there are new lines.

        Raises:
            OSError: it could not be written, or somebody else changed the file.
        """
        sidecar = self.write_checkpoint()
        if sidecar is not None:
            self.persist(sidecar)

    def write_checkpoint(self) -> Sidecar | None:
        """
        Write a checkpoint into the file; return the one for the sidecar, or None if there are no new lines.

        Raises:
            OSError: it could not be written, or somebody else changed the file.
        """
        self._check_unchanged()
        if self.lines == self._signed_lines:
            return None
        return self._write_checkpoint(checkpoints.IN_FILE, checkpoints.SIDECAR)

    def write_final_checkpoint(self) -> Sidecar:
        """
        Write the last checkpoint, after which no line follows; return the one for the sidecar.

        Raises:
            OSError: it could not be written, or somebody else changed the file; then more lines may follow.
        """
        self._check_unchanged()
        return self._write_checkpoint(checkpoints.IN_FILE_FINAL, checkpoints.SIDECAR_FINAL)

    def _write_checkpoint(self, kind: str, sidecar_kind: str) -> Sidecar:
        self._write(self._sign(kind, self.lines, self._last_digest).removesuffix(b"}\n"))
        self._signed_lines = self.lines
        return Sidecar(self.lines, self._sign(sidecar_kind, self.lines, self._last_digest))

    def persist(self, sidecar: Sidecar) -> None:
        """
        Wait until the lines so far and the sidecar are on the disk. It blocks, so it may run in a thread.

        Raises:
            OSError: the disk does not take them; the next checkpoint tries again.
        """
        with self._persisting:
            if sidecar.lines <= self._persisted_lines:
                return
            try:
                os.fsync(self._descriptor)
                checkpoints.write_sidecar(self.path, sidecar.content)
            except OSError:
                self._signed_lines = 0
                raise
            self._persisted_lines = sidecar.lines

    def _check_unchanged(self) -> None:
        """
        Compare the file with what this process wrote.

        Raises:
            OSError: the file was moved, removed or changed; from now on every write fails.
        """
        if self._has_partial_line:
            self._truncate_partial_line()
        opened = os.fstat(self._descriptor)
        try:
            named = self.path.stat()
            is_same = (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
        except FileNotFoundError:
            is_same = False
        self._was_changed = not is_same or opened.st_size != self.size
        if self._was_changed:
            raise OSError(errno.ESTALE, FILE_CHANGED)

    def _sign(self, kind: str, lines: int, last_digest: str) -> bytes:
        instant = format_instant(self._now())
        checkpoint = Checkpoint(FORMAT_VERSION, kind, self.name, instant, lines, last_digest)
        return checkpoints.sign(checkpoint, self._signing_key)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), UTC)

    def close(self, final: Sidecar | None = None) -> None:
        """
        Close the file; write the final checkpoint first, unless `final` is its sidecar.

        It waits for the disk, and may run in a thread.

        Raises:
            OSError: it could not be written.
        """
        try:
            self.persist(final or self.write_final_checkpoint())
        finally:
            with self._persisting:
                self._persisted_lines = self.lines + 1  # a later `persist` must not use a closed file
                os.close(self._descriptor)


def _earlier_file(path: Path) -> EarlierFile:
    """The length of a file, from its sidecar; 0 lines without a readable sidecar."""
    try:
        checkpoint = checkpoints.parse_unverified(checkpoints.sidecar_path(path).read_bytes())
    except FileNotFoundError:
        checkpoint = None
    if checkpoint is None:
        return EarlierFile(path.name, 0, "")
    return EarlierFile(path.name, checkpoint.lines, checkpoint.last)


def _link(line: bytes, previous_digest: str) -> bytes:
    """A complete line of the file, from JSON without its closing brace and the digest of the line before."""
    return b'%b,"prev":"%b"}\n' % (line, previous_digest.encode())


def _digest(line: bytes) -> str:
    """SHA-256 of a line without its newline."""
    return f"sha256:{sha256(line[:-1]).hexdigest()}"


def format_instant(instant: datetime) -> str:
    """An instant in UTC as the log writes it, with milliseconds: `2026-11-25T12:00:00.000Z`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"
