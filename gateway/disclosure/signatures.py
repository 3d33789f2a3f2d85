"""
Heads: signatures that vouch for all lines of a file up to one.

They stand in the file, and the latest beside it. A head in the file is no head beside it: whoever cuts the file at
one of its heads has none to put beside it that says the same.
"""

from __future__ import annotations

import base64
import os
from binascii import Error
from contextlib import suppress
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

INSIDE, CLOSED = "head", "closed"
"""Kinds of heads in a file; after the second one there is nothing more."""
BEGUN, BESIDE, ENDED = "begun", "beside", "ended"
"""Kinds of heads beside it: before there is a file, while it grows, when it has ended."""
NAME = "disclosure-*.head"


class Head(msgspec.Struct, frozen=True):
    """What is signed."""

    v: int
    kind: str
    file: str
    ts: str
    lines: int
    """How many lines it vouches for, from the first one."""
    last: str
    """Digest of the last of them."""


class Signed(Head, frozen=True):
    """A head with its signature."""

    signature: str


def signed(head: Head, key: Ed25519PrivateKey) -> bytes:
    """A head with its signature, as a line of JSON."""
    mark = base64.b64encode(key.sign(_encode(head))).decode()
    return _encode(Signed(head.v, head.kind, head.file, head.ts, head.lines, head.last, mark)) + b"\n"


def opened(told: bytes, public: Ed25519PublicKey) -> Head | None:
    """The head that was signed; nothing when a single byte of it is not as it was written."""
    read = unverified(told)
    if read is None or _encode(read) + b"\n" != told:
        return None
    head = Head(read.v, read.kind, read.file, read.ts, read.lines, read.last)
    try:
        mark = base64.b64decode(read.signature, validate=True)
        public.verify(mark, _encode(head))
    except (InvalidSignature, Error, ValueError):
        return None
    # Base64 has several spellings of the same bytes: only ours counts.
    return head if base64.b64encode(mark).decode() == read.signature else None


def unverified(told: bytes) -> Signed | None:
    """What is written as a head, whoever wrote it."""
    try:
        return _decode(told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def beside(path: Path) -> Path:
    """Where the latest head of a file of the log stands."""
    return path.with_suffix(".head")


def all_in(directory: Path) -> dict[Path, bytes]:
    """What stands beside files of the log, whoever wrote it, in order."""
    told = {}
    for path in sorted(directory.glob(NAME)):
        with suppress(FileNotFoundError):  # its file was retired meanwhile
            told[path] = path.read_bytes()
    return told


def keep(path: Path, told: bytes) -> None:
    """
    Put a head beside a file of the log, whole or not at all, and to last.

    Raises:
        OSError: it could not be written.
    """
    part = path.with_suffix(".head.new")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as opened_:
        opened_.write(told)
        opened_.flush()
        os.fsync(file)
    part.replace(beside(path))
    settle(path.parent)


def settle(directory: Path) -> None:
    """
    Have the names in a directory last.

    Raises:
        OSError: the disk does not take them.
    """
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Signed).decode
